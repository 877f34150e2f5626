"""`liveshow check` and `liveshow record` on real drivers in a virtual machine, and the recordings read back on the host."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from liveshow.events import SessionEnded
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing import read_timing
from tests.devices.signals import faults
from tests.servers.pictures import media
from tests.vm.conftest import CLIPS, Left

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1000)]

FEEDS = {"raw": "h264 640×360", "mjpeg": "mjpeg 640×360", "vox1": "48000 Hz", "vox2": "48000 Hz"}


@pytest.fixture(scope="module")
def ran(left_by: Callable[[str, int, int], Left]) -> Left:
    """What the machine left that checked and recorded."""
    return left_by("evening", 2, 600)


@pytest.fixture(scope="module")
def show(ran: Left) -> ShowFolder:
    """The show that was recorded."""
    return ShowFolder(ran.folder / "show")


def _parts(show: ShowFolder, feed: str) -> list[Path]:
    return [show.part_file(name) for name in show.part_names(feed)]


@pytest.mark.parametrize("feed", FEEDS)
def test_check_says_what_arrives(ran: Left, feed: str) -> None:
    """Each feed is found in order, with what it delivers."""
    (line,) = [line for line in (ran.folder / "check").read_text().splitlines() if f" {feed} " in line]
    assert line.split()[0] == "ok"
    assert FEEDS[feed] in line


def test_the_show_ends_cleanly(show: ShowFolder) -> None:
    """The journal's last word on the session is that it was stopped, and so is every feed's last part."""
    assert [event.how for event in show.events() if isinstance(event, SessionEnded)] == ["stopped"]
    for feed in FEEDS:
        end = read_timing(_parts(show, feed)[-1].with_suffix(".timing")).end
        assert end is not None
        assert end.how == "stopped"


def test_a_raw_camera_s_recording_decodes(show: ShowFolder) -> None:
    """Every picture of the vivid camera is in the file as the timing says, and can be decoded."""
    for part in _parts(show, "raw"):
        with av.open(str(part)) as container:
            pictures = list(container.decode(video=0))
        assert len(pictures) == read_timing(part.with_suffix(".timing")).positions.size
        assert {(picture.width, picture.height) for picture in pictures} == {(640, 360)}


def test_an_mjpeg_camera_s_pictures_are_on_disk_as_they_came(show: ShowFolder) -> None:
    """Each packet in the recording is a picture of the camera, byte for byte and in order; a slow machine may skip some."""
    sent = {picture.data: picture.counter for picture in media(CLIPS["mjpeg"]).pictures}
    for part in _parts(show, "mjpeg"):
        with av.open(str(part)) as container:
            packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
        at = [sent[packet] for packet in packets[1:]]  # the first is the driver's last for whoever read before
        assert len(at) > 20
        assert all(0 < (b - a) % len(sent) < len(sent) // 2 for a, b in pairwise(at))


@pytest.mark.parametrize(("feed", "channel"), [("vox1", 0), ("vox2", 1)])
def test_a_microphone_s_recording_holds_its_signal_and_noted_silence(show: ShowFolder, feed: str, channel: int) -> None:
    """What is on disk is the sound card's channel, unaltered, and no silence that is not noted as a gap.

    That nothing is lost cannot be asked here: in emulation the far end of the card runs dry at times, which no device does.
    """
    for part in _parts(show, feed):
        samples = np.asarray(soundfile.read(part, dtype="int32")[0], np.int32)
        found = faults(samples, channel)
        noted = [(gap.position, gap.frames) for gap in read_timing(part.with_suffix(".timing")).gaps]
        assert np.count_nonzero(samples) > 48_000
        assert "altered" not in {fault.kind for fault in found}
        assert [(fault.position, fault.length) for fault in found if fault.kind == "gap"] == noted
