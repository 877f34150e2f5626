"""Where the claps of a simulated show stand in a contribution's timeline, seen by each camera and heard by each microphone.

Read as an editing program reads it: clips at their place in the track, through their time warp if they have one.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import soundfile

WHITE = 180
LOUD = 0.6
"""Above any voice (-9 dBFS) and below the click's first sample (-3 dBFS)."""


def claps_of(package: Path) -> dict[str, list[float]]:
    """Feed → seconds from in, in the timeline, of each clap: the middle of the white picture, the first sample of the click."""
    timeline = otio.adapters.read_from_file(str(package / "data/timeline.otio"))
    found: dict[str, list[float]] = {}
    for track in timeline.tracks:
        for clip in track.find_clips():
            media = package / "data" / clip.media_reference.target_url
            seen = _seen(media) if track.kind == otio.schema.TrackKind.Video else _heard(media)
            placed = [_in_timeline(track, clip, at) for at in seen]
            found.setdefault(str(clip.metadata["liveshow"]["feed"]), []).extend(t for t in placed if t is not None)
    return found


def _in_timeline(track: otio.schema.Track, clip: otio.schema.Clip, media_seconds: float) -> float | None:
    """Timeline seconds of an instant of the media (seconds from its first position), None when it is trimmed away."""
    scalar = next((e.time_scalar for e in clip.effects if isinstance(e, otio.schema.LinearTimeWarp)), 1.0)
    begins = clip.source_range.start_time - clip.media_reference.available_range.start_time
    there = track.range_of_child(clip)
    inside = (media_seconds - begins.to_seconds()) / scalar
    return there.start_time.to_seconds() + inside if 0 <= inside < there.duration.to_seconds() else None


def _seen(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 30)
        frames = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    first = frames[0][0]
    return [t - first + 0.5 / rate for t, light in frames if light > WHITE]


def _heard(path: Path) -> list[float]:
    samples, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(samples) > LOUD)
    onsets = loud[np.concatenate(([True], np.diff(loud) > rate))] if loud.size else loud
    return [float(n) / rate for n in onsets]


def furthest(package: Path, camera: str, mic: str) -> tuple[int, float]:
    """Number of claps that both have, and the largest distance between seen and heard, in seconds."""
    claps = claps_of(package)
    pairs = [(s, min(claps[mic], key=lambda h: abs(h - s))) for s in claps[camera]]
    assert all(abs(h - s) < 1 for s, h in pairs), f"claps without a partner: {claps[camera]} {claps[mic]}"
    return len(pairs), max(abs(h - s) for s, h in pairs)
