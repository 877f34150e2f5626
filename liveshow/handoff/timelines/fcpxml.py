"""Final Cut Pro XML 1.10, which Final Cut Pro and Resolve open: a project whose clips hang on one gap of its length.

Source: Apple, FCPXML Reference and its DTD 1.10. All times are exact fractions of a second. What Final Cut Pro places lies on frames, so a
clip of sound is placed on a frame and begins in its file at the very sample that is heard there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from liveshow.handoff.timelines import xml
from liveshow.handoff.timelines.neutral import Place, Timeline, TimelineMarker, Track, TrackClip, places
from liveshow.handoff.timelines.writer import Writer
from liveshow.handoff.timelines.xml import Element, child
from liveshow.timebase import SECOND, nearest_frame

_AUDIO_HZ = {32_000: "32k", 44_100: "44.1k", 48_000: "48k", 88_200: "88.2k", 96_000: "96k", 176_400: "176.4k", 192_000: "192k"}
Format = tuple[Fraction, tuple[int, int]]


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.fcpxml."""
    root = Element("fcpxml", version="1.10")
    resources = child(root, "resources")
    formats = _formats(resources, timeline)
    project = child(
        child(child(root, "library"), "event", name=timeline.about.get("show", timeline.name)), "project", name=timeline.name
    )
    begin = timeline.start_frame / timeline.rate
    sequence = child(
        project,
        "sequence",
        format=formats[timeline.rate, timeline.size],
        duration=_time(timeline.frames / timeline.rate),
        tcStart=_time(begin),
        tcFormat=_counting(timeline, timeline.rate),
        audioLayout="stereo",
        audioRate=_AUDIO_HZ.get(timeline.sample_rate),
    )
    child(sequence, "note", "; ".join(f"{name}: {text}" for name, text in timeline.about.items()))
    gap = child(
        child(sequence, "spine"),
        "gap",
        name="Gap",
        offset=_time(begin),
        start=_time(begin),
        duration=_time(timeline.frames / timeline.rate),
    )
    for lane, track in _lanes(timeline):
        for number, placed in enumerate(_placed(timeline, track), 1):
            asset = _asset(resources, timeline, track, placed.clip, f"r-{track.feed}-{number}", formats, path.parent)
            _asset_clip(gap, timeline, track, placed, asset, lane)
    for marker in timeline.markers:
        _marker(gap, timeline, marker)
    return xml.write(root, path.with_name(path.name + ".fcpxml"), "<!DOCTYPE fcpxml>")


def _time(seconds: Fraction | int) -> str:
    exact = Fraction(seconds)
    return f"{exact.numerator}s" if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}s"


def _counting(timeline: Timeline, rate: Fraction) -> str:
    return "DF" if timeline.drops(rate) else "NDF"


def _formats(resources: Element, timeline: Timeline) -> dict[Format, str]:
    """Every rate and size there is, the timeline's own first, and its id."""
    found: dict[Format, str] = {}
    wanted = [(c.rate, _size(timeline, c)) for t in timeline.tracks if t.pictures for c in t.clips]
    for rate, size in dict.fromkeys([(timeline.rate, timeline.size), *wanted]):
        found[rate, size] = f"r-format-{len(found) + 1}"
        child(resources, "format", id=found[rate, size], frameDuration=_time(1 / rate), width=size[0], height=size[1])
    return found


def _size(timeline: Timeline, clip: TrackClip) -> tuple[int, int]:
    return clip.size if clip.size[0] else timeline.size


def _lanes(timeline: Timeline) -> Iterator[tuple[int, Track]]:
    """Pictures above, sound below what they hang on."""
    above, below = 0, 0
    for track in timeline.tracks:
        if track.pictures:
            above += 1
        else:
            below -= 1
        yield above if track.pictures else below, track


@dataclass(frozen=True, slots=True)
class _Placed:
    """A clip at frame `start` for `lasts` frames; `begin`: seconds of the file at which it begins, in the time it is played at."""

    clip: TrackClip
    start: int
    lasts: int
    begin: Fraction
    warped: bool


def _placed(timeline: Timeline, track: Track) -> Iterator[_Placed]:
    for place in places(track, timeline.rate, warps=True):
        speed = place.clip.speed if place.warped else Fraction(1)
        if track.pictures:
            begin = _at_a_sample(place.first / place.clip.rate / speed, place.clip)
            yield _Placed(place.clip, place.start, place.end - place.start, begin, place.warped)
            continue
        place, sample = _on_a_sample(place, timeline.rate, speed)
        if place.end > place.start:
            begin = _at_a_sample(sample / place.clip.rate / speed, place.clip)
            yield _Placed(place.clip, place.start, place.end - place.start, begin, place.warped)


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


def _asset(
    resources: Element, timeline: Timeline, track: Track, clip: TrackClip, key: str, formats: dict[Format, str], beside: Path
) -> str:
    is_sound = {"hasAudio": 1, "audioSources": 1, "audioChannels": 1, "audioRate": int(clip.rate)}
    is_pictures = {"hasVideo": 1, "videoSources": 1, "format": formats.get((clip.rate, _size(timeline, clip)))}
    made = child(
        resources,
        "asset",
        id=key,
        name=clip.name,
        start=_time(clip.media_start / clip.rate),
        duration=_time(clip.length / clip.rate),
        **(is_pictures if track.pictures else is_sound),
    )
    child(made, "media-rep", kind="original-media", src=timeline.url(clip, beside))
    told = child(made, "metadata")
    child(told, "md", key="com.apple.proapps.studio.reel", value=track.feed)
    child(told, "md", key="com.apple.proapps.studio.scene", value=timeline.name)
    child(
        told,
        "md",
        key="com.apple.proapps.studio.cameraAngle" if track.pictures else "com.apple.proapps.studio.cameraName",
        value=track.feed,
    )
    return key


def _asset_clip(parent: Element, timeline: Timeline, track: Track, placed: _Placed, asset: str, lane: int) -> None:
    clip, origin = placed.clip, Fraction(placed.clip.media_start) / placed.clip.rate
    begin, lasts = origin + placed.begin, placed.lasts / timeline.rate
    role = {"videoRole": f"video.{track.feed}"} if track.pictures else {"audioRole": f"dialogue.{track.feed}"}
    made = child(
        parent,
        "asset-clip",
        ref=asset,
        lane=lane,
        offset=_time((timeline.start_frame + placed.start) / timeline.rate),
        name=clip.name,
        start=_time(begin),
        duration=_time(lasts),
        tcFormat=_counting(timeline, clip.rate if track.pictures else timeline.rate),
        **role,
    )
    if placed.warped:
        whole = clip.length / clip.rate
        warp = child(made, "timeMap", preservesPitch=0)
        child(warp, "timept", time=_time(origin), value=_time(origin), interp="linear")
        child(
            warp,
            "timept",
            time=_time(origin + _finely(whole / clip.speed)),
            value=_time(origin + whole),
            interp="linear",
        )
    for person in track.people:
        child(made, "keyword", start=_time(begin), duration=_time(lasts), value=person.name)


def _marker(parent: Element, timeline: Timeline, marker: TimelineMarker) -> None:
    start, end = (nearest_frame(at, timeline.rate) for at in (marker.at, marker.at + marker.lasts))
    child(
        parent,
        "marker",
        start=_time((timeline.start_frame + start) / timeline.rate),
        duration=_time(max(1, end - start) / timeline.rate),
        value=marker.name,
        note=", ".join([marker.kind, *(p.name for p in marker.people)]),
    )


WRITER = Writer(
    "fcpxml",
    "Final Cut Pro 10.6 and later, DaVinci Resolve",
    ("colours: performers are keywords and feeds are roles instead",),
    write,
)
