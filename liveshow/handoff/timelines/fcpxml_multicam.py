"""A multicam clip in FCPXML: every feed an angle, and a clip of them that shows the first camera and plays the microphones.

See :mod:`liveshow.handoff.timelines.fcpxml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liveshow.handoff.timelines.fcpxml_clips import Enabled, asset_clip, counting, placed, time
from liveshow.handoff.timelines.neutral import Timeline, Track
from liveshow.handoff.timelines.xml import Element, child

ID = "r-multicam"


def angles(timeline: Timeline) -> tuple[Track, ...]:
    """The feeds that have something, when they make a multicam clip: a camera and another feed. A camera's own sound is in its angle."""
    found = tuple(track for track in timeline.tracks if not track.own and any(placed(timeline, track)))
    return found if len(found) > 1 and found[0].pictures else ()


def multicam(resources: Element, timeline: Timeline, tracks: Sequence[Track], known: Mapping[str, str], form: str) -> None:
    """The angles, in the timeline's own time. `known`: assets by file; `form`: the timeline's format."""
    begin = timeline.start_frame / timeline.rate
    media = child(resources, "media", id=ID, name=timeline.name)
    made = child(media, "multicam", format=form, tcStart=time(begin), tcFormat=counting(timeline, timeline.rate))
    for track in tracks:
        _angle(child(made, "mc-angle", name=track.name, angleID=track.key), timeline, track, known)


def _angle(parent: Element, timeline: Timeline, track: Track, known: Mapping[str, str]) -> None:
    """Clips one after the other, and gaps where there is none."""
    at = 0
    for place in placed(timeline, track):
        _gap(parent, timeline, at, place.start)
        heard = track.pictures and timeline.heard(place.clip) is not None
        enabled: Enabled = "all" if heard else "video" if track.pictures else "audio"
        asset_clip(parent, timeline, track, place, known[place.clip.file], enabled)
        at = place.start + place.lasts
    _gap(parent, timeline, at, timeline.frames)


def _gap(parent: Element, timeline: Timeline, start: int, end: int) -> None:
    if end > start:
        offset = time((timeline.start_frame + start) / timeline.rate)
        child(parent, "gap", name="Gap", offset=offset, start="0s", duration=time((end - start) / timeline.rate))


def mc_clip(parent: Element, timeline: Timeline, tracks: Sequence[Track], *, placed_at: str | None = None) -> Element:
    """The multicam clip, whole. `placed_at`: its offset in a project, None for one in the browser."""
    made = child(
        parent,
        "mc-clip",
        ref=ID,
        offset=placed_at,
        name=timeline.name,
        start=time(timeline.start_frame / timeline.rate),
        duration=time(timeline.frames / timeline.rate),
    )
    mics = [track for track in tracks if not track.pictures]
    child(made, "mc-source", angleID=tracks[0].key, srcEnable="video" if mics else "all")
    for track in mics:
        child(made, "mc-source", angleID=track.key, srcEnable="audio")
    return made
