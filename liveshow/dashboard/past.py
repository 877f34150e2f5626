"""What every microphone's level was over the last half minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from liveshow.dashboard.meters import FLOOR, Meter
from liveshow.timebase import SECOND

EVERY = SECOND // 4
LASTING = 30 * SECOND


class Loudest(NamedTuple):
    """The highest RMS and peak within a quarter of a second, in dBFS."""

    rms: float = FLOOR
    peak: float = FLOOR


class Past:
    """Thirty seconds in quarters, the newest last. A quarter in which nothing was heard is silent."""

    def __init__(self) -> None:
        self._past: dict[str, deque[Loudest]] = {}
        self._now: dict[str, Loudest] = {}
        self._quarter = 0

    def heard(self, meters: Mapping[str, Meter], at: int) -> bool:
        """The meters at a moment (host's monotonic ns); whether a quarter of a second has come to its end."""
        quarter = at // EVERY
        ended = quarter != self._quarter
        if ended:
            self._end(min(quarter - self._quarter, LASTING // EVERY))
            self._quarter = quarter
        for feed, meter in meters.items():
            loudest = self._now.get(feed)
            if loudest is None or meter.peak > loudest.peak or meter.rms > loudest.rms:
                rms, peak = loudest or Loudest()
                self._now[feed] = Loudest(max(rms, meter.rms), max(peak, meter.peak))
        return ended

    def of(self, feed: str, columns: int) -> list[Loudest]:
        """The half minute in so many columns, of which each shows the loudest of its time."""
        past = self._past.get(feed, deque())
        quarters = [*[Loudest()] * (LASTING // EVERY - len(past)), *past]
        return [
            _loudest(quarters[_first(n, columns) : max(_first(n, columns) + 1, _first(n + 1, columns))]) for n in range(columns)
        ]

    def _end(self, quarters: int) -> None:
        for feed, loudest in self._now.items():
            past = self._past.setdefault(feed, deque(maxlen=LASTING // EVERY))
            past.append(loudest)
            past.extend([Loudest()] * (quarters - 1))
        self._now = {}


def _first(column: int, columns: int) -> int:
    return column * (LASTING // EVERY) // columns


def _loudest(quarters: Sequence[Loudest]) -> Loudest:
    return Loudest(max(q.rms for q in quarters), max(q.peak for q in quarters))
