"""The rate that a camera's stream says it has, once it was seen to have it.

Many say what is not so, all evening: their firmware's usual rate, whatever they are set to; twice the rate, for H.264 counts fields (its
`time_scale`, ITU-T H.264, E.2.1); the ticks of their clock. Such a camera does nothing that it did not do yesterday. One that kept what it
said and then does not was set otherwise, or has too little light.
"""

from __future__ import annotations

from fractions import Fraction

LOWEST, HIGHEST = 1, 240  # pictures a second that may be so
NEAR = 0.02  # of it: that of 30 and 30000/1001, and not that of 24 and 25
OFTEN = 4  # looks, one after another


class Announced:
    """Of one camera, from look to look."""

    def __init__(self) -> None:
        self._said = ""
        self._kept = 0

    def looked(self, said: str, rate: float | None) -> float | None:
        """What it announces, an exact rate or "" for nothing, and how it was at this look (None: nobody knows). Pictures a second; None
        while that is not known to be so."""
        if said != self._said:
            self._said, self._kept = said, 0
        announced = float(Fraction(said)) if said else 0.0
        if not LOWEST <= announced <= HIGHEST:
            return None
        if rate is not None and self._kept < OFTEN:
            self._kept = self._kept + 1 if abs(rate / announced - 1) <= NEAR else 0
        return announced if self._kept >= OFTEN else None
