"""Changes of the running order and walk-ons, before they are written down: ids are given, nonsense is refused."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from liveshow.errors import UsageError
from liveshow.events import ItemAdded, ItemMoved, ItemSkipped, OrderChange, PerformerAdded
from liveshow.model import Setup
from liveshow.recorder.known import LONGEST_TITLE, check_text, known_item, known_performer
from liveshow.showfolder.state import ShowState

LONGEST_MINUTES = 24 * 60


def changed_order(event: OrderChange, state: ShowState) -> OrderChange:
    """The change as it goes into the journal. Raises UsageError or NotFound, naming what is known."""
    setup = state.setup
    match event:
        case ItemAdded():
            return _item_added(event, setup)
        case ItemMoved():
            known_item(setup, event.item, "move")
            if event.before == event.item:
                raise UsageError("an item cannot come before itself", where=event.item, todo="name another item")
            _check_place(setup, event.before)
        case ItemSkipped():
            known_item(setup, event.item, "skip")
            if event.skipped and state.on_item is not None and state.on_item.id == event.item:
                raise UsageError("it is on", where=event.item, todo="HOLD or GO ends it")
        case PerformerAdded():
            return _performer_added(event, setup)
    return event


def check_unused(number: int, state: ShowState) -> None:
    """Raises UsageError when what was added by journal number `number` is in use: then it cannot be undone."""
    added = next((c for c in state.changes if c.n == number), None)
    match added:
        case ItemAdded():
            used = [s.id for s in state.segments if s.item == added.item]
        case PerformerAdded():
            used = [s.id for s in state.segments if added.performer in s.performers]
            used += [i.id for i in state.setup.items if added.performer in i.performers]
        case _:
            used = []
    if used:
        raise UsageError(f"it is in use by {', '.join(used[:5])}", where="undo", todo="undo that first")


def _item_added(event: ItemAdded, setup: Setup) -> ItemAdded:
    check_text(event.title, LONGEST_TITLE, "title")
    for performer in event.performers:
        known_performer(setup, performer)
    if event.minutes is not None and not 0 < event.minutes <= LONGEST_MINUTES:
        raise UsageError(f"{event.minutes:g} is no planned length", where="minutes", todo="say 0.5 to 1440 minutes, or nothing")
    _check_place(setup, event.before)
    return msgspec.structs.replace(event, item=_free_id(event.item, event.title, [i.id for i in setup.items], "item"))


def _performer_added(event: PerformerAdded, setup: Setup) -> PerformerAdded:
    check_text(event.name, LONGEST_TITLE, "name")
    if event.role:
        check_text(event.role, LONGEST_TITLE, "role")
    unknown = [f for f in event.feeds if f not in {feed.id for feed in setup.feeds}]
    if unknown:
        known = ", ".join(f.id for f in setup.feeds)
        raise UsageError(f"no feed {unknown[0]!r} in this show", where="feeds", todo=f"there are: {known}")
    taken = [p.id for p in setup.performers]
    return msgspec.structs.replace(event, performer=_free_id(event.performer, event.name, taken, "performer"))


def _check_place(setup: Setup, before: str) -> None:
    if before:
        known_item(setup, before, "before")


def _free_id(wanted: str, words: str, taken: Iterable[str], what: str) -> str:
    from liveshow.setupfile.slugs import is_id, unique_slugs  # a mark from the shell does without

    if not wanted:
        return unique_slugs([words], taken)[0]
    if not is_id(wanted):
        raise UsageError(f"{wanted!r} is no id", where=what, todo="use a-z, 0-9 and hyphens, at most 40, or leave it out")
    if wanted in taken:
        raise UsageError(
            f"there is a{'n' if what == 'item' else ''} {what} {wanted!r} already", where=what, todo="choose another id"
        )
    return wanted
