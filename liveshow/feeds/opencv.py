"""Opening a camera of this machine with OpenCV: loading it, asking for a format, and what is wrong when it does not open.

Sources: OpenCV's documentation of VideoCapture, VideoCaptureProperties and its environment variables. Only V4L2 could be run;
the rows of `SYSTEMS` for macOS and Windows follow that documentation.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType
from typing import Any

from liveshow.errors import FeedError
from liveshow.feeds.grabbing import Picture, capture_time
from liveshow.timebase import MILLISECOND, parse_rate

MOST_BUFFERS = 10
"""Of V4L2: what OpenCV allows. They carry the camera over a third of a second in which nobody grabs."""
CODES = {"mjpeg": "MJPG", "raw": ""}
"""Format in a setup → four-character code to ask for ("": whatever OpenCV can convert)."""


@dataclass(frozen=True, slots=True)
class System:
    """OpenCV's backend for the cameras of a system (by its name in cv2), and the formats to ask for, best first."""

    backend: str
    formats: tuple[str, ...]


SYSTEMS = {
    "linux": System("CAP_V4L2", ("mjpeg", "h264", "raw")),
    "darwin": System("CAP_AVFOUNDATION", ("raw",)),
    "win32": System("CAP_DSHOW", ("raw",)),
}
THIS_SYSTEM = SYSTEMS.get(sys.platform, System("CAP_ANY", ("raw",)))


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a camera is asked for: size in pixels, pictures a second. It takes the nearest it has."""

    width: int
    height: int
    fps: float


class OpenCvSource:
    """An open `cv2.VideoCapture`; see :class:`liveshow.feeds.grabbing.Source`."""

    def __init__(self, cv2: ModuleType, capture: Any) -> None:
        self._cv2, self._capture = cv2, capture

    def take(self) -> Picture | None:
        """The next picture, or None after two seconds without one, and at once when the camera is unplugged."""
        try:
            if not self._capture.grab():
                return None
            arrival = time.monotonic_ns()
            stamp = round(self._capture.get(self._cv2.CAP_PROP_POS_MSEC) * MILLISECOND)
            whole, pixels = self._capture.retrieve()
        except self._cv2.error as exc:
            raise OSError(str(exc).strip()) from exc
        return Picture(pixels, arrival, capture_time(stamp, arrival)) if whole and pixels is not None else None

    def release(self) -> None:
        """Let go of the camera."""
        self._capture.release()


def load_cv2(where: str) -> ModuleType:
    """OpenCV, told to give up on a silent V4L2 camera after two seconds. Raises FeedError naming what it lacks."""
    # In whole seconds, and read once in a process.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")
    try:
        import cv2
    except ImportError as exc:
        raise FeedError(
            f"OpenCV cannot be loaded ({exc})",
            where=where,
            todo="install what it needs of the system: on Debian and Ubuntu libgl1 and libglib2.0-0, "
            "on Fedora mesa-libGL and glib2; then pip install opencv-python",
        ) from exc
    module: ModuleType = cv2
    return module


def open_opencv(place: int | str, name: str, wishes: Wishes, where: str) -> tuple[OpenCvSource, Fraction] | None:
    """An open camera that delivers in the format of that name, and the rate it announces; None when it does not deliver so.

    Raises FeedError when it does not open at all. OpenCV calls every wish granted; what came of them is only told when asked.
    """
    cv2 = load_cv2(where)
    capture = cv2.VideoCapture(place, getattr(cv2, THIS_SYSTEM.backend))
    if not capture.isOpened():
        raise FeedError(f"camera {place} does not open", where=where, todo=CLOSE_OTHERS)
    wanted = cv2.VideoWriter.fourcc(*CODES[name]) if CODES[name] else None
    for wish, value in _wishes(cv2, wanted, wishes).items():
        capture.set(wish, value)
    if wanted is not None and int(capture.get(cv2.CAP_PROP_FOURCC)) != wanted:
        capture.release()
        return None
    return OpenCvSource(cv2, capture), rate_of(cv2, capture)


def rate_of(cv2: ModuleType, capture: Any) -> Fraction:
    """Pictures a second that an open `cv2.VideoCapture` announces; 30 when it announces none."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return parse_rate(f"{fps:.4f}") if 0 < fps <= 1000 else Fraction(30)


def _wishes(cv2: ModuleType, code: int | None, wishes: Wishes) -> dict[int, float]:
    """In the order in which a camera takes them: format, size, rate."""
    asked: dict[int, float] = {} if code is None else {cv2.CAP_PROP_FOURCC: code}
    asked |= {cv2.CAP_PROP_FRAME_WIDTH: wishes.width, cv2.CAP_PROP_FRAME_HEIGHT: wishes.height, cv2.CAP_PROP_FPS: wishes.fps}
    if THIS_SYSTEM.backend == "CAP_V4L2":
        asked[cv2.CAP_PROP_BUFFERSIZE] = MOST_BUFFERS
    return asked if code is None else asked | {cv2.CAP_PROP_CONVERT_RGB: 0}


CLOSE_OTHERS = "close what else uses it (a browser, a video call), allow this program to use the camera, or plug it in again"
