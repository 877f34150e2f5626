"""The timeline of a contribution, as its contribution.json tells it: it begins at in and ends at out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from liveshow.handoff.timelines.colors import color_of
from liveshow.handoff.timelines.neutral import Person, Timeline, TimelineMarker, Track, TrackClip, lacking
from liveshow.model import FeedKind
from liveshow.showfolder.contribution import ClipRecord, Contribution, Credit, FeedRecord, OwnSound


def timeline_of(made: Contribution, data: Path) -> Timeline:
    """The timeline of the contribution whose payload lies in `data` (absolute)."""
    people = {p.id: Person(p.id, p.name, p.role, color_of(p.id)) for p in made.performers}
    start, end = made.segment.start.show_ns, made.segment.end.show_ns
    return Timeline(
        name=made.segment.title or made.show.title,
        rate=Fraction(made.show.frame_rate),
        start_frame=made.segment.start_frame,
        length=end - start,
        folder=data,
        tracks=tuple(_tracks(made, people, start, end)),
        markers=tuple(_markers(made, start)),
        people=tuple(people.values()),
        about=_about(made),
        told=_told(made),
        counting=(Fraction(made.timecode_rate or made.show.frame_rate), ";" in made.segment.start.timecode),
    )


def _markers(made: Contribution, start: int) -> Iterator[TimelineMarker]:
    """What was said, and what is missing."""
    for marker in made.markers:
        yield TimelineMarker(marker.kind, marker.text, marker.at.show_ns - start)
    for hole in made.missing:
        yield lacking(hole.feed, hole.why, hole.start.show_ns - start, hole.end.show_ns - hole.start.show_ns)


def _feeds(made: Contribution) -> tuple[FeedRecord, ...]:
    """The feeds of a package that does not list them, as older ones: those of its clips."""
    kinds = {clip.feed: clip.kind for clip in made.clips}
    whose = {feed: tuple(p.id for p in made.performers if feed in p.feeds) for feed in kinds}
    return tuple(FeedRecord(id=feed, kind=kind, performers=whose[feed]) for feed, kind in kinds.items())


def _tracks(made: Contribution, people: dict[str, Person], start: int, end: int) -> Iterator[Track]:
    """The feeds, then what cameras heard."""
    plain = [_track(made, feed, people, start, end) for feed in made.feeds or _feeds(made)]
    yield from plain
    for track in plain:
        clips = [heard(c, c.own_sound, start, end) for c in made.clips if c.track == track.feed and c.own_sound is not None]
        if track.pictures and clips:
            yield replace(track, clips=tuple(clips), own=True)


def _track(made: Contribution, feed: FeedRecord, people: dict[str, Person], start: int, end: int) -> Track:
    clips = tuple(_clip(clip, start, end) for clip in made.clips if clip.track == feed.id)
    return Track(feed.id, FeedKind(feed.kind), tuple(people[p] for p in feed.performers if p in people), clips, feed.delay_ms)


def heard(clip: ClipRecord, sound: OwnSound, start: int, end: int) -> TrackClip:
    """A camera's own sound from `start` to `end` (show clock), in and out to the sample: its pictures are so only to the picture."""
    samples = Fraction(sound.rate) / Fraction(clip.rate)
    lasts, length = clip.end.show_ns - clip.start.show_ns, round(clip.length * samples)
    placed = (Fraction(at - clip.start.show_ns, max(1, lasts)) * clip.length * samples for at in (start, end))
    first, last = (min(max(round(at), 0), length) for at in placed)
    made = replace(_clip(clip, start, end), rate=Fraction(sound.rate), first=first, last=last, length=length, size=(0, 0))
    return replace(made, media_start=round(clip.media_start * samples), channels=sound.channels)


def _clip(clip: ClipRecord, start: int, end: int) -> TrackClip:
    begins, ends = (min(max(at.show_ns, start), end) - start for at in (clip.start, clip.end))
    return TrackClip(
        file=clip.file,
        rate=Fraction(clip.rate),
        media_start=clip.media_start,
        first=clip.first,
        last=clip.last,
        length=clip.length,
        start=begins,
        end=ends,
        ppm=clip.ppm,
        size=(clip.width, clip.height),
    )


def _about(made: Contribution) -> dict[str, str]:
    told = {
        "show": made.show.title,
        "venue": made.show.venue,
        "date": made.show.date,
        "take": str(made.segment.take),
        "performers": ", ".join(f"{p.name} ({p.role})" if p.role else p.name for p in made.performers),
        "pronunciation": "; ".join(f"{p.name}: {p.pronunciation}" for p in made.performers if p.pronunciation),
        "credits": "; ".join(f"{p.name}: {p.note}" for p in made.performers if p.note),
        "licence": made.licence,
        "contribution": f"{made.id} version {made.version}",
        "note": made.segment.note,
    }
    return {name: text for name, text in told.items() if text}


def _told(made: Contribution) -> dict[str, object]:
    people = [_person(p) for p in made.performers]
    about = {"contribution": made.id, "version": made.version, "show": made.show.id, "segment": made.segment.id}
    return {**about, "in": made.segment.start.show_ns, "out": made.segment.end.show_ns, "performers": people}


def _person(performer: Credit) -> dict[str, str]:
    told = {"id": performer.id, "name": performer.name, "role": performer.role}
    further = {"pronunciation": performer.pronunciation, "note": performer.note}
    return told | {name: text for name, text in further.items() if text}
