"""What a camera heard, from in to out of a contribution: decoded from its clips, each sample at its time, silence where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from liveshow.handoff.timelines.of_contribution import heard
from liveshow.showfolder.contribution import ClipRecord
from liveshow.timebase import SECOND

Block = NDArray[np.int32]
"""Samples by rows, channels by columns."""
_FORM = "s32"
_BLOCK = 1 << 16  # samples of silence at a time
_JITTER = 0.001  # seconds by which what follows may seem to come early or late


class Heard:
    """The sound of a camera's clips (ascending, below `data`; one of them has any), read from show clock `start` on, and silence after
    `end`: at a `rate` and in a `layout`, else in those of the first. What differs is resampled."""

    def __init__(
        self, clips: Sequence[ClipRecord], data: Path, start: int, end: int, rate: int | None = None, layout: str | None = None
    ) -> None:
        self._clips, self._data, self._start, self._end = clips, data, start, end
        first = next(clip for clip in clips if clip.own_sound is not None)
        with av.open(str(data / first.file)) as container:
            stream = container.streams.audio[0]
            self.rate, self.layout = rate or stream.rate, layout or stream.layout.name
        self.channels = AudioLayout(self.layout).nb_channels
        self._blocks = self._from_in()
        self._rest = self._silence(0)
        self._read = 0

    def read(self, until: int) -> AudioFrame | None:
        """The samples up to the one that is `until` samples after the start; None when there is none between. Raises av.FFmpegError."""
        count = until - self._read
        if count <= 0:
            return None
        taken = [self._rest]
        while sum(len(block) for block in taken) < count:
            taken.append(next(self._blocks, self._silence(count)))
        together = np.concatenate(taken)
        self._rest = together[count:]
        frame = AudioFrame.from_ndarray(together[:count].reshape(1, -1), format=_FORM, layout=self.layout)
        frame.sample_rate, frame.pts = self.rate, self._read
        self._read = until
        return frame

    def _silence(self, count: int) -> Block:
        return np.zeros((count, self.channels), np.int32)

    def _from_in(self) -> Iterator[Block]:
        written = 0
        for clip in self._clips:
            if clip.own_sound is None:
                continue
            own = heard(clip, clip.own_sound, self._start, self._end)
            place, scale = round(own.start * self.rate / SECOND), self.rate / own.rate
            while written < place:
                yield self._silence(min(_BLOCK, place - written))
                written += min(_BLOCK, place - written)
            span = round(own.first * scale) + written - place, round(own.last * scale)
            for block in decoded(self._data / clip.file, *span, self.rate, self.layout):
                yield block
                written += len(block)


def decoded(path: Path, first: int, last: int, rate: int, layout: str) -> Iterator[Block]:
    """Samples [first, last) of the sound in a file of pictures, silence where it has none. Raises av.FFmpegError, IndexError."""
    at = first
    for begin, block in _placed(path, rate, layout):
        if abs(begin - at) <= rate * _JITTER:
            begin = at
        if begin > at:
            yield np.zeros((min(begin, last) - at, block.shape[1]), np.int32)
            at = min(begin, last)
        wanted = block[max(0, at - begin) : max(0, last - begin)]
        yield wanted
        at += len(wanted)
        if at >= last:
            return


def _placed(path: Path, rate: int, layout: str) -> Iterator[tuple[int, Block]]:
    """What a file holds, and at which sample since its beginning."""
    resampler = AudioResampler(_FORM, layout, rate)
    channels = AudioLayout(layout).nb_channels

    def placed(frame: AudioFrame) -> tuple[int, Block]:
        samples = cast(Block, frame.to_ndarray()).reshape(-1, channels)
        return round((frame.pts or 0) * (frame.time_base or 0) * rate), samples

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        base = stream.time_base
        for frame in container.decode(stream):
            frame.pts, frame.time_base = frame.pts or 0, frame.time_base or base
            yield from map(placed, resampler.resample(frame))
        yield from map(placed, resampler.resample(None))


def in_blocks(blocks: Iterable[Block], size: int) -> Iterator[NDArray[np.float32]]:
    """The same samples, −1 to 1, in blocks of `size`, the last as long as it is."""
    rest: list[NDArray[np.float32]] = []
    for block in blocks:
        rest.append(block.astype(np.float32) / np.float32(2**31))
        while sum(map(len, rest)) >= size:
            together = np.concatenate(rest)
            yield together[:size]
            rest = [together[size:]]
    if rest and len(left := np.concatenate(rest)):
        yield left
