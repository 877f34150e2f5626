"""How flat the spectrum of each channel is: 0 for a tone, near 1 for noise. Voices and instruments are not flat, applause is.

Spectral flatness, or Wiener entropy, is the geometric mean of the power spectrum over its arithmetic mean (Gray and Markel, "A
spectral-flatness measure for studying the autocorrelation method of linear prediction of speech analysis", IEEE Transactions on
Acoustics, Speech, and Signal Processing 22(3), 1974), here of the bins from 200 Hz to 8 kHz of one Hann window. The power of white
noise in one bin is distributed exponentially, whose geometric mean is e^-γ (0.56) of the arithmetic one (γ: Euler's constant); it
is divided by that, so that white noise reads 1.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from liveshow.recorder.levels import FULL

WINDOW = 1024
LOWEST, HIGHEST = 200.0, 8000.0  # Hz: below are hum and handling, above is little but noise
OF_NOISE = float(np.exp(-np.euler_gamma))
NOTHING = 3 / 8 * WINDOW * 1e-12  # power in a bin of white noise of -120 dBFS: digital silence counts as that


class Flatness:
    """Keeps one window of samples after each look: a look is 15 times a second, and one window of 21 ms serves it. May be read from
    another thread."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._lock = threading.Lock()
        self._window = np.zeros((WINDOW, channels), np.int32)
        self._filled = 0
        self._newest: NDArray[np.float32] | None = None
        self._hann = (np.hanning(WINDOW + 1)[:-1] / FULL).astype(np.float32)
        self._band = band(sample_rate)

    def add(self, samples: NDArray[np.int32]) -> None:
        """A block, shape (frames, channels). A copy of some of it, or nothing at all."""
        with self._lock:
            begin = self._filled
            self._filled = min(WINDOW, begin + len(samples))
            self._window[begin : self._filled] = samples[: self._filled - begin]

    def read(self) -> NDArray[np.float32] | None:
        """Of each channel, of the newest whole window, shape (channels,); None before there was one."""
        with self._lock:
            window = self._window.T * self._hann if self._filled == WINDOW else None
            self._filled = 0 if window is not None else self._filled
        if window is not None:
            self._newest = flatness(window, self._band)
        return self._newest


def band(sample_rate: int) -> slice:
    """The bins of a window from 200 Hz to 8 kHz."""
    first, last = (round(hertz * WINDOW / sample_rate) for hertz in (LOWEST, min(HIGHEST, sample_rate / 2)))
    return slice(first, last + 1)


def flatness(windows: NDArray[np.float32], band: slice) -> NDArray[np.float32]:
    """Of weighted windows, shape (channels, samples), over a band of their bins; shape (channels,)."""
    bins = np.fft.rfft(windows)[:, band]
    power = bins.real**2 + bins.imag**2 + np.float32(NOTHING)
    geometric = np.exp(np.log(power).mean(axis=1))
    found: NDArray[np.float32] = np.minimum(1.0, geometric / (power.mean(axis=1) * OF_NOISE)).astype(np.float32)
    return found
