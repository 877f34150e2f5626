"""Cameras behind the kernel's drivers, against the conformance suite. Runs in the virtual machine:

`pytest tests/vm/local_cameras.py`
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from liveshow.feeds.listing import cameras
from tests.devices.daemons import running, says, wait_until
from tests.feed_conformance import CameraConformance, Row, Source, camera_of, closing, packets_from_key
from tests.servers.pictures import media
from tests.vm.loopback_camera import wanted

WIDTH, HEIGHT, RATE = 320, 180, 10
RAW, MJPEG, H264 = "/dev/video0", "/dev/video8", "/dev/video9"
CLIPS = {codec: wanted(codec, WIDTH, HEIGHT, RATE) for codec in ("mjpeg", "h264")}
"""What the compressed cameras play. Make it on the host (`media`): encoding in emulation takes minutes."""


@contextmanager
def raw(folder: Path) -> Iterator[Source]:
    """A camera with uncompressed pictures. Unplugged, it is back when nobody holds it any more."""

    def unplug() -> None:
        subprocess.run(["v4l2-ctl", "-d", RAW, "-c", "disconnect=1"], check=True)

    yield Source(f"device:{RAW}", unplug)


class Player:
    """What plays a clip into a compressed camera."""

    def __init__(self, device: str, codec: str, folder: Path) -> None:
        size = [str(number) for number in (WIDTH, HEIGHT, RATE)]
        self._argv = [sys.executable, "-m", "tests.vm.loopback_camera", device, codec, *size]
        self._folder, self._plays = folder, 0
        self._playing: AbstractContextManager[subprocess.Popen[bytes]] | None = None

    def play(self) -> None:
        """Begin; back when it is a camera."""
        self._plays += 1
        log = self._folder / f"player-{self._plays}.log"
        self._playing = running(self._argv, {}, log)
        process = self._playing.__enter__()
        wait_until(says(log, "is a camera"), "the camera", process, log)

    def stop(self) -> None:
        """End it, which a camera's reader sees as a stall."""
        if self._playing is not None:
            self._playing.__exit__(None, None, None)
        self._playing = None


def compressed(device: str, codec: str) -> Callable[[Path], AbstractContextManager[Source]]:
    """A camera with compressed pictures, lost when they stop."""

    @contextmanager
    def ready(folder: Path) -> Iterator[Source]:
        player = Player(device, codec, folder)
        player.play()
        try:
            yield Source(f"device:{device}", player.stop, player.play)
        finally:
            player.stop()

    return ready


ASKED = {"width": WIDTH, "height": HEIGHT, "fps": RATE}
CAMERAS = [
    Row("raw", raw, "device:77", options=ASKED),
    Row("mjpeg", compressed(MJPEG, "mjpeg"), f"device:{Path(__file__)}"),
    Row("h264", compressed(H264, "h264"), "device:77", options={"format": "h264"}),
]


@pytest.fixture
def source(row: Row, tmp_path: Path) -> Iterator[Source]:
    """The row's source, ready."""
    with row.ready(tmp_path) as source:
        yield source


@pytest.mark.parametrize("row", CAMERAS, ids=str)
class TestLocalCameras(CameraConformance):
    """Local cameras."""


@pytest.mark.parametrize("row", CAMERAS, ids=str)
def test_a_driver_s_times_are_taken(row: Row, source: Source) -> None:
    """Pictures carry when they were taken, on the show clock, and their distances in pts are those of these times."""
    camera = camera_of(row.capture(source.text))
    with closing(camera):
        (form,) = camera.open()
        got = [one for one in packets_from_key(camera, 20) if one.capture is not None]
    assert len(got) > 10
    unit = form.time_base * 10**9
    offsets = [one.capture - (one.packet.pts or 0) * unit for one in got if one.capture is not None]
    assert max(offsets) - min(offsets) <= unit


@pytest.mark.parametrize("row", CAMERAS[1:], ids=str)
def test_compressed_pictures_are_stored_as_they_come(row: Row, source: Source) -> None:
    """The packets of a compressed camera are the pictures that were played into it, byte for byte."""
    camera = camera_of(row.capture(source.text))
    with closing(camera):
        (form,) = camera.open()
        got = packets_from_key(camera, 20)
    assert (form.codec, form.width, form.height) == (row.name, WIDTH, HEIGHT)
    played = {picture.data for picture in media(CLIPS[row.name]).pictures}
    assert all(bytes(one.packet) in played for one in got)


@pytest.mark.parametrize("row", CAMERAS[1:2], ids=str)
def test_cameras_are_listed_with_their_formats(row: Row, source: Source) -> None:
    """The list has every camera by the string that a setup takes, with what it delivers."""
    listed = {camera.source: camera for camera in cameras()}
    assert listed[f"device:{RAW}"].name == "vivid"
    assert any(
        (mode.format, mode.width, mode.height) == ("YUYV", 640, 360) and 25 in mode.rates
        for mode in listed[f"device:{RAW}"].modes
    )
    assert [(mode.format, mode.width, mode.height) for mode in listed[source.text].modes] == [("MJPG", WIDTH, HEIGHT)]
