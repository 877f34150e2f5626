"""Pictures made small enough for phones."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

WIDE, HIGH = 640, 360
_ALIKE = 0.01  # the part by which the shapes of two pictures may differ before there are black bars
_BLACK = (16, 128)  # luma, chroma (ITU-R BT.601)


def small_size(width: int, height: int) -> tuple[int, int]:
    """What a picture of this size is made: at most WIDE × HIGH and never larger, with even numbers of pixels."""
    share = min(1.0, WIDE / width, HIGH / height)
    wide, high = (max(2, round(n * share / 2) * 2) for n in (width, height))
    return wide, high


def shrunk(picture: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    """The picture as YUV 4:2:0 of that size; between black bars when its shape is another."""
    width, height = size
    if abs(picture.width * height / (picture.height * width) - 1) <= _ALIKE:
        return _scaled(picture, width, height)
    share = min(width / picture.width, height / picture.height)
    wide, high = (max(2, int(n * share / 2) * 2) for n in (picture.width, picture.height))
    canvas = black(size)
    left, top = (width - wide) // 4 * 2, (height - high) // 4 * 2
    for number, (to, plane) in enumerate(zip(_planes(canvas), _planes(_scaled(picture, wide, high)), strict=True)):
        x, y = (left, top) if number == 0 else (left // 2, top // 2)
        to[y : y + plane.shape[0], x : x + plane.shape[1]] = plane
    return canvas


def black(size: tuple[int, int]) -> VideoFrame:
    """A black picture."""
    picture = VideoFrame(*size, "yuv420p")
    for plane, value in zip(picture.planes, (_BLACK[0], _BLACK[1], _BLACK[1]), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return picture


def _scaled(picture: VideoFrame, width: int, height: int) -> VideoFrame:
    # in one thread: on a busy machine the next one has to be waited for longer than the work takes
    return picture.reformat(width=width, height=height, format="yuv420p", interpolation="AREA", threads=1)


def _planes(picture: VideoFrame) -> list[NDArray[np.uint8]]:
    """Views of its planes, as wide as the picture."""
    rows = [np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size) for plane in picture.planes]
    return [view[: plane.height, : plane.width] for view, plane in zip(rows, picture.planes, strict=True)]
