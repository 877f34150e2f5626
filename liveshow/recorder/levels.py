"""Level of each channel between two messages: RMS and peak in dBFS, and how many samples were at full scale.

dBFS after AES17: a full-scale sine has an RMS of -3.01 dB re full-scale square; here RMS is given re full scale as meters of
recorders do, so that the sine reads -3.0, and its peak 0.0.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

FLOOR = -120.0
FULL = float(2**31)
CLIPPED = 2**31 - 2**8


class Levels:
    """Gathers blocks; `read` gives one channel's figures since it was last read. May be read from another thread."""

    def __init__(self, channels: int) -> None:
        self._lock = threading.Lock()
        self._squares = np.zeros(channels)
        self._peaks = np.zeros(channels)
        self._counts = np.zeros(channels, dtype=np.int64)
        self._clipped = np.zeros(channels, dtype=np.int64)

    def add(self, samples: NDArray[np.int32]) -> None:
        """A block, shape (frames, channels)."""
        if not len(samples):
            return
        scaled = samples.astype(np.float32) * np.float32(1 / FULL)
        squares = np.einsum("fc,fc->c", scaled, scaled)
        peaks = np.maximum(scaled.max(axis=0), -scaled.min(axis=0))
        clipped = np.count_nonzero(samples >= CLIPPED, axis=0) + np.count_nonzero(samples <= -CLIPPED, axis=0)
        with self._lock:
            self._squares += squares
            np.maximum(self._peaks, peaks, out=self._peaks)
            self._counts += len(samples)
            self._clipped += clipped

    def read(self, channel: int) -> tuple[float, float, int] | None:
        """(RMS dBFS, peak dBFS, clipped samples since the beginning) of a channel counted from 0; None: no new samples."""
        with self._lock:
            if not self._counts[channel]:
                return None
            rms = np.sqrt(self._squares[channel] / self._counts[channel])
            peak = self._peaks[channel]
            self._squares[channel] = self._peaks[channel] = 0.0
            self._counts[channel] = 0
            return decibels(float(rms)), decibels(float(peak)), int(self._clipped[channel])


def decibels(amplitude: float) -> float:
    """dBFS of an amplitude (1.0 is full scale), not below -120."""
    return round(max(FLOOR, 20 * float(np.log10(amplitude))), 2) if amplitude > 0 else FLOOR
