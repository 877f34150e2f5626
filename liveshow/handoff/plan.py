"""What a segment takes from which recording, and what it does not find there."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from liveshow.errors import LiveshowError
from liveshow.events import Gap, JournalEvent
from liveshow.handoff.reach import reached
from liveshow.handoff.terms import shown_to
from liveshow.model import Feed, FeedKind, Performer, Segment, Setup
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.recordings import Part, picture_gaps, read_parts
from liveshow.showfolder.state import ShowState
from liveshow.timebase import MILLISECOND, SECOND

NOT_RECORDED = "not recorded"
_AT_WORK = 3.0  # seconds
_BLINK = 50 * MILLISECOND  # what follows a gap's end in the journal may still be part of it


@dataclass(frozen=True, slots=True)
class Hole:
    """A feed has nothing from `start` to `end` (show clock), and why."""

    feed: str
    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """One feed of a segment: whose it is, the parts that overlap the segment with its handles, and the holes within in and out.

    Where there are backups (see :mod:`liveshow.handoff.backups`): `stands_in_for`: the feed whose track it has, and `why`; `spare`: why
    it has none itself.
    """

    feed: Feed
    performers: tuple[Performer, ...]
    parts: tuple[Part, ...]
    holes: tuple[Hole, ...]
    stands_in_for: str = ""
    why: str = ""
    spare: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A segment's in and out, the same with handles, and its feeds: cameras first."""

    segment: Segment
    start: int
    end: int
    from_ns: int
    to_ns: int
    feeds: tuple[FeedPlan, ...]


def plan(folder: ShowFolder, setup: Setup, segment: Segment, events: Sequence[JournalEvent]) -> Plan:
    """What to take. Raises LiveshowError when the segment is open."""
    if segment.end is None:
        raise LiveshowError("it is still running", where=segment.id, todo="GO or HOLD ends it")
    handles = round(setup.handoff.handles * SECOND)
    empty = Plan(segment, segment.start, segment.end, segment.start - handles, segment.end + handles, ())
    wanted = [feed for feed in setup.feeds if feed.id in segment.feeds]
    wanted.sort(key=lambda feed: feed.kind is FeedKind.MIC)
    return replace(empty, feeds=tuple(feed_plan(folder, setup, empty, feed, events) for feed in wanted))


def feed_plan(folder: ShowFolder, setup: Setup, span: Plan, feed: Feed, events: Sequence[JournalEvent]) -> FeedPlan:
    """What to take of one feed for the segment of `span`."""
    found, unread = read_parts(folder, feed.id, setup)
    broken = list(unread)
    parts = tuple(p for p in _reaching(found, span.to_ns, broken) if p.start < span.to_ns and p.end > span.from_ns)
    gaps = [e for e in events if isinstance(e, Gap) and e.feed == feed.id]
    holes = [Hole(feed.id, start, end, _why(start, end, gaps, broken)) for start, end in _between(parts, span.start, span.end)]
    inside = [hole for part in parts for hole in _inside(part, gaps) if hole.start < span.end and hole.end > span.start]
    clamped = (replace(h, start=max(h.start, span.start), end=min(h.end, span.end)) for h in (*holes, *inside))
    item = setup.item(span.segment.item)
    performers = tuple(
        setup.performer(p) or Performer(p, p) for p in span.segment.performers if feed.id in setup.patched(p, item)
    )
    return FeedPlan(feed, performers, parts, tuple(sorted(clamped, key=lambda h: h.start)))


def _reaching(found: Sequence[Part], until: int, broken: list[LiveshowError]) -> Iterator[Part]:
    """The parts as far as they can be read; those that cannot are added to `broken`."""
    for part in found:
        try:
            yield reached(part, until)
        except LiveshowError as exc:
            broken.append(exc)


def _between(parts: Sequence[Part], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of [start, end) that no part covers."""
    covered = start
    for part in parts:
        if part.start - covered > _tolerance(part):
            yield covered, min(part.start, end)
        covered = max(covered, part.end)
    if end - covered > (_tolerance(parts[-1]) if parts else 0):
        yield covered, end


def _tolerance(part: Part) -> int:
    """How far parts may lie apart without anything missing: half a picture, or a millisecond of sound."""
    return round(SECOND / part.rate / 2) if part.feed.kind is FeedKind.CAMERA else MILLISECOND


def _inside(part: Part, gaps: Sequence[Gap]) -> Iterator[Hole]:
    """What is missing within a part: pictures that did not come, silence where sound was lost."""
    if part.feed.kind is FeedKind.CAMERA:
        for before, after in picture_gaps(part, 0, part.length):
            start, end = part.to_ns(before + float(part.unit)), part.to_ns(after)
            yield Hole(part.feed.id, start, end, _why(start, end, gaps, ()))
    for gap in part.timing.gaps:
        yield Hole(part.feed.id, part.to_ns(gap.position), part.to_ns(gap.position + gap.frames), gap.why)


def _why(start: int, end: int, gaps: Sequence[Gap], broken: Sequence[LiveshowError]) -> str:
    said = dict.fromkeys(g.why for g in gaps if g.t < end + _BLINK and g.until > start - _BLINK)
    unread = (f"a part cannot be read: {fault.what}" for fault in broken)
    return "; ".join(said or unread) or NOT_RECORDED


def digest_of(made: Plan, setup: Setup, state: ShowState) -> str:
    """SHA-256 of everything a contribution is made from: the same digest need not be made again.

    Of the recordings it is the list of parts, and whether each reaches as far as the segment wants; not the clock fits, which
    move by some microseconds as long as the show runs.
    """
    segment = made.segment
    parts = [(p.file.name, p.end >= made.to_ns or p.timing.end is not None) for f in made.feeds for p in f.parts]
    people = [_credited(setup.performer(p)) for p in segment.performers]
    answers = [state.consent(p, segment.id) for p in segment.performers]
    handoff = setup.handoff
    terms = (setup.show, handoff.handles, handoff.licence, handoff.consent, sorted(handoff.timelines), state.tie)
    feeds = [(_source(f.feed), [p.id for p in f.performers]) for f in made.feeds]
    further = (*_house(made, setup, state), *_asked(setup), *_chosen(made), *_terms(state, segment))
    everything = msgspec.to_builtins((segment, people, answers, terms, feeds, parts, *further), enc_hook=str)
    return hashlib.sha256(msgspec.json.encode(everything, order="deterministic")).hexdigest()


def _credited(performer: Performer | None) -> object:
    return None if performer is None else _told(performer, without=(), unless_empty=("pronunciation", "note"))


def _source(feed: Feed) -> object:
    """When a feed alarms says nothing of what it recorded."""
    return _told(feed, without=("alarms",), unless_empty=("backup",))


def _told(thing: Performer | Feed, *, without: Sequence[str], unless_empty: Sequence[str]) -> object:
    """Its fields; those that came later count only where they say something, so that what was handed off by an earlier liveshow is the
    same still."""
    told: dict[str, object] = msgspec.to_builtins(thing, enc_hook=str)
    return {name: value for name, value in told.items() if name not in without and (value or name not in unless_empty)}


def _terms(state: ShowState, segment: Segment) -> Iterator[object]:
    """The terms that were agreed to: agreeing to others makes another package."""
    shown = [shown_to(state, performer, segment) for performer in segment.performers]
    if any(shown):
        yield shown


def _house(made: Plan, setup: Setup, state: ShowState) -> Iterator[object]:
    """What labels are made from beside the tie to the time of day; nothing as long as that is all."""
    house = house_time(state, state.tie, setup) if state.tie is not None else None
    if house is not None and house.counted_from(made.start).anchors:
        yield house.counted_from(made.start).anchors, house.source(made.start), house.jumps(made.start, made.end)


def _chosen(made: Plan) -> Iterator[object]:
    """Which feed has which track, where there was a choice."""
    yield from ((f.feed.id, f.stands_in_for, bool(f.spare)) for f in made.feeds if f.stands_in_for or f.spare)


def _asked(setup: Setup) -> Iterator[str]:
    """What changes the clips or what lies beside them, when it was asked for."""
    settings = setup.handoff
    asked = {"exact": settings.exact, "resample": settings.resample, "mhl": settings.mhl, "sign": settings.sign}
    yield from (name for name, wanted in asked.items() if wanted)


def expected_bytes(made: Plan) -> int:
    """About how many bytes the clips will have: the parts' share in time."""
    spans = ((p, min(p.end, made.to_ns) - max(p.start, made.from_ns)) for feed in made.feeds for p in feed.parts)
    return sum(p.file.stat().st_size * span // max(1, p.end - p.start) for p, span in spans)


def awaited(made: Plan) -> bool:
    """Whether a recording is being written that does not reach yet as far as the segment with its handles."""
    last = [feed.parts[-1] for feed in made.feeds if feed.parts]
    return any(p.timing.end is None and p.end < made.to_ns and _is_written(p) for p in last)


def _is_written(part: Part) -> bool:
    """Whether somebody wrote into it within the last seconds: what a killed worker left is not waited for."""
    return time.time() - part.file.stat().st_mtime < _AT_WORK
