"""OpenTimelineIO (.otio), one track a feed.

Times of media are the media's own: `available_range` begins with its timecode (pictures) or time reference (samples), as its
file says, and `source_range` counts from there. A feed whose clock drifted carries that as a LinearTimeWarp, whose
`time_scalar` is media seconds per timeline second (OpenTimelineIO, schema LinearTimeWarp.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from liveshow.handoff.timelines.colors import HUES, marker_name
from liveshow.handoff.timelines.neutral import Person, Timeline, TimelineMarker, Track, TrackClip
from liveshow.handoff.timelines.writer import Writer
from liveshow.timebase import SECOND, nearest_frame

Locate = Callable[[TrackClip], str]
"""How the timeline names a clip's media."""


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.otio."""
    made = build(timeline, lambda clip: timeline.reference(clip, path.parent))
    file = path.with_name(path.name + ".otio")
    file.write_text(otio.adapters.write_to_string(made, "otio_json") + "\n", encoding="utf-8", newline="\n")
    return (file,)


def build(timeline: Timeline, locate: Locate) -> otio.schema.Timeline:
    """The timeline as OpenTimelineIO has it."""
    made = otio.schema.Timeline(
        name=timeline.name, metadata={"liveshow": {**timeline.told, "drop_frame": timeline.drops(timeline.rate)}}
    )
    made.global_start_time = _time(timeline.start_frame, timeline.rate)
    for track in timeline.tracks:
        made.tracks.append(_track(timeline, track, locate))
    made.tracks.markers.extend(_marker(marker, timeline.rate) for marker in timeline.markers)
    return made


def _time(value: int | float, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(value, float(rate))


def _range(start: int | float, duration: int | float, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(duration, rate))


def _track(timeline: Timeline, track: Track, locate: Locate) -> otio.schema.Track:
    told: dict[str, object] = {"feed": track.feed, "performers": [_person(p) for p in track.people]}
    told |= {"delay_ms": track.delay_ms, "ppm": round(track.ppm, 3)}
    if track.own:
        told["own_sound"] = True
    made = otio.schema.Track(
        name=track.name,
        kind=otio.schema.TrackKind.Video if track.pictures else otio.schema.TrackKind.Audio,
        metadata={"liveshow": told},
    )
    if track.people:
        made.color = _color(track.people[0])
    made.extend(items(track, timeline.length, locate))
    return made


def _color(person: Person) -> otio.core.Color:
    shade = person.color
    return otio.core.Color(shade.red / 255, shade.green / 255, shade.blue / 255, 1.0, shade.nearest(HUES))


def _person(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name, "color": person.color.hex}


def items(track: Track, length: int, locate: Locate) -> Iterator[otio.schema.Clip | otio.schema.Gap]:
    """Clips at their time, with gaps before, between and after. Each place is reckoned from the beginning, so nothing adds up."""
    at = Fraction(0)
    rate = Fraction(1000)
    for clip in track.clips:
        rate = clip.rate
        begin, end = Fraction(clip.start, SECOND), Fraction(clip.end, SECOND)
        wanted = round((begin - at) * rate)
        if clip.last <= clip.first:
            continue
        if wanted > 0:
            yield _gap(wanted, rate)
            at += wanted / rate
        warped = track.warped(clip)
        lasts = round((end - at) * rate) if warped else clip.last - clip.first
        yield _clip(track, clip, lasts, warped, locate)
        at += lasts / rate
    if (rest := round((Fraction(length, SECOND) - at) * rate)) > 1:
        yield _gap(rest, rate)


def _gap(duration: int, rate: Fraction) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=_range(0, duration, rate))


def _clip(track: Track, clip: TrackClip, lasts: int, warped: bool, locate: Locate) -> otio.schema.Clip:
    media = otio.schema.ExternalReference(
        target_url=locate(clip), available_range=_range(clip.media_start, clip.length, clip.rate)
    )
    told = {"feed": track.feed, "rate": str(clip.rate), "first": clip.first, "last": clip.last, "ppm": clip.ppm}
    if warped:
        told["drift"] = f"the feed's clock is off by {clip.ppm:+.1f} ppm; the time warp corrects it"
    made = otio.schema.Clip(
        name=clip.name,
        media_reference=media,
        source_range=_range(clip.media_start + clip.first, lasts, clip.rate),
        metadata={"liveshow": told},
    )
    if warped:
        made.effects.append(otio.schema.LinearTimeWarp(name="clock drift", time_scalar=float(clip.speed)))
    return made


def _marker(marker: TimelineMarker, rate: Fraction) -> otio.schema.Marker:
    told: dict[str, object] = {"kind": marker.kind, "text": marker.text}
    if marker.people:
        told["performers"] = [_person(p) for p in marker.people]
    first, last = (nearest_frame(at, rate) for at in (marker.at, marker.at + marker.lasts))
    return otio.schema.Marker(
        name=marker.name,
        marked_range=_range(first, max(1, last - first), rate),
        color=marker_name(marker.kind),
        metadata={"liveshow": told},
    )


WRITER = Writer("otio", "DaVinci Resolve 18, Premiere Pro 25.6, Kdenlive 25.04 and others with OpenTimelineIO", (), write)
