"""What the microphones of a show heard in the last minute, and which of them somebody speaks, sings or plays into.

Microphones hear each other's performers. A sound is taken for a microphone's own when it stands clear of the microphone's noise, is
not flat (see :mod:`liveshow.recorder.spectrum`), and has a good share of the power of all: the share by which automatic microphone
mixers set their gains (Dugan, "Automatic microphone mixing", Journal of the AES 23(6), 1975), here against what the others had a
moment ago, so that the room's answer to a voice is not taken for another. The noise is the least power of the last minutes (minimum
statistics: Martin, "Noise power spectral density estimation based on optimal smoothing and minimum statistics", IEEE Transactions on
Speech and Audio Processing 9(5), 2001), for the whole band.

Levels are RMS in dBFS, times seconds since the first look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from liveshow.events import FeedHealth
from liveshow.timebase import SECOND

Values = NDArray[np.float32]
ROWS = 1024  # 68 s at 15 looks a second
LONGEST_LOOK = 1.0  # seconds that one look may stand for
QUIETEST, LOUDEST_NOISE = -75.0, -45.0  # what a microphone's noise can be
MINIMUM_EVERY, MINIMA = 10.0, 30  # the least of each ten seconds, of five minutes
SMOOTHING = 0.1  # seconds
CLEAR, AUDIBLE = 12.0, 6.0  # dB above the noise: surely a sound, perhaps one
SPOKEN = -55.0  # nobody who is meant to be heard is quieter
OWN_SHARE, SOME_SHARE = 0.2, 0.1
AHEAD = 6.0  # dB above every rival: no doubt whose sound it is
FALL = 15.0  # dB a second at which a rival's power is forgotten: slower than any room
TONAL = 0.15  # flatness below which it is a voice or an instrument
HANG = 0.6  # seconds that a sound lasts beyond its last sign: syllables have gaps
PAUSE, APART = 0.9, 3.0  # seconds between sentences; after which a sound is another one
NEVER = -1e9


class _Field(IntEnum):
    LEVEL = 0
    LEAD = 1
    FLAT = 2
    OWN = 3
    USED = 4
    HEARD = 5
    KNOWN = 6
    PEAK = 7


@dataclass(frozen=True, slots=True)
class Heard:
    """Looks, oldest first: `at` and `span` (seconds each stands for), shape (looks,); else shape (looks, mics), 1 for yes and 0 for no.
    `lead`: dB above the loudest rival; `own`: a sound of its own; `used`: `own` a moment ago; `heard`: perhaps a sound of its own;
    `known`: the feed records; `peak`: the loudest rival is not dying away."""

    at: NDArray[np.float64]
    span: NDArray[np.float64]
    level: Values
    lead: Values
    flat: Values
    own: Values
    used: Values
    heard: Values
    known: Values
    peak: Values


class Hearing:
    """Keeps the last minute. Memory: 8 figures for each microphone and look, two rounds of looks."""

    def __init__(self, mics: Sequence[str]) -> None:
        self.mics = tuple(mics)
        self.place = {mic: k for k, mic in enumerate(self.mics)}
        self.rivals = ~np.eye(len(self.mics), dtype=bool)
        count = len(self.mics)
        self.now = self._last = 0.0
        self.began = np.full(count, NEVER)  # when the present sound of its own began; of one that was clear lately
        self.last_clear = np.full(count, NEVER)
        self.last_own = np.full(count, NEVER)
        self._run = np.full(count, NEVER)  # when the present run of signs without a pause began
        self._start: int | None = None
        self._end = 0
        self._at, self._span = np.zeros(2 * ROWS), np.zeros(2 * ROWS)
        self._rows = np.zeros((2 * ROWS, len(_Field), count), np.float32)
        self._smooth = np.full(count, np.nan)
        self._least = np.full(count, np.inf)
        self._minima = np.full((MINIMA, count), np.inf)
        self._next_minimum, self._minimum = MINIMUM_EVERY, 0
        self._held = np.zeros(count)

    @property
    def noise(self) -> NDArray[np.float64]:
        """The level of each microphone's own noise, as far as it is known."""
        noise: NDArray[np.float64] = np.clip(np.minimum(self._minima.min(axis=0), self._least), QUIETEST, LOUDEST_NOISE)
        return noise

    def ns(self, at: float) -> int:
        """Seconds as show-clock ns."""
        return (self._start or 0) + round(at * SECOND)

    def seconds(self, t: int) -> float:
        """Show-clock ns as seconds."""
        return (t - (self._start or 0)) / SECOND

    def hear(self, now: int, feeds: Mapping[str, FeedHealth]) -> None:
        """One look, at show-clock ns."""
        if self._start is None:
            self._start = now
        self.now = self.seconds(now)
        span = min(max(self.now - self._last, 0.0), LONGEST_LOOK)
        self._last = self.now
        health = [feeds.get(mic, _ABSENT) for mic in self.mics]
        known = np.array([h.state == "recording" and h.rms is not None for h in health], dtype=bool)
        level = np.array([h.rms if h.rms is not None else -120.0 for h in health])
        level[~known] = -120.0
        flat = np.array([1.0 if h.flatness is None else h.flatness for h in health])
        self._learn_noise(level, known, span)
        self._keep(level, flat, known, span)

    def since(self, at: float) -> Heard:
        """The looks from an instant on, as far as they are kept."""
        first = max(0, self._end - ROWS)
        begin = first + int(np.searchsorted(self._at[first : self._end], at))
        rows = self._rows[begin : self._end]
        return Heard(self._at[begin : self._end], self._span[begin : self._end], *(rows[:, field] for field in _Field))

    def _learn_noise(self, level: NDArray[np.float64], known: NDArray[np.bool_], span: float) -> None:
        old = np.exp(-span / SMOOTHING)
        power = 10 ** (level / 10)
        self._smooth = np.where(np.isnan(self._smooth) | ~known, power, old * self._smooth + (1 - old) * power)
        smooth = 10 * np.log10(self._smooth + 1e-12)
        self._least = np.where(known, np.minimum(self._least, smooth), self._least)
        if self.now >= self._next_minimum:
            self._next_minimum = self.now + MINIMUM_EVERY
            self._minima[self._minimum % MINIMA] = self._least
            self._minimum += 1
            self._least = np.where(known, smooth, np.inf)

    def _keep(self, level: NDArray[np.float64], flat: NDArray[np.float64], known: NDArray[np.bool_], span: float) -> None:
        power = 10 ** (level / 10)
        self._held = np.maximum(power, self._held * 10 ** (-FALL * span / 10))
        share = power / (power + self.rivals @ self._held)
        others = np.where(self.rivals, power, 1e-12)
        loudest = others.max(axis=1, initial=1e-12)
        peak = (power >= 0.5 * self._held)[others.argmax(axis=1)]
        noise, tonal = self.noise, known & (flat < TONAL)
        own = tonal & (level > np.maximum(noise + CLEAR, SPOKEN)) & (share >= OWN_SHARE)
        heard = tonal & (level > noise + AUDIBLE) & (share >= SOME_SHARE)
        lead = level - 10 * np.log10(loudest)
        clear = own & (lead >= AHEAD)
        self._run = np.where(own & (self.now - self.last_own > PAUSE), self.now, self._run)
        onset = np.maximum(self._run, self.now - APART)
        self.began = np.where(clear & (self.now - self.last_clear > APART), onset, self.began)
        self.last_clear = np.where(clear, self.now, self.last_clear)
        self.last_own = np.where(own, self.now, self.last_own)
        used = self.now - self.last_own <= HANG
        self._write(span, (level, lead, flat, own, used, heard, known, peak))

    def _write(self, span: float, row: tuple[NDArray[np.float64] | NDArray[np.bool_], ...]) -> None:
        if self._end == 2 * ROWS:  # the second half becomes the first, so that what is kept lies together
            self._at[:ROWS], self._span[:ROWS], self._rows[:ROWS] = self._at[ROWS:], self._span[ROWS:], self._rows[ROWS:]
            self._end = ROWS
        self._at[self._end], self._span[self._end], self._rows[self._end] = self.now, span, row
        self._end += 1


_ABSENT = FeedHealth(state="absent")
