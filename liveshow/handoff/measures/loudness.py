"""Loudness by EBU R128: weighted by filters of FFmpeg's, and gated as FFmpeg's own meter ("ebur128") does it, whose figures these are to
0.01 LU. That meter sums every sample into two windows and writes its figures down ten times a second, which takes three times as long.

Sources: ITU-R BS.1770-5 (K weighting and gates), EBU Tech 3341 (meters), EBU Tech 3342 (range). One channel counts once: a
microphone that is played on two loudspeakers is 3 LU louder than its clip says.
"""

from __future__ import annotations

import numpy as np
from av.audio.layout import AudioLayout
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from liveshow.handoff.measures.weighting import Weighting

_HOPS = 10  # a second, after each of which the windows are looked at
_MOMENTARY, _SHORT = 4, 30  # hops
_LEAST, _MOST = -70, 10  # LUFS: BS.1770's absolute gate, and what no sound reaches
_FINE = 100  # levels in a LU, by which windows are counted
_FULL = -0.691  # LUFS of weighted sound whose mean square is 1
# As FFmpeg's meter has it, beyond the 5.1 of BS.1770 too.
_WEIGHTS = {"LFE": 0.0, **dict.fromkeys(("BL", "BR", "BC", "SL", "SR", "TBL", "TBC", "TBR"), 1.41)}  # of channels, all others 1


class Loudness:
    """Takes block after block of one channel, or of several (samples × channels), −1 to 1, at `rate` Hz. `ranged`: how many
    windows of 3 s the range is made of, at the end."""

    def __init__(self, rate: int, channels: int = 1) -> None:
        self._hop = max(1, rate // _HOPS)
        self._channels = [_Energy(rate, self._hop, weight) for weight in _weights(channels)]
        self._energies = [np.zeros(0)]
        self.ranged = 0

    def take(self, block: NDArray[np.float32]) -> None:
        """The next samples."""
        heard = [channel.take(samples) for channel, samples in zip(self._channels, block.T, strict=True)]
        self._energies.append(np.sum(heard, axis=0))

    def end(self) -> tuple[float | None, float]:
        """Integrated loudness in LUFS (None: nothing in it is above −70 LUFS, or it is shorter than 400 ms) and range in LU."""
        energies = np.concatenate(self._energies)
        short = _gated(self._windows(energies, _SHORT), 20)
        self.ranged = int(short.sum())
        return _integrated(_gated(self._windows(energies, _MOMENTARY), 10)), _range(short)

    def _windows(self, energies: NDArray[np.float64], hops: int) -> NDArray[np.float64]:
        """The mean square of each `hops` hops in a row."""
        if energies.size < hops:
            return np.zeros(0)
        return np.asarray(sliding_window_view(energies, hops).sum(axis=1) / (hops * self._hop), np.float64)


class _Energy:
    """What the hops of one channel add to its loudness."""

    def __init__(self, rate: int, hop: int, weight: float) -> None:
        self._weighting, self._hop, self._weight = Weighting(rate), hop, weight
        self._rest = np.zeros(0)

    def take(self, samples: NDArray[np.float32]) -> NDArray[np.float64]:
        """The energy of each hop that is whole with these samples."""
        weighted = np.concatenate((self._rest, self._weighting.take(samples)))
        whole = weighted.size // self._hop * self._hop
        self._rest = weighted[whole:]
        hops = weighted[:whole].reshape(-1, self._hop)
        return self._weight * np.asarray(np.einsum("hs,hs->h", hops, hops), np.float64)


def _weights(channels: int) -> list[float]:
    """Of each, in FFmpeg's order for so many."""
    if channels not in range(3, 9):
        return [1.0] * channels
    return [_WEIGHTS.get(channel.name, 1.0) for channel in AudioLayout(f"{channels}c").channels]


def _gated(windows: NDArray[np.float64], below: int) -> NDArray[np.int64]:
    """How many windows are of each level, in hundredths of a LU from −70 LUFS on; none of those that are so many LU `below` the mean."""
    heard = windows[windows >= _mean_square(_LEAST)]
    if not heard.size:
        return np.zeros(1, np.int64)
    counts = np.bincount(np.minimum(_place(_level(heard)), (_MOST - _LEAST) * _FINE))
    counts[: max(0, int(_place(_level(heard.mean()) - below)))] = 0
    return counts


def _level(mean_square: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(_FULL + 10 * np.log10(mean_square))


def _mean_square(level: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(10 ** ((level - _FULL) / 10))


def _place(level: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray((level - _LEAST) * _FINE, np.int64)


def _integrated(counts: NDArray[np.int64]) -> float | None:
    """The level of the mean of what was counted."""
    if not counts.any():
        return None
    levels = np.arange(counts.size) / _FINE + _LEAST
    return float(_level(np.average(_mean_square(levels), weights=counts)))


def _range(counts: NDArray[np.int64]) -> float:
    """From the level that a tenth does not reach to the one that a twentieth exceeds (EBU Tech 3342)."""
    counted = counts.cumsum()
    low, high = np.searchsorted(counted, [max(1, int(share * counted[-1] + 0.5)) for share in (0.1, 0.95)])
    return float(high - low) / _FINE
