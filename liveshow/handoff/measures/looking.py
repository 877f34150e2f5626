"""Key pictures of a clip, one at a time: decoded alone, by a decoder of one thread, without the pictures between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from liveshow.feeds.grey import grey_values, sharpness

_WIDE = 640  # of the small picture that is kept
_BLACK_BELOW, _BLACK_SHARE = 0.1, 0.98  # as in FFmpeg's blackdetect
_SAME_WITHIN = 0.5  # mean difference of grey values, 0 to 255: a camera's noise is more, a still encoded anew is less


@dataclass(frozen=True)
class Look:
    """A picture that was looked at: its pts; `thin`: every other grey value of every other row; `dark`: below it is a tenth of white;
    `small`: itself, 640 wide at most."""

    pts: int
    sharpness: float
    thin: NDArray[np.uint8]
    dark: float
    small: VideoFrame

    @cached_property
    def black(self) -> bool:
        """Whether 98 % of it is darker than a tenth of white."""
        return float(np.mean(self.thin < self.dark)) >= _BLACK_SHARE

    def same_as(self, other: Look) -> bool:
        """Whether nothing moved from one to the other, not even noise."""
        if self.thin.shape != other.thin.shape:
            return False
        return float(np.abs(self.thin.astype(np.int16) - other.thin).mean()) < _SAME_WITHIN


class KeyPictures:
    """An open clip. `unit`: seconds of one pts."""

    def __init__(self, container: InputContainer) -> None:
        self._container, self._stream = container, container.streams.video[0]
        self._seen: dict[int, Look | None] = {}
        base = self._stream.time_base
        assert base is not None, "FFmpeg gives every stream a time base"
        self.unit = base

    def at(self, pts: int) -> Look | None:
        """The key picture at or before `pts`; None when there is none that can be decoded."""
        self._container.seek(pts, stream=self._stream, backward=True)
        for packet in self._container.demux(self._stream):
            if packet.is_keyframe and packet.pts is not None:
                if packet.pts not in self._seen:
                    self._seen[packet.pts] = self._decoded(packet.pts, bytes(packet))
                return self._seen[packet.pts]
        return None

    def _decoded(self, pts: int, data: bytes) -> Look | None:
        context = av.CodecContext.create(self._stream.codec_context.name, "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        if self._stream.codec_context.extradata:
            context.extradata = self._stream.codec_context.extradata
        try:
            picture = next(iter(context.decode(Packet(data)) + context.decode(None)), None)
        except av.FFmpegError:
            return None
        return None if picture is None else _look(pts, picture)


@contextmanager
def key_pictures(path: Path) -> Iterator[KeyPictures]:
    """Open a clip. Raises av.FFmpegError when it cannot be."""
    with av.open(str(path)) as container:
        yield KeyPictures(container)


def _look(pts: int, picture: VideoFrame) -> Look:
    grey, (black, white) = grey_values(picture)
    wide = min(_WIDE, picture.width)
    high = max(2, round(wide * picture.height / picture.width / 2) * 2)
    small = picture.reformat(width=wide // 2 * 2, height=high, format="yuvj420p", interpolation="AREA", threads=1)
    return Look(pts, sharpness(grey), np.ascontiguousarray(grey[::2, ::2]), black + _BLACK_BELOW * (white - black), small)
