"""Somebody comes on, or goes off, by name; whoever is not known is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Click, Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from liveshow.dashboard.completion import SHOWN, known, matches
from liveshow.dashboard.dialogs.fields import Field
from liveshow.dashboard.dialogs.sure import Sure
from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, TEXT, ink
from liveshow.model import Performer


@dataclass(frozen=True, slots=True)
class WalkOn:
    """Who it is: `performer` is the id of a known one, "" for somebody new, of whom the rest tells."""

    performer: str
    name: str = ""
    role: str = ""
    feeds: tuple[str, ...] = ()


class WalkOnDialog(ModalScreen[WalkOn | None]):
    """A name, completed; None when it was given up. Enter takes the chosen one; somebody who is not known is asked about once more,
    and may be given a role and one of the microphones that are `free`. `moment`: the time of day the mark is of."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "back", priority=True)]

    def __init__(
        self,
        performers: Sequence[Performer],
        on_stage: Sequence[str],
        free: Sequence[str],
        moment: str,
        now_ns: Callable[[], int],
    ) -> None:
        super().__init__()
        self._performers, self._on_stage, self._free, self._moment = performers, on_stage, free, moment
        self._who = Field("name", placeholder="begin to type a name")
        self._role = Field("role", placeholder="if you like")
        self._mic = Field("mic", placeholder=f"free: {', '.join(free)}" if free else "no microphone is free")
        self._list = Static("", classes="offers-list")
        self._said = Static("", classes="wrong")
        self._row = 0
        self._sure = Sure(now_ns)

    def compose(self) -> ComposeResult:
        """The name and whom it may be; role and microphone once somebody is new."""
        with Vertical(classes="dialog"):
            yield Static(line(("ON OR OFF BY NAME  ", ink(BRIGHT, bold=True)), (self._moment, ink(DIM))))
            yield from (self._who, self._list, self._role, self._mic, self._said)
            yield Static(line(("↑↓ choose   Enter takes it   Esc gives it up", ink(DIM))))

    def on_mount(self) -> None:
        """Begin with everyone."""
        self._role.display = self._mic.display = False
        self._who.box.focus()
        self._show()

    def on_key(self, event: Key) -> None:
        """Up and down choose."""
        if event.key in ("up", "down") and self._who.box.has_focus:
            event.stop()
            self._row = min(max(0, self._row + (1 if event.key == "down" else -1)), max(0, len(self._rows()) - 1))
            self._show()

    @on(Input.Changed, "#name")
    def typed(self) -> None:
        """Another name is being typed: whoever it may be, the best first."""
        self._row = 0
        self._sure.forget()
        self._role.display = self._mic.display = False
        self._list.display = True
        self._said.update("")
        self._show()

    def on_click(self, event: Click) -> None:
        """A click on somebody takes them."""
        if event.widget is self._list and event.y < len(self._rows()):
            self._row = event.y
            self._show()
            self._take()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the chosen one; ask once about somebody new."""
        event.stop()
        self._take()

    def _take(self) -> None:
        name = " ".join(self._who.box.value.split())
        rows = self._rows()
        chosen = rows[self._row] if rows else None
        if chosen is not None:
            self.dismiss(WalkOn(chosen.id))
        elif name and self._sure.asks(name):
            self._ask(name)
        elif name and self._sure.meant:
            self._add(name)

    def _ask(self, name: str) -> None:
        self._role.display = self._mic.display = True
        self._list.display = False
        question = f"{name} is not known: Enter again adds them and puts them on"
        self._said.update(line((question, ink(AMBER, bold=True)), ("\nTab: role, microphone", ink(DIM))))

    def _add(self, name: str) -> None:
        mic = self._mic.box.value.strip()
        found = next((f for f in self._free if mic and f.casefold().startswith(mic.casefold())), "")
        if mic and not found:
            self._said.update(line((f"{mic!r} is not free: {', '.join(self._free) or 'none is'}", ink(AMBER, bold=True))))
            self._mic.box.focus()
            return
        self.dismiss(WalkOn("", name, self._role.box.value.strip(), (found,) if found else ()))

    def _rows(self) -> tuple[Performer | None, ...]:
        """Whom the name may mean; None is somebody new of that name, last, and not offered for the name of one who is known."""
        typed = self._who.box.value.strip()
        found = matches(typed, self._performers)
        new = (None,) if typed and known(typed, self._performers) is None else ()
        return (*found[: SHOWN + 1 - len(new)], *new)

    def _show(self) -> None:
        rows, typed = self._rows(), self._who.box.value.strip()
        text = Text(no_wrap=True, overflow="ellipsis")
        for n, performer in enumerate(rows):
            here = n == self._row
            sign, style = ("› ", ink(BRIGHT, bold=True)) if here else ("  ", ink(TEXT))
            if performer is None:
                text.append_text(line((f"{sign}“{typed}”", style), ("  somebody new\n", ink(CYAN))))
            else:
                does = "goes off" if performer.id in self._on_stage else "comes on"
                text.append_text(line((f"{sign}{performer.name}", style), (f"  {does}\n", ink(CYAN if here else DIM))))
        self._list.update(text)
