"""Does what the mouse asks for, as the keys would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liveshow.dashboard.keys import Action, Mode
from liveshow.dashboard.mouse import KeyClicked, RowClicked, Scrolled

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard

_MODES = {Action.ORDER: Mode.ORDER, Action.SEGMENTS: Mode.SEGMENTS}


def click_key(desk: Dashboard, message: KeyClicked) -> None:
    """A key of the key bar, the alarms, a feed."""
    desk.press(message.action, message.subject)


def click_row(desk: Dashboard, message: RowClicked) -> None:
    """The cursor comes to the row; of a segment that it is on already, a click is Enter. An item never begins by a click."""
    again = desk.cursor.mode is Mode.SEGMENTS and desk.cursor.row == message.row
    if message.action is Action.SEGMENTS and again:
        desk.press(Action.EDIT)
    else:
        desk.press(message.action, message.row)


def turn(desk: Dashboard, message: Scrolled) -> None:
    """The cursor comes into the list, then moves."""
    if desk.cursor.mode is not _MODES[message.action]:
        desk.press(message.action)
    else:
        desk.cursor = desk.cursor.touched(desk.now_ns())
        desk.press(Action.CURSOR_DOWN if message.by > 0 else Action.CURSOR_UP)
