"""A page of rows that is kept up to date, scrolls, and in which a row can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click, Key, Resize
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from liveshow.dashboard.board import Board
from liveshow.dashboard.lines import fit, line, spread, strip
from liveshow.dashboard.palette import BRIGHT, DIM, LINE, RAISED, TEXT, ink

LARGE = (150, 42)


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that belong together. `id`: what is chosen with it, "" for a row that cannot be chosen."""

    lines: tuple[Text, ...]
    id: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a page says: its heading, what can be done on it, and its rows."""

    title: str
    keys: str
    rows: tuple[Row, ...]


class Rows(ScrollView, can_focus=False):
    """Draws the lines of rows; the one that is chosen stands on a ground of its own. `choose` is called with the id of one that was
    clicked."""

    def __init__(self, choose: Callable[[str], None]) -> None:
        super().__init__()
        self._lines: list[tuple[Text, bool]] = []
        self._ids: list[str] = []
        self._choose = choose

    def show(self, rows: Sequence[Row], chosen: str) -> None:
        """Draw these."""
        lines: list[tuple[Text, bool]] = []
        for row in rows:
            here = bool(chosen) and row.id == chosen
            lines += [(_marked(text) if here and first else text, here) for first, text in _firsts(row.lines)]
        if lines != self._lines:
            self._lines = lines
            self._ids = [row.id for row in rows for _ in row.lines]
            self.virtual_size = Size(self.size.width, len(lines))
            self.refresh()

    def on_click(self, event: Click) -> None:
        """Choose what is under the mouse."""
        place = event.y + self.scroll_offset.y
        if place < len(self._ids) and self._ids[place]:
            self._choose(self._ids[place])

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        ground, width = ink(TEXT, RAISED), self.size.width
        place = y + self.scroll_offset.y
        if place >= len(self._lines):
            return Strip.blank(width, ground)
        text, chosen = self._lines[place]
        return strip(fit(text, width), width, ink(TEXT, LINE) if chosen else ground)


def _firsts(lines: Sequence[Text]) -> Iterator[tuple[bool, Text]]:
    return ((number == 0, text) for number, text in enumerate(lines))


def _marked(text: Text) -> Text:
    """A line whose first cell, which is empty, says that it is chosen: the ground alone would rely on colour."""
    return line(("▸", ink(BRIGHT, bold=True))) + text[1:]


class ListPage(ModalScreen[None]):
    """Lies below the top line. Subclasses give the sheet; ↑↓ choose, PgUp PgDn Home End scroll, any key but `own` ones closes."""

    AUTO_FOCUS: ClassVar = None
    own: ClassVar[tuple[str, ...]] = ()

    def __init__(self, board: Board, at: int) -> None:
        super().__init__()
        self.board, self.at, self.chosen = board, at, ""
        self._heading, self._rows = Static(id="heading"), Rows(self.choose)
        self._frame = Vertical(self._heading, self._rows, classes="sheet")

    def sheet(self, width: int) -> Sheet:
        """What it says now, in lines of `width` cells."""
        raise NotImplementedError

    def do(self, key: str) -> None:
        """What one of its `own` keys does."""

    def compose(self) -> ComposeResult:
        """Heading and rows."""
        yield self._frame

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Lie below the top line, whose height follows the size of the terminal."""
        large = event.size.width >= LARGE[0] and event.size.height >= LARGE[1]
        self._frame.styles.margin = (5 if large else 3, 0, 0, 0)
        self.call_after_refresh(self._draw)

    def told(self, board: Board, at: int) -> None:
        """What is known at host's monotonic ns `at`."""
        self.board, self.at = board, at
        self._draw()

    def choose(self, row: str) -> None:
        """The row of that id."""
        self.chosen = row
        self._draw()

    def on_key(self, event: Key) -> None:
        """Choose, scroll, or close; a key that closes does nothing else."""
        event.stop()
        key = event.key.lower()
        moves = {"pagedown": self._rows.scroll_page_down, "pageup": self._rows.scroll_page_up}
        moves |= {"home": self._rows.scroll_home, "end": self._rows.scroll_end}
        if key in ("up", "down"):
            self._move(1 if key == "down" else -1)
        elif key in moves:
            moves[key](animate=False)
        elif key in self.own:
            self.do(key)
        else:
            self.dismiss(None)

    def _draw(self) -> None:
        if not self._rows.is_attached or not self._rows.size.width:
            return
        width = self._rows.size.width
        sheet = self.sheet(width)
        self.chosen = self._nearest(sheet.rows)
        left, right = line((f" {sheet.title}", ink(BRIGHT, bold=True))), line((f"{sheet.keys} ", ink(DIM)))
        self._heading.update(spread(left, right, width))
        self._rows.show(sheet.rows, self.chosen)

    def _nearest(self, rows: Sequence[Row]) -> str:
        """What is chosen: the same as before as long as it is there, else the first that can be."""
        ids = [row.id for row in rows if row.id]
        return self.chosen if self.chosen in ids else ids[0] if ids else ""

    def _move(self, step: int) -> None:
        """The next row that can be chosen; where there is none, scroll, so that all can be read with two keys."""
        rows = self.sheet(self._rows.size.width).rows
        ids = [row.id for row in rows if row.id]
        place = ids.index(self.chosen) + step if self.chosen in ids else -1
        if not 0 <= place < len(ids) or (step < 0 and not self._in_sight(rows)):
            self._rows.scroll_relative(y=step, animate=False)
            return
        self.chosen = ids[place]
        self._draw()
        top, height = self._span(rows)
        view = self._rows.scroll_offset.y
        if top < view or place == 0:
            self._rows.scroll_to(y=0 if place == 0 else top, animate=False)
        elif top + height > view + self._rows.size.height:
            self._rows.scroll_to(y=top + height - self._rows.size.height, animate=False)

    def _in_sight(self, rows: Sequence[Row]) -> bool:
        top, _ = self._span(rows)
        return top >= self._rows.scroll_offset.y

    def _span(self, rows: Sequence[Row]) -> tuple[int, int]:
        """The first line of the chosen row, and how many it has."""
        top = 0
        for row in rows:
            if row.id == self.chosen:
                return top, len(row.lines)
            top += len(row.lines)
        return 0, 0
