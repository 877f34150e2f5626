"""By which setup a show was run, and when: it may go on with another one (a microphone less, an item renamed, a running order
turned round), and what was recorded before is then still told by the setup of its own time.

The changes that the crew made to the running order, and walk-ons, hold for every one of these setups (see
:mod:`liveshow.showfolder.amendments`): what is added has an id of its own, and the order of items says nothing of the past.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TypeVar

from liveshow.errors import SetupError
from liveshow.events import JournalEvent, SessionStarted, ShowOpened
from liveshow.model import Device, Item, Performer, Setup
from liveshow.showfolder.amendments import Amendment, changes_in, with_changes

SetupAt = Callable[[int], Setup]
"""The setup by which the journal's line of a number was said."""


def setup_as_run(text: str, file: str, events: Sequence[JournalEvent]) -> Setup:
    """The setup in a text, with the show's own date and time zone where it names none, whatever today's are."""
    from liveshow.setupfile import parse  # a worker needs only places: it starts sooner without

    opened = next((e for e in events if isinstance(e, ShowOpened)), None)
    if opened is None:
        return parse(text, file, date.today())
    return parse(text, file, date.fromisoformat(opened.date), timezone=opened.timezone)


def setups_over(setup: Setup, events: Sequence[JournalEvent]) -> Setups:
    """For each line of a journal the setup of its session, amended; `setup` is that of the last one, as it was written."""
    return Setups(_written_over(setup, events), changes_in(events))


class Setups:
    """A :data:`SetupAt`: the setups as they were `written`, with the changes that stand."""

    def __init__(self, written: SetupAt, changes: Iterable[Amendment]) -> None:
        self._written, self._changes = written, list(changes)
        self._known: dict[int, Setup] = {}  # by identity: there are as many as there were sessions

    def __call__(self, number: int) -> Setup:
        """The setup by which the line of that number was said."""
        then = self._written(number)
        if id(then) not in self._known:
            self._known[id(then)] = with_changes(then, self._changes)
        return self._known[id(then)]

    def change(self, last: Amendment) -> None:
        """One more, said after all others."""
        self._changes.append(last)
        self._known = {which: with_changes(setup, [last]) for which, setup in self._known.items()}


def _written_over(setup: Setup, events: Sequence[JournalEvent]) -> SetupAt:
    sessions = [e for e in events if isinstance(e, SessionStarted)]
    if len({e.setup for e in sessions}) < 2:
        return lambda _number: setup
    starts = [e.n for e in sessions]
    setups = [setup if e.setup == sessions[-1].setup else _earlier(e.setup, events) or setup for e in sessions]
    return lambda number: setups[max(0, bisect_right(starts, number) - 1)]


def with_what_is_gone(setup: Setup, events: Sequence[JournalEvent]) -> Setup:
    """A setup and, after what is its own, the feeds, performers and items of earlier sessions that it does not have any more: for
    who reads what was recorded. Nobody records by it, and its items are no running order. Taken and given as written."""
    texts = dict.fromkeys(e.setup for e in reversed(events) if isinstance(e, SessionStarted))
    every = [setup, *(found for text in list(texts)[1:] if (found := _earlier(text, events)) is not None)]
    performers = _first_of_each(p for earlier in every for p in earlier.performers)
    items = _first_of_each(i for earlier in every for i in earlier.items)
    return replace(setup, devices=_devices(every), performers=performers, items=items)


def setup_of(setup: Setup, events: Sequence[JournalEvent], number: int) -> Setup:
    """By what is handed off that the journal's line `number` opened: feeds, patch and items as they were then; the show, the terms,
    names and delays as the last setup has them, for what was wrong then and is put right counts from the beginning. `setup` is the
    last one as written, what is given is amended."""
    then, changes = _written_over(setup, events)(number), changes_in(events)
    return with_changes(setup if then is setup else _put_right(then, setup), changes)


def _put_right(then: Setup, setup: Setup) -> Setup:
    known = {f.id: f.delay_ms for f in setup.feeds}
    devices = tuple(
        replace(d, feeds=tuple(replace(f, delay_ms=known.get(f.id, f.delay_ms)) for f in d.feeds)) for d in then.devices
    )
    named = (replace(p, feeds=was.feeds) if (was := then.performer(p.id)) else p for p in setup.performers)
    return replace(
        then, show=setup.show, handoff=setup.handoff, devices=devices, performers=_first_of_each([*named, *then.performers])
    )


T = TypeVar("T", Performer, Item)


def _first_of_each(things: Iterable[T]) -> tuple[T, ...]:
    by_id: dict[str, T] = {}
    for thing in things:
        by_id.setdefault(thing.id, thing)
    return tuple(by_id.values())


def _devices(setups: Iterable[Setup]) -> tuple[Device, ...]:
    found: list[Device] = []
    known: set[str] = set()
    for device in (d for setup in setups for d in setup.devices):
        feeds = tuple(f for f in device.feeds if f.id not in known)
        known.update(f.id for f in feeds)
        found += [replace(device, feeds=feeds)] if feeds else []
    return tuple(found)


def _earlier(text: str, events: Sequence[JournalEvent]) -> Setup | None:
    opened = next((e for e in events if isinstance(e, ShowOpened)), None)
    return _parsed(text, opened)


@lru_cache(maxsize=32)
def _parsed(text: str, opened: ShowOpened | None) -> Setup | None:
    """None for a setup that this version of liveshow does not take any more: the last one then has to do."""
    try:
        return setup_as_run(text, "setup.toml", [opened] if opened else [])
    except SetupError:
        return None
