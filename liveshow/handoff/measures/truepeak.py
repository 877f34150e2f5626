"""The true peak of sound: the highest point of the curve that runs through its samples.

Method: ITU-R BS.1770-5, Annex 2, four times oversampling; the filter is a sinc under a Kaiser window (beta 5), 12 samples wide.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]
_TAPS, _BETA = 12, 5.0


def _phase(shift: float) -> NDArray[np.float32]:
    """The filter that gives the curve `shift` samples after the one in its middle."""
    at = np.arange(_TAPS) - _TAPS // 2 + 1 - shift
    wide = _TAPS / 2 + 0.5
    taps = np.sinc(at) * np.i0(_BETA * np.sqrt(np.maximum(0, 1 - (at / wide) ** 2))) / np.i0(_BETA)
    return np.asarray((taps / taps.sum())[::-1], np.float32)


_QUARTER, _HALF = _phase(0.25)[::-1], _phase(0.5)[::-1]
_PAIRS = _TAPS // 2
_EVEN, _ODD = (_QUARTER + _QUARTER[::-1])[:_PAIRS] / 2, (_QUARTER - _QUARTER[::-1])[:_PAIRS] / 2
_FEW = 8  # a window for one sample in eight costs as much as all of them at once


class TruePeak:
    """Takes block after block of one channel, −1 to 1. `linear`: the highest so far, 1 is full scale."""

    def __init__(self) -> None:
        self.linear = 0.0
        self._before = np.zeros(_TAPS - 1, np.float32)

    def take(self, block: Samples) -> None:
        """Look only between samples that are high enough for a curve above the highest so far: the others cannot matter."""
        samples = np.concatenate((self._before, block))
        self._before = samples[-(_TAPS - 1) :]
        high = np.abs(samples)
        most = float(high.max(initial=0))
        self.linear = max(self.linear, float(high[_TAPS - 1 :].max(initial=0)))
        pairs = high[_PAIRS - 1 : -_PAIRS] + high[_PAIRS : high.size - _PAIRS + 1]
        if not pairs.size or float(pairs.max()) < _least_pair(most, self.linear):
            return
        windows = sliding_window_view(samples, _TAPS)
        self._look(windows[[int(pairs.argmax())]])  # when it has been looked at, few of the others can matter
        chosen = np.flatnonzero(pairs > _least_pair(most, self.linear))
        self._look(windows[chosen] if chosen.size * _FEW < pairs.size else samples[np.newaxis])

    def _look(self, rows: Samples) -> None:
        """The three points between the middle two of each twelve samples in a row.

        What is a quarter before the middle mirrors what is a quarter after it. So one is the sum of an even and an odd part, the other
        their difference, and the higher of the two is |even| + |odd|.
        """
        size = rows.shape[1] - _TAPS + 1
        middle, even, odd, pair, scaled = np.zeros((5, len(rows), size), np.float32)
        for k in range(_PAIRS):
            early, late = rows[:, k : k + size], rows[:, _TAPS - 1 - k :][:, :size]
            np.add(early, late, out=pair)
            middle += np.multiply(pair, _HALF[k], out=scaled)
            even += np.multiply(pair, _EVEN[k], out=scaled)
            odd += np.multiply(np.subtract(early, late, out=pair), _ODD[k], out=scaled)
        np.add(np.abs(even, out=even), np.abs(odd, out=odd), out=even)
        self.linear = max(self.linear, float(even.max(initial=0)), float(np.abs(middle).max(initial=0)))


def _least_pair(most: float, linear: float) -> float:
    """What two neighbours, without their signs, must add up to for the curve between them to rise above `linear`, when no sample around
    them is higher than `most`: every tap at its worst."""
    near, far = (float(tap) for tap in np.sort(np.abs(_QUARTER))[:-3:-1])
    rest = float(np.abs(_QUARTER).sum()) - near - far
    quarter = (linear - rest * most) / near
    if quarter > most:
        quarter = most + (linear - (near + rest) * most) / far
    half = float(_HALF[_PAIRS])
    return min(quarter, (linear - (float(np.abs(_HALF).sum()) - 2 * half) * most) / half)
