"""A row of the table of faults, and what the rows are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from liveshow.events import JournalEvent
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing import read_timing
from tests.devices.signals import faults
from tests.running_show import CAMERAS, CHANNELS, RunningShow, counters, parts, samples

ALARMED = 5.0  # seconds


@dataclass(frozen=True)
class Row:
    """What was lost. `gap` and `unread` in seconds, None where they do not apply; `note`: what else there is to say; `most`: seconds that
    the gap may be, None where it is as long as what caused it; `alarm`: seconds until it was one, which may be ALARMED."""

    fault: str
    times: int = 1
    gap: float | None = None
    unread: float | None = None
    others: int = 0
    marks: int = 0
    note: str = ""
    most: float | None = None
    alarm: float = 0.0

    @property
    def good(self) -> bool:
        """Whether nobody else lost anything, no mark is gone, that feed lost no more than it may, and an alarm came in time."""
        lost = self.most is not None and self.gap is not None and self.gap > self.most
        return not self.others and not self.marks and not lost and self.alarm <= ALARMED

    def __str__(self) -> str:
        gap, unread = ("–" if x is None else f"{x:.2f}" for x in (self.gap, self.unread))
        lost = f"{self.times:>6}{gap:>8}{unread:>9}{self.others:>7}{self.marks:>6}"
        return f"{self.fault:<52}{lost}  {'' if self.good else 'TOO MUCH: '}{self.note}".rstrip()


def seconds_read(path: Path, feed: str) -> float:
    """Seconds of a part that a reader gets."""
    rate = {"wide": 30, "close": 25}.get(feed, 48_000)
    return (len(counters(path)) if feed in CAMERAS else len(samples(path))) / rate


def missing_inside(show: RunningShow | ShowFolder, feed: str) -> int:
    """Pictures or samples that are not there between those that are, within each part."""
    return sum(_missing(path, feed) for path in parts(show, feed))


def _missing(path: Path, feed: str) -> int:
    if feed in CAMERAS:
        return int(np.sum(np.diff(counters(path)) - 1))
    return sum(fault.length for fault in faults(samples(path), CHANNELS[feed]))


def seams(show: RunningShow, feed: str) -> list[float]:
    """Seconds that are not recorded from one part to the next, on the show clock, by what can be read."""
    found: list[tuple[float, float]] = []
    for path in parts(show, feed):
        timing = read_timing(path.with_suffix(".timing"))
        start = int(timing.seen[0]) / 1e9 - float(timing.positions[0] / timing.rate)
        found.append((start, start + seconds_read(path, feed)))
    return [later[0] - earlier[1] for earlier, later in pairwise(found)]


def marks_gone(events: Iterable[JournalEvent], said: Iterable[int]) -> int:
    """Acknowledged marks that the journal does not have."""
    return len(set(said) - {e.n for e in events})
