"""How a meter moves between the recorder's figures.

Peak: rises at once, falls 20 dB in 1.7 s (IEC 60268-18, digital peak meters). RMS: first-order in power with 125 ms (the time
weighting "fast" of IEC 61672-1). The highest peak of the last two seconds is held; a clip stays lit until it is cleared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from liveshow.events import FeedHealth
from liveshow.timebase import SECOND

FLOOR = -120.0
FALL = 20.0 / 1.7
HOLD = 2 * SECOND
FAST = 0.125


@dataclass(frozen=True, slots=True)
class Meter:
    """One microphone's meter at `at` (host's monotonic ns); levels in dBFS. `seen`: clipped samples the worker has counted;
    `cleared`: how many of them the crew has taken note of."""

    at: int = 0
    rms: float = FLOOR
    peak: float = FLOOR
    hold: float = FLOOR
    held_at: int = 0
    seen: int = 0
    cleared: int = 0

    @property
    def clipped(self) -> bool:
        """Whether the clip light is on."""
        return self.seen > self.cleared

    def at_time(self, now: int) -> Meter:
        """The meter as it stands at `now` (host's monotonic ns) when nothing more was heard."""
        seconds = max(0, now - self.at) / SECOND
        peak = max(FLOOR, self.peak - FALL * seconds)
        expired = now - self.held_at > HOLD
        return replace(
            self,
            at=now,
            peak=peak,
            hold=peak if expired else self.hold,
            held_at=now if expired else self.held_at,
        )

    def heard(self, health: FeedHealth, now: int) -> Meter:
        """The meter after the recorder's figures for its feed."""
        fallen = self.at_time(now)
        loud = FLOOR if health.peak is None else health.peak
        peak = max(fallen.peak, loud)
        higher = peak >= fallen.hold
        again = health.clipped < self.seen  # a new worker counts from zero
        return replace(
            fallen,
            rms=_smooth(self.rms, FLOOR if health.rms is None else health.rms, (now - self.at) / SECOND),
            peak=peak,
            hold=peak if higher else fallen.hold,
            held_at=now if higher else fallen.held_at,
            seen=health.clipped,
            cleared=0 if again else self.cleared,
        )

    def clear(self) -> Meter:
        """The clip light off, and the held peak dropped."""
        return replace(self, cleared=self.seen, hold=self.peak)


def _smooth(before: float, new: float, seconds: float) -> float:
    share = 1 - math.exp(-max(0.0, seconds) / FAST)
    power = (1 - share) * 10 ** (before / 10) + share * 10 ** (new / 10)
    return max(FLOOR, 10 * math.log10(power)) if power > 0 else FLOOR
