"""The local camera and microphone feeds on the kernel's own drivers, in a virtual machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from tests.devices.signals import faults
from tests.servers.pictures import media
from tests.vm.conftest import CLIPS, Left
from tests.vm.read_feeds import PACKETS, SECONDS

pytestmark = [pytest.mark.vm, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ran(left_by: Callable[[str], Left]) -> Left:
    """What the machine left that captured every feed once."""
    return left_by("feeds")


def test_a_raw_camera_is_encoded(ran: Left) -> None:
    """Raw pictures arrive as H.264 at the size and rate asked for, with times that rise."""
    first = ran.json("raw")["first"]
    assert first["formats"] == ["h264 640×360 5"]
    assert all(a["pts"] < b["pts"] for a, b in pairwise(first["packets"]))


@pytest.mark.parametrize("codec", ["mjpeg", "h264"])
def test_compressed_pictures_are_kept_as_they_are(ran: Left, codec: str) -> None:
    """Each packet is a picture of the camera, byte for byte and in order, with the time at which the kernel took it."""
    first = ran.json(codec)["first"]
    assert first["formats"][0].startswith(f"{codec} 640×360")
    packets = first["packets"][1:]  # v4l2loopback hands a new reader the last picture again, at the buffer's full length
    sent = [hashlib.sha256(picture.data).hexdigest() for picture in media(CLIPS[codec]).pictures]
    at = [sent.index(packet["sha256"]) for packet in packets]
    assert all((b - a) % len(sent) == 1 for a, b in pairwise(at))
    assert all(packet["capture"] <= packet["arrival"] for packet in packets)


@pytest.mark.parametrize("name", ["unplugged", "stalled", "broken"])
def test_a_camera_that_fails_is_lost_and_comes_back(ran: Left, name: str) -> None:
    """Unplugged, silent or broken, a camera is called lost and never read for ever; opened again it delivers as before."""
    report = ran.json(name)
    assert report["lost"].startswith("cam: ")
    assert report["again"]["formats"] == report["first"]["formats"]
    assert len(report["again"]["packets"]) == PACKETS


def test_a_camera_that_is_not_there_is_refused_by_name(ran: Left) -> None:
    """A path that is no device is refused, and the cameras there are named."""
    refused = ran.json("missing")["refused"]
    assert "there is no /dev/video7" in refused
    assert "/dev/video0, /dev/video1, /dev/video8, /dev/video9" in refused


def test_no_sample_of_a_microphone_is_lost_in_silence(ran: Left) -> None:
    """The sound card's channels come as they were played; a stretch that is missing (this machine is slow) was flagged."""
    heard, overflows = np.load(ran.folder / "mics.npy"), ran.json("mics")["overflows"]
    assert heard.shape[1] >= SECONDS * 48_000
    for channel, samples in enumerate(heard):
        found = faults(samples, channel)
        assert {fault.kind for fault in found} <= {"lost"}
        assert {fault.position for fault in found} <= set(overflows)
