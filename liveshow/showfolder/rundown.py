"""The running order against the clock: how long each item took and should have taken, how far behind the show is, when it will end.

The rules:
- The item that runs counts the longer of its plan and what it has taken; those that GO will open count their plan, one after another.
- An item that is passed over (skipped, or behind the place that GO goes on from) counts nothing.
- An item without planned minutes counts nothing in advance, and what it took counts as planned: the end is then "at least".
- The show is over by all the time since its first item that no plan accounts for: longer items, breaks, false takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liveshow.model import Item, Segment, Setup
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class ItemTimes:
    """One item, all in ns of the show clock. `planned`: None without minutes; `actual`: what its last good take has taken so far, None
    when there is none; `begins`: when that take began, or when a later item is expected to, None for one that GO will not open."""

    item: str
    planned: int | None
    actual: int | None
    begins: int | None

    @property
    def over(self) -> int | None:
        """How much longer than planned, in ns, below 0 for shorter (or not yet as long); None while that is no question."""
        return None if self.planned is None or self.actual is None else self.actual - self.planned


@dataclass(frozen=True, slots=True)
class Rundown:
    """The items in running order; `over`: how many ns the show is behind (below 0: ahead of) its plan, None before the first item;
    `ends`: when the last item is expected to end, show-clock ns; `at_least`: not all that is to come has a planned length."""

    items: tuple[ItemTimes, ...]
    over: int | None
    ends: int
    at_least: bool

    def of(self, item_id: str) -> ItemTimes | None:
        """The times of one item."""
        return next((i for i in self.items if i.item == item_id), None)


def planned_ns(item: Item | None) -> int | None:
    """How long an item is planned to be, in ns; None when nobody said."""
    return round(item.minutes * MINUTE) if item is not None and item.minutes else None


def rundown(state: ShowState, now: int) -> Rundown:
    """Where the show stands at show-clock time `now`."""
    setup, running = state.setup, _running(state)
    again = running is not None and state.next_item is not None and running.item == state.next_item.id
    plan = None if running is None or again else planned_ns(setup.item(running.item))
    free = now if running is None else max(now, running.start + (plan or 0))
    to_come = _to_come(setup, state)
    expected = dict(_expected(to_come, free))
    items = tuple(_times(item, state, now, expected) for item in setup.items)
    open_ended = running is not None and not again and plan is None
    return Rundown(
        items,
        over=_over(state, items, free),
        ends=free + sum(planned_ns(item) or 0 for item in to_come),
        at_least=open_ended or any(planned_ns(item) is None for item in to_come),
    )


def _running(state: ShowState) -> Segment | None:
    return next((s for s in state.running if s.item is not None), None)


def _to_come(setup: Setup, state: ShowState) -> tuple[Item, ...]:
    ids = [i.id for i in setup.items]
    if state.ended or state.next_item is None or state.next_item.id not in ids:
        return ()
    following = setup.items[ids.index(state.next_item.id) + 1 :]
    return (state.next_item, *(i for i in following if not i.skipped))


def _expected(to_come: tuple[Item, ...], free: int) -> Iterator[tuple[str, int]]:
    for item in to_come:
        yield item.id, free
        free += planned_ns(item) or 0


def _times(item: Item, state: ShowState, now: int, expected: dict[str, int]) -> ItemTimes:
    takes = [s for s in state.segments if s.item == item.id and not s.false_take]
    last = [s for s in takes if s.take == takes[-1].take]
    if not last:
        return ItemTimes(item.id, planned_ns(item), None, expected.get(item.id))
    begun = min(s.start for s in last)
    ended = max(max(begun, now) if s.end is None else s.end for s in last)
    on = any(s.end is None for s in last)
    begins = begun if on else expected.get(item.id, begun)
    return ItemTimes(item.id, planned_ns(item), ended - begun, begins)


def _over(state: ShowState, items: tuple[ItemTimes, ...], free: int) -> int | None:
    first = min((s.start for s in state.segments if s.item is not None), default=None)
    if first is None:
        return None
    if state.ended:
        free = max((s.end or s.start for s in state.segments if s.item is not None), default=free)
    allotted = sum(i.actual if i.planned is None else i.planned for i in items if i.actual is not None)
    return free - first - allotted
