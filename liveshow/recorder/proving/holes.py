"""Holes in a sound: digital silence that begins and ends in the middle of it, as a bad cable, a radio link or a sample clock makes
them. A gate or a mute fades, and pauses are not digital silence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST, LONGEST = 0.001, 1.0  # seconds; shorter is a click, longer a mute
AROUND = 0.005  # seconds of sound right before and after
SOUNDS = 10 ** (-50 / 20)  # RMS above which it is sound


def holes(sound: NDArray[np.float32], sample_rate: int) -> list[tuple[int, int]]:
    """Stretches [begin, end) of a sound of full scale 1.0, shape (n,), that are holes in it."""
    silent = np.concatenate(([False], sound == 0, [False]))
    edges = np.flatnonzero(silent[1:] != silent[:-1])
    begins, ends = edges[::2], edges[1::2]
    around = round(AROUND * sample_rate)
    lasting = (ends - begins >= SHORTEST * sample_rate) & (ends - begins <= LONGEST * sample_rate)
    inside = (begins >= around) & (ends <= len(sound) - around)
    return [
        (int(begin), int(end))
        for begin, end in zip(begins[lasting & inside], ends[lasting & inside], strict=True)
        if _sounds(sound[begin - around : begin]) and _sounds(sound[end : end + around])
    ]


def _sounds(piece: NDArray[np.float32]) -> bool:
    return float(np.sqrt(np.mean(piece.astype(np.float64) ** 2))) >= SOUNDS
