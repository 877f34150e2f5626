"""The true peak of sound: the highest point of the curve that runs through its samples.

Method: ITU-R BS.1770-5, Annex 2, four times oversampling; the filter is a sinc under a Kaiser window (beta 5), 12 samples wide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
_TAPS, _BETA, _PIECE = 12, 5.0, 2048


def _phase(shift: float) -> NDArray[np.float32]:
    """The filter that gives the curve `shift` samples after the one in its middle."""
    at = np.arange(_TAPS) - _TAPS // 2 + 1 - shift
    wide = _TAPS / 2 + 0.5
    taps = np.sinc(at) * np.i0(_BETA * np.sqrt(np.maximum(0, 1 - (at / wide) ** 2))) / np.i0(_BETA)
    return np.asarray((taps / taps.sum())[::-1], np.float32)


_PHASES = np.stack([_phase(shift)[::-1] for shift in (0.25, 0.5, 0.75)], axis=1)
_MOST = float(np.abs(_PHASES).sum(axis=0).max())  # no curve rises above this times its samples


class TruePeak:
    """Takes block after block of one channel, −1 to 1. `linear`: the highest so far, 1 is full scale."""

    def __init__(self) -> None:
        self.linear = 0.0
        self._before = np.zeros(_TAPS - 1, np.float32)

    def take(self, block: Samples) -> None:
        """Look only where samples are high enough for a curve above the highest so far: the rest cannot matter."""
        samples = np.concatenate((self._before, block))
        self._before = samples[-(_TAPS - 1) :]
        self.linear = max(self.linear, float(np.abs(block).max(initial=0)))
        starts = np.arange(0, samples.size, _PIECE)
        highest = np.maximum.reduceat(np.abs(samples), starts)
        reach = np.maximum(highest, np.append(highest[1:], 0))  # a piece's curve takes in the beginning of the next
        for piece in np.argsort(reach)[::-1]:
            if reach[piece] * _MOST <= self.linear:
                return
            self._look(samples[starts[piece] : starts[piece] + _PIECE + _TAPS - 1])

    def _look(self, piece: Samples) -> None:
        if piece.size < _TAPS:
            return
        windows = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(piece, _TAPS))  # a product of matrices is quick
        self.linear = max(self.linear, float(np.abs(windows @ _PHASES).max()))
