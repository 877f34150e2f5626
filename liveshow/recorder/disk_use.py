"""How fast the disk fills, and how long it lasts."""

from __future__ import annotations

import shutil
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from liveshow.showfolder.hand import Hand
from liveshow.timebase import SECOND

ASK_EVERY = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class DiskFigures:
    """Bytes free, bytes written a second, and the seconds of recording that are left at that rate (None while unknown)."""

    free: int
    rate: float
    seconds_left: float | None


class DiskUse:
    """Counts what was written over the last twenty seconds to the disk that `folder` lies on. `there`: whether that answers."""

    def __init__(self, folder: Path, hand: Hand | None = None) -> None:
        """hand: who asks the disk how much is free, where it may hang without anybody waiting for it."""
        self._folder, self._hand = folder, hand
        self.there = True
        self._free, self._asked = 0, 0.0
        self._written: deque[tuple[int, int]] = deque(maxlen=20)

    def count(self, now: int, written: int, heard: bool) -> None:
        """What was written in all by show-clock time `now`; taken once a second. Nothing is known before every worker was `heard`,
        for an adopted one brings its total."""
        if not heard:
            self._written.clear()
        if not self._written or now - self._written[-1][0] >= SECOND:
            self._written.append((now, written))

    def figures(self) -> DiskFigures:
        """As of now, or of a moment ago; a disk that is not there has nothing free."""
        if self._hand is None:
            self.look()
        elif time.monotonic() - self._asked > ASK_EVERY:
            self._asked = time.monotonic()
            self._hand.begin(self.look)
        free, rate = self._free, self._rate()
        return DiskFigures(free, rate, free / rate if rate > 0 else None)

    def look(self) -> None:
        """Ask the disk."""
        try:
            self._free, self.there = shutil.disk_usage(self._folder).free, True
        except OSError:
            self._free, self.there = 0, False

    def _rate(self) -> float:
        if not self._written:
            return 0.0
        (t0, b0), (t1, b1) = self._written[0], self._written[-1]
        return max(0.0, (b1 - b0) * SECOND / (t1 - t0)) if t1 > t0 else 0.0
