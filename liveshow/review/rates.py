"""How often somebody may do something: a bucket of tokens each, that fills with time, for a bounded number of them."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

KEPT = 4000


class Rates:
    """`rate` tokens a second, and at most `burst` at once, for each who."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, count: float = 1) -> int:
        """Take some; 0 when there were enough, else the seconds to wait, and nothing is taken."""
        now = self._clock()
        left, at = self._left.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        enough = left >= count
        self._left[who] = (left - count if enough else left, now)
        while len(self._left) > KEPT:
            self._left.popitem(last=False)
        return 0 if enough else max(1, math.ceil((count - left) / self._rate))
