"""Local cameras: what compressed pictures say, how they become packets, and which way each fault is told."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import FeedError, FeedLost, UsageError
from liveshow.feeds import grabbing, local_camera, opencv, v4l2, video_nodes
from liveshow.feeds.base import Capture
from liveshow.feeds.compressed import can_begin, h264_sps, h264_units, jpeg_size
from liveshow.feeds.grabbing import Grabber, Picture, capture_time
from liveshow.feeds.local_camera import KIND, formats_to_try, place_of
from liveshow.feeds.pictures import FORMATS, ChangedFormat
from liveshow.model import Device, FeedKind
from liveshow.timebase import SECOND, ShowClock
from tests.servers.pictures import Wanted, media

RATE = Fraction(30)


def jpeg(width: int, height: int) -> bytes:
    """A JPEG of that size, as OpenCV writes it."""
    return cv2.imencode(".jpg", np.full((height, width, 3), 90, np.uint8))[1].tobytes()


def h264(width: int = 320, height: int = 180) -> list[bytes]:
    """Pictures of a byte stream with a key picture now and then."""
    return [picture.data for picture in media(Wanted(width, height, seconds=1, gop=0.5)).pictures]


def picture(data: bytes | np.ndarray[Any, Any], number: int, capture: int | None = None) -> Picture:
    """The picture of that number, at 30 a second."""
    pixels = np.frombuffer(data, np.uint8)[None, :] if isinstance(data, bytes) else data
    return Picture(pixels, SECOND + number * SECOND // 30, capture)


def device(source: str = "device:0", **options: str | float) -> Device:
    """A camera of a setup."""
    return Device("wide", FeedKind.CAMERA, source, (), 0, options)


def camera(of: Device) -> local_camera.LocalCamera:
    """A camera, not yet open."""
    return local_camera.LocalCamera(Capture(of, ShowClock(), {}, {}))


@given(st.integers(1, 300), st.integers(1, 300))
def test_a_jpeg_says_its_size(width: int, height: int) -> None:
    """The size in a JPEG's header is read, also when the end of the picture is missing."""
    whole = jpeg(width, height)
    assert jpeg_size(whole) == (width, height)
    assert jpeg_size(whole[: len(whole) * 3 // 4]) == (width, height)


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda rest: b"\xff\xd8\xff" + rest)))
def test_bytes_that_are_no_jpeg_are_taken_for_none(data: bytes) -> None:
    """Whatever bytes come, they are no picture or have a size; nothing is raised."""
    size = jpeg_size(data)
    assert size is None or (data.startswith(b"\xff\xd8") and len(size) == 2)


def test_a_byte_stream_says_where_a_decoder_can_begin() -> None:
    """The key pictures of an H.264 byte stream are told by their units, and those that follow are not taken for any."""
    pictures = h264()
    beginnings = [can_begin(h264_units(data)) for data in pictures]
    assert beginnings[0]
    assert 1 < sum(beginnings) < len(pictures) / 3
    assert h264_units(b"not a picture") == frozenset()
    assert h264_sps(pictures[0]) != h264_sps(h264(160, 90)[0]) != b""
    assert h264_sps(pictures[1]) == b""


@pytest.mark.parametrize("name", ["mjpeg", "h264", "raw"])
def test_pictures_become_packets_that_a_container_takes(name: str, tmp_path: Path) -> None:
    """In each format pictures become packets whose pts are the pictures' times, and copied to Matroska, after the
    camera was closed, they can be decoded."""
    data: dict[str, list[Any]] = {
        "mjpeg": [jpeg(320, 180)] * 20,
        "h264": h264()[:20],
        "raw": [np.full((180, 320, 3), n, np.uint8) for n in range(20)],
    }
    pictures = [picture(one, number) for number, one in enumerate(data[name])]
    packets = FORMATS[name](pictures[0], RATE)
    assert packets is not None
    made = [one for each in pictures for one in packets.of(each)]
    packets.close()
    with av.open(tmp_path / "copy.mkv", "w") as container:
        stream = packets.format.add_to(container)
        for packet, of in made:
            assert packet.pts is not None
            assert abs(packet.pts * packets.format.time_base - Fraction(of.taken - SECOND, SECOND)) <= packets.format.time_base
            packet.stream = stream
            container.mux(packet)
    with av.open(tmp_path / "copy.mkv") as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 20
    assert {(frame.width, frame.height) for frame in frames} == {(packets.format.width, packets.format.height)} == {(320, 180)}


def test_compressed_bytes_are_not_touched() -> None:
    """A damaged JPEG is kept as it came, and what does not begin as a JPEG is dropped."""
    whole = jpeg(64, 48)
    packets = FORMATS["mjpeg"](picture(whole, 0), RATE)
    assert packets is not None
    came = [whole, whole[:-40], b"\0" * 100, whole]
    kept = [bytes(packet) for number, data in enumerate(came) for packet, _ in packets.of(picture(data, number))]
    assert kept == [whole, whole[:-40], whole]


@pytest.mark.parametrize(
    ("name", "first", "other"),
    [
        ("mjpeg", jpeg(64, 48), jpeg(48, 64)),
        ("h264", h264()[0], h264(160, 90)[0]),
        ("raw", np.zeros((48, 64, 3), np.uint8), np.zeros((64, 48, 3), np.uint8)),
    ],
)
def test_a_camera_that_changes_its_pictures_is_noticed(name: str, first: Any, other: Any) -> None:
    """Pictures of another size do not go into the same stream."""
    packets = FORMATS[name](picture(first, 0), RATE)
    assert packets is not None
    packets.of(picture(first, 0))
    with pytest.raises(ChangedFormat):
        packets.of(picture(other, 1))
    packets.close()


@pytest.mark.parametrize(("name", "data"), [("mjpeg", b"\0" * 50), ("h264", h264()[1]), ("raw", np.zeros((9, 9, 2), np.uint8))])
def test_a_stream_begins_only_with_its_kind_of_picture(name: str, data: Any) -> None:
    """What is no JPEG, no key picture or not in three colours does not begin a stream."""
    assert FORMATS[name](picture(data, 0), RATE) is None


def test_pts_rise_whatever_the_times_do() -> None:
    """When a driver's times stand still or go back, pts go on by the least there is."""
    packets = FORMATS["mjpeg"](picture(jpeg(64, 48), 0, capture=5 * SECOND), RATE)
    assert packets is not None
    times = [5 * SECOND, 5 * SECOND, 4 * SECOND, 6 * SECOND]
    pts = [packets.of(picture(jpeg(64, 48), 0, capture))[0][0].pts for capture in times]
    assert pts == [0, 1, 2, 1_000_000]


@pytest.mark.parametrize(
    ("stamp", "taken"),
    [
        (100, 100),
        (99, 99),
        (101, None),
        (100 - 2 * SECOND, None),
        (101 - 2 * SECOND, 101 - 2 * SECOND),
        (0, 0),
        (-SECOND, -SECOND),
    ],
)
def test_a_driver_s_time_is_believed_only_near_now(stamp: int, taken: int | None) -> None:
    """A stamp in the future or two seconds old is of another clock."""
    assert capture_time(stamp, 100) == taken


class Scripted:
    """A source that does what it is told, one step a take, and then the last step for ever."""

    def __init__(self, *steps: Callable[[], Picture | None]) -> None:
        self._steps, self.taken, self.released = steps, 0, threading.Event()

    def take(self) -> Picture | None:
        step = self._steps[min(self.taken, len(self._steps) - 1)]
        self.taken += 1
        return step()

    def release(self) -> None:
        self.released.set()


def good() -> Picture:
    """A picture that comes now."""
    return Picture(np.zeros((1, 1), np.uint8), time.monotonic_ns(), None)


def unplugged() -> None:
    """What OpenCV says of a camera that is unplugged."""


def hangs() -> None:
    """A driver that does not answer for a while."""
    time.sleep(0.3)


def no_device() -> None:
    """What FFmpeg says of a camera that is unplugged."""
    raise OSError(19, "No such device")


@pytest.mark.parametrize(
    ("fault", "limit", "told"),
    [
        (unplugged, "NOTHING_FOR", "the camera is gone"),
        (no_device, "NOTHING_FOR", "No such device"),
        (hangs, "STALL", "no picture for"),
    ],
)
def test_silence_is_a_loss(fault: Callable[[], None], limit: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that gave a picture and then none is lost, with what is known of the reason; before that, its picture comes."""
    monkeypatch.setattr(grabbing, "NOTHING_FOR", 900 * SECOND)
    monkeypatch.setattr(grabbing, "STALL", 900 * SECOND)
    monkeypatch.setattr(grabbing, limit, SECOND // 5)
    source = Scripted(good, fault)
    grabber = Grabber(source, "wide")
    grabber.start()
    assert grabber.next(20) is not None
    lost = loss_of(grabber)
    assert told in lost.what
    assert lost.where == "wide"
    assert grabber.end(20)
    assert source.released.is_set()


def loss_of(grabber: Grabber) -> FeedLost:
    """The loss that comes after nothing but silence."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            assert grabber.next(0.05) is None
        except FeedLost as lost:
            return lost
    raise AssertionError("silence for a minute, and no loss")


def test_pictures_wait_in_order_for_a_slow_reader() -> None:
    """A reader that comes late gets the oldest pictures first; the driver is not asked for more than can wait."""
    source = Scripted(good)
    grabber = Grabber(source, "wide")
    grabber.start()
    deadline = time.monotonic() + 20
    while source.taken <= grabbing.QUEUED and time.monotonic() < deadline:
        time.sleep(0.01)
    got = [grabber.next(20) for _ in range(grabbing.QUEUED + 5)]
    arrivals = [one.arrival for one in got if one is not None]
    assert len(arrivals) == len(got)
    assert arrivals == sorted(arrivals)
    assert source.taken <= len(got) + grabbing.QUEUED + 2
    assert grabber.end(20)


def test_a_source_is_a_number_or_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Linux a number means the device of that number, and a path itself; elsewhere there are numbers only."""
    monkeypatch.setattr(local_camera, "LINUX", True)
    assert place_of("device:0") == "/dev/video0"
    assert place_of("device:/dev/v4l/by-id/usb-1") == "/dev/v4l/by-id/usb-1"
    monkeypatch.setattr(local_camera, "LINUX", False)
    assert place_of("device:1") == 1
    for text in ("device:", "device:front", "device:-1", "device:/dev/video0"):
        assert KIND.check(text) is not None
        with pytest.raises(UsageError, match="neither a number nor a device"):
            place_of(text)


@pytest.mark.parametrize(
    ("offered", "tried"),
    [
        ((), ("mjpeg", "h264", "raw")),
        (("YUYV", "MJPG"), ("mjpeg", "raw")),
        (("H264", "YUYV"), ("h264", "raw")),
        (("YUYV",), ("raw",)),
        (("MJPG",), ("mjpeg", "raw")),
    ],
)
def test_compressed_formats_that_a_camera_offers_come_first(
    offered: tuple[str, ...], tried: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formats are tried in order of what they cost, those that the camera does not offer left out."""
    modes = tuple(v4l2.Mode(code, 640, 360, (RATE,)) for code in offered)
    monkeypatch.setattr(v4l2, "describe", lambda _path: ("camera", modes))
    monkeypatch.setattr(local_camera, "THIS_SYSTEM", opencv.SYSTEMS["linux"])
    assert formats_to_try(device(), "/dev/video0") == tried
    assert formats_to_try(device(format="h264"), "/dev/video0") == ("h264",)
    with pytest.raises(UsageError, match="unknown format"):
        formats_to_try(device(format="gif"), "/dev/video0")


@dataclass(frozen=True)
class Plugged:
    """A camera in a port: what sysfs says of it."""

    name: str
    port: str
    index: str = "0"


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Plug cameras in, by number, in place of those there were."""
    system = tmp_path / "class"
    monkeypatch.setattr(video_nodes, "SYSTEM", system)

    def plugged(**cameras: Plugged) -> None:
        shutil.rmtree(system, ignore_errors=True)
        for number, of in cameras.items():
            place, port = system / number, tmp_path / "devices" / of.port
            place.mkdir(parents=True)
            port.mkdir(parents=True, exist_ok=True)
            (place / "name").write_text(f"{of.name}\n")
            (place / "index").write_text(f"{of.index}\n")
            (place / "device").symlink_to(port)

    return plugged


WIDE, CLOSE = Plugged("C920", "usb1/1-3"), Plugged("C920", "usb1/1-4")
OTHER, META = Plugged("Cam Link", "usb1/1-4"), Plugged("C920", "usb1/1-3", "1")
MOVED = Plugged("C920", "usb1/1-7")


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ({"video0": WIDE, "video2": CLOSE}, {"video0": WIDE, "video2": CLOSE}, "/dev/video0"),
        ({"video0": WIDE, "video2": CLOSE}, {"video0": CLOSE, "video2": WIDE}, "/dev/video2"),  # a hub was reset
        ({"video0": WIDE, "video2": OTHER}, {"video0": OTHER, "video2": WIDE}, "/dev/video2"),
        ({"video0": WIDE, "video1": META}, {"video4": META, "video5": WIDE}, "/dev/video5"),
        (
            {"video0": WIDE, "video2": OTHER},
            {"video0": OTHER, "video2": MOVED},
            "/dev/video2",
        ),  # alone of its kind: another port
        ({"video0": WIDE, "video2": OTHER}, {"video2": OTHER}, "/dev/video0"),  # where nothing is
        ({"video0": WIDE}, {}, "/dev/video0"),
    ],
)
def test_a_camera_is_known_again_wherever_it_is(
    before: dict[str, Plugged], after: dict[str, Plugged], place: str, plug: Callable[..., None]
) -> None:
    """Numbers are new after cameras came and went: what was recorded as video0 is found by what it is and where it is plugged in."""
    plug(**before)
    known = video_nodes.known("/dev/video0")
    assert known
    plug(**after)
    assert known.again(video_nodes.nodes(), "wide") == place


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"video0": WIDE, "video2": OTHER}, {"video0": OTHER}, "another camera has its number: /dev/video0 is 'Cam Link' now"),
        ({"video0": WIDE, "video2": CLOSE}, {"video0": CLOSE}, "another camera has its number: /dev/video0 is 'C920' now"),
        ({"video0": WIDE}, {"video0": MOVED, "video2": CLOSE}, "there are 2 cameras 'C920', and none is where it was"),
    ],
)
def test_no_other_camera_is_taken_for_one_that_is_away(
    before: dict[str, Plugged], after: dict[str, Plugged], told: str, plug: Callable[..., None]
) -> None:
    """Neither another one that has its number now, nor its twin."""
    plug(**before)
    known = video_nodes.known("/dev/video0")
    assert known
    plug(**after)
    with pytest.raises(FeedError) as refused:
        known.again(video_nodes.nodes(), "wide")
    assert refused.value.what.startswith(told)
    assert refused.value.where == "wide"


def test_a_camera_is_opened_again_as_what_it_was(plug: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was recorded once is recorded again, under whatever number, and nothing while another has its number. One that is named by a
    path of its own is whatever has that path."""
    opened: list[str] = []

    def begin(place: str, _name: str, _device: Device) -> tuple[Scripted, Fraction]:
        opened.append(place)
        return Scripted(lambda: picture(jpeg(64, 48), 0)), RATE

    monkeypatch.setattr(local_camera, "LINUX", True)
    monkeypatch.setattr(local_camera, "_open", begin)
    monkeypatch.setattr(local_camera, "_raise_when_unusable", lambda _place, _where: None)
    numbered, named = camera(device("device:0", format="mjpeg")), camera(device("device:/dev/v4l/by-id/x", format="mjpeg"))
    with contextlib.closing(numbered), contextlib.closing(named):
        for cameras in ({"video0": WIDE, "video2": OTHER}, {"video0": OTHER, "video2": WIDE}, {"video0": WIDE}):
            plug(**cameras)
            numbered.open()
            named.open()
        assert opened[::2] == ["/dev/video0", "/dev/video2", "/dev/video0"]
        assert set(opened[1::2]) == {"/dev/v4l/by-id/x"}
        plug(video0=OTHER)
        with pytest.raises(FeedError, match="another camera has its number"):
            numbered.open()


def test_a_missing_camera_is_told_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that is not there is refused with the cameras that are."""
    monkeypatch.setattr(local_camera, "LINUX", True)
    monkeypatch.setattr(v4l2, "paths", lambda: ("/dev/video2", "/dev/video4"))
    with pytest.raises(FeedError, match="there is no /dev/video4711") as caught:
        camera(device("device:4711")).open()
    assert (caught.value.where, caught.value.todo) == (
        "wide",
        "this machine has /dev/video2, /dev/video4; see `liveshow devices`",
    )


def test_a_camera_of_somebody_else_is_told_with_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that this user may not open is refused with how to get the right."""
    monkeypatch.setattr(local_camera, "LINUX", True)
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    (tmp_path / "video0").touch()
    with pytest.raises(FeedError, match="may not be opened by this user") as caught:
        camera(device(f"device:{tmp_path / 'video0'}")).open()
    assert "usermod -aG video" in caught.value.todo


def test_a_file_that_is_no_camera_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV itself, asked for something that is no camera, ends in one error."""
    monkeypatch.setattr(local_camera, "LINUX", True)
    (tmp_path / "video0").touch()
    with pytest.raises(FeedError, match="does not open") as caught:
        camera(device(f"device:{tmp_path / 'video0'}")).open()
    assert caught.value.where == "wide"
    assert caught.value.todo


@pytest.mark.parametrize(
    ("standards", "status", "can", "what"),
    [(0, 2, 2, "no signal"), (255, 0x100, 4, ""), (0, 0, 2, ""), (0, 0x30, 2, ""), (0, 2, 0, None)],
)
def test_a_driver_says_what_is_missing_at_the_input(
    standards: int, status: int, can: int, what: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cards with an analogue or HDMI input are asked whether there is a signal; a camera that has no such input is not believed."""
    (tmp_path / "video0").touch()
    answers = {38: (1,), 26: (1, b"HDMI", 2, 0, 0, standards, status, can)}
    monkeypatch.setattr(v4l2, "_ask", lambda _fd, _layout, number, _question, **_how: answers[number])
    assert v4l2.missing(str(tmp_path / "video0")) == what


@pytest.mark.parametrize(
    ("told", "lost"), [(["", "no signal", "no signal"], True), (["no signal"] * 3, False), (["", "no signal", ""], False)]
)
def test_a_driver_is_believed_when_it_has_told_of_a_signal(
    told: list[str], lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card whose signal went away is lost after the second answer; one whose driver never tells of a signal is recorded all the same."""
    answers = iter(told)
    monkeypatch.setattr(local_camera, "_missing", lambda _: next(answers))
    asked = camera(device("device:/dev/video0"))
    with pytest.raises(FeedLost, match="no signal") if lost else contextlib.nullcontext():
        for _ in told:
            asked._raise_when_missing()


def test_a_machine_without_opencv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OpenCV cannot be loaded the error names the system's packages."""
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(FeedError, match="OpenCV cannot be loaded") as caught:
        opencv.load_cv2("wide")
    assert "libgl1" in caught.value.todo


class FakeCapture:
    """A camera that takes every wish and delivers in one format only."""

    def __init__(self, code: str) -> None:
        self._code, self.released = cv2.VideoWriter.fourcc(*code), False

    def isOpened(self) -> bool:
        return True

    def set(self, _wish: int, _value: float) -> bool:
        return True

    def get(self, wish: int) -> float:
        return float(self._code) if wish == cv2.CAP_PROP_FOURCC else 29.97

    def release(self) -> None:
        self.released = True


@pytest.mark.parametrize(("delivers", "opened"), [("MJPG", True), ("YUYV", False)])
def test_a_wish_that_was_only_seemingly_granted_is_noticed(
    delivers: str, opened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV says yes to every format: a camera that then delivers another is let go of, one that delivers it is kept."""
    capture = FakeCapture(delivers)
    values = {name: getattr(cv2, name) for name in dir(cv2) if name.startswith("CAP_")}
    fake = SimpleNamespace(
        VideoCapture=lambda _place, _backend: capture, VideoWriter=cv2.VideoWriter, error=cv2.error, **values
    )
    monkeypatch.setattr(opencv, "load_cv2", lambda _where: fake)
    got = opencv.open_opencv("/dev/video0", "mjpeg", opencv.Wishes(640, 360, 30), "wide")
    assert (got is not None, capture.released) == (opened, not opened)
    if got is not None:
        assert got[1] == Fraction(30000, 1001)


@pytest.mark.vm
@pytest.mark.timeout(900)
def test_cameras_behind_real_drivers_conform() -> None:
    """In a virtual machine, raw, Motion JPEG and H.264 cameras of the kernel's drivers pass the conformance suite."""
    from tests.vm.boot import run_in_vm
    from tests.vm.local_cameras import CLIPS, SCRIPT

    for clip in CLIPS.values():
        media(clip)
    ended = run_in_vm(SCRIPT, timeout=840)
    assert ended.exit_code == 0, str(ended)
