"""What a clip of sound sounds like between in and out: read once, some seconds at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liveshow.handoff.measures.loudness import Loudness
from liveshow.handoff.measures.runs import Runs
from liveshow.handoff.measures.samples import sound_file
from liveshow.handoff.measures.truepeak import TruePeak
from liveshow.showfolder.contribution import SoundMeasures

CLIPPED = 0.9999  # of full scale (−0.001 dBFS): converters differ in what their last step is
CLIPPED_FOR = 3  # samples: one or two at full scale also happen in sound that is not clipped
SILENT_BELOW = -60.0  # dBFS, peak of 10 ms
SILENT_FOR = 2.0  # seconds
MOST_RUNS = 100
_STEPS = 100  # a second
_AT_ONCE = 4  # seconds: fewer cost more calls, more do not stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Heard:
    """The measures, and for the waveform the peak of every 10 ms, 0 to 1."""

    measures: SoundMeasures
    peaks: NDArray[np.float32]


def measure_sound(path: Path, first: int, last: int) -> Heard:
    """Samples [first, last) of a sound file: a microphone's has one channel, a remix may have more, of which the highest counts, and
    silence is where all are silent. Raises soundfile.LibsndfileError or OSError when it cannot be read."""
    sound = sound_file(path)
    return measure_blocks(sound.blocks(first, last, at_once(sound.rate)), sound.rate, sound.channels, first, last)


def at_once(rate: int) -> int:
    """How many samples a block is to have."""
    return max(1, rate // _STEPS) * _STEPS * _AT_ONCE


def measure_blocks(blocks: Iterable[NDArray[np.float32]], rate: int, channels: int, first: int, last: int) -> Heard:
    """The same of samples × channels, each block of :func:`at_once` but the last."""
    step = max(1, rate // _STEPS)
    loudness, peaks, steps = Loudness(rate, channels), [TruePeak() for _ in range(channels)], list[NDArray[np.float32]]()
    clipped, silent = Runs(CLIPPED_FOR), Runs(round(SILENT_FOR * rate / step))
    for block in blocks:
        loudness.take(block)
        for peak, channel in zip(peaks, block.T, strict=True):
            peak.take(channel)
        high = reduce(np.maximum, map(np.abs, block.T))
        steps.append(np.maximum.reduceat(high, np.arange(0, high.size, step)))
        clipped.take(high >= CLIPPED)
        silent.take(steps[-1] < 10 ** (SILENT_BELOW / 20))
    integrated, spread = loudness.end()
    runs, quiet, highest = clipped.end(), silent.end(), max(peak.linear for peak in peaks)
    return Heard(
        SoundMeasures(
            loudness=_rounded(integrated),
            range=round(spread, 1),
            true_peak=_rounded(20 * math.log10(highest)) if highest else None,
            clipped=tuple((first + at, length) for at, length in runs[:MOST_RUNS]),
            clipped_runs=len(runs),
            silent=tuple((first + at * step, min(length * step, last - first - at * step)) for at, length in quiet),
        ),
        np.concatenate(steps) if steps else np.zeros(0, np.float32),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1) + 0.0
