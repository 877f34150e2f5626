"""Looks at a microphone: its last seconds, read by libsndfile."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from liveshow.events import Look
from liveshow.recorder.levels import decibels
from liveshow.recorder.proving.holes import AROUND, holes
from liveshow.recorder.proving.hum import hum_share
from liveshow.recorder.proving.looking import Growing, Looking, Rows
from liveshow.recorder.spectrum import WINDOW, band, flatness
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing_tail import TimingTail
from liveshow.timebase import SECOND

SPAN = 4.0  # seconds that are read: lines of hum cannot be told in less
LATELY = 30  # seconds in which holes are counted
WINDOWS = 16  # of the spectrum
SURELY = 2  # looks in a row at which there is no hum
HIDES = 20.0  # dB by which a sound must exceed hum to hide it
Sound = NDArray[np.float32]


class SoundLooking(Looking):
    """One microphone's."""

    def __init__(self, folder: ShowFolder, feed: str, speed: int) -> None:
        super().__init__(folder, feed, speed)
        self._hum: float | None = None
        self._without = 0  # looks in a row
        self._holes: deque[int] = deque()
        self._heard = 0
        self._anchor = (0, 0)

    def _begin(self, file: Path, same: bool) -> None:  # noqa: ARG002 -- read anew at every look
        if not same:
            self._holes.clear()
            self._heard, self._anchor = 0, (0, 0)

    def _read(self, part: Growing, rows: Rows, now: int) -> Look:
        if rows or not self._anchor[1]:
            position, seen = rows[-1] if rows else (0, part.header.start)
            self._anchor = position, seen
        first, sound, sample_rate = _end_of(part.file)
        end = first + len(sound)
        until = self._anchor[1] + (end - self._anchor[0]) * SECOND // sample_rate
        level = decibels(float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))))
        return Look(
            at=now,
            since=until - len(sound) * SECOND // sample_rate,
            until=until,
            level=level,
            peak=decibels(float(np.abs(sound).max())),
            spread=_spread(sound, sample_rate),
            flatness=_flatness(sound, sample_rate),
            hum=self._hum_in(sound, sample_rate, level),
            dropouts=self._dropouts(sound, first, sample_rate, part.timing),
        )

    def _hum_in(self, sound: Sound, sample_rate: int, level: float) -> float | None:
        """Its level as last heard: what is loud hides it, and proves nothing; nor does one look, in which a voice may have covered it."""
        share = hum_share(sound, sample_rate)
        if share:
            self._hum, self._without = round(level + 10 * float(np.log10(share)), 1), 0
        elif share is not None and self._hum is not None and level < self._hum + HIDES:
            self._without += 1
            self._hum = None if self._without >= SURELY else self._hum
        return self._hum

    def _dropouts(self, sound: Sound, first: int, sample_rate: int, timing: TimingTail) -> int:
        """Those that end after what was heard at the last look are new. A gap that is told of is none: it stands in the journal."""
        told = [(gap.position, gap.position + gap.frames) for gap in timing.gaps]
        for begin, end in holes(sound, sample_rate):
            known = any(begin + first < until and since < end + first for since, until in told)
            if end + first > self._heard and not known:
                self._holes.append(end + first)
        self._heard = first + len(sound) - round(AROUND * sample_rate)
        while self._holes and self._holes[0] < self._heard - LATELY * sample_rate:
            self._holes.popleft()
        return len(self._holes)


def _end_of(file: Path) -> tuple[int, Sound, int]:
    """The last seconds of a WAV: the position of the first sample, samples of full scale 1.0, and the sample rate. Raises ValueError."""
    with soundfile.SoundFile(file) as sound:
        wanted = min(sound.frames, round(SPAN * sound.samplerate))
        first = sound.frames - wanted
        sound.seek(first)
        samples = sound.read(wanted, dtype="float32")
        if not wanted or len(samples) != wanted:
            raise ValueError("its last samples are missing" if wanted else "no samples")
        return first, samples, sound.samplerate


def _spread(sound: Sound, sample_rate: int) -> float | None:
    tenth = sample_rate // 10
    blocks = sound[: len(sound) // tenth * tenth].reshape(-1, tenth)
    if len(blocks) < 10:
        return None
    powers = np.mean(np.square(blocks, dtype=np.float64), axis=1)
    return round(float(np.std(10 * np.log10(powers + 1e-12))), 2)


def _flatness(sound: Sound, sample_rate: int) -> float | None:
    count = len(sound) // WINDOW
    if not count:
        return None
    windows = sound[: count * WINDOW].reshape(count, WINDOW)[:: max(1, count // WINDOWS)]
    hann = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    return round(float(flatness(windows * hann, band(sample_rate)).mean()), 3)
