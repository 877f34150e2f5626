"""How the clock of a feed runs against the show clock, live, from the timing of the part that is being written.

As in :mod:`liveshow.timebase.drift`: an observation is late by the shortest way through the device and by jitter, so of each window the
earliest counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from liveshow.timebase import MILLISECOND, SECOND
from liveshow.timebase.drift import WINDOW, ClockMap, fit

KEPT = 240  # windows: twenty minutes, over which a crystal is steady
LATELY, BEFORE = 6, 24  # windows that must all depart, from a line through so many before them
ENOUGH = 6  # windows from which the clock's error is told


@dataclass(frozen=True, slots=True)
class Running:
    """ppm: its error, positive when it is fast, and the seconds over which it was `measured`; drift: ms it has run away since it was
    first seen; jump: ms by which all of the last half minute departs from how it ran before (above 0: late). None: unknown."""

    ppm: float | None = None
    measured: float = 0.0
    drift: float | None = None
    jump: float | None = None


class RunningClock:
    """Keeps the earliest observation of every window of one run of a device."""

    def __init__(self, rate: Fraction) -> None:
        """rate: positions a second."""
        self._rate = rate
        self._first: tuple[int, int] | None = None
        self._windows: deque[tuple[int, int, int, float]] = deque(maxlen=KEPT)  # number, position, seen, late (ns)
        self._began = 0.0  # how late its first window was, by the line through the first twenty minutes
        self._told: tuple[int, Running] = (0, Running())

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
        """As of the last window that is over; reckoned anew only when there is another."""
        number = self._windows[-1][0] if self._windows else 0
        if number != self._told[0]:
            self._told = number, self._reckon()
        return self._told[1]

    def _reckon(self) -> Running:
        over = list(self._windows)[:-1]
        if len(over) < ENOUGH:
            return Running()
        clock = fit([w[1] for w in over], [w[2] for w in over], self._rate)
        if over[0][0] == 0:
            self._began = self._late(clock, over[0][1])
        drift = self._began - self._late(clock, over[-1][1])
        measured = (over[-1][2] - over[0][2]) / SECOND
        jump = _jump(over)
        return Running(
            round(clock.ppm(), 2),
            round(measured, 1),
            round(drift / MILLISECOND, 3),
            None if jump is None else round(jump, 2),
        )

    def _late(self, clock: ClockMap, position: int) -> float:
        """Ns by which a position comes later than by the nominal rate since the first one."""
        if self._first is None:
            return 0.0
        return clock.to_ns(position) - self._first[1] - float((position - self._first[0]) * SECOND / self._rate)


def _jump(over: list[tuple[int, int, int, float]]) -> float | None:
    """By how much the newest windows depart, all of them to the same side, from the line through those before; 0 when they do not."""
    numbers, late = np.array([w[0] for w in over], float), np.array([w[3] for w in over])
    if len(over) < LATELY + BEFORE // 2:
        return None
    before = slice(max(0, len(over) - LATELY - BEFORE), len(over) - LATELY)
    x, y = numbers[before], late[before]
    i, j = np.triu_indices(x.size, 1)
    slope = float(np.median((y[j] - y[i]) / (x[j] - x[i])))
    usual = float(np.median(y - slope * x))
    away = late[-LATELY:] - (slope * numbers[-LATELY:] + usual)
    if away.min() < 0 < away.max():
        return 0.0
    return float(away[np.abs(away).argmin()]) / MILLISECOND
