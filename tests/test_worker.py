"""A worker: what it is started with, and what it leaves when it ends in a way that nobody foresaw."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import soundfile

from liveshow import setupfile
from liveshow.model import Setup
from liveshow.recorder import address
from liveshow.recorder.spec import WorkerSpec, spec_of
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.timing import read_timing
from liveshow.timebase import ShowClock

SETUP = """
[show]
title = "Open Mic"
date = 2026-11-29
timezone = "UTC"
[timecode]
ltc = "house"
[[camera]]
id = "wide"
source = "{camera}"
[[audio]]
id = "box"
source = "{sound}"
[[audio.mic]]
id = "vox"
channel = 1
[[audio.mic]]
id = "house"
channel = 2
[[performer]]
id = "ana"
name = "Ana Pena"
feeds = ["vox"]
"""
CLOCK = ShowClock()
EDITS: dict[str, Callable[[str], str]] = {
    "a name": lambda text: text.replace("Ana Pena", "Ana Peña"),
    "a patch": lambda text: text.replace('feeds = ["vox"]', 'feeds = ["vox", "wide"]'),
    "one performer more": lambda text: text + '[[performer]]\nid = "ben"\nname = "Ben"\n',
    "how late a feed is": lambda text: text.replace('id = "wide"', 'id = "wide"\ndelay_ms = 80'),
    "who shares it": lambda text: text.replace("channel = 1", "channel = 1\nshared = true"),
    "a limit": lambda text: text.replace("channel = 1", "channel = 1\n[audio.mic.alarms]\nsilent = 90"),
}


def setup_of(text: str, camera: str = "rtsp://cam", sound: str = "device:X18") -> Setup:
    return setupfile.parse(text.format(camera=camera, sound=sound), "setup.toml", date(2026, 11, 29))


def specs(setup: Setup) -> dict[str, WorkerSpec]:
    return {device.id: spec_of(setup, device, "/show", CLOCK) for device in setup.devices}


def changed(before: Setup, after: Setup) -> list[str]:
    """The devices whose workers are not those that are wanted now."""
    old, new = specs(before), specs(after)
    return [device for device in old if old[device].digest() != new[device].digest()]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize(
    ("camera", "sound"), [("rtsp://cam", "device:X18"), ("device:0", "file:song.wav"), ("udp://:1", "device:")]
)
def test_what_a_device_has_no_use_for_ends_no_worker(camera: str, sound: str, edit: str) -> None:
    """Whoever corrects a name, a patch or a limit in the setup and starts the recorder again finds the workers of cameras and sound devices
    as he would start them."""
    assert changed(setup_of(SETUP, camera, sound), setup_of(EDITS[edit](SETUP), camera, sound)) == []


@pytest.mark.parametrize(
    ("old", "new", "device"),
    [
        ("{camera}", "rtsp://other", "wide"),
        ('id = "house"', 'id = "house"\ndelay_ms = 20', "box"),
        ("channel = 1", "channel = 3", "box"),
    ],
)
def test_what_changes_a_recording_ends_its_worker_only(old: str, new: str, device: str) -> None:
    """Another source, another channel, or another delay of the house's timecode is another recording: of that device and of no other."""
    assert changed(setup_of(SETUP), setup_of(SETUP.replace(old, new))) == [device]


def test_simulated_performers_are_those_of_the_setup() -> None:
    """Simulated feeds, and those of other packages, are told who they are patched to and what performers are called."""
    for spec in specs(setup_of(SETUP, "another:kind", "simulated:")).values():
        assert spec.performers == {"ana": "Ana Pena"}
        assert spec.patched == {feed.id: ("ana",) if feed.id == "vox" else () for feed in spec.device.feeds}
    patched = EDITS["a patch"](SETUP)
    assert changed(setup_of(SETUP, "simulated:"), setup_of(patched, "simulated:")) == ["wide"]
    assert changed(setup_of(SETUP, sound="simulated:"), setup_of(EDITS["a name"](SETUP), sound="simulated:")) == ["box"]


# A fault that nobody foresaw -----------------------------------------------------------------------------------------

BLOCKS, LENGTH = 40, 1200
BREAKING = f"""
import numpy as np
from liveshow.feeds.base import Block, Kind, SoundFormat

class Breaking:
    def __init__(self, capture):
        self.clock, self.count, self.began = capture.clock, 0, capture.clock.now()

    def open(self):
        return SoundFormat(48_000, 1, "ramp")

    def read(self):
        if self.count == {BLOCKS}:
            raise OSError("a fault that nobody foresaw")
        first = self.count * {LENGTH}
        self.count += 1
        arrival = self.began + self.count * {LENGTH} * 1_000_000_000 // 48_000
        samples = (np.arange(first, first + {LENGTH}, dtype=np.int32) << 8)[:, None]
        return Block(first, samples, arrival)

    def close(self):
        pass

    def cue(self, on):
        pass

KIND = Kind("breaking sound", ("breaking",), None, Breaking, lambda source: None)
"""
ONE = """
[show]
title = "Solo"
[[audio]]
id = "box"
source = "breaking:"
sample_rate = 48000
[[audio.mic]]
id = "vox"
channel = 1
"""


def test_a_fault_that_nobody_foresaw_costs_nothing_that_was_heard(tmp_path: Path) -> None:
    """A worker that ends with a traceback has brought all that it recorded to both disks first, and is not to be found any more."""
    about = tmp_path / "breaking-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: breaking\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[liveshow.feeds]\nbreaking = breaking:KIND\n")
    (tmp_path / "breaking.py").write_text(BREAKING)
    setup = setupfile.parse(ONE, "setup.toml", date(2026, 11, 29))
    folders = [make(tmp_path / disk / "show", ONE, ["vox"]) for disk in ("first", "mirror")]
    spec = spec_of(setup, setup.devices[0], str(folders[0].path), ShowClock(), str(folders[1].path))
    run = subprocess.run(
        [sys.executable, "-m", "liveshow.recorder.worker"],
        input=spec.encode(),
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert (run.returncode, b"a fault that nobody foresaw" in run.stderr) == (1, True)
    assert [heard(folder) for folder in folders] == [list(range(BLOCKS * LENGTH))] * 2
    assert address.workers_of(folders[0].path) == ()


def heard(folder: ShowFolder) -> list[int]:
    """The samples of the only part there is, which is whole."""
    (name,) = folder.part_names("vox")
    path = folder.part_file(name)
    end = read_timing(path.with_suffix(TIMING)).end
    assert end is not None
    samples, _ = soundfile.read(path, dtype="int32")
    assert end.positions == len(samples)
    return [int(sample) >> 8 for sample in samples]
