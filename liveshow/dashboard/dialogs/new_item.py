"""An item nobody planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from liveshow.dashboard.dialogs.fields import Field, NamesField
from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import AMBER, BRIGHT, DIM, ink
from liveshow.model import Performer

LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class NewItem:
    """What was typed; `performers` are ids, `minutes` None when nobody knows."""

    title: str
    performers: tuple[str, ...]
    minutes: float | None


class ItemDialog(ModalScreen[NewItem | None]):
    """Title, who, how long; None when it was given up. `before`: the title of the item it comes before, "" for the end."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "back", priority=True)]

    def __init__(self, performers: Sequence[Performer], before: str) -> None:
        super().__init__()
        self._before = before
        self._title = Field("title", placeholder="what it is called")
        self._names = NamesField("who", performers)
        self._minutes = Field("minutes", placeholder="planned length, if any", longest=8)
        self._wrong = Static("", classes="wrong")

    def compose(self) -> ComposeResult:
        """Three lines."""
        place = f"before “{self._before}”" if self._before else "at the end"
        with Vertical(classes="dialog"):
            yield Static(line(("AN ITEM NOBODY PLANNED  ", ink(BRIGHT, bold=True)), (place, ink(DIM))))
            yield from (self._title, self._names, self._minutes, self._wrong)
            yield Static(line(("Enter inserts it   Tab next line   Esc gives it up", ink(DIM))))

    def on_mount(self) -> None:
        """Begin with the title."""
        self._title.box.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Done, unless something is missing: it says what."""
        event.stop()
        title, who, minutes = self._title.box.value.strip(), self._names.said, self._minutes.box.value.strip()
        length = planned_minutes(minutes)
        if not title:
            self._say("it needs a title", self._title.box)
        elif who.unknown:
            self._say(f"nobody is called {who.unknown[0]!r}: insert it without them, then w puts them on", self._names.box)
        elif minutes and length is None:
            self._say(f"{minutes!r} is no number of minutes: write 3, 2.5 or 2:30", self._minutes.box)
        else:
            self.dismiss(NewItem(title, who.ids, length))

    def _say(self, what: str, where: Input) -> None:
        self._wrong.update(line((what, ink(AMBER, bold=True))))
        where.focus()


def planned_minutes(text: str) -> float | None:
    """Minutes of "3", "2.5", "2,5" or "2:30"; None for anything else."""
    whole, colon, seconds = text.replace(",", ".").partition(":")
    if colon and not (whole.isdecimal() and seconds.isdecimal() and int(seconds) < 60):
        return None
    try:
        minutes = float(whole) + (int(seconds) / 60 if colon else 0)
    except ValueError:
        return None
    return minutes if 0 < minutes <= LONGEST_MINUTES else None
