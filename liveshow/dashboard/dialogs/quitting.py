"""Leaving: keep recording, or end the show."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import BRIGHT, CYAN, DIM, RED, TEXT, ink

END_WORD = "end"


class Leave(StrEnum):
    """How to leave."""

    DETACH = "detach"
    END = "end"


class QuitDialog(ModalScreen[Leave | None]):
    """Keep recording, or end the show: which must be typed. Who only watches (`watch`) can do nothing but leave."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "back", priority=True)]

    def __init__(self, watch: bool = False) -> None:
        super().__init__()
        self._watch = watch

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical(classes="dialog"):
            yield Static(line(("LEAVE THE DASHBOARD", ink(BRIGHT, bold=True))))
            yield Static(
                line(
                    ("\nEnter", ink(CYAN, bold=True)),
                    ("  keep recording and leave. `liveshow attach` comes back\n", ink(TEXT)),
                    ("Esc", ink(CYAN, bold=True)),
                    ("    stay here\n", ink(TEXT)),
                )
            )
            if not self._watch:
                yield Static(
                    line(
                        ("To end the show for everybody, type ", ink(DIM)),
                        (END_WORD, ink(RED, bold=True)),
                        (" and press Enter.", ink(DIM)),
                    )
                )
            yield Input(placeholder="Enter: keep recording and leave", id="answer")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Empty detaches, the word ends, anything else stays."""
        typed = event.value.strip().lower()
        if typed == "" or (typed == END_WORD and not self._watch):
            self.dismiss(Leave.END if typed else Leave.DETACH)
        else:
            event.input.clear()
            event.input.placeholder = f"that was not {END_WORD}: nothing was ended"
