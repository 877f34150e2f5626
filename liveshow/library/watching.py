"""Pulling what becomes new, until somebody ends it: the origin may go away and come back meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from liveshow.library.origin import Away, Origin
from liveshow.library.pull import USUAL, How, PullReport, pull
from liveshow.library.search import EVERYTHING, Query

EVERY = 2.0  # seconds
RETRY = 60.0  # seconds until a damaged package is tried again


@dataclass(frozen=True, slots=True)
class Back:
    """The origin answers again."""


News = PullReport | Away | Back


def keep_pulling(
    origin: Origin, dest: Path, query: Query = EVERYTHING, how: How = USUAL, *, every: float = EVERY
) -> Iterator[News]:
    """Pull again and again, `every` seconds apart, and say what is new: packages that came, faults and withdrawn ones that were not
    told before, that the origin went away (once) and came back. Raises what :func:`liveshow.library.pull.pull` does but Away; at the first
    look NotFound for what is no library."""
    watching = _Watching()
    while True:
        try:
            report = pull(origin, dest, query, how, without=watching.not_now())
        except Away as exc:
            if not watching.away:
                watching.away = True
                yield exc
        else:
            if watching.away:
                watching.away = False
                yield Back()
            news = watching.news(report)
            if news.pulled or news.faults or news.gone:
                yield news
        time.sleep(every)


class _Watching:
    """What was said already, and what is not tried at present."""

    def __init__(self) -> None:
        self.away = False
        self._told = set[str]()
        self._later: dict[Path, float] = {}

    def not_now(self) -> frozenset[Path]:
        """Places of packages that failed a short while ago."""
        return frozenset(place for place, until in self._later.items() if until > time.monotonic())

    def news(self, report: PullReport) -> PullReport:
        """The part of it that was not said before."""
        self._later |= dict.fromkeys(report.failed, time.monotonic() + RETRY)
        faults = tuple(f for f in report.faults if self._is_new(str(f)))
        gone = tuple(g for g in report.gone if self._is_new(f"{g[0]} {g[1]}"))
        return replace(report, faults=faults, gone=gone)

    def _is_new(self, what: str) -> bool:
        if what in self._told:
            return False
        self._told.add(what)
        return True
