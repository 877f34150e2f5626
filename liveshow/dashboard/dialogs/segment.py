"""A segment, corrected: who was in it, title, in and out, note, false take; and its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from liveshow.dashboard.board import Board
from liveshow.dashboard.dialogs.fields import Field, NamesField
from liveshow.dashboard.dialogs.sure import Sure
from liveshow.dashboard.dialogs.time_field import TimeField
from liveshow.dashboard.dialogs.yes_no import YesNo
from liveshow.dashboard.draft import Draft
from liveshow.dashboard.history import Change, history
from liveshow.dashboard.lines import line
from liveshow.dashboard.palette import AMBER, BRIGHT, DIM, FAINT, TEXT, ink
from liveshow.errors import LiveshowError
from liveshow.events import Tag, Undo

Edit = Tag | Undo | None


class SegmentEditor(ModalScreen[Edit]):
    """Gives one correction of what was touched and nothing else, an Undo of a change in the history, or None. `told` it what happens
    meanwhile: what others change is shown, and what was typed is kept."""

    BINDINGS: ClassVar = [Binding("escape", "dismiss(None)", "back", priority=True)]

    def __init__(self, board: Board, draft: Draft, now_ns: Callable[[], int]) -> None:
        super().__init__()
        self._draft, self._board = draft, board
        shown, segment = draft.shown, draft.now
        self._call = Field("title", shown["title"])
        self._who = NamesField("who", draft.setup.performers, shown["who"])
        self._in = TimeField("in", draft, segment.start)
        self._out = TimeField("out", draft, segment.end)
        self._words = Field("note", shown["note"], longest=2000, placeholder="words about it all")
        self._false = YesNo("false take", segment.false_take)
        self._wrong = Static("", classes="wrong")
        self._past = OptionList(id="history")
        self._gone = False
        self._sure = Sure(now_ns)

    @property
    def segment(self) -> str:
        """The id of the segment that is edited."""
        return self._draft.now.id

    def compose(self) -> ComposeResult:
        """The fields, then the history."""
        with Vertical(classes="dialog editor"):
            yield Static(line((f"SEGMENT {self.segment}  ", ink(BRIGHT, bold=True)), (self._draft.shown["title"], ink(DIM))))
            yield from (self._call, self._who, self._in, self._out, self._words, self._false, self._wrong)
            yield Static(line(("HISTORY", ink(DIM, bold=True)), ("   Enter, twice, takes a change back", ink(FAINT))))
            yield self._past
            yield Static(line(("Enter writes it down   Tab next   [ ] frame   { } second   Esc gives it up", ink(DIM))))

    def on_mount(self) -> None:
        """Begin with the title."""
        self._call.box.focus()
        self._list_history()

    def told(self, board: Board) -> None:
        """Something was journaled."""
        self._board = board
        segment = board.state.segment(self.segment)
        self._gone = segment is None
        if segment is None:
            self._say("this segment is not there any more: the mark that opened it was undone")
            return
        self._draft, followed, kept = self._draft.follow(segment, board.state.setup, self.typed)
        for field in followed:
            self._box(field).value = self._draft.shown[field]
        self._in.follow(self._draft, segment.start, "in" in followed)
        self._out.follow(self._draft, segment.end, "out" in followed)
        if followed or kept:
            self._say(_meanwhile(followed, kept, segment.edited_by))
        self._list_history()

    @property
    def typed(self) -> dict[str, str]:
        """What stands in the fields."""
        return {field: self._box(field).value for field in ("title", "who", "in", "out", "note", "false take")}

    def _box(self, field: str) -> Input | YesNo:
        boxes: dict[str, Input | YesNo] = {
            "title": self._call.box,
            "who": self._who.box,
            "in": self._in.box,
            "out": self._out.box,
            "note": self._words.box,
            "false take": self._false,
        }
        return boxes[field]

    @on(Input.Submitted)
    @on(YesNo.Submitted)
    def save(self) -> None:
        """Write down what was touched."""
        if self._gone:
            return
        exact = {f.field: f.exact for f in (self._in, self._out) if f.exact is not None}
        try:
            tag = self._draft.tag(self._tidy(), exact)
        except LiveshowError as exc:
            self._say(str(exc))
            return
        self.dismiss(tag)

    def _tidy(self) -> dict[str, str]:
        return {**self.typed, "who": self._who.box.value.strip().rstrip(",")}

    @on(OptionList.OptionSelected)
    def take_back(self, event: OptionList.OptionSelected) -> None:
        """Enter on a change of the history asks, Enter again takes it back."""
        number = int(event.option_id or 0)
        change = next((c for c in history(self._board, self.segment) if c.n == number), None)
        if change is None or change.undone:
            self._say("that was taken back already")
        elif self._sure.asks(str(number)):
            what = "the whole segment goes" if change.first else "only that change goes"
            self._say(f"Enter again takes back: {change.text} ({what})")
        elif self._sure.meant:
            self.dismiss(Undo(t=0, of=number))

    @on(OptionList.OptionHighlighted)
    def unsure(self) -> None:
        """Another change: it is asked about anew."""
        self._sure.forget()

    def _say(self, what: str) -> None:
        self._wrong.update(line((what, ink(AMBER, bold=True))))

    def _list_history(self) -> None:
        chosen = self._past.highlighted
        self._past.clear_options()
        self._past.add_options([Option(_row(c), id=str(c.n)) for c in history(self._board, self.segment)])
        self._past.highlighted = chosen


def _row(change: Change) -> Text:
    style = ink(FAINT) if change.undone else ink(TEXT)
    undone = f"   undone by {change.undone}" if change.undone else ""
    return line((f"{change.when}  ", ink(DIM)), (f"{change.text}", style), (f"   {change.by}{undone}", ink(DIM)))


def _meanwhile(followed: list[str], kept: list[str], by: str) -> str:
    said = [f"{by or 'somebody'} changed meanwhile: {', '.join((*followed, *kept))}"]
    return "; ".join([*said, *([f"Enter puts your {', '.join(kept)} in its place"] if kept else [])])
