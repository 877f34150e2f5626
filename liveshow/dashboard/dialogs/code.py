"""The code that leads a performer's phone to their page, to be scanned from the screen."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from rich.text import Text
from textual.app import ComposeResult
from textual.events import Key, Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from liveshow.dashboard.board import Answer, Board
from liveshow.dashboard.code import code_lines
from liveshow.dashboard.lines import beside, fit, line
from liveshow.dashboard.marks import name
from liveshow.dashboard.pages.list_page import LARGE
from liveshow.dashboard.palette import AMBER, BRIGHT, DIM, TEXT, ink
from liveshow.recorder.links import Link

NOT_SERVED = "The performers' page is not served: add a table [review] to the setup, or run `liveshow review` for this show."
TOO_SMALL = "There is no room for the code: make the terminal larger, or type the link."
Issue = Callable[[str], Link | None]
"""Has a link issued to a performer; None when nothing can be said."""


class CodeScreen(ModalScreen[None]):
    """One performer's code, and on ←→ those of the others. A link is issued when its code is wanted; the code is shown once the journal has
    the link. Lies below the top line where there is room for both."""

    AUTO_FOCUS: ClassVar = None

    def __init__(self, board: Board, performers: Sequence[str], issue: Issue) -> None:
        super().__init__()
        self._board, self._performers, self._issue = board, tuple(performers), issue
        self._place, self._link = 0, issue(performers[0])
        self._sheet = Static(classes="code")
        self._drawn: tuple[int, Text] | None = None

    def compose(self) -> ComposeResult:
        """Code and words."""
        yield self._sheet

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self, _event: Resize) -> None:
        """Draw it as large as there is room for."""
        self._draw()

    def told(self, board: Board) -> None:
        """What is known now."""
        self._board = board
        self._draw()

    def on_key(self, event: Key) -> None:
        """Another performer, or close; a key that closes does nothing else."""
        event.stop()
        step = {"right": 1, "left": -1}.get(event.key, 0)
        if not step:
            self.dismiss(None)
        elif len(self._performers) > 1:
            self._place = (self._place + step) % len(self._performers)
            self._link = self._issue(self._performers[self._place])
            self._draw()

    def _draw(self) -> None:
        if not self._sheet.is_attached:
            return
        width, height = self.app.size
        top = 5 if width >= LARGE[0] and height >= LARGE[1] else 3
        code = self._code(width, height - top)
        if not code:
            top, code = 0, self._code(width, height)
        drawn = Text("\n").join(self._lines(code, width, height - top))
        if (top, drawn) != self._drawn:
            self._drawn = top, drawn
            self._sheet.styles.margin = (top, 0, 0, 0)
            self._sheet.update(drawn)

    def _code(self, width: int, height: int) -> tuple[Text, ...]:
        return code_lines(self._url, width, height) if self._url else ()

    @property
    def _url(self) -> str:
        """Where the code leads; "" before that is known, and before the journal has the link."""
        page, link = page_of(self._board), self._link
        return link.url(page) if page and link is not None and link.issued.link in self._board.state.links else ""

    def _lines(self, code: Sequence[Text], width: int, height: int) -> list[Text]:
        wide = code[0].cell_len if code else 0
        words = list(self._words(width - wide - 3, bool(code)))
        above = max(0, (height - len(code)) // 2)
        rows = [*[Text()] * above, *code]
        return [
            beside(
                width,
                (rows[y] if y < len(rows) else Text(), wide),
                (words[y - above - 1] if 0 < y - above <= len(words) else Text(), width - wide - 1),
            )
            for y in range(height)
        ]

    def _words(self, width: int, shown: bool) -> Iterator[Text]:
        performer = self._performers[self._place]
        yield from _wrapped(name(self._board.setup, performer), width, BRIGHT, bold=True)
        if len(self._performers) > 1:
            yield _said(f"{self._place + 1} of {len(self._performers)}   ←→ the others", width, DIM)
        yield Text()
        if self._url:
            yield from _wrapped("Scan it: it opens their page, and nobody else's.", width, TEXT)
            yield from _wrapped(f"Good until {self._until()}.", width, DIM)
            yield Text()
            yield from _wrapped(TOO_SMALL, width, AMBER) if not shown else ()
            yield from (_said(part, width, DIM) for part in textwrap.wrap(self._url, max(8, width), break_on_hyphens=False))
        else:
            yield from _wrapped(self._why(performer), width, AMBER)
        yield Text()
        yield _said("Esc back", width, DIM)

    def _until(self) -> str:
        expires = self._link.issued.expires if self._link else 0
        zone = ZoneInfo(self._board.state.setup.show.timezone)
        return f"{datetime.fromtimestamp(expires // 10**9, UTC).astimezone(zone):%d %B, %H:%M}".lstrip("0")

    def _why(self, performer: str) -> str:
        """Why there is no code."""
        if not page_of(self._board):
            return NOT_SERVED
        mine = next((said for said in reversed(self._board.said) if said.about == about(performer)), None)
        if mine is not None and mine.answer in (Answer.REFUSED, Answer.UNKNOWN):
            return f"No link was issued: {mine.why or 'the connection was lost'}"
        return "A link is being issued …"


def page_of(board: Board) -> str:
    """Where the performers' page is served, "" while it is not."""
    url = board.setup.review.url if board.setup else ""
    return url or (board.pulse.page if board.pulse else "")


def about(performer: str) -> str:
    """What presses that issue a link to a performer are about."""
    return f"code:{performer}"


def _said(text: str, width: int, colour: str, *, bold: bool = False) -> Text:
    return fit(line((text, ink(colour, bold=bold))), width)


def _wrapped(text: str, width: int, colour: str, *, bold: bool = False) -> Iterator[Text]:
    for part in textwrap.wrap(text, max(8, width)):
        yield _said(part, width, colour, bold=bold)
