"""Which step from one picture of a camera to the next is a gap, though nobody says how many pictures a camera means to send."""

from __future__ import annotations

import statistics
from collections import deque
from fractions import Fraction

from liveshow.feeds.demux import HIGHEST_RATE

LATELY = 31  # steps by which is known what is usual: it follows a camera that goes slower in dim light
KNOWN, GUESSED = 15, 3  # steps from which the usual one is known, and can be guessed
FACTOR = 1.8  # times the usual: nearly two pictures
LONG = 0.5  # seconds that nobody overlooks


class PictureSteps:
    """The steps of one camera since it was opened, in ticks of `unit` seconds."""

    def __init__(self) -> None:
        self._steps: deque[int] = deque(maxlen=LATELY)

    def clear(self) -> None:
        """It was opened again."""
        self._steps.clear()

    def gap(self, step: int, unit: Fraction) -> tuple[int, int] | None:
        """Whether this step, the next one, is a gap: how many pictures are missing, and how long the step should have been; None: it is
        none. Pictures that came all at once, or were put a tick apart for their times fell, tell nothing of what is usual.

        By the median; a long step also by what is usual where steps are short: where half of the steps are gaps, as on a machine that is
        much too slow, the median is one."""
        usual = self._usual(step * unit)
        if step * unit * HIGHEST_RATE >= 1:
            self._steps.append(step)
        return (round(step / usual) - 1, usual) if usual and step > FACTOR * usual else None

    def _usual(self, seconds: Fraction) -> int:
        """0: that is not known."""
        if seconds >= LONG and len(self._steps) >= GUESSED:
            return sorted(self._steps)[len(self._steps) // 4]
        return round(statistics.median(self._steps)) if len(self._steps) >= KNOWN else 0
