"""The gaps of recordings, as their files have them, against those that the journal tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from liveshow.events import Gap, JournalEvent
from liveshow.model import FeedKind
from liveshow.showfolder.recordings import Part, picture_gaps
from liveshow.timebase import SECOND

NEAR = 2 * SECOND  # by which clocks that were not fitted yet may be off
SHORTEST = SECOND // 2  # a shorter hole is not worth a fault


@dataclass(frozen=True, slots=True)
class Hole:
    """Nothing was recorded of a feed in [start, end) (show-clock ns); `told`: why, as the journal has it, None when it has nothing of it;
    `frames`: samples or pictures, 0 when they were not counted."""

    feed: str
    start: int
    end: int
    told: str | None
    frames: int = 0


def holes(feed: str, parts: Sequence[Part], events: Sequence[JournalEvent]) -> tuple[Hole, ...]:
    """Every hole of a feed within its parts and between them, by time."""
    told = sorted((e for e in events if isinstance(e, Gap) and e.feed == feed), key=lambda gap: gap.t)
    found = [*(hole for part in parts for hole in _within(part)), *_between(parts)]
    return tuple(_with_words(hole, told) for hole in sorted(found, key=lambda hole: hole.start))


def missing(feed: str, parts: Sequence[Part], events: Sequence[JournalEvent]) -> Iterator[tuple[int, int]]:
    """Gaps (start, samples) of which the journal tells, and which the files have not: of what was counted, which is exact."""
    counted = [hole.frames for hole in holes(feed, parts, events)]
    torn = [part.end + part.delay for part in parts if part.timing.end is None]
    for event in events:
        if isinstance(event, Gap) and event.feed == feed and event.frames and _is_sound(parts):
            if event.frames in counted:
                counted.remove(event.frames)
            elif all(abs(event.until - end) > NEAR for end in torn):  # a worker that was killed then had not noted it yet
                yield event.t, event.frames


def _is_sound(parts: Sequence[Part]) -> bool:
    return bool(parts) and parts[0].feed.kind is FeedKind.MIC


def _within(part: Part) -> Iterator[Hole]:
    feed, delay = part.feed.id, part.delay
    if part.feed.kind is FeedKind.MIC:
        for gap in part.timing.gaps:
            begin, end = part.to_ns(gap.position), part.to_ns(gap.position + gap.frames)
            yield Hole(feed, begin + delay, end + delay, None, gap.frames)
        return
    for last, first in picture_gaps(part, 0, part.length):
        count = round((first - last) / part.unit) - 1
        yield Hole(feed, part.to_ns(last) + delay, part.to_ns(first) + delay, None, count)


def _between(parts: Sequence[Part]) -> Iterator[Hole]:
    for before, after in pairwise(parts):
        one = round(SECOND * before.unit / before.timing.rate)
        if after.start - before.end > max(SHORTEST, 2 * one):
            yield Hole(before.feed.id, before.end + before.delay, after.start + after.delay, None)


def _with_words(hole: Hole, told: Sequence[Gap]) -> Hole:
    """With why, when what the journal tells covers all of it: half an hour is not told by a second of it."""
    until, why = hole.start, None
    for event in told:
        if event.t - NEAR < hole.end and hole.start < event.until + NEAR:
            if event.t - NEAR > until:
                break
            until, why = max(until, event.until + NEAR), why or event.why
    return replace(hole, told=why if until >= hole.end else None)
