"""The crew's answer to what a performer said."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import BRIGHT, CYAN, DIM, TEXT, ink

LONGEST = 2000


class AnswerDialog(ModalScreen[str]):
    """The words of an answer; "" when it was given up. `who` said `what`; `before` is the answer that this one replaces."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss('')", "back", priority=True)]

    def __init__(self, who: str, what: str, before: str = "") -> None:
        super().__init__()
        self._who, self._what, self._before = who, what, before

    def compose(self) -> ComposeResult:
        """What was said, and a line to type in."""
        with Vertical(classes="dialog low"):
            yield Static(
                line(
                    ("ANSWER  ", ink(BRIGHT, bold=True)),
                    (self._who, ink(CYAN)),
                    ("   Enter sends it, Esc gives it up", ink(DIM)),
                )
            )
            yield Static(line((self._what, ink(TEXT))))
            yield Input(self._before, max_length=LONGEST, id="answer", select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Done."""
        self.dismiss(event.value.strip())
