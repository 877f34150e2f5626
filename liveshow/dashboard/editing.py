"""The segments, corrected one at a time from the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liveshow.dashboard.dialogs.segment import Edit, SegmentEditor
from liveshow.dashboard.draft import Draft
from liveshow.dashboard.keys import Mode
from liveshow.dashboard.marks import Intent, words
from liveshow.dashboard.modes import Cursor
from liveshow.showfolder.house_time import house_time

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard


def enter(desk: Dashboard, subject: str, at: int) -> None:
    """The cursor comes to a segment, or to the newest."""
    newest = desk.view.segments[0].id if desk.view.segments else ""
    desk.cursor = Cursor(Mode.SEGMENTS, subject or newest, at)


def edit(desk: Dashboard, subject: str, _at: int) -> None:
    """Open the chosen segment."""
    state = desk.board.state
    row = subject or (desk.cursor.row if desk.cursor.mode is Mode.SEGMENTS else "")
    segment = state.segment(row)
    if segment is None or state.tie is None:
        return

    def done(said: Edit) -> None:
        at = desk.now_ns()
        desk.cursor = desk.cursor.touched(at)
        if said is not None:
            desk.says.say([Intent(said, words(said, desk.board), f"edit:{said}")], at, 0)
        desk.draw()

    desk.push_screen(
        SegmentEditor(desk.board, Draft.of(segment, state.setup, house_time(state, state.tie, state.setup)), desk.now_ns), done
    )


def told(desk: Dashboard) -> None:
    """An editor that is open hears what happens meanwhile."""
    for screen in desk.screen_stack:
        if isinstance(screen, SegmentEditor):
            screen.told(desk.board)
