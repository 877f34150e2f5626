"""A sound signal that names its channel and frame in every few samples, so that no sample can go missing unseen.

A sample is a 24-bit word, never zero, and here always an int32 with the word in its upper 24 bits: as soundfile reads
24-bit files and as float32 x 2^31 gives. Frame n of a channel lies in epoch e = n div (P - 1) and holds

    word = stride(channel, e) * (1 + n mod (P - 1))  mod P,      P = 2^24 - 3, a prime,

read as two's complement. Multiplication modulo a prime is invertible, so no word comes twice within an epoch (349 s at
48 kHz); the difference of two neighbours is the stride, which names channel and epoch; and no word is 0, so that zeros
are nothing but silence. Strides lie in a narrow band and twice that band is elsewhere, so the one pair that straddles
two epochs is never mistaken: any 2 samples inside an epoch, any 3 anywhere, say where they are.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int32]

CHANNELS = 64
EPOCHS = 128
FRAMES = EPOCHS * (2**24 - 4)
"""Frames before the signal runs out: 12.4 hours at 48 kHz."""

_PRIME = 2**24 - 3
_EPOCH = _PRIME - 1
_FIRST_STRIDE = 5_000_011
_BLOCK = 1 << 20
_SHORTEST_RUN = 4
_ALTERED = np.int64(-(2**62))
_GAP = _ALTERED + 1


@dataclass(frozen=True)
class Fault:
    """One stretch that is not the next of the signal, at a position (in samples) of what was examined.

    lost: `length` frames are missing before `position` · repeated: the signal jumps back by `length` frames at
    `position` · altered: `length` samples from there belong to no place of the channel · gap: as many are silence.
    """

    position: int
    kind: Literal["lost", "repeated", "altered", "gap"]
    length: int


def expected(channel: int, first_frame: int, count: int) -> Samples:
    """The samples of a channel (0 to 63) from a frame on; ValueError outside `CHANNELS` and `FRAMES`."""
    if not (0 <= channel < CHANNELS and first_frame >= 0 and first_frame + count <= FRAMES):
        raise ValueError(f"no signal for channel {channel}, frames {first_frame} to {first_frame + count}")
    return _words(channel, np.arange(first_frame, first_frame + count, dtype=np.int64))


def as_float32(samples: Samples) -> npt.NDArray[np.float32]:
    """The samples as PortAudio's and JACK's floats, -1 to 1; exact, for a word has no more bits than the mantissa."""
    return (samples.astype(np.float64) * 2.0**-31).astype(np.float32)


def as_int32(floats: npt.NDArray[np.float32]) -> Samples:
    """Floats between -1 and 1 as int32: the way back from `as_float32`."""
    return (floats.astype(np.float64) * 2.0**31).astype(np.int32)


def block(channels: range, first_frame: int, count: int) -> npt.NDArray[np.float32]:
    """Several channels' samples at the same frames as floats, shape (channels, count)."""
    frames = np.arange(first_frame, first_frame + count, dtype=np.int64)
    return as_float32(np.stack([_words(channel, frames) for channel in channels]))


def locate(samples: Samples) -> tuple[int, int]:
    """The channel and the frame of the first sample; ValueError when all of them are not one unbroken stretch."""
    for at in range(min(2, samples.size - 1)):
        stride_number, frames = _pairs(samples[at : at + 2])
        if stride_number[0] >= 0:
            channel, first = int(stride_number[0]) // EPOCHS, int(frames[0]) - at
            if first >= 0 and _is_stretch(samples, channel, first):
                return channel, first
    raise ValueError(f"{samples.size} samples are not an unbroken stretch of one channel")


def faults(samples: Samples, channel: int) -> list[Fault]:
    """Every stretch of a recorded channel that is not the signal's next, in order; empty when it is whole.

    Silence is named as a gap and not as altered: whoever fills what was lost with zeros must have declared it, and
    only what stands at the wrong place after it is lost or repeated. Fewer than four good samples between two faults
    of different offset are called altered.
    """
    clean = _clean_head(samples, channel)
    if clean == samples.size:
        return []
    return [Fault(fault.position + clean, fault.kind, fault.length) for fault in _name(_offsets(samples[clean:], channel))]


def _words(channel: int, frames: npt.NDArray[np.int64]) -> Samples:
    epochs, places = np.divmod(frames, _EPOCH)
    word = (_FIRST_STRIDE + channel * EPOCHS + epochs) * (places + 1) % _PRIME
    samples: Samples = (word << 8).astype(np.uint32).view(np.int32)
    return samples


@cache
def _inverses() -> npt.NDArray[np.int64]:
    strides = range(_FIRST_STRIDE, _FIRST_STRIDE + CHANNELS * EPOCHS)
    return np.array([pow(stride, -1, _PRIME) for stride in strides], dtype=np.int64)


def _pairs(samples: Samples) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each sample and its successor: the number of their stride (-1: none), and the frame of the first."""
    unsigned = samples.view(np.uint32).astype(np.int64)
    words = unsigned >> 8
    number = (words[1:] - words[:-1]) % _PRIME - _FIRST_STRIDE
    sound = (unsigned & 0xFF == 0) & (words > 0) & (words < _PRIME)
    sound = sound[1:] & sound[:-1] & (number >= 0) & (number < CHANNELS * EPOCHS)
    number = np.where(sound, number, -1)
    frames = number % EPOCHS * _EPOCH + words[:-1] * _inverses()[number] % _PRIME - 1
    return number, frames


def _is_stretch(samples: Samples, channel: int, first: int) -> bool:
    fits = first + samples.size <= FRAMES
    return fits and bool(np.array_equal(samples, expected(channel, first, samples.size)))


def _clean_head(samples: Samples, channel: int) -> int:
    """How many samples from the start on are whole, in full blocks: the quick way through long clean recordings."""
    try:
        found, first = locate(samples[:_SHORTEST_RUN])
    except ValueError:
        return 0
    for at in range(0, samples.size, _BLOCK):
        if found != channel or not _is_stretch(samples[at : at + _BLOCK], channel, first + at):
            # what follows is judged by its offset from a stretch known to be good
            return max(0, at - _SHORTEST_RUN)
    return samples.size


def _offsets(samples: Samples, channel: int) -> npt.NDArray[np.int64]:
    """For each sample the frame it holds less its position, or that it is altered, or in a gap."""
    offsets = np.full(samples.size, _ALTERED)
    if samples.size > 1:
        number, frames = _pairs(samples)
        number_is_ours = number // EPOCHS == channel
        _own_runs(offsets, np.where(number_is_ours, frames - np.arange(frames.size), _ALTERED))
        _extend(offsets, samples, channel)
    offsets[samples == 0] = _GAP
    return offsets


def _own_runs(offsets: npt.NDArray[np.int64], of_pairs: npt.NDArray[np.int64]) -> None:
    for begin, end in _stretches(of_pairs):
        if of_pairs[begin] != _ALTERED and end + 1 - begin >= min(_SHORTEST_RUN, offsets.size):
            offsets[begin : end + 1] = of_pairs[begin]


def _extend(offsets: npt.NDArray[np.int64], samples: Samples, channel: int) -> None:
    """Give single good samples between altered ones, which make no pair, to the run before or else after them."""
    for view, these in ((offsets, slice(None)), (offsets[::-1], slice(None, None, -1))):
        positions = np.arange(samples.size)[these]
        known = np.maximum.accumulate(np.where(view != _ALTERED, np.arange(view.size), -1))
        neighbour = np.where(known >= 0, view[known], _ALTERED)
        frames = positions + neighbour
        usable = (view == _ALTERED) & (neighbour != _ALTERED) & (frames >= 0) & (frames < FRAMES)
        good = np.flatnonzero(usable)
        good = good[samples[these][good] == _words(channel, frames[good])]
        view[good] = neighbour[good]


def _stretches(values: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Begin and end of each stretch of equal values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    return list(pairwise([0, *edges.tolist(), values.size]))


def _name(offsets: npt.NDArray[np.int64]) -> list[Fault]:
    named: list[Fault] = []
    known: int | None = None
    for begin, end in _stretches(offsets):
        offset = int(offsets[begin])
        if offset == _GAP:
            named.append(Fault(begin, "gap", end - begin))
        elif offset == _ALTERED:
            named.append(Fault(begin, "altered", end - begin))
        else:
            if known is not None and offset != known:
                named.append(Fault(begin, "lost" if offset > known else "repeated", abs(offset - known)))
            known = offset
    return named
