"""A thread that takes pictures out of a driver as fast as they come, so that nobody else waits for a camera that hangs.

Reading a camera waits for seconds, or for ever, and may not be interrupted; here whoever reads waits as long as it wants to.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from liveshow.errors import FeedLost
from liveshow.timebase import SECOND

QUEUED = 16
"""Pictures that may wait: half a second at 30 a second. When more come, the driver drops them, which their times show."""
NOTHING_FOR = SECOND
STALL = 2 * SECOND
OLDEST_STAMP = 2 * SECOND


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as it came, compressed (`pixels` of shape (1, bytes)) or not (height, width, channels).

    arrival: host's monotonic ns when it was at hand; capture: of when the driver says it was taken, None when it does not.
    """

    pixels: NDArray[np.uint8]
    arrival: int
    capture: int | None

    @property
    def taken(self) -> int:
        """When it was taken, as well as is known."""
        return self.arrival if self.capture is None else self.capture


class Source(Protocol):
    """An open camera. Both methods are called from one thread."""

    def take(self) -> Picture | None:
        """The next picture; None when there is none just now. Raises OSError when the driver says why."""

    def release(self) -> None:
        """Let go of the camera."""


class Grabber(threading.Thread):
    """Takes pictures from a source until told to end, and releases it then. `where` is for its errors."""

    def __init__(self, source: Source, where: str) -> None:
        super().__init__(name=f"grab {where}", daemon=True)
        self._source, self._where = source, where
        self._pictures: queue.Queue[Picture] = queue.Queue(QUEUED)
        self._ending = threading.Event()
        self._last: int | None = None
        self._failing_since: int | None = None
        self._why = "its driver delivers no more"

    def next(self, seconds: float) -> Picture | None:
        """The next picture, waiting at most so many seconds. Raises FeedLost when the camera has been silent for too long."""
        try:
            return self._pictures.get(timeout=seconds)
        except queue.Empty:
            self._raise_when_lost()
            return None

    def end(self, seconds: float) -> bool:
        """Stop grabbing, wait at most so many seconds for it, and say whether the camera is released by then."""
        self._ending.set()
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """Grab until told to end."""
        try:
            while not self._ending.is_set():
                self._grab()
        finally:
            self._source.release()

    def _grab(self) -> None:
        try:
            picture = self._source.take()
        except OSError as exc:
            self._why, picture = exc.strerror or str(exc), None
        if picture is None:
            self._failing_since = self._failing_since or time.monotonic_ns()
            self._ending.wait(0.02)
            return
        self._failing_since, self._last = None, picture.arrival
        self._put(picture)

    def _put(self, picture: Picture) -> None:
        waiting = True
        while waiting and not self._ending.is_set():
            with contextlib.suppress(queue.Full):
                self._pictures.put(picture, timeout=0.2)
                waiting = False

    def _raise_when_lost(self) -> None:
        now, failing = time.monotonic_ns(), self._failing_since
        if failing is not None and now - failing > NOTHING_FOR:
            raise FeedLost(f"the camera is gone ({self._why})", where=self._where, todo="plug it in again")
        if self._last is not None and now - self._last > STALL:
            raise FeedLost(f"no picture for {STALL // SECOND} s", where=self._where, todo="look at the camera and its cable")


def capture_time(stamp: int, arrival: int) -> int | None:
    """The driver's stamp when it can be on the host's monotonic clock: not after the picture arrived and at most two seconds
    before (all in ns); else None. V4L2 stamps with CLOCK_MONOTONIC (the kernel's documentation of "Buffers",
    V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC); other systems give what they like."""
    return stamp if arrival - OLDEST_STAMP < stamp <= arrival else None
