"""An in or an out: typed as a time of day, a timecode or a shift, or nudged by frames and seconds."""

from __future__ import annotations

from textual import on
from textual.events import Key
from textual.message import Message
from textual.widgets import Input

from liveshow.dashboard.dialogs.fields import Field
from liveshow.dashboard.draft import Draft, moment
from liveshow.errors import UsageError
from liveshow.timebase import SECOND, frame_ns

NUDGES = "[]{}"


class TimeBox(Input):
    """A line for a time: [ ] { } never belong to one, and ask for a nudge instead."""

    class Nudged(Message):
        """Which of the four it was."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def on_key(self, event: Key) -> None:
        """Take the four before the line does."""
        if event.character is not None and event.character in NUDGES:
            event.stop()
            event.prevent_default()
            self.post_message(self.Nudged(event.character))


class TimeField(Field):
    """`field`: "in" or "out"; `exact`: the show-clock ns that stand in it when it was nudged there, None when it was typed or left."""

    def __init__(self, field: str, draft: Draft, at: int | None) -> None:
        still = "still runs" if at is None else ""
        super().__init__(field, draft.shown[field], placeholder=still, longest=40)
        self.field = field
        self._draft, self._at = draft, at
        self._nudged: tuple[str, int] | None = None

    @property
    def exact(self) -> int | None:
        """See the class."""
        return self._nudged[1] if self._nudged is not None and self._nudged[0] == self.box.value else None

    def follow(self, draft: Draft, at: int | None, moved: bool) -> None:
        """The segment's edge is elsewhere now; a nudge of the edge before is forgotten when the field followed."""
        self._draft, self._at = draft, at
        if moved:
            self._nudged = None

    def make_box(self, value: str, placeholder: str, longest: int, ident: str) -> Input:
        """A line for a time."""
        return TimeBox(value, placeholder=placeholder, max_length=longest, id=ident, select_on_focus=False)

    @on(TimeBox.Nudged)
    def nudged(self, event: TimeBox.Nudged) -> None:
        """[ and ] one frame, { and } one second."""
        frame = frame_ns(1, self._draft.setup.show.frame_rate)
        self.nudge({"[": -frame, "]": frame, "{": -SECOND, "}": SECOND}[event.key])

    def nudge(self, by: int) -> None:
        """So many ns later; nothing while what stands in it is no time."""
        here = self._here()
        if here is not None:
            text = moment(here + by, self._draft.tie, self._draft.setup.show.timezone)
            self._nudged = (text, here + by)
            self.box.value = text
            self.box.cursor_position = len(text)

    def _here(self) -> int | None:
        text = self.box.value.strip()
        if self.exact is not None:
            return self.exact
        if text == self._draft.shown[self.field]:
            return self._at
        try:
            return self._draft.instant(self.field, text)
        except UsageError:
            return None
