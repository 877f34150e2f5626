"""What FCPXML says of media and of where they lie: formats, assets, clips. See :mod:`liveshow.handoff.timelines.fcpxml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from liveshow.handoff.timelines.neutral import Place, Timeline, Track, TrackClip, places
from liveshow.handoff.timelines.xml import Element, child
from liveshow.timebase import SECOND

Format = tuple[Fraction, tuple[int, int]]
Enabled = Literal["all", "audio", "video"]


def time(seconds: Fraction | int) -> str:
    """Seconds, exactly."""
    exact = Fraction(seconds)
    return f"{exact.numerator}s" if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}s"


def counting(timeline: Timeline, rate: Fraction) -> str:
    """How its timecode counts at a rate."""
    return "DF" if timeline.drops(rate) else "NDF"


def formats(resources: Element, timeline: Timeline) -> dict[Format, str]:
    """Every rate and size there is, the timeline's own first, and its id."""
    found: dict[Format, str] = {}
    wanted = [(c.rate, _size(timeline, c)) for t in timeline.tracks if t.pictures for c in t.clips]
    for rate, size in dict.fromkeys([(timeline.rate, timeline.size), *wanted]):
        found[rate, size] = f"r-format-{len(found) + 1}"
        child(resources, "format", id=found[rate, size], frameDuration=time(1 / rate), width=size[0], height=size[1])
    return found


def _size(timeline: Timeline, clip: TrackClip) -> tuple[int, int]:
    return clip.size if clip.size[0] else timeline.size


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip at frame `start` for `lasts` frames; `begin`: seconds of the file at which it begins, in the time it is played at."""

    clip: TrackClip
    start: int
    lasts: int
    begin: Fraction
    warped: bool


def placed(timeline: Timeline, track: Track) -> Iterator[Placed]:
    """A track's clips on frames, in order and without overlap."""
    for place in places(track, timeline.rate, warps=True):
        speed = place.clip.speed if place.warped else Fraction(1)
        if track.pictures:
            begin = _at_a_sample(place.first / place.clip.rate / speed, place.clip)
            yield Placed(place.clip, place.start, place.end - place.start, begin, place.warped)
            continue
        place, sample = _on_a_sample(place, timeline.rate, speed)
        if place.end > place.start:
            begin = _at_a_sample(sample / place.clip.rate / speed, place.clip)
            yield Placed(place.clip, place.start, place.end - place.start, begin, place.warped)


def _at_a_sample(seconds: Fraction, clip: TrackClip) -> Fraction:
    """To the nearest picture or sample: Final Cut Pro takes denominators of 32 bits."""
    return round(seconds * clip.rate) / clip.rate


def _on_a_sample(place: Place, rate: Fraction, speed: Fraction) -> tuple[Place, int]:
    """A place of sound and the sample that is heard at its first frame; a frame later when that is before the file begins."""
    clip = place.clip
    late = Fraction(place.start) / rate - Fraction(clip.start, SECOND)
    sample = clip.first + round(late * clip.rate * speed)
    if sample < 0:
        return _on_a_sample(replace(place, start=place.start + 1), rate, speed)
    longest = int((clip.length - sample) / clip.rate / speed * rate)
    return replace(place, end=min(place.end, place.start + longest)), sample


def _finely(seconds: Fraction) -> Fraction:
    """To the nearest 1/720000 s: a fine grid that all usual rates share."""
    return Fraction(round(seconds * 720_000), 720_000)


def assets(resources: Element, timeline: Timeline, known: Mapping[Format, str], beside: Path) -> dict[str, str]:
    """An asset for each file, and its id by the file's name. A camera's own sound is in the asset of its pictures."""
    made: dict[str, str] = {}
    for track in timeline.tracks:
        for clip in track.clips:
            if clip.file not in made:
                made[clip.file] = f"r-{track.feed}-{sum(key.startswith(f'r-{track.feed}-') for key in made.values()) + 1}"
                _asset(resources, timeline, track, clip, made[clip.file], known, beside)
    return made


def _asset(
    resources: Element, timeline: Timeline, track: Track, clip: TrackClip, key: str, known: Mapping[Format, str], beside: Path
) -> None:
    heard = timeline.heard(clip) if track.pictures else clip
    told: dict[str, object] = {}
    if track.pictures:
        told |= {"hasVideo": 1, "videoSources": 1, "format": known.get((clip.rate, _size(timeline, clip)))}
    if heard is not None:
        told |= {"hasAudio": 1, "audioSources": 1, "audioChannels": heard.channels, "audioRate": int(heard.rate)}
    made = child(
        resources,
        "asset",
        id=key,
        name=clip.name,
        start=time(clip.media_start / clip.rate),
        duration=time(clip.length / clip.rate),
        **told,
    )
    child(made, "media-rep", kind="original-media", src=timeline.url(clip, beside))
    about = child(made, "metadata")
    named = "cameraAngle" if track.pictures else "cameraName"
    for name, value in (("reel", track.feed), ("scene", timeline.name), (named, track.feed)):
        child(about, "md", key=f"com.apple.proapps.studio.{name}", value=value)


def asset_clip(
    parent: Element, timeline: Timeline, track: Track, place: Placed, asset: str, enabled: Enabled, lane: int | None = None
) -> None:
    """A clip of an asset in `parent`, whose time is the timeline's. `lane`: None in an angle of a multicam clip."""
    clip, origin = place.clip, Fraction(place.clip.media_start) / place.clip.rate
    begin, lasts = origin + place.begin, place.lasts / timeline.rate
    roles = {"video": {"videoRole": f"video.{track.feed}"}, "audio": {"audioRole": f"dialogue.{track.feed}"}}
    role = roles["video"] | roles["audio"] if enabled == "all" else roles["video" if track.pictures else "audio"]
    made = child(
        parent,
        "asset-clip",
        ref=asset,
        lane=lane,
        offset=time((timeline.start_frame + place.start) / timeline.rate),
        name=clip.name,
        start=time(begin),
        duration=time(lasts),
        srcEnable=None if enabled == "all" else enabled,
        tcFormat=counting(timeline, clip.rate if track.pictures else timeline.rate),
        **role,
    )
    if place.warped:
        whole = clip.length / clip.rate
        warp = child(made, "timeMap", preservesPitch=0)
        child(warp, "timept", time=time(origin), value=time(origin), interp="linear")
        child(warp, "timept", time=time(origin + _finely(whole / clip.speed)), value=time(origin + whole), interp="linear")
    for person in track.people:
        child(made, "keyword", start=time(begin), duration=time(lasts), value=person.name)
