"""Links to performers' pages, issued when their code is wanted, and remembered by this dashboard alone as long as they are good."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from liveshow.dashboard.dialogs.code import CodeScreen, about, page_of
from liveshow.dashboard.marks import Intent, words
from liveshow.recorder.links import HOUR, Link, is_good, make_link, wall_now

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard

LEAST = HOUR // 2  # that a code which is shown again should be good for


def open_code(desk: Dashboard, subject: str, _at: int) -> None:
    """The code of a performer, or of several: ids with spaces between."""
    if subject:
        desk.push_screen(CodeScreen(desk.board, subject.split(" "), partial(_issue, desk)))


def _issue(desk: Dashboard, performer: str) -> Link | None:
    known = desk.links.get(performer)
    setup = desk.board.setup
    if known is not None and is_good(known.issued.link, desk.board.state.links, wall_now() + LEAST):
        return known
    if setup is None or not page_of(desk.board):
        return None
    link = desk.links[performer] = make_link(performer, setup.review.hours, wall_now())
    desk.says.say([Intent(link.issued, words(link.issued, desk.board), about(performer))], desk.now_ns(), 0)
    return link
