"""Linear timecode on one channel of sound: decoder and encoder, without I/O.

80 bits a frame, biphase mark: the signal changes at the beginning of every bit, and once more in the middle of a one. The code word
of a frame spans that frame: its first change is where the frame begins. Which bit means what, and the 16 that every word ends
with, are SMPTE ST 12-1, "Linear time code word". Neither polarity nor level carry anything.

A position is in samples, fractional: sample n is the signal at position n.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from liveshow.timebase.timecode import nominal, timecode

BITS = 80
QUIET = 0.003  # of full scale, -50 dBFS: what swings less is no timecode
HYSTERESIS = 0.25  # of the swing: how far beyond the middle the signal must go to have changed sides
CHUNKS_A_SECOND = 50  # for each of which level and middle are taken anew
SLOWEST, FASTEST = 24 * 0.85, 30 * 1.15  # frames a second that are taken for timecode
ADAPT = 0.1  # how much one bit corrects the bit clock
_SYNC = 0b1011111111111100  # as it lies in a word whose first bit is the lowest
_DROP = 1 << 10
_FIELDS = ((48, 4, 56, 2, 24), (32, 4, 40, 3, 60), (16, 4, 24, 3, 60), (0, 4, 8, 2, 30))  # hours, minutes, seconds, frames
_PLACES = np.arange(BITS + 1) - BITS / 2
_SQUARES = float((_PLACES**2).sum())

Floats = NDArray[np.float32]
_Positions = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LtcFrame:
    """A whole frame: its timecode ("10:00:00:00", ";" before the frame when the drop-frame flag is set), the position at which it
    began, and how many samples it lasted."""

    timecode: str
    begin: float
    length: float


class LtcDecoder:
    """Takes the samples of one channel in blocks of any size; what it finds does not depend on where they end.

    It is right from -40 dBFS up, at 10 % more or less than the speed of 24 to 30 frames a second, and forwards only.
    """

    def __init__(self, sample_rate: int) -> None:
        self._chunk = max(1, sample_rate // CHUNKS_A_SECOND)
        self._words = _Words(sample_rate)
        self._rest = np.zeros(0, np.float32)
        self._at = 0  # position of the first sample of the rest
        self._side = 0
        self._last = 0.0  # the last sample, from the middle
        self._crossed = {1: -np.inf, -1: -np.inf}  # where the middle was last crossed upwards, and downwards

    def feed(self, samples: Floats) -> list[LtcFrame]:
        """The frames that ended, as far as it is known yet, in these samples (full scale ±1) that follow the last ones."""
        waiting = np.concatenate((self._rest, samples))
        taken = len(waiting) - len(waiting) % self._chunk
        self._rest = waiting[taken:]
        if not taken:
            return []
        crossings = self._crossings(waiting[:taken].reshape(-1, self._chunk))
        self._at += taken
        return [frame for crossing in crossings.tolist() if (frame := self._words.take(crossing)) is not None]

    def skip(self, count: int) -> None:
        """So many samples are missing here."""
        self._at += len(self._rest) + count
        self._rest = self._rest[:0]
        self._side, self._last = 0, 0.0
        self._words.lose()

    def _crossings(self, chunks: Floats) -> _Positions:
        """Where the signal went over to the other side for good: where it last crossed the middle before it was well beyond."""
        top, bottom = chunks.max(axis=1, keepdims=True), chunks.min(axis=1, keepdims=True)
        swing = (top - bottom) / 2
        from_middle = np.concatenate(([self._last], (chunks - (top + bottom) / 2).ravel()))
        well = np.repeat(np.where(swing < QUIET, np.inf, HYSTERESIS * swing), chunks.shape[1])
        sides = np.concatenate(([self._side], np.where(from_middle[1:] > well, 1, np.where(from_middle[1:] < -well, -1, 0))))
        sides = sides[np.maximum.accumulate(np.where(sides != 0, np.arange(sides.size), 0))]
        changed = np.flatnonzero((sides[1:] != sides[:-1]) & (sides[:-1] != 0)) + 1
        found = np.zeros(changed.size)
        for side in (1, -1):
            middles = self._middles(from_middle * side, side)
            mine = sides[changed] == side
            found[mine] = middles[np.searchsorted(middles, self._at + changed[mine] - 1, side="right") - 1]
        self._side, self._last = int(sides[-1]), float(from_middle[-1])
        return found

    def _middles(self, rising: _Positions, side: int) -> _Positions:
        """Positions at which the middle is crossed towards a side, after the last one before these samples."""
        after = np.flatnonzero((rising[:-1] < 0) & (rising[1:] >= 0)) + 1
        exact = self._at + after - 1 - rising[after] / (rising[after] - rising[after - 1])
        middles = np.concatenate(([self._crossed[side]], exact))
        self._crossed[side] = float(middles[-1])
        return middles


class _Words:
    """From changes of the signal to bits, by a bit clock that follows them, and from bits to frames."""

    def __init__(self, sample_rate: int) -> None:
        self._shortest, self._longest = sample_rate / (BITS * FASTEST), sample_rate / (BITS * SLOWEST)
        self._bit = (self._shortest * self._longest) ** 0.5
        self._last = -np.inf
        self._half = 0.0  # length of the first half of a one, 0: none is begun
        self._word = 0
        self._edges: deque[float] = deque(maxlen=BITS + 1)

    def lose(self) -> None:
        """What came so far does not go on."""
        self._last = -np.inf
        self._begin_anew(self._last)

    def take(self, change: float) -> LtcFrame | None:
        """The signal changed at a position. The frame that this ends, if it does."""
        length, self._last = change - self._last, change
        if not 0.25 * self._bit < length < 1.6 * self._bit:
            self._begin_anew(change)
            return None
        if length > 0.75 * self._bit:
            if self._half:
                self._begin_anew(change - length)  # the halves before were taken for ones half a bit early
            return self._add(0, length, change)
        if not self._half:
            self._half = length
            return None
        return self._add(1, length + self._half, change)

    def _begin_anew(self, edge: float) -> None:
        self._half = 0.0
        self._edges.clear()
        self._edges.append(edge)

    def _add(self, bit: int, length: float, end: float) -> LtcFrame | None:
        self._half = 0.0
        self._bit = min(max(self._bit + ADAPT * (length - self._bit), self._shortest), self._longest)
        self._word = self._word >> 1 | bit << (BITS - 1)
        self._edges.append(end)
        if self._word >> (BITS - 16) != _SYNC or len(self._edges) <= BITS:
            return None
        return self._frame()

    def _frame(self) -> LtcFrame | None:
        """The frame of a whole word, unless it says what no clock does. Its 81 edges lie on a line: where that begins is known better
        than where one edge is, which noise and a slow rise move."""
        text = _timecode_of(self._word)
        if text is None:
            return None
        edges = np.array(self._edges)
        bit = float(_PLACES @ edges) / _SQUARES
        return LtcFrame(text, float(edges.mean()) - bit * BITS / 2, bit * BITS)


def _timecode_of(word: int) -> str | None:
    numbers = []
    for units, width, tens, more, limit in _FIELDS:
        unit = word >> units & (1 << width) - 1
        number = unit + 10 * (word >> tens & (1 << more) - 1)
        if unit > 9 or number >= limit:
            return None
        numbers.append(number)
    hours, minutes, seconds, frames = numbers
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if word & _DROP else ':'}{frames:02}"


def encode_ltc(
    samples: range,
    first: int,
    frame: Fraction | float,
    rate: Fraction,
    *,
    drop: bool = False,
    level: float = 0.5,
    rise: float = 2.0,
) -> Floats:
    """The signal at positions [samples.start, samples.stop): frame number `first` begins at position 0, a frame lasts `frame` samples
    and counts at `rate`; it swings ±`level` and takes `rise` samples to change sides."""
    begin, end = samples.start, samples.stop
    words = range(int((begin - rise) // frame) - 1, int((end + rise) // frame) + 2)
    changes = np.array([c for k in words for c in _changes(k * float(frame), float(frame), word_of(first + k, rate, drop))])
    sides = np.where(np.arange(changes.size) % 2, -1.0, 1.0)  # an even number of them in every word: each begins going up
    half = min(rise / 2, float(frame) / BITS / 5)
    places = np.column_stack((changes - half, changes + half)).ravel()
    levels = np.column_stack((-sides, sides)).ravel() * level
    return np.interp(np.arange(begin, end), places, levels).astype(np.float32)


def word_of(frame: int, rate: Fraction, drop: bool) -> int:
    """The 80 bits of a frame number, the first the lowest. User bits are zero; the bit for polarity makes the ones even."""
    text = timecode(frame, rate, drop)
    word = _SYNC << (BITS - 16) | (_DROP if drop else 0)
    for (units, _, tens, _, _), number in zip(_FIELDS, (int(text[at : at + 2]) for at in (0, 3, 6, 9)), strict=True):
        word |= number % 10 << units | number // 10 << tens
    return word | (word.bit_count() % 2) << (59 if nominal(rate) == 25 else 27)


def _changes(begin: float, length: float, word: int) -> Iterator[float]:
    bit = length / BITS
    for place in range(BITS):
        yield begin + place * bit
        if word >> place & 1:
            yield begin + (place + 0.5) * bit
