"""The K weighting of loudness: two filters, a head that lifts treble and an ear that does not hear bass, run by FFmpeg ("biquad").

Source: ITU-R BS.1770-5, Annex 1, whose coefficients are for 48 kHz; for other rates from the analogue filters that give those at 48 kHz, as
in FFmpeg's meter and libebur128 (Brecht De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
_SHELF_MIDDLE = 0.4996667741545416
_BASS_HZ, _BASS_Q = 38.13547087602444, 0.5003270373238773


class Section(NamedTuple):
    """A filter of second order: y[n] = b0 x[n] + b1 x[n−1] + b2 x[n−2] − a1 y[n−1] − a2 y[n−2]."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


class Weighting:
    """Takes block after block of one channel at `rate` Hz."""

    def __init__(self, rate: int) -> None:
        self._rate, self._at = rate, 0
        self._graph = Graph()
        last = self._graph.add_abuffer(sample_rate=rate, format="dblp", layout="mono", time_base=Fraction(1, rate))
        for section in k_weighting(rate):
            told = ":".join(f"{name}={value!r}" for name, value in section._asdict().items())
            following = self._graph.add("biquad", f"{told}:a0=1")
            last.link_to(following)
            last = following
        last.link_to(self._graph.add("abuffersink"))
        self._graph.configure()

    def take(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """The next samples, weighted."""
        frame = AudioFrame.from_ndarray(samples.astype(np.float64)[np.newaxis], format="dblp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._at, Fraction(1, self._rate)
        self._at += samples.size
        self._graph.push(frame)
        weighted = self._graph.pull()
        assert isinstance(weighted, AudioFrame)
        return np.asarray(weighted.to_ndarray()[0], np.float64)


def k_weighting(rate: int) -> tuple[Section, Section]:
    """The two sections at `rate` Hz, one after the other."""
    k = math.tan(math.pi * _SHELF_HZ / rate)
    high = 10 ** (_SHELF_DB / 20)
    middle = high**_SHELF_MIDDLE
    whole = 1 + k / _SHELF_Q + k * k
    shelf = Section(
        (high + middle * k / _SHELF_Q + k * k) / whole,
        2 * (k * k - high) / whole,
        (high - middle * k / _SHELF_Q + k * k) / whole,
        2 * (k * k - 1) / whole,
        (1 - k / _SHELF_Q + k * k) / whole,
    )
    k = math.tan(math.pi * _BASS_HZ / rate)
    whole = 1 + k / _BASS_Q + k * k
    return shelf, Section(1.0, -2.0, 1.0, 2 * (k * k - 1) / whole, (1 - k / _BASS_Q + k * k) / whole)
