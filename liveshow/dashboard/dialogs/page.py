"""Something to read over the screen: the help, the alarms."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from liveshow.dashboard.alarms import Alarm
from liveshow.dashboard.keys import KEYS
from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import BRIGHT, CYAN, DIM, RED, TEXT, ink
from liveshow.dashboard.view import PerformerKey


class Page(ModalScreen[None]):
    """Something to read; any key closes it."""

    def __init__(self, title: str, body: RenderableType) -> None:
        super().__init__()
        self._heading, self._body = title, body

    def compose(self) -> ComposeResult:
        """Heading and text."""
        with Vertical(classes="dialog page"):
            yield Static(line((self._heading, ink(BRIGHT, bold=True)), ("   any key closes", ink(DIM))))
            yield Static(self._body)

    def on_key(self, event: Key) -> None:
        """Close; the key does nothing else."""
        event.stop()
        self.dismiss(None)


def help_page(performers: Sequence[PerformerKey]) -> Page:
    """Every key, and whose keys the performers have."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style=ink(CYAN, bold=True), no_wrap=True)
    table.add_column(style=ink(BRIGHT), no_wrap=True)
    table.add_column(style=ink(DIM))
    for key in KEYS:
        table.add_row(key.shown, key.label, key.meaning)
    table.add_row("ctrl+p", "everything", "All of this and every performer, to search.")
    names = "   ".join(f"{p.key or '-'} {p.name}" for p in performers)
    return Page("KEYS", Group(table, Text(f"on and off:  {names}", ink(TEXT))))


def alarm_page(alarms: Sequence[Alarm]) -> Page:
    """Every alarm and what to do about it."""
    text = Text(no_wrap=False)
    for alarm in alarms:
        text.append_text(line((f"{alarm.about}: {alarm.what}\n", ink(RED, bold=True)), (f"    {alarm.todo}\n", ink(TEXT))))
    return Page("ALARMS", text if alarms else line(("Nothing is wrong.", ink(DIM))))
