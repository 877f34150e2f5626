"""Something to read over the screen: the help."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from liveshow.dashboard.keys import KEYS, Mode
from liveshow.dashboard.lines import harmless
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, TEXT, ink
from liveshow.dashboard.view import PerformerKey

SCROLLS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}


class Page(ModalScreen[None]):
    """Something to read; any key closes it but those that move in it."""

    def __init__(self, title: str, body: RenderableType) -> None:
        super().__init__()
        self._body = body
        self._sheet = VerticalScroll(classes="dialog page")
        self._sheet.border_title = title
        self._sheet.border_subtitle = "↑↓ PgUp PgDn move, any other key closes"

    def compose(self) -> ComposeResult:
        """Heading and text."""
        with self._sheet:
            yield Static(self._body)

    def on_key(self, event: Key) -> None:
        """Move, or close; the key does nothing else."""
        event.stop()
        if event.key in SCROLLS:
            self._sheet.scroll_relative(y=SCROLLS[event.key], animate=False)
        else:
            self.dismiss(None)


HEADS = {
    Mode.NORMAL: "",
    Mode.ORDER: "In the running order (o); all other keys do what they always do",
    Mode.SEGMENTS: "In the segments (s)",
    Mode.LOCKED: "Locked (z)",
}


def help_page(performers: Sequence[PerformerKey]) -> Page:
    """Every key, and whose keys the performers have."""
    names = harmless("   ".join(f"{p.key or '-'} {p.name}" for p in performers))
    parts: list[RenderableType] = [_table(Mode.NORMAL), Text(f"on and off:  {names}", ink(TEXT))]
    for mode, head in HEADS.items():
        if head:
            parts += [Text(f"\n{head}", ink(AMBER, bold=True)), _table(mode)]
    return Page("KEYS", Group(*parts))


def _table(mode: Mode) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style=ink(CYAN, bold=True), no_wrap=True, min_width=6)
    table.add_column(style=ink(BRIGHT), no_wrap=True, min_width=15)
    table.add_column(style=ink(DIM))
    for key in KEYS:
        if key.mode is mode:
            table.add_row(key.shown, key.label, key.meaning)
    if mode is Mode.NORMAL:
        table.add_row("ctrl+p", "everything", "All of this, everybody, older undos: to search.")
    return table
