"""Final Cut Pro XML 1.10, which Final Cut Pro and Resolve open: a multicam clip, a project with all feeds side by side, whose clips hang on
one gap of its length, and a project with the multicam clip, to begin cutting with.

Source: Apple, FCPXML Reference and its DTD 1.10. All times are exact fractions of a second. What Final Cut Pro places lies on frames, so a
clip of sound is placed on a frame and begins in its file at the very sample that is heard there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from liveshow.handoff.timelines import xml
from liveshow.handoff.timelines.fcpxml_clips import asset_clip, assets, counting, formats, placed, time
from liveshow.handoff.timelines.fcpxml_multicam import angles, mc_clip, multicam
from liveshow.handoff.timelines.neutral import Timeline, TimelineMarker, Track
from liveshow.handoff.timelines.writer import Writer
from liveshow.handoff.timelines.xml import Element, child
from liveshow.timebase import nearest_frame

_AUDIO_HZ = {32_000: "32k", 44_100: "44.1k", 48_000: "48k", 88_200: "88.2k", 96_000: "96k", 176_400: "176.4k", 192_000: "192k"}


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.fcpxml."""
    root = Element("fcpxml", version="1.10")
    resources = child(root, "resources")
    known = formats(resources, timeline)
    own = known[timeline.rate, timeline.size]
    media = assets(resources, timeline, known, path.parent)
    event = child(child(root, "library"), "event", name=timeline.about.get("show", timeline.name))
    if tracks := angles(timeline):
        multicam(resources, timeline, tracks, media, own)
        _markers(mc_clip(event, timeline, tracks), timeline)
    _side_by_side(_spine(event, timeline, timeline.name, own), timeline, media)
    if tracks:
        spine = _spine(event, timeline, f"{timeline.name} (multicam)", own)
        _markers(mc_clip(spine, timeline, tracks, placed_at=time(timeline.start_frame / timeline.rate)), timeline)
    return xml.write(root, path.with_name(path.name + ".fcpxml"), "<!DOCTYPE fcpxml>")


def _spine(event: Element, timeline: Timeline, name: str, form: str) -> Element:
    """What a new project is filled with."""
    sequence = child(
        child(event, "project", name=name),
        "sequence",
        format=form,
        duration=time(timeline.frames / timeline.rate),
        tcStart=time(timeline.start_frame / timeline.rate),
        tcFormat=counting(timeline, timeline.rate),
        audioLayout="stereo",
        audioRate=_AUDIO_HZ.get(timeline.sample_rate),
    )
    child(sequence, "note", "; ".join(f"{name}: {text}" for name, text in timeline.about.items()))
    return child(sequence, "spine")


def _side_by_side(spine: Element, timeline: Timeline, media: Mapping[str, str]) -> None:
    """Every feed in a lane of its own, hung on a gap."""
    begin = time(timeline.start_frame / timeline.rate)
    gap = child(spine, "gap", name="Gap", offset=begin, start=begin, duration=time(timeline.frames / timeline.rate))
    for lane, track in _lanes(timeline):
        for place in placed(timeline, track):
            asset_clip(gap, timeline, track, place, media[place.clip.file], "video" if track.pictures else "audio", lane)
    _markers(gap, timeline)


def _lanes(timeline: Timeline) -> Iterator[tuple[int, Track]]:
    """Pictures above, sound below what they hang on."""
    above, below = 0, 0
    for track in timeline.tracks:
        if track.pictures:
            above += 1
        else:
            below -= 1
        yield above if track.pictures else below, track


def _markers(parent: Element, timeline: Timeline) -> None:
    for marker in timeline.markers:
        _marker(parent, timeline, marker)


def _marker(parent: Element, timeline: Timeline, marker: TimelineMarker) -> None:
    start, end = (nearest_frame(at, timeline.rate) for at in (marker.at, marker.at + marker.lasts))
    child(
        parent,
        "marker",
        start=time((timeline.start_frame + start) / timeline.rate),
        duration=time(max(1, end - start) / timeline.rate),
        value=marker.name,
        note=", ".join([marker.kind, *(p.name for p in marker.people)]),
    )


WRITER = Writer(
    "fcpxml",
    "Final Cut Pro 10.6 and later, DaVinci Resolve",
    ("colours: performers are keywords and feeds are roles instead",),
    write,
)
