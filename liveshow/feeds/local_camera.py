"""Cameras of this machine, through OpenCV: ``device:0``, ``device:/dev/video0``.

A camera that delivers compressed pictures (Motion JPEG, H.264) is stored as it comes, broken pictures included; only bytes
that do not begin as a picture at all are dropped, and their absence shows in the times of their neighbours. Raw pictures are
encoded once. Times are the driver's capture times where it gives them (V4L2: CLOCK_MONOTONIC), else those of arrival.

Options of a camera in the setup: `width` and `height` in pixels, `fps` in pictures a second, `format` "auto" (the first of
the others that the camera delivers), "mjpeg", "h264" or "raw". They are wishes: a camera takes the nearest it has.

Source: OpenCV's documentation of VideoCapture and VideoCaptureProperties. Only V4L2 could be run; the rows of `SYSTEMS` for
macOS and Windows follow that documentation.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

from liveshow.errors import FeedError, FeedLost, UsageError
from liveshow.feeds import v4l2
from liveshow.feeds.base import Camera, CameraPacket, Capture, Kind, StreamFormat
from liveshow.feeds.grabbing import Grabber, Picture
from liveshow.feeds.pictures import FORMATS, Packets
from liveshow.model import Device
from liveshow.timebase import parse_rate

FIRST_PICTURE_WITHIN = 5.0
WAIT = 0.5
LET_GO_WITHIN = 3.0
AUTO = ("mjpeg", "h264", "raw")
COMPRESSED_SIZE, RAW_SIZE = (1920, 1080), (1280, 720)
DEFAULT_FPS = 30


@dataclass(frozen=True, slots=True)
class System:
    """OpenCV's capture backend of a system (by its name in cv2), and the formats to ask it for, best first."""

    backend: str
    formats: tuple[str, ...]


SYSTEMS = {
    "linux": System("CAP_V4L2", AUTO),
    "darwin": System("CAP_AVFOUNDATION", ("raw",)),
    "win32": System("CAP_DSHOW", ("raw",)),
}
ANY_SYSTEM = System("CAP_ANY", ("raw",))


class LocalCamera:
    """A camera of this machine that is being captured; see :class:`liveshow.feeds.base.Camera`."""

    def __init__(self, capture: Capture) -> None:
        self._device, self._clock = capture.device, capture.clock
        self._grabber: Grabber | None = None
        self._packets: Packets | None = None
        self._pending: deque[CameraPacket] = deque()

    def open(self) -> Sequence[StreamFormat]:
        """Open the camera in the best format it delivers, and wait for its first picture. Raises FeedError."""
        self.close()
        cv2 = load_cv2(self._device.id)
        tried = formats_to_try(self._device)
        for name in tried:
            if self._begin(cv2, name):
                assert self._packets is not None
                return (self._packets.format,)
        what, todo = _nothing_came(self._device, tried)
        raise FeedError(what, where=self._device.id, todo=todo)

    def read(self) -> CameraPacket | None:
        """The next packet. Raises FeedLost when the camera is unplugged, silent for two seconds, or changed its format."""
        assert self._grabber is not None, "read before open"
        assert self._packets is not None
        if not self._pending and (picture := self._grabber.next(WAIT)) is not None:
            self._pend(self._packets, picture)
        return self._pending.popleft() if self._pending else None

    def close(self) -> None:
        """Let go of the camera. One that hangs in its driver is let go of when the driver answers."""
        if self._grabber is not None:
            self._grabber.end(LET_GO_WITHIN)
        if self._packets is not None:
            self._packets.close()
        self._grabber = self._packets = None
        self._pending.clear()

    def cue(self, performers: Sequence[str]) -> None:
        """A real camera takes no cue."""

    def _begin(self, cv2: ModuleType, name: str) -> bool:
        """Open in one format; False when the camera does not deliver it."""
        capture = _open(cv2, self._device, name)
        if capture is None:
            return False
        rate = rate_of(cv2, capture)
        self._grabber = Grabber(cv2, capture, self._device.id)
        self._grabber.start()
        picture, deadline = None, time.monotonic() + FIRST_PICTURE_WITHIN
        while self._packets is None and time.monotonic() < deadline:
            with suppress(FeedLost):
                picture = self._grabber.next(WAIT)
                self._packets = FORMATS[name].begin(picture, rate) if picture else None
        if self._packets is None or picture is None:
            self.close()
            return False
        self._pend(self._packets, picture)
        return True

    def _pend(self, packets: Packets, picture: Picture) -> None:
        at = self._clock.at
        for packet, of in packets.of(picture):
            capture = None if of.capture is None else at(of.capture)
            self._pending.append(CameraPacket(0, packet, at(of.arrival), capture))


def load_cv2(where: str) -> ModuleType:
    """OpenCV, told to give up on a silent V4L2 camera after two seconds. Raises FeedError naming what it lacks."""
    # OpenCV reads this once in a process, in whole seconds (its page "OpenCV environment variables reference").
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


def place_of(source: str) -> int | str:
    """What OpenCV opens for a source: a number, or on Linux the path of a device. Raises UsageError for anything else."""
    place = source.partition(":")[2].strip()
    if place.isdecimal():
        return f"/dev/video{int(place)}" if sys.platform == "linux" else int(place)
    if sys.platform == "linux" and place.startswith("/"):
        return place
    paths = ' or "device:/dev/video0"' if sys.platform == "linux" else ""
    raise UsageError(f"camera {place!r} is neither a number nor a device", todo=f'write "device:0"{paths}')


def formats_to_try(device: Device) -> tuple[str, ...]:
    """The formats to ask a camera for, in order. Raises UsageError for an unknown one."""
    wanted = str(device.options.get("format", "auto"))
    if wanted == "auto":
        return SYSTEMS.get(sys.platform, ANY_SYSTEM).formats
    if wanted not in FORMATS:
        raise UsageError(f"unknown format {wanted!r}", where=device.id, todo=f"write auto or one of {', '.join(FORMATS)}")
    return (wanted,)


def _open(cv2: ModuleType, device: Device, name: str) -> Any | None:
    """An opened `cv2.VideoCapture`; None when the camera lacks the format. Raises FeedError when it cannot be opened."""
    place = place_of(device.source)
    backend = getattr(cv2, SYSTEMS.get(sys.platform, ANY_SYSTEM).backend)
    capture = cv2.VideoCapture(place, backend)
    if not capture.isOpened():
        what, todo = _why_not(place)
        raise FeedError(what, where=device.id, todo=todo)
    code = FORMATS[name].code
    wishes = _wishes(cv2, device, name)
    if code:
        wishes = [(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*code)), *wishes, (cv2.CAP_PROP_CONVERT_RGB, 0)]
    for wish, value in wishes:
        capture.set(wish, value)
    # OpenCV says True to every format; what it fell back to is only told when asked.
    if code and int(capture.get(cv2.CAP_PROP_FOURCC)) != cv2.VideoWriter.fourcc(*code):
        capture.release()
        return None
    return capture


def _wishes(cv2: ModuleType, device: Device, name: str) -> list[tuple[int, float]]:
    width, height = RAW_SIZE if name == "raw" else COMPRESSED_SIZE
    options = device.options
    return [
        (cv2.CAP_PROP_FRAME_WIDTH, float(options.get("width", width))),
        (cv2.CAP_PROP_FRAME_HEIGHT, float(options.get("height", height))),
        (cv2.CAP_PROP_FPS, float(options.get("fps", DEFAULT_FPS))),
    ]


def rate_of(cv2: ModuleType, capture: Any) -> Fraction:
    """Pictures a second that an open `cv2.VideoCapture` announces; 30 when it announces none."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return parse_rate(f"{fps:.4f}") if 0 < fps <= 1000 else Fraction(DEFAULT_FPS)


def _why_not(place: int | str) -> tuple[str, str]:
    """What is wrong with a camera that does not open, and what to do; OpenCV itself gives no reason."""
    if isinstance(place, int):
        return f"camera {place} cannot be opened", "close what else uses it, and allow this terminal to use the camera"
    if not Path(place).exists():
        there = ", ".join(v4l2.paths())
        return f"there is no {place}", f"this machine has {there}; see `liveshow devices`" if there else "plug a camera in"
    if not os.access(place, os.R_OK | os.W_OK):
        return f"{place} may not be opened by this user", "sudo usermod -aG video $USER, then log in again"
    return f"{place} cannot be opened", "it is no camera, or another program uses it: close that, or see `liveshow devices`"


def _nothing_came(device: Device, tried: Sequence[str]) -> tuple[str, str]:
    place = place_of(device.source)
    try:
        described = v4l2.describe(place) if isinstance(place, str) else None
    except OSError:
        described = None
    modes = "; ".join(map(str, described[1])) if described else ""
    todo = f"it offers {modes}" if modes else 'try another format, width or height, or format = "raw"'
    return f"no picture came as {' or '.join(tried)} within {FIRST_PICTURE_WITHIN:.0f} s", todo


def _check(source: str) -> tuple[str, str] | None:
    try:
        place_of(source)
    except UsageError as exc:
        return exc.what, exc.todo
    return None


def _camera(capture: Capture) -> Camera:
    return LocalCamera(capture)


KIND = Kind("local camera", ("device",), _camera, None, _check)
