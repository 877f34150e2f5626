"""Microphones mixed into one channel, each sample where the show clock has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from liveshow.handoff.own_sound import Heard
from liveshow.showfolder.contribution import ClipRecord, Contribution
from liveshow.timebase import SECOND

Floats = NDArray[np.float64]
RATE = 48_000
_TARGET, _MOST_GAIN = -18.0, 20.0  # LUFS; dB
_BLOCK = 4096
_KNEE = 0.7  # from here on the peaks are bent


def blocks(clips: Sequence[ClipRecord], data: Path, about: Contribution) -> Iterator[NDArray[np.float32]]:
    """From in to out, block by block, −1 to 1; about as loud as speech on a phone wants to be, where the loudness was measured.

    Raises soundfile.LibsndfileError when a clip cannot be read.
    """
    begin, end = about.segment.start.show_ns, about.segment.end.show_ns
    total = (end - begin) * RATE // SECOND
    gain = _gain(clips)
    with ExitStack() as stack:
        files = [(clip, stack.enter_context(soundfile.SoundFile(data / clip.file))) for clip in clips]
        for first in range(0, total, _BLOCK):
            at = np.asarray(begin + np.arange(first, min(total, first + _BLOCK)) * (SECOND / RATE), np.float64)
            mixed = np.sum([_piece(clip, file, at, begin, end) for clip, file in files], axis=0)
            yield bent(mixed * gain).astype(np.float32)


def of_camera(clips: Sequence[ClipRecord], data: Path, about: Contribution) -> Iterator[NDArray[np.float32]]:
    """What a camera heard, the same way. Raises av.FFmpegError when a clip cannot be read."""
    begin, end = about.segment.start.show_ns, about.segment.end.show_ns
    total = (end - begin) * RATE // SECOND
    heard, gain = Heard(clips, data, begin, end, RATE, "mono"), _gain(clips)
    for until in range(_BLOCK, total + _BLOCK, _BLOCK):
        if (frame := heard.read(min(until, total))) is not None:
            yield bent(frame.to_ndarray().reshape(-1) / 2**31 * gain).astype(np.float32)


def _gain(clips: Sequence[ClipRecord]) -> float:
    loud = max((c.sound.loudness for c in clips if c.sound and c.sound.loudness is not None), default=_TARGET)
    return float(10 ** (min(_MOST_GAIN, max(-_MOST_GAIN, _TARGET - loud)) / 20))


def _piece(clip: ClipRecord, file: soundfile.SoundFile, at: Floats, begin: int, end: int) -> Floats:
    """What a clip sounds like at these instants (ns); silence where it has nothing. Between samples it is a straight line."""
    start, stop = max(begin, clip.start.show_ns), min(end, clip.end.show_ns)
    where = clip.first + (at - start) * ((clip.last - clip.first) / max(1, stop - start))

    def read(first: int, count: int) -> Floats:
        file.seek(first)
        return np.asarray(file.read(count, dtype="float64"))

    return np.where((where >= clip.first) & (where < clip.last), between(where, clip.length, read), 0.0)


def between(where: Floats, length: int, read: Callable[[int, int], Floats]) -> Floats:
    """What sound of `length` samples is like at these ascending positions: between samples a straight line, outside of it silence.
    `read` gives so many samples from one on, or fewer."""
    first, last = max(0, int(where[0])), min(length, int(where[-1]) + 2)
    if first >= last:
        return np.zeros(where.size)
    samples = read(first, last - first)
    there = (where >= 0) & (where < length)
    return np.where(there, np.interp(where, np.arange(first, first + samples.size), samples), 0.0)


def bent(mixed: Floats) -> Floats:
    """Below the knee as it is, above it never past full scale."""
    over = np.maximum(0, np.abs(mixed) - _KNEE)
    return np.asarray(np.clip(mixed, -_KNEE, _KNEE) + np.sign(mixed) * (1 - _KNEE) * np.tanh(over / (1 - _KNEE)))
