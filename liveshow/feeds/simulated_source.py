"""What the simulated camera and the simulated sound device have in common: options of their source, their clock, their pace.

A source reads ``simulated:`` or ``simulated:?option=value&option=value``. Both know these options; each has some of its own:

============== ============================================================================================================
ppm            error of the device's own clock, parts per million; positive: it runs fast, and delivers more a second (0)
latency_ms     what every picture or block arrives late (0)
jitter_ms      what it arrives later still, at random from 0 to this (0)
clap           a clap at every multiple of so many seconds of the show clock: a white picture, a click; 0: none (10)
seed           of all that is random (1)
stall_at       so many seconds after each opening nothing comes any more, as when a network is gone (never)
lose_at        so many seconds after each opening the device is gone, as when it is unplugged (never)
============== ============================================================================================================

Times are those of the show clock, so a compressed show delivers as much faster. A simulated device never skips: when the
process was held up, what is due comes at once, and its `arrival` is when it would have come to a process in time.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import numpy as np

from liveshow.errors import FeedError, FeedLost, UsageError
from liveshow.feeds.base import Capture
from liveshow.timebase import MILLISECOND, SECOND, ShowClock, parse_rate

LONGEST_WAIT = SECOND // 2
STALL_LIMIT = 3 * SECOND
NEVER = 2**62


def within(low: float, high: float, multiple: int = 1) -> dict[str, Any]:
    """Metadata of a dataclass field that an option sets: the range it must keep to, in multiples of."""
    return {"low": low, "high": high, "multiple": multiple}


def one_of(*choices: str) -> dict[str, Any]:
    """Metadata of a dataclass field that an option sets: the words it may be."""
    return {"choices": choices}


@dataclass(frozen=True, slots=True)
class Timing:
    """The common options, see above. `stall_at` and `lose_at` are negative for never."""

    ppm: float = field(default=0.0, metadata=within(-2000, 2000))
    latency_ms: float = field(default=0.0, metadata=within(0, 10_000))
    jitter_ms: float = field(default=0.0, metadata=within(0, 10_000))
    clap: float = field(default=10.0, metadata=within(0, 86_400))
    seed: int = field(default=1, metadata=within(0, 2**31))
    stall_at: float = field(default=-1.0, metadata=within(0, 1e6))
    lose_at: float = field(default=-1.0, metadata=within(0, 1e6))


Options = TypeVar("Options", bound=Timing)


def read_options(source: str, kind: type[Options]) -> Options:
    """The options of a source. Raises UsageError for an unknown option (with the nearest known one) or a value out of range."""
    _, _, query = source.partition(":")
    known = {f.name: f for f in fields(kind)}
    values: dict[str, Any] = {}
    for name, text in parse_qsl(query.removeprefix("?"), keep_blank_values=True):
        if name not in known:
            raise UsageError(f"unknown option {name!r} of a simulated feed", where=source, todo=_nearest(name, list(known)))
        if name in values:
            raise UsageError(f"option {name} is given twice", where=source, todo="give it once")
        values[name] = _value(known[name], text, source)
    return kind(**values)


def options_of(capture: Capture, kind: type[Options]) -> Options:
    """The options of a device that is being opened. Raises FeedError where `read_options` raises UsageError."""
    try:
        return read_options(capture.device.source, kind)
    except UsageError as exc:
        raise FeedError(exc.what, where=capture.device.id, todo=exc.todo) from exc


def fault_of(kind: type[Timing]) -> Callable[[str], tuple[str, str] | None]:
    """A Kind's `check` for sources with these options."""

    def check(source: str) -> tuple[str, str] | None:
        try:
            read_options(source, kind)
        except UsageError as exc:
            return exc.what, exc.todo
        return None

    return check


def _nearest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(known)}"


def _value(of: Field[Any], text: str, source: str) -> Any:
    choices = of.metadata.get("choices", ())
    if text in choices:
        return text
    value = None if choices else _number(of, text)
    if value is None:
        right = f"use one of {', '.join(choices)}" if choices else _range(of)
        raise UsageError(f"option {of.name} is {text!r}", where=source, todo=right)
    return value


def _number(of: Field[Any], text: str) -> int | float | Fraction | None:
    read: Any = parse_rate if isinstance(of.default, Fraction) else type(of.default)
    try:
        value: int | float | Fraction = read(text)
    except (ValueError, UsageError):
        return None
    # a NaN is in no range
    fits = of.metadata["low"] <= value <= of.metadata["high"]
    return value if fits and (of.metadata["multiple"] == 1 or value % of.metadata["multiple"] == 0) else None


def _range(of: Field[Any]) -> str:
    whole = "an even number" if of.metadata["multiple"] == 2 else "a whole number"
    return (
        f"write {whole if isinstance(of.default, int) else 'a number'} from {of.metadata['low']:g} to {of.metadata['high']:g}"
    )


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """A device's own clock: position n (picture, sample) begins at show-clock time `start` + n / (rate · (1 + ppm · 10⁻⁶)).

    Exact: `true_rate` is the positions a second of the show clock as a fraction.
    """

    start: int
    true_rate: Fraction

    @classmethod
    def of(cls, start: int, rate: Fraction | int, ppm: float) -> DeviceClock:
        """The clock of a device of nominal `rate` that is off by `ppm`, begun at `start` (show-clock ns)."""
        return cls(start, rate * (1 + Fraction(str(ppm)) / 1_000_000))

    def time_of(self, position: int) -> int:
        """Show-clock ns at which a position begins, rounded up, so that `position_at` gives the position back."""
        return self.start - (-position * SECOND * self.true_rate.denominator // self.true_rate.numerator)

    def position_at(self, show_ns: int) -> int:
        """The position that covers an instant: it has begun, and the next has not."""
        return (show_ns - self.start) * self.true_rate.numerator // (SECOND * self.true_rate.denominator)

    def claps(self, first: int, count: int, every: int) -> list[int]:
        """Which of the positions [first, first + count) cover a clap; claps are at the multiples of `every` ns (0: none)."""
        if not every:
            return []
        begin, end = self.time_of(first), self.time_of(first + count)
        return [self.position_at(at) for at in range(-(-begin // every) * every, end, every)]


class Pace:
    """When what a simulated device delivers arrives, from one opening on."""

    def __init__(self, capture: Capture, options: Timing) -> None:
        self.start = capture.clock.now()
        self._clock, self._options, self._device = capture.clock, options, capture.device.id
        self._random = np.random.default_rng([options.seed, zlib.crc32(capture.device.id.encode())])
        self._last = self.start

    def arrival(self, happened: int) -> int:
        """When something that happened at `happened` arrives: late, and never before what came before it. Ask once for each."""
        late = self._options.latency_ms + self._options.jitter_ms * float(self._random.random())
        self._last = max(self._last, happened + round(late * MILLISECOND))
        return self._last

    def wait(self, due: int) -> bool:
        """Wait for an arrival, half a second of the host's time at most; False: it is not due yet.

        Raises FeedLost when the options say that the device is gone, or stalled for three seconds.
        """
        stalled, gone = self._after(self._options.stall_at), self._after(self._options.lose_at)
        if due < min(stalled, gone):
            return sleep_until(self._clock, due)
        if sleep_until(self._clock, min(gone, stalled + STALL_LIMIT)):
            why = "nothing came for three seconds" if stalled < gone else "it was unplugged"
            raise FeedLost(f"simulated loss: {why}", where=self._device)
        return False

    def _after(self, seconds: float) -> int:
        return NEVER if seconds < 0 else self.start + round(seconds * SECOND)


def sleep_until(clock: ShowClock, due: int) -> bool:
    """Sleep until the show clock reads `due`, half a second of the host's time at most; whether it is past now."""
    remaining = (due - clock.now()) // clock.speed
    if remaining > LONGEST_WAIT:
        time.sleep(LONGEST_WAIT / SECOND)
        return False
    clock.sleep_until(due)
    return True
