"""What real drivers deliver: the kernel's camera and sound drivers, read through the libraries that liveshow uses.

One machine runs every program and leaves what came in a folder of the host; each test looks at one part of it.
Emulation is slow, so nothing here says anything about speed.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.devices.signals import faults, locate
from tests.servers.pictures import media
from tests.vm.boot import start
from tests.vm.conftest import CLIPS, Left
from tests.vm.disk import Kept, make_disk

MICS = 8
pytestmark = [pytest.mark.vm, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ran(left_by: Callable[[str, int, int], Left]) -> Left:
    """What the machine left that ran every program once."""
    return left_by("drivers", MICS, 60)


def _stamps(report: dict[str, Any]) -> list[int]:
    return [round(read["stamp"] * 1e6) for read in report["reads"]]


def test_a_camera_gives_pictures_on_the_monotonic_clock(ran: Left) -> None:
    """A raw camera opens at the size asked for, and each picture carries its time of CLOCK_MONOTONIC, one after another."""
    report = ran.json("raw")
    assert (report["fourcc"], report["FRAME_WIDTH"], report["FRAME_HEIGHT"], report["FPS"]) == ("YUYV", 640, 360, 10)
    assert [read["shape"] for read in report["reads"]] == [[360, 640, 3]] * 12
    stamps = _stamps(report)
    assert report["began"] < stamps[0]
    assert stamps[-1] < report["ended"] + 10**9  # vivid rounds up to whole pictures
    assert all(a < b for a, b in pairwise(stamps))


def test_an_unplugged_camera_fails_without_a_word(ran: Left) -> None:
    """Once unplugged every read fails, OpenCV calls it open all the same, and its rate is no rate; released, it comes back."""
    report = ran.json("unplugged")
    assert [read["good"] for read in report["reads"]] == [True] * 4 + [False] * 4
    assert (report["opened"], report["FPS"], report["again"]) == (True, -1, True)


def test_a_format_the_camera_lacks_is_replaced_silently(ran: Left) -> None:
    """Asked for MJPEG a raw camera opens and delivers, and only its code says that it is something else."""
    report = ran.json("lacking")
    assert report["opened"]
    assert report["reads"][0]["good"]
    assert report["fourcc"] == "BGR3"


def test_compressed_pictures_arrive_as_they_were_sent(ran: Left) -> None:
    """With CONVERT_RGB off OpenCV hands on each picture of an MJPEG camera, byte for byte and none missing."""
    report = ran.json("mjpeg")
    assert report["fourcc"] == "MJPG"
    sent = {picture.data: picture.counter for picture in media(CLIPS["mjpeg"]).pictures}
    came = [path.read_bytes() for path in sorted((ran.folder / "mjpeg").glob("*.bin"))]
    assert [[1, len(picture)] for picture in came] == [read["shape"] for read in report["reads"]]
    assert all((sent[b] - sent[a]) % len(sent) == 1 for a, b in pairwise(came))


def test_opencv_cannot_open_a_camera_that_has_only_h264(ran: Left) -> None:
    """The camera that delivers nothing but H.264 is there, and OpenCV refuses it: liveshow must not count on OpenCV alone."""
    assert not ran.json("h264")["opened"]


def test_a_sound_card_loses_no_sample(ran: Left) -> None:
    """Ten seconds of a Loopback card's eight channels hold what was played into its other end, every sample of it."""
    recorded = np.load(ran.folder / "recorded.npy")
    assert recorded.shape == (MICS, 480_000)
    assert ran.json("sound")["flags"] == 0
    assert {channel: faults(samples, channel) for channel, samples in enumerate(recorded)} == {n: [] for n in range(MICS)}
    assert len({locate(samples[:10])[1] for samples in recorded}) == 1


def test_a_cut_machine_keeps_what_was_synced_and_nothing_else(tmp_path: Path) -> None:
    """Killing the machine is a power cut: on its disk stands what was fsynced, not what the kernel held; what only the disk's cache held
    is there when the disk wrote it, and else is not."""
    disk = make_disk(tmp_path / "disk", 64)
    fsync = "echo kept > /mnt/synced; echo before > /mnt/cached; sync /mnt/synced /mnt/cached; "
    direct = (
        "(echo after; head -c 506 /dev/zero) | dd of=/mnt/cached bs=512 oflag=direct conv=notrunc iflag=fullblock status=none; "
    )
    with start(f"{fsync}{direct}echo gone > /mnt/held; echo written; sleep 600", modules=(), disk=disk) as machine:
        machine.wait_for("written\n", 120)
        assert machine.cut().exit_code is None
    for kept, cached in ((Kept.NOTHING, "before"), (Kept.ALL, "after")):
        left = disk.cut(tmp_path / kept.value, kept=kept).read_out("/", tmp_path / f"{kept.value}-left")
        assert (left / "synced").read_text() == "kept\n"
        assert not (left / "held").exists()
        assert (left / "cached").read_text().startswith(cached)
