"""Voices for simulated microphones: not words, but the rhythm, the pitch and the vowels of somebody who speaks.

A voice is a loop of phrases and pauses. Each period of the vocal folds sets off one grain, the decaying ring of three formants
(FOF synthesis: Rodet, "Time-domain formant-wave-function synthesis", Computer Music Journal 8(3), 1984); the formants of the
vowels are those of Peterson and Barney, "Control methods used in a study of the vowels", JASA 24, 1952 (men's means).
"""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
Loop = NDArray[np.int32]

VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240), (640, 1190, 2390))
LEVELS = (1.0, 0.5, 0.25)
BANDWIDTHS = (80, 100, 140)
GOLDEN = 0.618034
PEAK = 10 ** (-9 / 20)
PHRASES = 4


@cache
def voice(performer: str, index: int, sample_rate: int) -> Loop:
    """One performer's loop of some ten seconds, shape (samples,), peak -9 dBFS, 24 bit in the upper bits.

    `index` (place in the setup) spreads pitch and size of the voices, the id chooses the melody. The loop ends in a pause.
    """
    random = np.random.default_rng(zlib.crc32(performer.encode()))
    place = (index * GOLDEN) % 1
    pitch, size = 88 * 2 ** (1.4 * place), 0.88 + 0.28 * place
    grains = [_grain(vowel, size, sample_rate) for vowel in VOWELS]
    parts: list[Sound] = []
    for _ in range(PHRASES):
        parts += [
            _phrase(random, pitch, grains, sample_rate),
            np.zeros(int(random.uniform(0.4, 0.9) * sample_rate), np.float32),
        ]
    whole = np.concatenate(parts)
    return as_24_bit(whole * (PEAK / float(np.abs(whole).max())))


def as_24_bit(sound: NDArray[np.floating]) -> Loop:
    """-1 to 1 as int32 whose lower eight bits are 0."""
    words: Loop = np.rint(sound * (2**23 - 1)).astype(np.int32)
    return words << 8


def noise(seed: int, samples: int, dbfs: float) -> Loop:
    """White noise of that effective level, shape (samples,), 24 bit in the upper bits."""
    return as_24_bit(np.random.default_rng(seed).standard_normal(samples) * 10 ** (dbfs / 20))


def click(sample_rate: int) -> Loop:
    """A clap: 6 ms of wide-band noise that dies away, its first sample the loudest (-3 dBFS)."""
    samples = max(8, sample_rate * 6 // 1000)
    burst = np.random.default_rng(7).uniform(-0.8, 0.8, samples) * np.exp(-5 * np.arange(samples) / samples)
    burst[0] = 1.0
    return as_24_bit(burst * 10 ** (-3 / 20))


def _grain(vowel: tuple[int, int, int], size: float, sample_rate: int) -> Sound:
    """The ring after one glottal pulse, 25 ms. A formant above half the sample rate is left out."""
    t = np.arange(sample_rate // 40) / sample_rate
    rings = [
        level * np.exp(-np.pi * width * t) * np.sin(2 * np.pi * formant * size * t)
        for formant, level, width in zip(vowel, LEVELS, BANDWIDTHS, strict=True)
        if formant * size < sample_rate / 2
    ]
    return np.asarray(np.sum(rings, axis=0) * np.minimum(1, t * 1000), dtype=np.float32)


def _phrase(random: np.random.Generator, pitch: float, grains: list[Sound], sample_rate: int) -> Sound:
    """Some syllables with a falling melody, as a statement has."""
    syllables = int(random.integers(6, 13))
    lengths = (random.uniform(0.13, 0.26, syllables) * sample_rate).astype(int)
    sound = np.zeros(int(lengths.sum()) + grains[0].size, np.float32)
    begin = 0
    for k, length in enumerate(lengths):
        high = pitch * (1.18 - 0.3 * k / syllables) * random.uniform(0.94, 1.1)
        grain = grains[int(random.integers(len(grains)))]
        _syllable(sound[begin:], random, high, int(length), grain, sample_rate)
        begin += int(length)
    return sound


def _syllable(onto: Sound, random: np.random.Generator, pitch: float, length: int, grain: Sound, sample_rate: int) -> None:
    """A short hiss, then a vowel that swells and dies away, added onto the beginning of `onto`."""
    hiss = min(length // 5, sample_rate // 25)
    shape = np.hanning(hiss + 2)[1:-1] if hiss else np.zeros(0)
    onto[:hiss] += (0.12 * random.random() * np.diff(random.standard_normal(hiss + 1)) * shape).astype(np.float32)
    stress = random.uniform(0.55, 1.0)
    at = float(hiss) * 0.7
    while at < length * 0.92:
        swell = np.sin(np.pi * (at / length) ** 0.7) ** 0.8
        onto[int(at) : int(at) + grain.size] += np.float32(stress * swell) * grain
        at += sample_rate / (pitch * (1 + 0.03 * np.sin(at / sample_rate * 34) + random.uniform(-0.008, 0.008)))
