"""The segments, corrected one at a time from the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liveshow.dashboard.keys import Mode
from liveshow.dashboard.modes import Cursor

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard


def enter(desk: Dashboard, subject: str, at: int) -> None:
    """The cursor comes to a segment, or to the newest."""
    newest = desk.view.segments[0].id if desk.view.segments else ""
    desk.cursor = Cursor(Mode.SEGMENTS, subject or newest, at)


def edit(desk: Dashboard, subject: str, at: int) -> None:
    """Open the chosen segment."""
