"""Cameras of Linux that deliver H.264: through FFmpeg's V4L2 input.

OpenCV opens a camera in a format of its own first, H.264 not among them, and so refuses a camera that has nothing else.

Source: FFmpeg's documentation of the video4linux2 input device.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from liveshow.errors import FeedError
from liveshow.feeds.grabbing import Picture, capture_time
from liveshow.feeds.opencv import CLOSE_OTHERS, Wishes
from liveshow.timebase import SECOND


class H264Source:
    """An open camera; see :class:`liveshow.feeds.grabbing.Source`. A picture is the bytes of one buffer of the driver."""

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self._packets: Iterator[Packet[VideoStream]] = container.demux(video=0)

    def take(self) -> Picture | None:
        """The next picture, however long it takes. Raises OSError when the camera is gone."""
        try:
            packet = next(self._packets)
        except (av.FFmpegError, StopIteration) as exc:
            raise OSError(str(exc) or "its pictures have ended") from exc
        if packet.size == 0:
            return None
        arrival = time.monotonic_ns()
        stamp = 0 if packet.pts is None or packet.time_base is None else int(packet.pts * packet.time_base * SECOND)
        return Picture(np.frombuffer(bytes(packet), np.uint8)[None, :], arrival, capture_time(stamp, arrival))

    def release(self) -> None:
        """Let go of the camera."""
        # The last packet is a buffer of the driver: freed after its container, it takes the process along (FFmpeg 8.1).
        self._packets = iter(())
        self._container.close()


def open_h264(path: str, wishes: Wishes, where: str) -> tuple[H264Source, Fraction]:
    """An open camera and the rate it announces. Raises FeedError when it delivers no H.264, or does not open.

    FFmpeg refuses a size that the camera lacks, so a second try leaves it to the camera.
    """
    size = {"video_size": f"{wishes.width}x{wishes.height}", "framerate": f"{wishes.fps:g}"}
    try:
        container = _open(path, size)
    except av.FFmpegError:
        try:
            container = _open(path, {})
        except av.FFmpegError as exc:
            raise FeedError(f"{path} does not open as H.264 ({exc})", where=where, todo=CLOSE_OTHERS) from exc
    return H264Source(container), container.streams.video[0].average_rate or Fraction(30)


def _open(path: str, size: dict[str, str]) -> InputContainer:
    # A buffer of the driver is one whole picture: parsing it would only hold it back until the next one.
    quickly = {"fflags": "noparse+nofillin", "analyzeduration": "0", "probesize": "32"}
    return av.open(path, "r", format="v4l2", options={"input_format": "h264", **quickly, **size})
