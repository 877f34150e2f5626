"""What a camera heard, from in to out of a contribution: decoded from its clips, each sample at its time, silence where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from liveshow.handoff.timelines.of_contribution import heard
from liveshow.showfolder.contribution import ClipRecord
from liveshow.timebase import SECOND

Block = NDArray[np.int32]
"""Samples by rows, channels by columns."""
_FORM = "s32"
_BLOCK = 1 << 16  # samples of silence at a time


class Heard:
    """The sound of a camera's clips (ascending, below `data`), read from show clock `start` on, and silence after `end`. `rate` and
    `layout` are those of the first that has any: what differs is resampled to it."""

    def __init__(self, clips: Sequence[ClipRecord], data: Path, start: int, end: int) -> None:
        self._clips, self._data, self._start, self._end = clips, data, start, end
        first = next(clip for clip in clips if clip.own_sound is not None)
        with av.open(str(data / first.file)) as container:
            stream = container.streams.audio[0]
            self.rate, self.layout, self.channels = stream.rate, stream.layout.name, stream.channels
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
            for block in self._decoded(clip, round(own.first * scale) + written - place, round(own.last * scale)):
                yield block
                written += len(block)

    def _decoded(self, clip: ClipRecord, first: int, last: int) -> Iterator[Block]:
        """Samples [first, last) of a clip, silence where the file has none."""
        at = first
        for begin, block in self._placed(clip):
            if begin > at:
                yield self._silence(min(begin, last) - at)
                at = min(begin, last)
            wanted = block[max(0, at - begin) : max(0, last - begin)]
            yield wanted
            at += len(wanted)
            if at >= last:
                return

    def _placed(self, clip: ClipRecord) -> Iterator[tuple[int, Block]]:
        """What a file holds, and at which sample since its beginning."""
        resampler = AudioResampler(_FORM, self.layout, self.rate)
        with av.open(str(self._data / clip.file)) as container:
            stream = container.streams.audio[0]
            base = stream.time_base
            for frame in container.decode(stream):
                begin = round((frame.pts or 0) * base * self.rate) if base else 0
                for made in resampler.resample(frame):
                    samples = cast(Block, made.to_ndarray()).reshape(-1, self.channels)
                    yield begin, samples
                    begin += len(samples)
