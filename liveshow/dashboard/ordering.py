"""The running order, changed by the cursor: go to an item, skip it, move it, insert one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from liveshow.dashboard.dialogs.new_item import ItemDialog, NewItem
from liveshow.dashboard.keys import Action, Mode
from liveshow.dashboard.marks import Intent, intent, words
from liveshow.dashboard.modes import Cursor
from liveshow.events import ItemAdded

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard


def enter(desk: Dashboard, subject: str, at: int) -> None:
    """The cursor comes to an item, or to the one that is next."""
    state = desk.board.state
    first = state.next_item or state.on_item
    desk.cursor = Cursor(Mode.ORDER, subject or (first.id if first else ""), at)


def leave(desk: Dashboard, _subject: str, _at: int) -> None:
    """Keys do again what they always do."""
    desk.cursor = Cursor()


def cursor(by: int) -> Callable[[Dashboard, str, int], None]:
    """What moves the cursor so many rows down."""

    def moved(desk: Dashboard, _subject: str, _at: int) -> None:
        in_order = desk.cursor.mode is Mode.ORDER
        ids = [row.id for row in (desk.view.order if in_order else desk.view.segments)]
        desk.cursor = desk.cursor.moved(ids, by)

    return moved


def go_to(desk: Dashboard, subject: str, at: int) -> None:
    """Open the chosen item; the cursor has done what it was for."""
    item = _chosen(desk, subject)
    if item:
        desk.mark(Action.GO_TO, item, at)
        desk.cursor = Cursor()


def skip(desk: Dashboard, subject: str, at: int) -> None:
    """GO passes the chosen item over, or does not any more."""
    item = _chosen(desk, subject)
    if item:
        desk.mark(Action.SKIP, item, at)


def move(action: Action, desk: Dashboard, subject: str, at: int) -> None:
    """One place up or down; nothing at the ends."""
    item, ids = _chosen(desk, subject), [row.id for row in desk.view.order]
    end = ids[:1] if action is Action.MOVE_UP else ids[-1:]
    if item and [item] != end:
        desk.says.say([intent(action, desk.board, item)], at, 0)


def insert(desk: Dashboard, subject: str, _at: int) -> None:
    """Ask for an item nobody planned, before the chosen one."""
    before = _chosen(desk, subject)
    setup = desk.board.state.setup
    item = setup.item(before)

    def done(new: NewItem | None) -> None:
        at = desk.now_ns()
        desk.cursor = desk.cursor.touched(at)
        if new is not None:
            event = ItemAdded(t=0, item="", title=new.title, performers=new.performers, minutes=new.minutes, before=before)
            desk.says.say([Intent(event, words(event, desk.board), f"insert:{new.title}")], at, 0)
        desk.draw()

    desk.push_screen(ItemDialog(setup.performers, item.title if item else ""), done)


def _chosen(desk: Dashboard, subject: str) -> str:
    """The item that is meant: that of the subject, or of the cursor; "" when it is not there any more."""
    row = subject or (desk.cursor.row if desk.cursor.mode is Mode.ORDER else "")
    return row if desk.board.state.setup.item(row) is not None else ""
