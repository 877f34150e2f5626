"""How a feed's own clock runs against the show clock.

Every position (sample, pts) a worker wrote is observed on the show clock some time *after* it happened: late by a constant
(the shortest way through the device) and by jitter that is never negative. So the clock is the lower envelope of the
observations: in short windows the earliest is taken, a robust line (Theil 1950, Sen 1968: the median of the slopes of all
pairs) goes through those, and over long spans a line every few minutes follows a crystal that warms up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from liveshow.timebase.clock import SECOND

WINDOW = 5 * SECOND
KNOT_EVERY = 300 * SECOND
TRUST_SLOPE_AFTER = 20 * SECOND
LARGEST_PPM = 2_000.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClockMap:
    """Position of a feed ↔ show clock.

    `rate`: nominal positions a second; `anchor`: a position and the show-clock ns it belongs to, against which `knots` are
    kept: (nominal ns since the anchor, correction in ns), ascending. Between knots the correction is linear; before and after
    them it goes on with the slope of the nearest pair.
    """

    rate: Fraction
    anchor: tuple[int, int]
    knots: tuple[tuple[float, float], ...]

    def to_ns(self, position: int | float) -> int:
        """Show-clock ns of a position (the beginning of a sample or picture)."""
        elapsed = self._elapsed(position)
        return self.anchor[1] + round(elapsed + self._correction(elapsed))

    def to_position(self, show_ns: int) -> float:
        """Position at a show-clock time; the inverse of `to_ns` to well under a thousandth of a sample."""
        elapsed = float(show_ns - self.anchor[1])
        guess = elapsed
        for _ in range(4):
            guess = elapsed - self._correction(guess)
        return self.anchor[0] + guess * self.rate.numerator / (self.rate.denominator * SECOND)

    def ppm(self, show_ns: int | None = None) -> float:
        """Clock error of the feed in parts per million near an instant (default: over all); positive when its clock is fast,
        which is when it delivers more positions a second than the nominal rate."""
        xs, ys = zip(*self.knots, strict=True)
        if len(xs) == 1:
            return 0.0
        if show_ns is None:
            return float(-1e6 * (ys[-1] - ys[0]) / (xs[-1] - xs[0]))
        k = min(max(int(np.searchsorted(xs, show_ns - self.anchor[1])), 1), len(xs) - 1)
        return float(-1e6 * (ys[k] - ys[k - 1]) / (xs[k] - xs[k - 1]))

    def _elapsed(self, position: int | float) -> float:
        return (position - self.anchor[0]) * self.rate.denominator * SECOND / self.rate.numerator

    def _correction(self, elapsed: float) -> float:
        if len(self.knots) == 1:
            return self.knots[0][1]
        k = next((k for k in range(1, len(self.knots) - 1) if elapsed < self.knots[k][0]), len(self.knots) - 1)
        (x0, y0), (x1, y1) = self.knots[k - 1], self.knots[k]
        return y0 + (elapsed - x0) * (y1 - y0) / (x1 - x0)


def fit(positions: Sequence[int] | ArrayLike, observed_ns: Sequence[int] | ArrayLike, rate: Fraction) -> ClockMap:
    """The clock of a feed from observations, both of shape (n,): `positions` ascending, in units of 1/`rate` seconds, and the
    show-clock ns at which each was seen. A span too short to know the slope gets the nominal one.

    Raises ValueError when there is no observation.
    """
    pos, seen = np.asarray(positions, dtype=np.int64), np.asarray(observed_ns, dtype=np.int64)
    if pos.size == 0 or pos.size != seen.size:
        raise ValueError(f"no observations to fit a clock to ({pos.size} positions, {seen.size} times)")
    anchor = (int(pos[0]), int(seen[0]))
    elapsed: Floats = (pos - anchor[0]).astype(np.float64) * (rate.denominator * SECOND / rate.numerator)
    late = (seen - anchor[1]) - elapsed
    xs, ys = _window_minima(elapsed, late)
    if xs[-1] - xs[0] < TRUST_SLOPE_AFTER:
        return ClockMap(rate, anchor, ((0.0, float(ys.min())),))
    return ClockMap(rate, anchor, _knots(xs, ys))


def _window_minima(elapsed: Floats, late: Floats) -> tuple[Floats, Floats]:
    window = np.floor(elapsed / WINDOW).astype(np.int64)
    order = np.lexsort((late, window))
    first = np.concatenate(([True], np.diff(window[order]) != 0))
    chosen = order[first]
    return elapsed[chosen], late[chosen]


def _knots(xs: Floats, ys: Floats) -> tuple[tuple[float, float], ...]:
    span = xs[-1] - xs[0]
    pieces = max(1, int(span // KNOT_EVERY) - 1)
    places = np.linspace(xs[0], xs[-1], pieces + 1)
    half = span if pieces == 1 else 1.25 * span / pieces
    lines = [_robust_line(xs[near], ys[near]) for near in (np.abs(xs - place) <= half for place in places)]
    return tuple((float(place), float(slope * place + offset)) for place, (slope, offset) in zip(places, lines, strict=True))


def _robust_line(xs: Floats, ys: Floats) -> tuple[float, float]:
    """Slope and offset of the lower envelope: Theil-Sen, then moved down to the lowest quarter of the residuals."""
    if xs.size > 240:
        keep = np.linspace(0, xs.size - 1, 240).astype(int)
        xs, ys = xs[keep], ys[keep]
    i, j = np.triu_indices(xs.size, 1)
    if i.size == 0:
        return 0.0, float(ys.min())
    slope = float(np.clip(np.median((ys[j] - ys[i]) / (xs[j] - xs[i])), -LARGEST_PPM * 1e-6, LARGEST_PPM * 1e-6))
    return slope, float(np.quantile(ys - slope * xs, 0.25))
