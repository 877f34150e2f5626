"""Whether what is on disk is what arrived: the level of a microphone as the prover read it, against what its worker heard meanwhile.

The two are never of quite the same samples: a worker tells the level fifteen times a second, and may hold blocks back for a second
(see :mod:`liveshow.recorder.loss`). So the level on disk must lie between the least and the most that was heard in any span of the same
length near it, and that is not judged before all of those spans have been heard: somebody may have begun to sing at the very end.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from liveshow.events import FeedHealth, Look
from liveshow.timebase import SECOND

KEPT = 240  # messages: sixteen seconds
NEAR, STEP = 3 * SECOND // 2, SECOND // 10
TOLERANCE = 6.0  # dB
QUIETEST = -75.0  # dBFS: below it nothing is told apart
AFTER_GAP = 12 * SECOND
UNHEARD = SECOND // 2  # between two messages: what sounded meanwhile is not known


class Arrived:
    """What a worker heard of one microphone. Times are show-clock ns."""

    def __init__(self) -> None:
        self._heard: deque[tuple[int, float]] = deque(maxlen=KEPT)
        self._gaps, self._gap_at = 0, 0

    def hear(self, health: FeedHealth) -> None:
        """The newest health; the same again adds nothing."""
        if health.gaps != self._gaps:
            self._gaps, self._gap_at = health.gaps, health.position
        if health.rms is not None and (not self._heard or health.position > self._heard[-1][0]):
            self._heard.append((health.position, health.rms))

    def covers(self, look: Look, speed: int = 1) -> bool:
        """Whether all was heard that the look is to be held against."""
        return bool(self._heard) and self._heard[-1][0] >= look.until + NEAR * speed

    def contradicts(self, look: Look, speed: int = 1) -> str:
        """Why a look cannot be of what was heard; "" when it can, or when that is not known: too little was heard, or there was a gap,
        which stands on the disk as silence."""
        if look.level is None or look.since - self._gap_at < AFTER_GAP * speed:
            return ""
        levels = self._levels(look, speed)
        if levels is None:
            return ""
        least, most = (max(level, QUIETEST) for level in levels)
        if least - TOLERANCE <= max(look.level, QUIETEST) <= most + TOLERANCE:
            return ""
        return f"{look.level:.0f} dBFS are on disk, and {most:.0f} dBFS arrived"

    def _levels(self, look: Look, speed: int) -> tuple[float, float] | None:
        """The least and the most level of spans as long as that of the look; None when not enough was heard."""
        if len(self._heard) < 2 or self._heard[0][0] > look.since or not self.covers(look, speed):
            return None
        at = np.array([t for t, _ in self._heard], np.int64)
        around = at[(at >= look.since - (NEAR + UNHEARD) * speed) & (at <= look.until + NEAR * speed)]
        if around.size < 2 or np.diff(around).max() > UNHEARD * speed:
            return None
        total = np.concatenate(([0.0], np.cumsum(10 ** (np.array([level for _, level in self._heard]) / 10))))
        shifts = np.arange(-NEAR, NEAR + 1, STEP) * speed
        first = np.searchsorted(at, look.since + shifts, "right")
        end = np.searchsorted(at, look.until + shifts, "right")
        counts = end - first
        if not (enough := counts >= 0.5 * counts.max(initial=1)).any() or counts.max() < 8:
            return None
        powers = (total[end] - total[first])[enough] / counts[enough]
        least, most = 10 * np.log10(np.maximum(powers, 1e-12)).min(), 10 * np.log10(np.maximum(powers, 1e-12)).max()
        return float(least), float(most)
