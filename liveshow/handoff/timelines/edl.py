"""CMX 3600 edit decision lists, a file a track: the format has one track of pictures and a few of sound.

Source: SMPTE RP 182, and the comments that editing programs agree on (FROM CLIP NAME, LOC, SOURCE FILE). All timecode is at the
timeline's rate, which a comment states, since the format cannot.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from liveshow.handoff.timelines.colors import marker_name
from liveshow.handoff.timelines.neutral import Place, Timeline, TimelineMarker, Track, at_countable_rate, places
from liveshow.handoff.timelines.writer import Writer
from liveshow.timebase import nearest_frame

_TITLE = 70
_REEL = 8


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.<feed>.edl for every feed that has a clip, `path`.<feed>.sound.edl for what a camera heard."""
    timeline = at_countable_rate(timeline)
    written = []
    for track in timeline.tracks:
        found = list(places(track, timeline.rate, warps=False))
        if found:
            file = path.with_name(f"{path.name}.{track.key}.edl")
            file.write_text("\n".join([*_lines(timeline, track, found, path.parent), ""]), encoding="utf-8", newline="\n")
            written.append(file)
    return tuple(written)


def _lines(timeline: Timeline, track: Track, found: list[Place], beside: Path) -> Iterator[str]:
    yield f"TITLE: {_line(timeline.name)[:_TITLE]}"
    yield f"FCM: {'DROP FRAME' if timeline.drops(timeline.rate) else 'NON-DROP FRAME'}"
    yield ""
    marked = _shared(timeline, found)
    for number, place in enumerate(found, 1):
        yield _event(timeline, track, place, number)
        yield f"* FROM CLIP NAME: {Path(place.clip.file).name}"
        yield f"* FROM FILE: {timeline.reference(place.clip, beside)}"
        yield f"* COMMENT: {timeline.rate} frames a second, feed {track.feed}"
        if track.people:
            yield f"* COMMENT: performers {_line(', '.join(p.name for p in track.people))}"
        for marker in marked[number - 1]:
            at = timeline.timecode(nearest_frame(marker.at, timeline.rate))
            yield f"* LOC: {at} {marker_name(marker.kind):7} {_line(marker.name)}"


def _shared(timeline: Timeline, found: list[Place]) -> list[list[TimelineMarker]]:
    """The markers for each event: those up to its end that no earlier one took, and the last takes the rest."""
    shares: list[list[TimelineMarker]] = [[] for _ in found]
    for marker in sorted(timeline.markers, key=lambda marker: marker.at):
        frame = nearest_frame(marker.at, timeline.rate)
        number = next((k for k, place in enumerate(found) if frame < place.end), len(found) - 1)
        shares[number].append(marker)
    return shares


def _event(timeline: Timeline, track: Track, place: Place, number: int) -> str:
    rate, clip = timeline.rate, place.clip
    begin = round(Fraction(clip.media_start + place.first) / clip.rate * rate)
    source = [timeline.code(frame, rate) for frame in (begin, begin + place.end - place.start)]
    record = [timeline.timecode(frame) for frame in (place.start, place.end)]
    channel = "V" if track.pictures else "A"
    return f"{number:03}  {reel_of(track.feed):8} {channel:5} C        {' '.join([*source, *record])}"


def reel_of(feed: str) -> str:
    """A reel for a feed: its id in capitals and digits; longer ones are cut to five and told apart by three of a hash."""
    plain = re.sub("[^A-Z0-9]", "", feed.upper())
    if len(plain) <= _REEL and plain.lower() == feed:
        return plain
    return plain[: _REEL - 3] + hashlib.sha256(feed.encode()).hexdigest()[:3].upper()


def _line(text: str) -> str:
    return " ".join(text.split())


WRITER = Writer(
    "edl",
    "almost everything (CMX 3600), one file a feed",
    (
        "sound begins and ends to the frame, not to the sample",
        "clock drift is not corrected within a clip: its beginning is right",
        "reels have eight characters: long names of feeds are shortened",
        "colours of performers",
        "spans: a segment is marked at its beginning",
    ),
    write,
)
