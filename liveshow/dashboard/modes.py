"""Where the cursor is: in the running order, in the segments, nowhere, or locked in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from liveshow.dashboard.keys import READING, WATCHING, Action, Mode
from liveshow.timebase import SECOND

LEFT_AFTER = 20 * SECOND
ARMED_FOR = 5 * SECOND
NOTICED_FOR = 6 * SECOND
TEMPORARY = (Mode.ORDER, Mode.SEGMENTS)


@dataclass(frozen=True, slots=True)
class Cursor:
    """`row`: the id of the item or segment it is on; `at`: the last key, host's monotonic ns. `armed`: z was pressed in the lock."""

    mode: Mode = Mode.NORMAL
    row: str = ""
    at: int = 0
    armed: bool = False

    def as_of(self, at: int) -> Cursor:
        """What still holds: a list is left by itself after twenty seconds without a key, so that nobody comes back to keys that do
        something else; the lock stays, its Enter counts for five seconds."""
        if self.mode in TEMPORARY and at - self.at > LEFT_AFTER:
            return Cursor()
        return replace(self, armed=False) if self.armed and at - self.at > ARMED_FOR else self

    def touched(self, at: int) -> Cursor:
        """A key was pressed."""
        return replace(self.as_of(at), at=at) if self.mode in TEMPORARY else self.as_of(at)

    def on(self, row: str) -> Cursor:
        """On another row."""
        return replace(self, row=row)

    def moved(self, rows: Sequence[str], by: int) -> Cursor:
        """`by` rows further down, among the ids `rows`; it stops at the ends."""
        if not rows:
            return self.on("")
        here = rows.index(self.row) if self.row in rows else 0
        return self.on(rows[min(max(0, here + by), len(rows) - 1)])


@dataclass(frozen=True, slots=True)
class Notice:
    """Why the last key did nothing; said at `at`, host's monotonic ns."""

    text: str = ""
    at: int = 0

    def at_time(self, at: int) -> str:
        """The words while they are news, else ""."""
        return self.text if at - self.at <= NOTICED_FOR else ""


@dataclass(frozen=True, slots=True)
class Hand:
    """What the crew's hand is on: the cursor, the words about the last key, and whether this screen only watches."""

    cursor: Cursor = Cursor()
    notice: str = ""
    watching: bool = False


NO_HAND = Hand()


def refusal(action: Action, mode: Mode, watch: bool) -> str:
    """Why a key does nothing here; "" when it may."""
    if mode is Mode.LOCKED and action not in READING:
        return "LOCKED: press z, then Enter"
    if watch and action not in WATCHING:
        return "WATCHING: this screen says nothing"
    return ""
