"""Yes or no, by the space bar."""

from __future__ import annotations

from textual.events import Click, Key
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import AMBER, DIM, TEXT, ink


class YesNo(Static, can_focus=True):
    """A label and "yes" or "no" (`value`): space turns it over, y and n say which."""

    class Submitted(Message):
        """Enter was pressed on it."""

    value: reactive[str] = reactive("no")

    def __init__(self, label: str, yes: bool) -> None:
        super().__init__(classes="yes-no")
        self._label = label
        self.set_reactive(YesNo.value, "yes" if yes else "no")

    def on_key(self, event: Key) -> None:
        """Turn it over, or done."""
        answers = {"space": "no" if self.value == "yes" else "yes", "y": "yes", "n": "no"}
        if event.key in answers:
            event.stop()
            self.value = answers[event.key]
        elif event.key == "enter":
            event.stop()
            self.post_message(self.Submitted())

    def on_click(self, _event: Click) -> None:
        """The mouse turns it over as well."""
        self.value = "no" if self.value == "yes" else "yes"

    def render(self) -> object:  # type: ignore[override]
        """Label and answer."""
        style = ink(AMBER, bold=True) if self.value == "yes" else ink(TEXT)
        return line((f"{self._label:<12}", ink(DIM)), (self.value, style), ("   space turns it over", ink(DIM)))
