"""The timeline of a whole show: every feed a track, the parts of its recordings where they lie, from the first of them to the last.

Recordings have no timecode of their own: positions within them count from their beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import av

from liveshow.errors import LiveshowError
from liveshow.events import Gap
from liveshow.handoff.clips import Identity, media_start
from liveshow.handoff.pictures import own_sound
from liveshow.handoff.timelines.colors import color_of
from liveshow.handoff.timelines.neutral import Person, Timeline, TimelineMarker, Track, TrackClip, lacking
from liveshow.model import Feed, FeedKind, Performer, Segment, Setup
from liveshow.showfolder.contribution import OwnSound
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.recordings import Part, read_parts
from liveshow.showfolder.state import ShowState


def timeline_of_show(folder: ShowFolder) -> tuple[Timeline, tuple[LiveshowError, ...]]:
    """The timeline of a show, also while it records, and what is wrong with each part that cannot be read and is left out. Raises
    SetupError, NotFound, and LiveshowError when nothing was recorded."""
    setup, state = folder.every_setup(), folder.state()
    if state.tie is None:
        raise LiveshowError("its journal does not say when the show opened", where=str(folder.journal_file))
    found = {feed: read_parts(folder, feed.id, setup) for feed in setup.feeds}
    parts = [part for read, _ in found.values() for part in read]
    if not parts:
        raise LiveshowError("nothing is recorded of it that can be read", where=str(folder.path))
    start, end = min(p.start for p in parts), max(p.end for p in parts)
    house = house_time(state, state.tie, setup)
    who = Identity("", state.show, state.tie, setup, "", "", house)
    timeline = Timeline(
        name=setup.show.title,
        rate=setup.show.frame_rate,
        start_frame=media_start(who, start, setup.show.frame_rate),
        length=end - start,
        folder=folder.path,
        tracks=tuple(_tracks(folder, setup, {feed: read for feed, (read, _) in found.items()}, start)),
        markers=(*_markers(setup, state, start, end), *_missing(folder, start, end)),
        people=tuple(map(_person, setup.performers)),
        about=_about(setup),
        told={"show": state.show, "in": start, "out": end},
        counting=(house.rate_at(start), house.drops(start, house.rate_at(start))),
    )
    return timeline, tuple(fault for _, faults in found.values() for fault in faults)


def _person(performer: Performer) -> Person:
    return Person(performer.id, performer.name, performer.role, color_of(performer.id))


def _tracks(folder: ShowFolder, setup: Setup, found: dict[Feed, Sequence[Part]], start: int) -> Iterator[Track]:
    """Cameras first, as in contributions, and last what they heard."""
    heard: list[Track] = []
    for feed in sorted(setup.feeds, key=lambda feed: feed.kind is FeedKind.MIC):
        people = tuple(_person(p) for p in setup.performers if feed.id in p.feeds)
        seen = [(part, _look(part)) for part in found[feed]]
        clips = tuple(_clip(folder, part, start, look.size) for part, look in seen)
        yield Track(feed.id, feed.kind, people, clips, feed.delay_ms)
        sounds = tuple(_heard(clip, look.sound) for clip, (_, look) in zip(clips, seen, strict=True) if look.sound is not None)
        if sounds:
            heard.append(Track(feed.id, feed.kind, people, sounds, feed.delay_ms, own=True))
    yield from heard


def _heard(clip: TrackClip, sound: OwnSound) -> TrackClip:
    samples = round(clip.length * sound.rate / clip.rate)
    return replace(clip, rate=Fraction(sound.rate), last=samples, length=samples, size=(0, 0), channels=sound.channels)


def _clip(folder: ShowFolder, part: Part, start: int, size: tuple[int, int]) -> TrackClip:
    length = round((part.end_position - part.first_position) / part.unit)
    lasted = (part.end_position - part.first_position) / part.timing.rate
    return TrackClip(
        file=part.file.relative_to(folder.path).as_posix(),
        rate=part.rate,
        media_start=0,
        first=0,
        last=length,
        length=length,
        start=part.start - start,
        end=part.end - start,
        ppm=round((float(lasted) * 1e9 / (part.end - part.start) - 1) * 1e6, 3) + 0.0 if part.end > part.start else 0.0,
        size=size,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """Width and height of a recording's pictures, and the sound beside them."""

    size: tuple[int, int] = (0, 0)
    sound: OwnSound | None = None


def _look(part: Part) -> _Look:
    """Nothing is known of a microphone's, nor of a file that cannot be opened, which its own check reports."""
    if part.feed.kind is FeedKind.MIC:
        return _Look()
    try:
        with av.open(str(part.file), options={"analyzeduration": "0"}) as source:
            context = source.streams.video[0].codec_context
            return _Look((context.width, context.height), own_sound(source))
    except (av.FFmpegError, IndexError):
        return _Look()


def _markers(setup: Setup, state: ShowState, start: int, end: int) -> Iterator[TimelineMarker]:
    """Segments as spans, then highlights and notes, those outside of segments too."""
    for segment in state.segments:
        people = tuple(_person(setup.performer(p) or Performer(p, p)) for p in segment.performers)
        out = end if segment.end is None else segment.end
        yield TimelineMarker(
            "segment", _title(segment, people, state), segment.start - start, max(out - segment.start, 1), people
        )
    for marker in state.markers:
        yield TimelineMarker(marker.kind, marker.text, marker.at - start)


def _missing(folder: ShowFolder, start: int, end: int) -> Iterator[TimelineMarker]:
    """What was lost while it was recorded, as far as it lies between the first recording and the last."""
    for gap in folder.events():
        if isinstance(gap, Gap) and gap.until > start and gap.t < end:
            since = max(gap.t, start)
            yield lacking(gap.feed, gap.why, since - start, min(gap.until, end) - since)


def _title(segment: Segment, people: Sequence[Person], state: ShowState) -> str:
    """The segment's title, its performers, and what an editor must know before using it."""
    names = ", ".join(p.name for p in people)
    words = [segment.id, segment.title, names, f"take {segment.take}" if segment.take > 1 else ""]
    standing = "false take" if segment.false_take else f"consent: {state.consent_of(segment)}"
    return " · ".join([*dict.fromkeys(filter(None, words)), standing])


def _about(setup: Setup) -> dict[str, str]:
    show = setup.show
    told = {"show": show.title, "venue": show.venue, "date": show.date.isoformat()}
    return {name: text for name, text in told.items() if text}
