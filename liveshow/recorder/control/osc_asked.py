"""One OSC message as a command sees it: what stands for ID in its address, and its arguments, read strictly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from liveshow.errors import NotFound, UsageError
from liveshow.events import Pulse, Sayable
from liveshow.recorder.control.osc_packets import Value
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

LONGEST_AGO = 600  # seconds, as on the dashboard
PATTERN = re.compile(r"[?*\[\]{}]")
MOST_ALTERNATIVES = 100


@dataclass(frozen=True, slots=True)
class Saying:
    """Have `event` journaled, `ago` ns before now."""

    event: Sayable
    ago: int = 0


@dataclass(frozen=True, slots=True)
class Dating:
    """The sender's next mark was `ago` ns ago."""

    ago: int


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The sender wants to be told the state (or, `ends`, no more), at `port` of its host; 0: where it sends from."""

    port: int = 0
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Pinging:
    """The sender wants to know whether anybody listens."""


Deed = Saying | Dating | Subscribing | Pinging


@dataclass(frozen=True, slots=True)
class Asked:
    """`address` as sent and `takes`, what may follow it; `ident`: what ID is, `many`: a pattern of ids said so; `told_next`:
    the item that the sender was last told is next, "" when it was told none."""

    address: str
    takes: str
    values: tuple[Value, ...]
    state: ShowState
    pulse: Pulse | None = None
    told_next: str = ""
    ident: str = ""
    many: bool = False

    def wrong(self, what: str) -> UsageError:
        """The error for arguments that make no sense."""
        return UsageError(what, where=self.address, todo=f"send {self.address} {self.takes}".rstrip())

    def nothing(self) -> None:
        """Raises UsageError unless there is no argument."""
        if self.values:
            raise self.wrong(f"{_shown(self.values)} is too much")

    def texts(self, least: int = 1) -> tuple[str, ...]:
        """All arguments, each a text, at least so many. Raises UsageError."""
        found = tuple(v for v in self.values if isinstance(v, str))
        if len(found) != len(self.values) or len(found) < least:
            raise self.wrong(f"{_shown(self.values)} is not what it takes" if self.values else "something is missing")
        return found

    def number(self, lowest: float, highest: float) -> float:
        """The only argument, a number in that range. Raises UsageError."""
        value = self.values[0] if len(self.values) == 1 else None
        if not isinstance(value, int | float) or not lowest <= float(value) <= highest:  # also NaN
            raise self.wrong(f"{_shown(self.values)} is not a number from {lowest:g} to {highest:g}")
        return float(value)

    def without_number(self) -> tuple[Asked, float | None]:
        """Without the number that may come last, and that number. Raises UsageError for what is infinite or none."""
        last = self.values[-1] if self.values else None
        if not isinstance(last, int | float):
            return self, None
        if not math.isfinite(last):
            raise self.wrong(f"{last} is no number")
        return self.with_values(self.values[:-1]), float(last)

    def without_ago(self) -> tuple[Asked, int]:
        """Without the seconds ago that may come last, and those in ns."""
        rest, seconds = self.without_number()
        if seconds is not None and not 0 <= seconds <= LONGEST_AGO:
            raise self.wrong(f"{seconds:g} is not a number of seconds from 0 to {LONGEST_AGO}")
        return rest, round((seconds or 0) * SECOND)

    def as_button(self) -> Asked | None:
        """Without the number that a press is (up to 1); None for the 0 of a button that was let go. Raises UsageError for
        another number: an item whose id is 2 is named by text."""
        if len(self.values) != 1 or isinstance(self.values[0], str):
            return self
        return self.with_values(()) if self.number(0, 1) else None

    def with_values(self, values: tuple[Value, ...]) -> Asked:
        """The same with other arguments."""
        return replace(self, values=values)


def matching(pattern: str, ids: Iterable[str]) -> tuple[str, ...]:
    """The ids that an address part means: itself, or for an OSC pattern (`?`, `*`, `[a-z]`, `[!a]`, `{one,two}`) those that it
    matches.

    Raises NotFound for a pattern that matches none, UsageError for one with too many alternatives.
    """
    if not PATTERN.search(pattern):
        return (pattern,)
    alternatives = _alternatives(pattern)
    found = tuple(i for i in ids if any(fnmatchcase(i, a) for a in alternatives))
    if not found:
        raise NotFound(f"nothing matches {pattern!r}", where="pattern", todo="see which ids there are with `liveshow status`")
    return found


def _alternatives(pattern: str) -> list[str]:
    """A pattern without braces for each choice that its braces leave (OSC 1.0: they do not nest)."""
    found = [""]
    for plain, braced in re.findall(r"([^{]*)(?:\{([^}]*)\})?", pattern):
        choices = braced.split(",") if braced else [""]
        found = [f"{start}{plain}{choice}" for start in found for choice in choices]
        if len(found) > MOST_ALTERNATIVES:
            raise UsageError("a pattern with too many alternatives", where="pattern", todo="send several messages")
    return found


def _shown(values: tuple[Value, ...]) -> str:
    text = " ".join(map(repr, values))
    return text if len(text) <= 60 else f"{text[:60]}…"
