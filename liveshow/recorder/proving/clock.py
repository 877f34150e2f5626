"""How the clock of a feed runs against the show clock, live, from the timing of the part that is being written.

As in :mod:`liveshow.timebase.drift`: an observation is late by the shortest way through the device and by jitter, so of each window the
earliest counts. For the same reason one that comes earlier than ever before is believed at once, and one that comes late only when
nothing came in time for half a minute: a network hangs, a busy machine is late, and neither is ever early.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from liveshow.timebase import MILLISECOND, SECOND
from liveshow.timebase.drift import WINDOW, ClockMap, fit

KEPT = 240  # windows: twenty minutes, over which a crystal is steady
LATELY, BEFORE = 6, 24  # windows that must all depart, from a line through so many before them
ENOUGH = 5  # windows from which the clock's error is told
SURE, LEAST_UNSURE = 4, 4.0  # times the spread of the windows; ms: what a connection may gain or lose in its first minute
LEAST_EARLY = 2 * MILLISECOND
OF_MEDIAN = 1.4826  # standard deviation of a normal distribution, as a multiple of its median deviation

Floats = NDArray[np.float64]
Window = tuple[int, int, int, float]  # number, position, seen, late (ns)


@dataclass(frozen=True, slots=True)
class Running:
    """ppm: its error, positive when it is fast, and the seconds over which it was `measured`; unsure: ms by which it may have run otherwise
    in that time; drift: ms it has run away since it was first seen; jump: ms by which it departs from how it ran before: all of the last
    half minute when it is late (above 0), the newest when it is early. None: unknown."""

    ppm: float | None = None
    measured: float = 0.0
    unsure: float = 0.0
    drift: float | None = None
    jump: float | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """How late the windows usually are: ns, by number; `spread`: their standard deviation from that."""

    slope: float
    usual: float
    spread: float

    def away(self, numbers: Floats, late: Floats) -> Floats:
        """By how much windows depart from it."""
        return late - (self.slope * numbers + self.usual)


class RunningClock:
    """Keeps the earliest observation of every window of one run of a device."""

    def __init__(self, rate: Fraction) -> None:
        """rate: positions a second."""
        self._rate = rate
        self._first: tuple[int, int] | None = None
        self._windows: deque[Window] = deque(maxlen=KEPT)
        self._began = 0.0  # how late its first window was, by the line through the first twenty minutes
        self._told: tuple[int, Running] = (0, Running())
        self._before: _Line | None = None

    def observe(self, seen: Iterable[tuple[int, int]]) -> None:
        """Observations: (device position, show-clock ns)."""
        for position, at in seen:
            if self._first is None:
                self._first = (position, at)
            elapsed = float((position - self._first[0]) * SECOND / self._rate)
            self._take(int(elapsed // WINDOW), position, at, at - self._first[1] - elapsed)

    def _take(self, number: int, position: int, at: int, late: float) -> None:
        newest = self._windows[-1] if self._windows else None
        if newest is None or number > newest[0]:
            self._windows.append((number, position, at, late))
        elif number == newest[0] and late < newest[3]:
            self._windows[-1] = (number, position, at, late)

    def running(self) -> Running:
        """As of the last window that is over, reckoned anew only when there is another; that it came early, as of now."""
        number = self._windows[-1][0] if self._windows else 0
        if number != self._told[0]:
            self._told = number, self._reckon()
        early = self._early()
        return self._told[1] if early is None else replace(self._told[1], jump=early)

    def _early(self) -> float | None:
        """Ms (below 0) by which the newest window, which is not over, departs from all before it; None when it does not."""
        if self._before is None:
            return None
        number, _, _, late = self._windows[-1]
        away = float(self._before.away(np.array([number], float), np.array([late]))[0])
        return round(away / MILLISECOND, 2) if away < -max(SURE * self._before.spread, LEAST_EARLY) else None

    def _reckon(self) -> Running:
        over = list(self._windows)[:-1]
        if len(over) < ENOUGH:
            return Running()
        clock = fit([w[1] for w in over], [w[2] for w in over], self._rate)
        if over[0][0] == 0:
            self._began = self._late(clock, over[0][1])
        drift = self._began - self._late(clock, over[-1][1])
        measured = (over[-1][2] - over[0][2]) / SECOND
        self._before = _before(over)
        jump = None if self._before is None else _jump(over, self._before)
        return Running(
            round(clock.ppm(), 2),
            round(measured, 1),
            round(max(LEAST_UNSURE, SURE * _line(over).spread / MILLISECOND), 1),
            round(drift / MILLISECOND, 3),
            None if jump is None else round(jump, 2),
        )

    def _late(self, clock: ClockMap, position: int) -> float:
        """Ns by which a position comes later than by the nominal rate since the first one."""
        if self._first is None:
            return 0.0
        return clock.to_ns(position) - self._first[1] - float((position - self._first[0]) * SECOND / self._rate)


def _before(over: list[Window]) -> _Line | None:
    """The line through the windows before the newest ones; None while there are too few."""
    if len(over) < LATELY + BEFORE // 2:
        return None
    return _line(over[max(0, len(over) - LATELY - BEFORE) : len(over) - LATELY])


def _line(windows: list[Window]) -> _Line:
    """Through all of them (Theil-Sen), of no more than the newest few minutes."""
    x, y = _numbers_and_late(windows[-2 * BEFORE :])
    i, j = np.triu_indices(x.size, 1)
    slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
    usual = float(np.median(y - slope * x))
    return _Line(slope, usual, OF_MEDIAN * float(np.median(np.abs(y - slope * x - usual))))


def _jump(over: list[Window], before: _Line) -> float:
    """By how many ms the newest windows depart, all of them to the same side, from how it ran before; 0 when they do not."""
    away = before.away(*_numbers_and_late(over[-LATELY:]))
    if away.min() < 0 < away.max():
        return 0.0
    return float(away[np.abs(away).argmin()]) / MILLISECOND


def _numbers_and_late(windows: list[Window]) -> tuple[Floats, Floats]:
    return np.array([w[0] for w in windows], float), np.array([w[3] for w in windows])
