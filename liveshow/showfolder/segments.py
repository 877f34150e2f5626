"""How marks become segments.

The rules:
- GO ends all that runs and opens a segment of its item. HOLD, and the clean end of a session, end all that runs.
- A performer put on joins the running segment when the item names nobody or names them; otherwise a segment of their own
  begins, which overlaps the running one (a sit-in) or stands alone (a walk-on). It ends when they go off, or with the rest.
- When the last of its performers goes off, a segment ends.
- A false take sends the running order back to its item.
- Marks are taken in the order of the time they are about, not of when they were said; an undone mark was never there.
- Corrections (tag) come after, in the order they were said; but who is in a segment that still runs is corrected when it is said, so that
  performers can be put on and off from there.
- Each mark is taken by the setup of its session: what a later setup says differently changes nothing that was recorded before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from math import inf

from msgspec.structs import replace as replaced

from liveshow.events import MARKS, FalseTake, Go, Highlight, Hold, JournalEvent, Mark, Note, Off, On, SessionEnded, Tag
from liveshow.model import Item, Marker, Presence, Segment, Setup
from liveshow.showfolder.setups import SetupAt

TAKEN = (*MARKS, SessionEnded, Tag)


def segments_of(
    setup_at: SetupAt, events: Sequence[JournalEvent], standing: Sequence[JournalEvent]
) -> tuple[tuple[Segment, ...], tuple[Marker, ...]]:
    """Segments (by in) and markers (by time) that the marks and corrections which stand (were not undone), and the ends of sessions,
    give."""
    return Course.of(setup_at, [*standing, *(e for e in events if isinstance(e, SessionEnded))]).found()


class Course:
    """The course of a show: what segments there are by all that was taken. One more costs no more when much was taken before, as long as
    the times that marks are about go on."""

    def __init__(self, setup_at: SetupAt) -> None:
        self._setup_at = setup_at
        self._walk = _Walk(setup_at)
        self._last = (-(2**63), 0)
        self._tags: dict[str, list[Tag]] = {}
        self._corrected: dict[str, tuple[Segment, int, Segment]] = {}  # each with what it was made of
        self._done: dict[str, tuple[Segment, int, tuple[Marker, ...], Segment]] = {}

    @classmethod
    def of(cls, setup_at: SetupAt, events: Iterable[JournalEvent]) -> Course:
        """By these, in whatever order they were said."""
        course = cls(setup_at)
        for event in sorted((e for e in events if isinstance(e, TAKEN)), key=lambda e: (e.t, e.n)):
            course._take(event)
        for tags in course._tags.values():
            tags.sort(key=lambda tag: tag.n)
        return course

    def goes_on(self, event: Mark | SessionEnded | Tag) -> bool:
        """Take what was said last, if the course is then what it would be if all were taken anew."""
        if (event.t, event.n) > self._last:
            self._take(event)
        elif isinstance(event, Tag) and not self._walk.would_hear(event):
            self._tags.setdefault(event.segment, []).append(event)
        else:
            return False
        return True

    def forgets(self, tag: Tag) -> bool:
        """Undo a correction, if the course is then what it would be without it."""
        if tag.n in self._walk.taken:
            return False
        self._tags[tag.segment].remove(tag)
        self._corrected.pop(tag.segment, None)
        return True

    def names(self, performer: str) -> bool:
        """Whether a segment has its title from the performer's name."""
        return performer in self._walk.named

    def found(self) -> tuple[tuple[Segment, ...], tuple[Marker, ...]]:
        """Segments (by in) and markers (by time)."""
        takes: dict[str, int] = {}
        until: dict[str | None, float] = {}  # up to when an item's segments so far go
        done: list[Segment] = []
        for segment in sorted(map(self._with_tags, self._walk.segments), key=lambda s: (s.start, number_of(s))):
            if segment.end is not None and segment.end <= segment.start:
                continue
            before, end = until.get(segment.item, -inf), inf if segment.end is None else segment.end
            if segment.item is not None and segment.start >= before:
                takes[segment.item] = takes.get(segment.item, 0) + 1
            until[segment.item] = max(before, end)
            done.append(self._finished(segment, takes.get(segment.item or "", 1)))
        return tuple(done), tuple(self._walk.markers)

    def _take(self, event: Mark | SessionEnded | Tag) -> None:
        self._last = (event.t, event.n)
        self._walk.take(event)
        if isinstance(event, Tag):
            self._tags.setdefault(event.segment, []).append(event)

    def _with_tags(self, segment: Segment) -> Segment:
        tags = self._tags.get(segment.id, ())
        known = self._corrected.get(segment.id)
        if known is None or known[0] is not segment or known[1] != len(tags):
            corrected = reduce(_apply, map(self._left_of, tags), segment)
            known = self._corrected[segment.id] = segment, len(tags), corrected
        return known[2]

    def _left_of(self, tag: Tag) -> Tag:
        """What of a correction was not taken on the way."""
        return replaced(tag, performers=None, plus=(), minus=()) if tag.n in self._walk.taken else tag

    def _finished(self, segment: Segment, take: int) -> Segment:
        """With its take, feeds and markers."""
        inside = self._walk.markers_in(segment)
        known = self._done.get(segment.id)
        if known is None or known[0] is not segment or known[1:3] != (take, inside):
            feeds = _feeds(self._setup_at(number_of(segment)), segment)
            known = self._done[segment.id] = segment, take, inside, replace(segment, feeds=feeds, markers=inside, take=take)
        return known[3]


class _Walk:
    """Takes marks in time order and keeps what is open: the item's segment, and one for each performer of their own."""

    def __init__(self, setup_at: SetupAt) -> None:
        self.setup_at = setup_at
        self.segments: list[Segment] = []
        self.markers: list[Marker] = []
        self.taken: set[int] = set()  # numbers of the corrections whose performers were taken on the way
        self.named: set[str] = set()  # performers whose names are titles
        self._marked: list[int] = []  # when, of each marker
        self._main: int | None = None
        self._own: dict[str, int] = {}

    def take(self, event: Mark | SessionEnded | Tag) -> None:
        match event:
            case Go():
                self._close_all(event.t)
                self._main = self._open(event.n, event.t, self.setup_at(event.n).item(event.item), event.item)
            case Hold() | SessionEnded():
                self._close_all(event.t)
            case On():
                self._on(event.performer, event.t, event.n)
            case Off():
                self._off(event.performer, event.t)
            case FalseTake():
                self._false_take()
            case Tag():
                self._tag(event)
            case Highlight():
                self._mark(Marker(event.n, event.t, "highlight"))
            case Note():
                self._mark(Marker(event.n, event.t, "note", event.text))
            case _:
                pass

    def would_hear(self, tag: Tag) -> bool:
        """Whether it would have changed on the way who is in a segment that ran then; also when that cannot be told."""
        found = next((s for s in self.segments if s.id == tag.segment), None)
        if found is None or (tag.performers is None and not tag.plus and not tag.minus):
            return False
        return (found.start, number_of(found)) < (tag.t, tag.n) and (found.end is None or found.end >= tag.t)

    def markers_in(self, segment: Segment) -> tuple[Marker, ...]:
        """Those from its in to its out."""
        end = len(self._marked) if segment.end is None else bisect_left(self._marked, segment.end)
        return tuple(self.markers[bisect_left(self._marked, segment.start) : end])

    def _mark(self, marker: Marker) -> None:
        self.markers.append(marker)
        self._marked.append(marker.at)

    def _open(self, n: int, t: int, item: Item | None, item_id: str | None) -> int:
        title = item.title if item else (item_id or "")
        presence = tuple(Presence(p, t) for p in (item.performers if item else ()))
        self.segments.append(Segment(f"s{n}", title, item_id, t, None, presence))
        return len(self.segments) - 1

    def _close(self, index: int, t: int) -> None:
        segment = self.segments[index]
        presence = tuple(replace(p, end=t) if p.end is None else p for p in segment.presence)
        self.segments[index] = replace(segment, end=t, presence=presence)

    def _close_all(self, t: int) -> None:
        for index in (*([self._main] if self._main is not None else []), *self._own.values()):
            self._close(index, t)
        self._main, self._own = None, {}

    def _on(self, performer: str, t: int, n: int) -> None:
        if performer in self._own:
            return
        main = self.segments[self._main] if self._main is not None else None
        if main is not None and performer in main.on_now:
            return
        if self._main is not None and main is not None and self._belongs(performer, main):
            self.segments[self._main] = replace(main, presence=(*main.presence, Presence(performer, t)))
            return
        person = self.setup_at(n).performer(performer)
        title = main.title if main else (person.name if person else performer)
        if main is None:
            self.named.add(performer)
        segment = Segment(f"s{n}", title, main.item if main else None, t, None, (Presence(performer, t),))
        self.segments.append(segment)
        self._own[performer] = len(self.segments) - 1

    def _belongs(self, performer: str, main: Segment) -> bool:
        item = self.setup_at(number_of(main)).item(main.item)
        return item is None or not item.performers or performer in item.performers

    def _off(self, performer: str, t: int) -> None:
        if performer in self._own:
            self._close(self._own.pop(performer), t)
            return
        if self._main is None or performer not in self.segments[self._main].on_now:
            return
        main = self.segments[self._main]
        presence = tuple(replace(p, end=t) if p.performer == performer and p.end is None else p for p in main.presence)
        self.segments[self._main] = replace(main, presence=presence)
        if not self.segments[self._main].on_now:
            self._close(self._main, t)
            self._main = None

    def _tag(self, tag: Tag) -> None:
        """Who is in a segment that runs."""
        found = next((n for n, s in enumerate(self.segments) if s.id == tag.segment and s.end is None), None)
        if found is None:
            return
        segment = self.segments[found]
        performers = _named(tag, segment)
        if performers is None:
            return
        self.segments[found] = replace(segment, presence=_told(segment.presence, performers, segment.start, None))
        self.taken.add(tag.n)

    def _false_take(self) -> None:
        if not self.segments:
            return
        index = self._main if self._main is not None else max(self._own.values(), default=len(self.segments) - 1)
        self.segments[index] = replace(self.segments[index], false_take=True)


def _apply(segment: Segment, tag: Tag) -> Segment:
    start = segment.start if tag.start is None else tag.start
    end = segment.end if tag.end is None else tag.end
    presence = tuple(_moved(p, segment, start, end) for p in segment.presence)
    if (performers := _named(tag, segment)) is not None:
        presence = _told(presence, performers, start, end)
    return replace(
        segment,
        start=start,
        end=end,
        presence=presence,
        title=segment.title if tag.title is None else tag.title,
        note=segment.note if tag.note is None else tag.note,
        false_take=segment.false_take if tag.false_take is None else tag.false_take,
        edited_by=tag.by or "somebody",
    )


def _named(tag: Tag, segment: Segment) -> tuple[str, ...] | None:
    """Everyone who is in a segment by a correction; None when it does not say."""
    if tag.performers is None and not tag.plus and not tag.minus:
        return None
    every = dict.fromkeys((*(segment.performers if tag.performers is None else tag.performers), *tag.plus))
    return tuple(p for p in every if p not in tag.minus)


def _told(presence: Sequence[Presence], performers: Sequence[str], start: int, end: int | None) -> tuple[Presence, ...]:
    """Only those who were in it, in this order; who was not known to be was in all of it."""
    kept = [p for p in presence if p.performer in performers]
    there = {p.performer for p in kept}
    every = [*kept, *(Presence(p, start, end) for p in performers if p not in there)]
    return tuple(sorted(every, key=lambda p: performers.index(p.performer)))


def _moved(presence: Presence, segment: Segment, start: int, end: int | None) -> Presence:
    """A presence after its segment's edges moved: what began or ended with the segment still does; who was on only before or
    after it is still credited, with a moment at that edge, until somebody says who was in it."""
    begin = start if presence.start == segment.start else max(presence.start, start)
    if end is None:
        return replace(presence, start=begin)
    finish = end if presence.end in (None, segment.end) else max(start, min(presence.end or end, end))
    return replace(presence, start=min(begin, finish), end=finish)


def number_of(segment: Segment) -> int:
    """The journal number of the mark that opened it."""
    return int(segment.id[1:])


def _feeds(setup: Setup, segment: Segment) -> tuple[str, ...]:
    item = setup.item(segment.item)
    wanted = {feed for performer in segment.performers for feed in setup.patched(performer, item)}
    return tuple(f.id for f in setup.feeds if f.shared or f.id in wanted)
