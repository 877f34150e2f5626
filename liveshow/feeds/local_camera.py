"""Cameras of this machine: ``device:0``, ``device:/dev/video0``. On Linux one that was open is opened again wherever it is by then, and no
other that has got its number; elsewhere nobody tells which has.

A camera that delivers compressed pictures (Motion JPEG, H.264) is stored as it comes, broken pictures included; only bytes
that do not begin as a picture at all are dropped, and their absence shows in the times of their neighbours. Raw pictures are
encoded once. Times are the driver's capture times where it gives them (V4L2: CLOCK_MONOTONIC), else those of arrival.

Options of a camera in the setup: `width` and `height` in pixels, `fps` in pictures a second, `format` "auto" (the first of
the others that the camera delivers), "mjpeg", "h264" or "raw". They are wishes: a camera takes the nearest it has.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from liveshow.errors import FeedError, FeedLost, UsageError
from liveshow.feeds import v4l2, video_nodes
from liveshow.feeds.base import Camera, CameraPacket, Capture, Kind, Patched, StreamFormat
from liveshow.feeds.grabbing import Grabber, Picture, Source
from liveshow.feeds.opencv import THIS_SYSTEM, Wishes, open_opencv
from liveshow.feeds.pictures import FORMATS, ChangedFormat, Packets
from liveshow.feeds.v4l2_h264 import open_h264
from liveshow.model import Device

FIRST_PICTURE_WITHIN = 5.0
WAIT = 0.5
LET_GO_WITHIN = 3.0
ASK_EVERY = 1.0
TO_INPUT = "switch on what is connected to it, and check the cable between them"
COMPRESSED_SIZE, RAW_SIZE, FPS = (1920, 1080), (1280, 720), 30
CODES = {"mjpeg": ("MJPG", "JPEG"), "h264": ("H264",)}
LINUX = sys.platform == "linux"


class LocalCamera:
    """A camera of this machine that is being captured; see :class:`liveshow.feeds.base.Camera`."""

    def __init__(self, capture: Capture) -> None:
        self._device, self._clock = capture.device, capture.clock
        self._grabber: Grabber | None = None
        self._leaving: Grabber | None = None
        self._packets: Packets | None = None
        self._pending: deque[CameraPacket] = deque()
        self._place: int | str = ""
        self._known: video_nodes.Known | None = None  # once it was open
        self._asked = 0.0  # host's monotonic seconds when it was last asked what is missing at its input
        self._missing: str | None = None  # what is; None: it has none to ask about
        self._told_of_signal = False  # its driver said once that nothing is missing: then it is believed when it says otherwise

    def open(self) -> Sequence[StreamFormat]:
        """Open the camera in the best format it delivers, and wait for its first picture. Raises FeedError, also when it was open before
        and is not there now, though another has its number."""
        self.close()
        place = self._known.again(video_nodes.nodes(), self._device.id) if self._known else place_of(self._device.source)
        _raise_when_unusable(place, self._device.id)
        self._raise_when_held(place)
        self._place, self._missing = place, None
        if (what := self._ask()) and self._told_of_signal:
            raise FeedError(f"there is {what} at the input of {place}", where=self._device.id, todo=TO_INPUT)
        refusals = []
        for name in formats_to_try(self._device, place):
            try:
                begun = self._begin(place, name)
            except FeedError as exc:
                self.close()
                refusals.append(exc)
            else:
                self._known = video_nodes.known(place) or self._known
                return (begun,)
        raise refusals[0]

    def read(self) -> CameraPacket | None:
        """The next packet. Raises FeedLost when the camera is unplugged, silent for two seconds, or changed its format, and when the
        driver of a capture card, which has told of a signal before, says that there is none: its pictures are noise then, or a still."""
        assert self._grabber is not None, "read before open"
        assert self._packets is not None
        if self._missing is not None and time.monotonic() - self._asked > ASK_EVERY:
            self._raise_when_missing()
        if not self._pending and (picture := self._grabber.next(WAIT)) is not None:
            self._pend(self._packets, picture)
        return self._pending.popleft() if self._pending else None

    def close(self) -> None:
        """Let go of the camera. One that hangs in its driver is let go of when the driver answers."""
        if self._grabber is not None and not self._grabber.end(LET_GO_WITHIN):
            self._leaving = self._grabber
        if self._packets is not None:
            self._packets.close()
        self._grabber = self._packets = None
        self._pending.clear()

    def cue(self, on: Patched) -> None:
        """A real camera takes no cue."""

    def _raise_when_missing(self) -> None:
        """After the second answer in a row: a source that is switched over is without signal for a moment."""
        before = self._missing
        if self._ask() and before and self._told_of_signal:
            raise FeedLost(f"there is {self._missing} at the input of {self._place}", where=self._device.id, todo=TO_INPUT)

    def _ask(self) -> str | None:
        self._missing, self._asked = _missing(self._place), time.monotonic()
        self._told_of_signal |= self._missing == ""
        return self._missing

    def _raise_when_held(self, place: int | str) -> None:
        if self._leaving is not None and not self._leaving.end(LET_GO_WITHIN):
            todo = "unplug the camera and plug it in again"
            raise FeedError(f"the driver of camera {place} does not answer", where=self._device.id, todo=todo)
        self._leaving = None

    def _begin(self, place: int | str, name: str) -> StreamFormat:
        opened = _open(place, name, self._device)
        if opened is None:
            raise _does_not_deliver(place, name, self._device.id)
        source, rate = opened
        self._grabber = Grabber(source, self._device.id)
        self._grabber.start()
        deadline = time.monotonic() + FIRST_PICTURE_WITHIN
        while time.monotonic() < deadline:
            with suppress(FeedLost):
                picture = self._grabber.next(WAIT)
                packets = FORMATS[name](picture, rate) if picture is not None else None
                if packets is not None and picture is not None:
                    self._packets = packets
                    self._pend(packets, picture)
                    return packets.format
        raise _does_not_deliver(place, name, self._device.id)

    def _pend(self, packets: Packets, picture: Picture) -> None:
        at = self._clock.at
        try:
            made = packets.of(picture)
        except ChangedFormat as exc:
            raise FeedLost(str(exc), where=self._device.id, todo="nothing: it is opened again as it is now") from exc
        for packet, of in made:
            capture = None if of.capture is None else at(of.capture)
            self._pending.append(CameraPacket(0, packet, at(of.arrival), capture))


def place_of(source: str) -> int | str:
    """What a source means: a number, or on Linux the path of a device. Raises UsageError for anything else."""
    place = source.partition(":")[2].strip()
    if place.isdecimal():
        return f"/dev/video{int(place)}" if LINUX else int(place)
    if LINUX and place.startswith("/"):
        return place
    paths = ' or "device:/dev/video0"' if LINUX else ""
    raise UsageError(f"camera {place!r} is neither a number nor a device", todo=f'write "device:0"{paths}')


def formats_to_try(device: Device, place: int | str) -> tuple[str, ...]:
    """The formats to ask a camera for, in order. Raises UsageError for an unknown one."""
    wanted = str(device.options.get("format", "auto"))
    if wanted in FORMATS:
        return (wanted,)
    if wanted != "auto":
        raise UsageError(f"unknown format {wanted!r}", where=device.id, todo=f"write auto or one of {', '.join(FORMATS)}")
    offered = {mode.format for mode in _modes(place)}
    return tuple(name for name in THIS_SYSTEM.formats if not offered or offered.intersection(CODES.get(name, offered)))


def _open(place: int | str, name: str, device: Device) -> tuple[Source, Fraction] | None:
    options, (width, height) = device.options, RAW_SIZE if name == "raw" else COMPRESSED_SIZE
    wishes = Wishes(int(options.get("width", width)), int(options.get("height", height)), float(options.get("fps", FPS)))
    if name == "h264":
        return open_h264(str(place), wishes, device.id)
    return open_opencv(place, name, wishes, device.id)


def _modes(place: int | str) -> tuple[v4l2.Mode, ...]:
    """What a camera offers; () when it does not say."""
    with suppress(OSError):
        described = v4l2.describe(place) if isinstance(place, str) else None
        return described[1] if described else ()
    return ()


def _missing(place: int | str) -> str | None:
    """What is missing at its input; "" when nothing is, None when nobody can say."""
    with suppress(OSError):
        return v4l2.missing(place) if isinstance(place, str) else None
    return None


def _raise_when_unusable(place: int | str, where: str) -> None:
    """OpenCV gives no reason when a camera does not open."""
    if isinstance(place, int):
        return
    if not Path(place).exists():
        there = ", ".join(v4l2.paths())
        todo = f"this machine has {there}; see `liveshow devices`" if there else "plug a camera in"
        raise FeedError(f"there is no {place}", where=where, todo=todo)
    if not os.access(place, os.R_OK | os.W_OK):
        todo = "sudo usermod -aG video $USER, then log in again"
        raise FeedError(f"{place} may not be opened by this user", where=where, todo=todo)


def _does_not_deliver(place: int | str, name: str, where: str) -> FeedError:
    modes = ", ".join(sorted({f"{mode.format} {mode.width}×{mode.height}" for mode in _modes(place)}))
    what = f"no {name} picture came from camera {place} within {FIRST_PICTURE_WITHIN:.0f} s"
    return FeedError(what, where=where, todo=f"it offers {modes}" if modes else "try another format, width or height")


def _check(source: str) -> tuple[str, str] | None:
    try:
        place_of(source)
    except UsageError as exc:
        return exc.what, exc.todo
    return None


def _camera(capture: Capture) -> Camera:
    return LocalCamera(capture)


KIND = Kind("local camera", ("device",), _camera, None, _check)
