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
_POINTS = np.stack((_QUARTER, _HALF, _QUARTER[::-1]), axis=1)
"""Twelve samples times this are the three points between the middle two of them."""
_ROW, _ROWS = 12, 250  # so few samples at once that no BLAS shares them out among threads of its own
_FEW = 8  # a window for one sample in eight costs as much as all of them at once
_PAIRS = _TAPS // 2


def _in_a_row() -> NDArray[np.float32]:
    """The same for each twelve of the samples that a row of windows takes."""
    taps = np.zeros((_ROW + _TAPS - 1, _ROW, 3), np.float32)
    for k in range(_ROW):
        taps[k : k + _TAPS, k] = _POINTS
    return taps.reshape(-1, _ROW * 3)


_ROW_POINTS = _in_a_row()


class TruePeak:
    """Takes block after block of one channel, −1 to 1. `linear`: the highest so far, 1 is full scale."""

    def __init__(self) -> None:
        self.linear = 0.0
        # Not silence: where a clip's in is there may be sound, and a step to it would ring.
        self._before = np.zeros(0, np.float32)

    def take(self, block: Samples) -> None:
        """Look only between samples that are high enough for a curve above the highest so far: the others cannot matter."""
        samples = np.concatenate((self._before, block))
        self._before = samples[-(_TAPS - 1) :]
        high = np.abs(samples)
        most = float(high.max(initial=0))
        self.linear = max(self.linear, most)
        pairs = high[_PAIRS - 1 : -_PAIRS] + high[_PAIRS : high.size - _PAIRS + 1]
        if not pairs.size or float(pairs.max()) < _least_pair(most, self.linear):
            return
        windows = sliding_window_view(samples, _TAPS)
        self._look(windows[[int(pairs.argmax())]], _POINTS)  # when it has been looked at, few of the others can matter
        wanted = pairs > _least_pair(most, self.linear)
        if np.count_nonzero(wanted) * _FEW < pairs.size:
            chosen = np.flatnonzero(wanted)
            for first in range(0, chosen.size, _ROW * _ROWS):
                self._look(windows[chosen[first : first + _ROW * _ROWS]], _POINTS)
        else:
            self._look_at_all(samples)

    def _look_at_all(self, samples: Samples) -> None:
        """Rows of windows, and one by one those that make no whole rows."""
        whole = (samples.size - _TAPS + 1) // (_ROW * _ROWS) * _ROW * _ROWS
        self._look(sliding_window_view(samples, _TAPS)[whole:], _POINTS)
        if whole:
            wide = len(_ROW_POINTS)
            rows = sliding_window_view(samples, wide)[:whole:_ROW]
            self._look(rows.reshape(-1, _ROWS, wide), _ROW_POINTS)

    def _look(self, rows: Samples, taps: NDArray[np.float32]) -> None:
        points = np.ascontiguousarray(rows) @ taps
        self.linear = max(self.linear, float(points.max(initial=0)), -float(points.min(initial=0)))


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
