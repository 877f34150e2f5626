"""The page of performers: what they said on their pages, newest first, with what it changed; and who has said nothing.

A row is chosen with ↑↓. Enter answers it, u takes it back (never a consent: that is theirs), c shows the code of whoever said it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from rich.style import Style
from rich.text import Text

from liveshow.dashboard.board import Board
from liveshow.dashboard.lines import heading, line, spread
from liveshow.dashboard.marks import name
from liveshow.dashboard.page_words import page_words
from liveshow.dashboard.pages.contributions import clock, folded
from liveshow.dashboard.pages.list_page import ListPage, Row, Sheet
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, FAINT, GREEN, RED, TEXT, ink
from liveshow.events import ConsentGiven, PageNote
from liveshow.model import Performer
from liveshow.showfolder.said_on_pages import OnPage, said_on_pages

WIDEST = 140
_PERSON = "p:"


@dataclass(frozen=True, slots=True)
class Does:
    """What is done about the chosen row: `answer` is given a journal number, `undo` too, `code` a performer's id."""

    answer: Callable[[int], None]
    undo: Callable[[int], None]
    code: Callable[[str], None]


class PerformersPage(ListPage):
    """`unread`: the numbers of what is new to this dashboard."""

    own: ClassVar = ("enter", "u", "c")

    def __init__(self, board: Board, at: int, unread: frozenset[int], does: Does) -> None:
        super().__init__(board, at)
        self._unread, self._does = unread, does
        self._known: tuple[int, tuple[OnPage, ...]] = (-1, ())

    def do(self, key: str) -> None:
        """Answer, take back, or show a code."""
        said = next((s for s in self._said() if str(s.event.n) == self.chosen), None)
        if key == "c" and self.chosen:
            self._does.code(said.event.page if said is not None else self.chosen.removeprefix(_PERSON))
        elif said is None or said.undone:
            return
        elif key == "enter":
            self._does.answer(said.event.n)
        elif key == "u" and not isinstance(said.event, ConsentGiven):
            self._does.undo(said.event.n)

    def sheet(self, width: int) -> Sheet:
        """What was said, then who said nothing."""
        width = min(width, WIDEST)
        said = self._said()
        new = [s for s in said if self._is_new(s)]
        rows = [self._row(s, width) for s in reversed(said)]
        silent = [p for p in self.board.state.setup.performers if all(s.event.page != p.id for s in said)]
        if silent:
            rows.append(Row((*((Text(),) if rows else ()), heading("SAID NOTHING", width))))
            rows += [self._silent(p, width) for p in silent]
        rows = rows or [Row((line((" there are no performers in this show", ink(FAINT))),))]
        title = (
            f"PERFORMERS  {len(said)} said"
            + (f" · {len(new)} new" if new else "")
            + (f" · {len(silent)} silent" if silent else "")
        )
        return Sheet(title, "Enter answer   u undo   c code   Esc", tuple(rows))

    def _said(self) -> tuple[OnPage, ...]:
        """Made anew when the journal has grown."""
        events = self.board.events
        if self._known[0] != len(events) and self.board.written is not None:
            self._known = (len(events), said_on_pages(self.board.written, events))
        return self._known[1]

    def _is_new(self, said: OnPage) -> bool:
        return not said.undone and (said.event.n in self._unread or said.event.n in {e.n for e in self.board.unread})

    def _row(self, said: OnPage, width: int) -> Row:
        state, event = self.board.state, said.event
        sign, style = self._sign(said)
        who = name(state.setup, event.page)
        left = line((f" {sign} ", style), (who, ink(CYAN if not said.undone else FAINT)))
        right = line((f"{clock(state, event.t)} ", ink(DIM)))
        told = line((f"   {page_words(said, state)}", ink(FAINT if said.undone else BRIGHT if self._is_new(said) else TEXT)))
        lines = [spread(left, right, width), *folded(told, width)]
        if said.undone:
            lines += folded(line((f"   taken back by {said.undone}", ink(FAINT))), width)
        if said.answer is not None:
            lines += folded(line((f"   ↳ {said.answer.text}", ink(GREEN)), (f"  {said.answer.by}", ink(FAINT))), width)
        return Row(tuple(lines), str(event.n))

    def _sign(self, said: OnPage) -> tuple[str, Style]:
        if said.undone:
            return "⨯", ink(FAINT)
        if isinstance(said.event, ConsentGiven):
            return {"yes": ("✓", ink(GREEN, bold=True)), "no": ("✖", ink(RED, bold=True))}.get(
                said.event.answer, ("?", ink(AMBER, bold=True))
            )
        if isinstance(said.event, PageNote):
            return ("✎" if said.answer is None else "·"), ink(AMBER if said.answer is None else DIM, bold=True)
        return "●" if self._is_new(said) else "·", ink(AMBER if self._is_new(said) else DIM, bold=True)

    def _silent(self, performer: Performer, width: int) -> Row:
        state = self.board.state
        issued = [link for link in state.links.values() if link.performer == performer.id]
        zone = ZoneInfo(state.setup.show.timezone)
        until = (
            f"{datetime.fromtimestamp(issued[-1].expires // 10**9, UTC).astimezone(zone):%d %B, %H:%M}".lstrip("0")
            if issued
            else ""
        )
        what = f"has a link, good until {until}" if issued else "has no link: c shows a code"
        left = line("   ", (performer.name, ink(TEXT)), (f"  {performer.role}", ink(FAINT)))
        return Row((spread(left, line((f"{what} ", ink(DIM if issued else FAINT))), width),), _PERSON + performer.id)
