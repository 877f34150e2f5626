"""The mouse: what a click or a turn of the wheel means. The application then does what the key for it does, and no more: only a click on
GO itself is GO."""

from __future__ import annotations

from textual.message import Message

from liveshow.dashboard.key_bar import pressed_at
from liveshow.dashboard.keys import Action
from liveshow.dashboard.rows import order_at, segment_at
from liveshow.dashboard.view import View

Cell = tuple[int, int]


class KeyClicked(Message):
    """What a key does was clicked; `subject`: a performer's or a feed's id, "" for none."""

    def __init__(self, action: Action, subject: str = "") -> None:
        super().__init__()
        self.action, self.subject = action, subject


class RowClicked(Message):
    """The cursor is wanted on a row: of the running order (`action` ORDER) or of the segments (SEGMENTS)."""

    def __init__(self, action: Action, row: str) -> None:
        super().__init__()
        self.action, self.row = action, row


class Scrolled(Message):
    """The wheel was turned over a list (`action`: ORDER or SEGMENTS): further (1) or back (-1)."""

    def __init__(self, action: Action, by: int) -> None:
        super().__init__()
        self.action, self.by = action, by


def at_key(view: View, cell: Cell, size: Cell) -> Message | None:
    """A click on the key bar."""
    pressed = pressed_at(view, size[0], *cell)
    return KeyClicked(pressed.action, pressed.subject) if pressed else None


def at_alarm(view: View, cell: Cell, size: Cell) -> Message | None:
    """A click on the alarms."""
    del cell, size
    return KeyClicked(Action.ALARMS) if view.alarms else None


def at_item(view: View, cell: Cell, size: Cell) -> Message | None:
    """A click on the running order."""
    row = order_at(view, cell[1], size[1])
    return RowClicked(Action.ORDER, row) if row else None


def at_segment(view: View, cell: Cell, size: Cell) -> Message | None:
    """A click on the segments."""
    row = segment_at(view, cell[1], size[1])
    return RowClicked(Action.SEGMENTS, row) if row else None


def scroll_order(by: int) -> Message:
    """The wheel over the running order."""
    return Scrolled(Action.ORDER, by)


def scroll_segments(by: int) -> Message:
    """The wheel over the segments."""
    return Scrolled(Action.SEGMENTS, by)
