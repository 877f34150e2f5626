"""The page of performers: opened, what was said there answered and taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from liveshow.dashboard.dialogs.answer import AnswerDialog
from liveshow.dashboard.keys import Action
from liveshow.dashboard.marks import Intent, name, words
from liveshow.dashboard.page_words import page_words
from liveshow.dashboard.pages.performers import Does, PerformersPage
from liveshow.events import PageAnswer
from liveshow.showfolder.said_on_pages import said_on_pages

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard


def open_performers(desk: Dashboard, _subject: str, at: int) -> None:
    """What they said; all of it counts as read when the page is closed."""
    unread = frozenset(e.n for e in desk.board.unread)
    does = Does(partial(_answer, desk), lambda number: desk.press(Action.UNDO, str(number)), partial(desk.press, Action.CODE))

    def read(_: None) -> None:
        desk.board = desk.board.all_read()
        desk.draw()

    desk.push_screen(PerformersPage(desk.board, at, unread, does), read)


def _answer(desk: Dashboard, number: int) -> None:
    """Ask for the words of an answer, and say them."""
    written, board = desk.board.written, desk.board
    said = next((s for s in said_on_pages(written, board.events) if s.event.n == number), None) if written else None
    if said is None or desk.watching:
        return

    def done(text: str | None) -> None:
        if text:
            event = PageAnswer(t=0, of=number, text=text)
            desk.says.say([Intent(event, words(event, desk.board), f"answer:{number}:{text}")], desk.now_ns(), 0)
        desk.draw()

    who, before = name(board.setup, said.event.page), said.answer.text if said.answer else ""
    desk.push_screen(AnswerDialog(who, page_words(said, board.state), before), done)
