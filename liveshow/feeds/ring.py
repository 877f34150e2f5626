"""Where a sound callback leaves its samples: room for some seconds, made beforehand, for one writer and one reader.

The writer runs in the audio driver's thread and must not wait: it copies into slots that are there already and then moves
one counter, which only it writes; the reader moves the other. Neither takes a lock; a store to an attribute is seen whole by
the other thread. A full ring takes no more, and the first samples it takes again are marked as coming after a loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
FULL_SCALE = np.float32(2**31)
LARGEST = np.float32(1 - 2**-23)  # the largest 24-bit sample


@dataclass(frozen=True, slots=True)
class Taken:
    """Consecutive samples, oldest first: `samples` of shape (frames, channels), int32; `at`: host's monotonic ns when the
    last of them was put; `after_loss`: samples were lost just before the first."""

    samples: NDArray[np.int32]
    at: int
    after_loss: bool


class Ring:
    """Slots of up to `slot_frames` frames of `channels` float samples. `put` in one thread, `take` in another."""

    def __init__(self, slots: int, slot_frames: int, channels: int) -> None:
        self._samples = np.zeros((slots, slot_frames, channels), np.float32)
        self._frames = np.zeros(slots, np.int64)
        self._at = np.zeros(slots, np.int64)
        self._after_loss = np.zeros(slots, np.bool_)
        self._slots, self._slot_frames = slots, slot_frames
        self._put = self._taken = 0
        self._losing = False

    @property
    def waiting(self) -> int:
        """Slots that are filled and not taken yet."""
        return self._put - self._taken

    def put(self, samples: Floats, at: int, after_loss: bool) -> None:
        """The writer's: keep a copy of samples (frames, channels) that were at hand at host's monotonic ns `at`.

        When there is no room the samples are lost, and the next that find room say so.
        """
        for begin in range(0, len(samples), self._slot_frames):
            self._fill(samples[begin : begin + self._slot_frames], at, after_loss and begin == 0)

    def take(self, slots: int) -> Taken | None:
        """The reader's: what the oldest slots hold, at most so many, up to the next loss; None when there is nothing."""
        first, end = self._taken, min(self._put, self._taken + slots)
        for number in range(first + 1, end):
            if self._after_loss[number % self._slots]:
                end = number
                break
        if end == first:
            return None
        numbers = [number % self._slots for number in range(first, end)]
        samples = np.concatenate([self._samples[n, : self._frames[n]] for n in numbers])
        taken = Taken(to_int32(samples), int(self._at[numbers[-1]]), bool(self._after_loss[numbers[0]]))
        self._taken = end
        return taken

    def _fill(self, samples: Floats, at: int, after_loss: bool) -> None:
        if self._put - self._taken == self._slots:
            self._losing = True
            return
        n = self._put % self._slots
        self._samples[n, : len(samples)] = samples
        self._frames[n], self._at[n] = len(samples), at
        self._after_loss[n] = after_loss or self._losing
        self._losing = False
        self._put += 1


def to_int32(floats: Floats) -> NDArray[np.int32]:
    """Samples between -1 and 1 as int32, full scale ±2³¹; what is beyond is cut to the nearest 24-bit sample, what is no
    number is silence. Exact, with the lower 8 bits zero, for what a 24-bit device delivers: 2³¹ only moves the exponent.
    `floats` is altered."""
    np.nan_to_num(floats, copy=False)
    np.clip(floats, -1, LARGEST, out=floats)
    floats *= FULL_SCALE
    return floats.astype(np.int32)
