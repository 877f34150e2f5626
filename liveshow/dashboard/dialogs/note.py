"""A note's words."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import BRIGHT, DIM, ink


class NoteDialog(ModalScreen[str]):
    """A note's words; "" when it was given up. `moment`: the time of day it is about."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss('')", "back", priority=True)]

    def __init__(self, moment: str) -> None:
        super().__init__()
        self._moment = moment

    def compose(self) -> ComposeResult:
        """One line to type in."""
        with Vertical(classes="dialog low"):
            yield Static(
                line((f"NOTE  {self._moment}", ink(BRIGHT, bold=True)), ("   Enter writes it down, Esc gives it up", ink(DIM)))
            )
            yield Input(max_length=2000, id="note")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Done."""
        self.dismiss(event.value.strip())
