"""Cameras behind the kernel's drivers, against the conformance suite. `SCRIPT` runs it in the virtual machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from liveshow.errors import FeedError
from liveshow.feeds.listing import cameras
from tests.feed_conformance import CameraConformance, Row, Source, camera_of, closing, packets_from_key, read_until_lost
from tests.servers.pictures import media
from tests.vm.loopback_camera import wanted

WIDTH, HEIGHT, RATE = 320, 180, 10
RAW, HDMI, MJPEG, H264 = "/dev/video0", "/dev/video1", "/dev/video8", "/dev/video9"
CLIPS = {codec: wanted(codec, WIDTH, HEIGHT, RATE) for codec in ("mjpeg", "h264")}
"""What the compressed cameras play. Make it on the host (`media`): encoding in emulation takes minutes."""
SCRIPT = f"""
play() {{  # device, codec
    {sys.executable} -m tests.vm.loopback_camera $1 $2 {WIDTH} {HEIGHT} {RATE} > /tmp/$2.log 2>&1 &
    export PLAYER_$2=$!
    until grep -q "is a camera" /tmp/$2.log; do kill -0 $!; sleep 0.5; done
}}
play {MJPEG} mjpeg
play {H264} h264
{sys.executable} -m pytest -q -p no:cacheprovider tests/vm/local_cameras.py
"""


def control(device: str, setting: str) -> None:
    """Sets a control of a camera."""
    subprocess.run(["v4l2-ctl", "-d", device, "-c", setting], check=True)


@contextmanager
def raw(folder: Path) -> Iterator[Source]:
    """A camera with uncompressed pictures. Unplugged, it is back when nobody holds it any more."""

    yield Source(f"device:{RAW}", lambda: control(RAW, "disconnect=1"))


def compressed(device: str, codec: str) -> Callable[[Path], AbstractContextManager[Source]]:
    """A camera with compressed pictures, lost when they stop. Its player runs already: starting one takes half a minute."""
    player = int(os.environ.get(f"PLAYER_{codec}", "0"))

    @contextmanager
    def ready(folder: Path) -> Iterator[Source]:
        yield Source(f"device:{device}", lambda: os.kill(player, signal.SIGSTOP), lambda: os.kill(player, signal.SIGCONT))

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


@pytest.mark.parametrize("row", CAMERAS[1:], ids=str)
def test_a_driver_s_times_are_taken(row: Row, source: Source) -> None:
    """Pictures carry when they were taken, on the show clock, and their distances in pts are those of these times. (vivid, the
    raw camera, is left out: it rounds its stamps up to whole pictures, into the future, where they are not believed.)"""
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


def test_a_card_whose_input_loses_its_signal_is_lost() -> None:
    """A card with an HDMI input goes on delivering noise when the signal is gone: it is lost, does not open, and opens when it is back."""
    camera = camera_of(Row("hdmi", raw, "", options=ASKED).capture(f"device:{HDMI}"))
    with closing(camera):
        camera.open()
        assert packets_from_key(camera, 5)
        control(HDMI, "dv_timings_signal_mode=1")
        try:
            assert f"there is no signal at the input of {HDMI}" in str(read_until_lost(camera.read))
            with pytest.raises(FeedError, match="there is no signal at the input"):
                camera.open()
        finally:
            control(HDMI, "dv_timings_signal_mode=0")
        camera.open()
        assert packets_from_key(camera, 5)
