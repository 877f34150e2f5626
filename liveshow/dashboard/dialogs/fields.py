"""What several dialogs are made of: a labelled line to type in, and one for names, with completion."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.widgets import Input, Static

from liveshow.dashboard.completion import SHOWN, Named, being_typed, folded, matches, named, with_name
from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import CYAN, DIM, FAINT, ink
from liveshow.model import Performer


class Field(Horizontal):
    """A label and a line to type in. `box` is the line."""

    def __init__(self, label: str, value: str = "", *, placeholder: str = "", longest: int = 200, name: str = "") -> None:
        super().__init__(classes="field", id=f"field-{name or label}")
        self._label = label
        self.box = self.make_box(value, placeholder, longest, name or label)

    def make_box(self, value: str, placeholder: str, longest: int, ident: str) -> Input:
        """The line."""
        return Input(value, placeholder=placeholder, max_length=longest, id=ident, select_on_focus=False)

    def compose(self) -> ComposeResult:
        """Side by side."""
        yield Static(line((self._label, ink(DIM))), classes="label")
        yield self.box


class NamesField(Vertical):
    """Performers' names, with commas between; below them whom the one that is being typed may mean. Tab takes the first."""

    def __init__(self, label: str, performers: Sequence[Performer], value: str = "") -> None:
        super().__init__(classes="names")
        self._performers = performers
        self._field = Field(label, value, longest=2000, placeholder="names, with commas between")
        self._offers = Static("", classes="offers")
        self.box = self._field.box

    def compose(self) -> ComposeResult:
        """The line, and the offers below it."""
        yield self._field
        yield self._offers

    @property
    def said(self) -> Named:
        """Who is named."""
        return named(self.box.value, self._performers)

    @on(Input.Changed)
    def offer(self) -> None:
        """Show whom the beginning of a name may mean."""
        found = self._offered()
        words = "   ".join(p.name for p in found[:SHOWN]) + (f"   … {len(found) - SHOWN} more" if len(found) > SHOWN else "")
        shown = line(("Tab ", ink(CYAN, bold=True)), (words, ink(DIM))) if found else line((self._nobody(), ink(FAINT)))
        self._offers.update(shown)

    def on_key(self, event: Key) -> None:
        """Tab takes the first offer; without one it goes on to the next line."""
        found = self._offered()
        if event.key == "tab" and found and self.box.has_focus:
            event.stop()
            event.prevent_default()
            self.box.value = with_name(self.box.value, found[0].name)
            self.box.cursor_position = len(self.box.value)

    def _offered(self) -> tuple[Performer, ...]:
        typed = being_typed(self.box.value)
        if any(folded(typed) == folded(p.name) for p in self._performers):
            return ()  # it is all there
        there = set(named(self.box.value.rpartition(",")[0], self._performers).ids)
        return tuple(p for p in matches(typed, self._performers) if p.id not in there) if typed else ()

    def _nobody(self) -> str:
        unknown = self.said.unknown
        return f"nobody is called {unknown[0]!r}: w adds a walk-on" if unknown else ""
