"""Sound of some microphones, mixed and encoded as far as it is recorded, and further when more is: an evening's steady work, so that
nobody waits for it when a segment ends. It is kept in memory: one second is 8 kB, and to make a minute anew takes about a second.

Where a microphone has nothing, or had a gap, it is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from liveshow.handoff.excerpts.growing import Growing
from liveshow.handoff.previews.mix import RATE, Floats, bent, between
from liveshow.showfolder.recordings import Part
from liveshow.showfolder.wavdata import wav_data
from liveshow.timebase import SECOND

FRAME = 1024
"""Samples in one packet of AAC."""
BITS = 64_000
_BLOCK = 8 * FRAME
_TARGET, _MOST_GAIN, _QUIET = -20.0, 20.0, -50.0  # dBFS (RMS), dB, dBFS below which nobody is heard
_STEP = 1.0  # dB by which the gain may move in a block


class Tape:
    """The sound of `feeds` from show-clock ns `begin` on. `reached`: show-clock ns up to which it is encoded."""

    def __init__(self, recordings: Growing, feeds: tuple[str, ...], begin: int) -> None:
        self.begin = begin
        self._recordings, self._feeds = recordings, feeds
        self._encoder = _encoder()
        self._packets: list[bytes] = []
        self._first: int | None = None
        self._given = 0
        self._level = Level()

    @property
    def reached(self) -> int:
        """What of it can be taken with :meth:`packets`; the encoder keeps back less than two packets."""
        return self.begin + max(0, self._given - 2 * FRAME) * SECOND // RATE

    def reach(self, until: int) -> None:
        """Encode a block. There is more to do while `reached` is before `until`. Raises OSError, MachineError when a recording cannot be
        read."""
        at = np.asarray(self.begin + np.arange(self._given, self._given + _BLOCK) * (SECOND / RATE), np.float64)
        mixed = np.sum([self._heard(feed, at, until) for feed in self._feeds] or [np.zeros(_BLOCK)], axis=0)
        block = bent(self._level.applied(mixed)).astype(np.float32)
        frame = AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._given, Fraction(1, RATE)
        self._given += _BLOCK
        for packet in self._encoder.encode(frame):
            self._first = int(packet.pts or 0) if self._first is None else self._first
            self._packets.append(bytes(packet))

    def packets(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Those within [start, end) on the show clock, each with its place in samples since `start`."""
        shift = round((start - self.begin) * RATE / SECOND)
        length = round((end - start) * RATE / SECOND)
        for k, packet in enumerate(self._packets):
            at = (self._first or 0) + k * FRAME - shift
            if 0 <= at < length:
                yield at, packet

    @property
    def description(self) -> bytes:
        """The AudioSpecificConfig (ISO/IEC 14496-3)."""
        return self._encoder.extradata or b""

    def _heard(self, feed: str, at: Floats, until: int) -> Floats:
        parts = self._recordings.look(feed, until).parts
        sounds = [_sound(part, at) for part in parts if part.start < at[-1] and part.end > at[0]]
        return np.sum(sounds, axis=0) if sounds else np.zeros(at.size)


class Level:
    """Brings what is heard to about the loudness that speech on a phone wants to have, by what was heard so far; slowly, so that nobody
    hears it move."""

    def __init__(self) -> None:
        self._energy, self._blocks, self._gain = 0.0, 0, 0.0

    def applied(self, block: Floats) -> Floats:
        """The block with its gain."""
        power = float(np.mean(block**2))
        if power > 10 ** (_QUIET / 10):
            self._energy += power
            self._blocks += 1
        before = self._gain
        if self._blocks:
            wanted = _TARGET - 10 * np.log10(self._energy / self._blocks)
            self._gain += float(np.clip(np.clip(wanted, -_MOST_GAIN, _MOST_GAIN) - before, -_STEP, _STEP))
        return np.asarray(block * 10 ** (np.linspace(before, self._gain, block.size) / 20))


def _sound(part: Part, at: Floats) -> Floats:
    """What a part sounds like at these instants (ns)."""
    where = np.linspace(part.to_position(int(at[0])), part.to_position(int(at[-1])), at.size)
    found = wav_data(part.file)

    def read(first: int, count: int) -> Floats:
        with part.file.open("rb") as file:
            file.seek(found.offset + first * found.frame)
            return _samples(file.read(count * found.frame), found.bits, found.channels)

    return between(where, min(part.length, found.frames), read)


def _samples(data: bytes, bits: int, channels: int) -> Floats:
    """PCM of 16, 24 or 32 bits as −1 to 1, the first channel of it."""
    size = bits // 8
    raw = np.frombuffer(data[: len(data) // (size * channels) * size * channels], np.uint8).reshape(-1, size)[::channels]
    wide: NDArray[np.uint8] = np.zeros((raw.shape[0], 4), np.uint8)
    wide[:, 4 - size :] = raw
    return np.asarray(wide.view("<i4")[:, 0] / 2**31, np.float64)


def _encoder() -> AudioCodecContext:
    encoder = av.CodecContext.create("aac", "w")
    set_up(encoder)
    encoder.flags |= 1 << 22  # global header
    encoder.open()
    return encoder


def set_up(encoder: AudioCodecContext) -> None:
    """How every tape is encoded."""
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = RATE, "mono", "fltp", BITS
    encoder.options = {"aac_coder": "fast"}
