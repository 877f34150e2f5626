"""Demuxing in a thread of its own: every packet is stamped when it comes, and a read that FFmpeg blocks in holds nobody up."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from liveshow.feeds.base import CameraPacket
from liveshow.timebase import ShowClock

MOST_WAITING = 64 << 20  # bytes; beyond them the camera has to wait, as TCP makes it


class Demuxing(threading.Thread):
    """Takes packets from a container as they come, until it ends, fails or is told to; then closes it.

    streams: those to take, in the order of the feed's formats, the picture's first; said: words for an error of FFmpeg's.
    """

    def __init__(
        self, container: InputContainer, streams: Sequence[Stream], clock: ShowClock, said: Callable[[FFmpegError], str]
    ) -> None:
        super().__init__(name="demuxing", daemon=True)
        self._container, self._streams, self._clock, self._said = container, streams, clock, said
        self._changed = threading.Condition()
        self._waiting: deque[CameraPacket] = deque()
        self._bytes = 0
        self._seen = time.monotonic()  # when the newest picture came
        self._ending = False
        self._why = ""

    def next(self, seconds: float) -> CameraPacket | str | None:
        """The next packet, waiting at most so long; why there will be none any more; None when nothing came yet."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._why, seconds)
            if not self._waiting:
                return self._why or None
            got = self._waiting.popleft()
            self._bytes -= got.packet.size
            self._changed.notify()
            return got

    def stalled(self, limit: float, grace: float) -> bool:
        """Whether the newest picture came more than `limit` seconds ago and nothing waits to be taken; what waits is a recording, however
        long whoever takes it was held up. A picture that comes within `grace` counts: this process may have stood still itself, and what
        came meanwhile is yet to be read."""

        def goes_on() -> bool:
            return bool(self._why) or time.monotonic() - self._seen <= limit

        with self._changed:
            return not self._waiting and not self._changed.wait_for(goes_on, grace)

    def end(self, seconds: float) -> None:
        """Stop, and wait at most so long for the connection to be closed. A read that is blocked ends by its own time limit
        and closes it then: FFmpeg's connections cannot be closed under a read."""
        with self._changed:
            self._ending = True
            self._waiting.clear()
            self._changed.notify()
        self.join(seconds)

    def run(self) -> None:
        """What the thread does."""
        reason = "reading it failed"
        try:
            self._take()
            reason = "the connection ended"
        except FFmpegError as exc:
            reason = self._said(exc)
        finally:
            self._container.close()
            with self._changed:
                self._why = reason
                self._changed.notify()

    def _take(self) -> None:
        order = {stream.index: k for k, stream in enumerate(self._streams)}
        for packet in self._container.demux(self._streams):
            arrival = self._clock.now()
            if self._ending:
                return
            if packet.size:  # after the end come empty ones
                self._put(CameraPacket(order[packet.stream_index], packet, arrival))

    def _put(self, got: CameraPacket) -> None:
        with self._changed:
            if got.stream == 0:
                self._seen = time.monotonic()
            self._changed.wait_for(lambda: self._ending or self._bytes < MOST_WAITING)
            self._waiting.append(got)
            self._bytes += got.packet.size
            self._changed.notify()
