"""How much of a sound is hum: the share of its power at the frequency of the mains and its harmonics.

A line counts only where it stands clear of what is around it, and only with two others, so that a double bass and traffic are no
hum. Of several seconds, weighted by a Hann window; the frequency is looked for within what power grids keep to (50 or 60 Hz ± 0.2 Hz).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAINS, ASTRAY = (50.0, 60.0), np.arange(-0.2, 0.21, 0.05)  # Hz
HARMONICS = np.arange(1, 9)
LOW_RATE = 1500.0  # Hz to which the sound is brought down
LINE = 0.25  # Hz: half the width of a line
NEAR, NOTE, FAR = 0.75, 2.5, 8.0  # Hz: the ring around it, of which a note may be in the first part
CLEAR = 10.0  # times what is around: 10 dB
FEWEST = 3  # lines
LEAST = 2.0  # seconds, for lines to be told from notes


def hum_share(sound: NDArray[np.float32], sample_rate: int) -> float | None:
    """From 0 to 1, of a sound of shape (n,); None when it is too short to tell."""
    by = max(1, round(sample_rate / LOW_RATE))
    low = sound[: len(sound) // by * by].reshape(-1, by).mean(axis=1, dtype=np.float64)
    rate = sample_rate / by
    whole = float(np.mean(np.square(sound, dtype=np.float64)))
    if low.size < LEAST * rate or not whole:
        return None
    window = np.hanning(low.size)
    power = np.abs(np.fft.rfft(low * window)) ** 2 * (2 / (low.size * float(window @ window)))
    centres = (np.array(MAINS)[:, None] + ASTRAY).reshape(-1, 1) * HARMONICS
    return min(1.0, float(_lines(power, centres, low.size / rate, rate).sum(axis=1).max()) / whole)


def _lines(power: NDArray[np.float64], centres: NDArray[np.float64], bins: float, rate: float) -> NDArray[np.float64]:
    """The power of each line that stands clear, shape as `centres` (Hz); `bins`: a Hz. What bringing down took is given back."""
    at = np.rint(centres * bins).astype(int)

    def near(first: float, last: float) -> NDArray[np.float64]:
        one_side = np.arange(round(first * bins), round(last * bins) + 1)
        found: NDArray[np.float64] = power[np.clip(at[..., None] + np.union1d(-one_side, one_side), 0, power.size - 1)]
        return found

    line, note, ring = near(0, LINE), near(NEAR, NOTE), near(NEAR, FAR)
    found = line.sum(axis=-1)
    clear = (found > CLEAR * ring.mean(axis=-1) * line.shape[-1]) & (line.max(axis=-1) > note.max(axis=-1))
    enough = clear.sum(axis=-1, keepdims=True) >= FEWEST
    clear_lines: NDArray[np.float64] = np.where(clear & enough, found / np.sinc(centres / rate) ** 2, 0.0)
    return clear_lines
