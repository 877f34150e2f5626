"""A thread that takes pictures out of OpenCV as fast as they come, so that nobody else waits for a camera that hangs.

OpenCV's read waits for up to ten seconds and may not be interrupted; here whoever reads waits as long as it wants to.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liveshow.errors import FeedLost
from liveshow.timebase import MILLISECOND, SECOND

QUEUED = 16
"""Pictures that may wait: half a second at 30 a second. When more come, the driver drops them, which their times show."""
NOTHING_FOR = SECOND
STALL = 2 * SECOND
OLDEST_STAMP = 2 * SECOND


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as OpenCV hands it out, compressed (shape (1, bytes)) or not (height, width, channels).

    arrival: host's monotonic ns when it was at hand; capture: of when the driver says it was taken, None when it does not.
    """

    pixels: NDArray[np.uint8]
    arrival: int
    capture: int | None

    @property
    def taken(self) -> int:
        """When it was taken, as well as is known."""
        return self.arrival if self.capture is None else self.capture


class Grabber(threading.Thread):
    """Grabs from an open `cv2.VideoCapture` until told to end, and releases it then. `where` is for its errors."""

    def __init__(self, cv2: ModuleType, capture: Any, where: str) -> None:
        super().__init__(name=f"grab {where}", daemon=True)
        self._cv2, self._capture, self._where = cv2, capture, where
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
        with contextlib.suppress(queue.Empty):
            while True:
                self._pictures.get_nowait()
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """Grab until told to end."""
        try:
            while not self._ending.is_set():
                self._grab()
        finally:
            self._capture.release()

    def _grab(self) -> None:
        try:
            picture = self._take()
        except self._cv2.error as exc:
            self._why, picture = str(exc).strip(), None
        if picture is None:
            self._failing_since = self._failing_since or time.monotonic_ns()
            self._ending.wait(0.02)
            return
        self._failing_since, self._last = None, picture.arrival
        self._put(picture)

    def _take(self) -> Picture | None:
        if not self._capture.grab():
            return None
        arrival = time.monotonic_ns()
        stamp = self._capture.get(self._cv2.CAP_PROP_POS_MSEC)
        whole, pixels = self._capture.retrieve()
        return Picture(pixels, arrival, capture_time(stamp, arrival)) if whole and pixels is not None else None

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


def capture_time(stamp_ms: float, arrival: int) -> int | None:
    """The driver's stamp in ns when it can be on the host's monotonic clock: not after the picture arrived and at most two
    seconds before; else None. V4L2 stamps with CLOCK_MONOTONIC (the kernel's "Buffers", V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC);
    other systems give what they like."""
    stamp = round(stamp_ms * MILLISECOND)
    return stamp if arrival - OLDEST_STAMP < stamp <= arrival else None
