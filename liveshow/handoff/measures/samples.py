"""The samples of a sound file, −1 to 1, block after block.

PCM of 24 bits in a WAV or RF64, which is what a microphone's clip is, is taken apart here in a fraction of the time that libsndfile needs;
everything else is libsndfile's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from liveshow.errors import MachineError
from liveshow.showfolder.wavdata import WavData, wav_data

Blocks = Iterator[NDArray[np.float32]]
"""Samples × channels."""
_WIDE = 3  # bytes of 24 bits


@dataclass(frozen=True, slots=True)
class SoundFile:
    """An existing file of sound; `packed`: where its samples of 24 bits lie, when they are such."""

    path: Path
    rate: int
    channels: int
    packed: WavData | None = None

    def blocks(self, first: int, last: int, size: int) -> Blocks:
        """Samples [first, last), or up to the end, so many at once. Raises soundfile.LibsndfileError or OSError."""
        if self.packed is not None:
            return _unpacked(self.path, self.packed, first, last, size)
        return _decoded(self.path, first, last, size)


def sound_file(path: Path) -> SoundFile:
    """Look what is in a file. Raises soundfile.LibsndfileError when it cannot be read."""
    try:
        found = wav_data(path)
    except MachineError:  # no PCM WAV
        found = None
    if found is not None and found.frame == _WIDE * found.channels:
        return SoundFile(path, found.sample_rate, found.channels, found)
    about = soundfile.info(path)
    return SoundFile(path, int(about.samplerate), int(about.channels))


def _unpacked(path: Path, found: WavData, first: int, last: int, size: int) -> Blocks:
    """A byte before each three makes them the upper ones of a number of 32 bits, and is then cleared."""
    left = min(last, min(found.declared, found.there) // found.frame) - first
    if left < min(0, last - first):
        raise OSError(f"{path.name} ends before sample {first}")
    packed = bytearray(1 + size * found.frame)
    numbers = np.ndarray(size * found.channels, "<i4", packed, strides=(_WIDE,))
    with path.open("rb") as file:
        file.seek(found.offset + first * found.frame)
        while left > 0 and (came := file.readinto(memoryview(packed)[1 : 1 + min(size, left) * found.frame]) // found.frame):
            block = np.bitwise_and(numbers[: came * found.channels], -256).astype(np.float32)
            block *= np.float32(2**-31)
            yield block.reshape(-1, found.channels)
            left -= came


def _decoded(path: Path, first: int, last: int, size: int) -> Blocks:
    with soundfile.SoundFile(path) as file:
        file.seek(first)
        left = last - first
        while left > 0 and (block := file.read(min(size, left), dtype="float32", always_2d=True)).size:
            yield block
            left -= len(block)
