"""How a setup changes while the show goes on: items added, moved and skipped, performers nobody had planned, and how they are credited.

The rules:
- Changes are taken in the order they were said; one that was undone was never said.
- What the setup has of its own wins: an item or performer added with an id that a later setup has is that setup's.
- A place that is not there (any more) is the end of the running order; a change to an item that is not there changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from liveshow.events import Credited, ItemAdded, ItemMoved, ItemSkipped, JournalEvent, OrderChange, PerformerAdded, Undo
from liveshow.model import Item, Performer, Setup

CHANGES = (ItemAdded, ItemMoved, ItemSkipped, PerformerAdded)
Amendment = OrderChange | Credited


def amended(setup: Setup, events: Iterable[JournalEvent]) -> Setup:
    """A setup as it was written, with the changes that a journal's events make to it."""
    return with_changes(setup, changes_in(events))


def with_changes(setup: Setup, changes: Iterable[Amendment]) -> Setup:
    """A setup with these changes, as they were said."""
    return reduce(_change, changes, setup)


def changes_in(events: Iterable[JournalEvent]) -> Sequence[Amendment]:
    """The changes that stand, as they were said."""
    events = list(events)
    undone = {e.of for e in events if isinstance(e, Undo)}
    return [e for e in events if isinstance(e, (*CHANGES, Credited)) and e.n not in undone]


def _change(setup: Setup, change: Amendment) -> Setup:
    match change:
        case PerformerAdded():
            return _with_performer(setup, change)
        case Credited():
            return replace(setup, performers=tuple(_credited(p, change) for p in setup.performers))
        case ItemAdded():
            return _with_item(setup, change)
        case ItemMoved():
            return _moved(setup, change)
        case ItemSkipped():
            items = (replace(i, skipped=change.skipped) if i.id == change.item else i for i in setup.items)
            return replace(setup, items=tuple(items))


def _with_performer(setup: Setup, added: PerformerAdded) -> Setup:
    if setup.performer(added.performer) is not None:
        return setup
    there = {feed.id for feed in setup.feeds}
    feeds = tuple(f for f in added.feeds if f in there)
    return replace(setup, performers=(*setup.performers, Performer(added.performer, added.name, added.role, feeds)))


def _credited(performer: Performer, change: Credited) -> Performer:
    if performer.id != change.performer:
        return performer
    return replace(
        performer,
        name=performer.name if change.name is None else change.name,
        role=performer.role if change.role is None else change.role,
        pronunciation=performer.pronunciation if change.pronunciation is None else change.pronunciation,
        note=performer.note if change.note is None else change.note,
    )


def _with_item(setup: Setup, added: ItemAdded) -> Setup:
    if setup.item(added.item) is not None:
        return setup
    item = Item(added.item, added.title, added.performers, added.minutes, added=True)
    return replace(setup, items=_placed(setup.items, item, added.before))


def _moved(setup: Setup, move: ItemMoved) -> Setup:
    item = setup.item(move.item)
    if item is None or move.before == move.item:
        return setup
    return replace(setup, items=_placed([i for i in setup.items if i.id != move.item], item, move.before))


def _placed(items: Sequence[Item], item: Item, before: str) -> tuple[Item, ...]:
    place = next((n for n, i in enumerate(items) if i.id == before), len(items))
    return (*items[:place], item, *items[place:])
