"""Microphones: which device a source means, and that a real PortAudio device is captured whole, lost and found again."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liveshow.errors import FeedError
from liveshow.feeds.microphone import KIND, widths_to_try
from liveshow.feeds.portaudio import Input, choose, load, shortest_name
from tests.devices import Device, UnpluggableDevice
from tests.devices.daemons import ROOT
from tests.devices.jack import jack_device
from tests.devices.pulse import pulse_device
from tests.devices.signals import faults, locate

PATIENCE = 60.0
LISTED = (
    Input(4, "X18/XR18: USB Audio (hw:2,0)", "ALSA", 0, 18, 48_000, 0.04),
    Input(5, "USB PnP: Audio (hw:3,0)", "ALSA", 0, 1, 44_100, 0.04),
    Input(6, "USB PnP: Audio (hw:4,0)", "ALSA", 0, 1, 44_100, 0.04),
    Input(7, "7", "ALSA", 0, 2, 44_100, 0.04),
    Input(8, "pulse", "ALSA", 0, 32, 44_100, 0.04),
    Input(9, "pulse monitor", "ALSA", 0, 32, 44_100, 0.04),
    Input(0, "X18", "JACK Audio Connection Kit", 3, 18, 48_000, 0.02),
    Input(1, "Stage", "JACK Audio Connection Kit", 3, 32, 48_000, 0.02),
    Input(2, "Stage", "JACK Audio Connection Kit", 3, 32, 48_000, 0.02),
)


class Reader:
    """A child process that reads a device (tests.read_microphone), and what it says."""

    def __init__(self, device: Device, saved: Path, channels: int, rate: int) -> None:
        argv = [sys.executable, "-m", "tests.read_microphone", device.device_name, str(channels), str(rate), str(saved)]
        environment = os.environ | device.env
        self.noise = saved.with_suffix(".log")
        with self.noise.open("wb") as noise:
            self.child = subprocess.Popen(
                argv, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=noise, text=True
            )
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, did: str, condition: Callable[[dict[str, Any]], bool] = lambda _: True) -> list[dict[str, Any]]:
        """Everything said up to the first line of that kind for which the condition holds, which is the last one."""
        said: list[dict[str, Any]] = []
        while not said or said[-1]["did"] != did or not condition(said[-1]):
            try:
                said.append(self._said.get(timeout=PATIENCE))
            except queue.Empty:
                raise AssertionError(f"no {did} after {said[-3:]}:\n{self.noise.read_text()}") from None
        return said

    def end(self) -> None:
        """Tell it to end, if it has not yet, and wait until it has."""
        assert self.child.stdin
        if not self.child.stdin.closed:
            self.child.stdin.close()
        assert self.child.wait(PATIENCE) == 0, self.noise.read_text()

    def _listen(self) -> None:
        assert self.child.stdout
        for line in self.child.stdout:
            self._said.put(json.loads(line))


@contextmanager
def reading(device: Device, saved: Path, *, channels: int = 32, rate: int = 48_000) -> Iterator[Reader]:
    """A reader of a device, ended on the way out: gently, for a JACK server waits for clients that were killed."""
    reader = Reader(device, saved, channels, rate)
    try:
        yield reader
        reader.end()
    finally:
        reader.child.kill()
        reader.child.wait()
        assert reader.child.stdout
        reader.child.stdout.close()


@pytest.mark.parametrize("opened", [jack_device, pulse_device])
def test_32_channels_are_captured_whole(opened: Callable[[], AbstractContextManager[Device]], tmp_path: Path) -> None:
    """Of a real 32-channel device every sample of every channel comes, numbered without a hole, with times of arrival that
    rise and are not in the future."""
    with opened() as device, reading(device, tmp_path / "came.npy") as reader:
        said = reader.wait_for("read", lambda block: block["first"] >= 3 * 48_000)
        reader.end()
    opening, blocks = said[0], said[1:]
    assert (opening["did"], opening["rate"], opening["channels"]) == ("opened", 48_000, 32)
    assert [block["first"] for block in blocks] == list(np.cumsum([0] + [block["frames"] for block in blocks[:-1]]))
    arrivals = [block["arrival"] for block in blocks]
    assert arrivals == sorted(arrivals)
    assert all(block["arrival"] <= block["now"] for block in blocks)
    came = np.load(tmp_path / "came.npy")
    assert {channel: faults(samples, channel) for channel, samples in enumerate(came)} == {n: [] for n in range(32)}
    assert len({locate(samples[:10])[1] for samples in came}) == 1


def test_one_microphone_of_a_wide_device_is_not_a_mix(tmp_path: Path) -> None:
    """A single microphone on the first channel of a 32-channel device records that channel's samples, none mixed in."""
    with pulse_device() as device, reading(device, tmp_path / "came.npy", channels=1) as reader:
        reader.wait_for("read", lambda block: block["first"] >= 48_000)
        reader.end()
    assert faults(np.load(tmp_path / "came.npy")[0], 0) == []


@pytest.mark.parametrize("opened", [jack_device, pulse_device])
def test_a_device_that_leaves_is_lost_and_found_again(
    opened: Callable[[], AbstractContextManager[UnpluggableDevice]], tmp_path: Path
) -> None:
    """A device that vanishes is said to be lost, opening it fails while it is away, and in the same process it is opened
    again under its new number and plays on."""
    with opened() as device, reading(device, tmp_path / "came.npy") as reader:
        reader.wait_for("read", lambda block: block["first"] >= 24_000)
        device.vanish()
        reader.wait_for("lost")
        assert "stagebox: " in reader.wait_for("refused")[-1]["why"]
        device.come_back()
        reader.wait_for("opened")
        reader.wait_for("read", lambda block: not block["silent"] and block["first"] >= 24_000)
        reader.end()
    came = np.load(tmp_path / "came.npy")
    for channel, samples in enumerate(came):
        assert [fault for fault in faults(samples, channel) if fault.kind != "gap"] == []


def test_a_rate_the_device_does_not_have_is_refused_with_those_it_has(tmp_path: Path) -> None:
    """JACK runs at one rate, and asked for another the message says which."""
    with jack_device(channels=2) as device, reading(device, tmp_path / "came.npy", channels=2, rate=44_100) as reader:
        why = reader.wait_for("refused")[-1]["why"]
    assert "does not run at 44100 Hz" in why
    assert why.endswith("set sample_rate to one of 48000")


def test_a_channel_the_device_does_not_have_is_refused(tmp_path: Path) -> None:
    """A microphone on channel 3 of a two-channel device is an error that says how many there are."""
    with jack_device(channels=2) as device, reading(device, tmp_path / "came.npy", channels=3) as reader:
        why = reader.wait_for("refused")[-1]["why"]
    assert why.startswith("stagebox: channel 3 is asked of 'liveshow-stage'")
    assert "channels from 1 to 2" in why


def test_sound_devices_are_listed_as_a_setup_names_them() -> None:
    """The list has a device with its channels, by a string that finds it, and the sound system's chatter is not in it."""
    program = "from liveshow.feeds.listing import sound_devices; print(*sound_devices(), sep='\\n')"
    with jack_device(channels=8) as device:
        argv, environment = [sys.executable, "-c", program], os.environ | device.env
        done = subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stderr == ""
    (line,) = [line for line in done.stdout.splitlines() if "liveshow-stage" in line]
    assert "source='device:liveshow-stage', name='liveshow-stage'" in line
    assert "host_api='JACK Audio Connection Kit', channels=8, sample_rate=48000" in line


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ("xr18", 4),
        ("x1", 4),  # in names of several host APIs: the first
        ("x18", 0),  # but a whole name before a part of one
        ("x18, jack", 0),
        ("hw:4,0", 6),
        ("pulse", 8),
        ("5", 5),
        ("7", 7),
    ],
)
def test_a_source_means_one_device(wanted: str, number: int) -> None:
    """A number, a whole name or a part of one picks a device, the default host API's first."""
    assert choose(wanted, LISTED).number == number


@pytest.mark.parametrize(
    ("wanted", "found", "todo"),
    [
        (
            "USB PnP",
            "'USB PnP' is part of 'USB PnP: Audio (hw:3,0)' (ALSA, 1 channels), 'USB PnP: Audio (hw:4,0)'",
            "write more",
        ),
        ("stage", "'stage' is part of 'Stage' (JACK", "write more"),
        (
            "Scarlett",
            "there is no sound device 'Scarlett'",
            "this machine has 'X18/XR18: USB Audio (hw:2,0)' (ALSA, 18 channels)",
        ),
        ("alsa", "there is no sound device 'alsa'", "this machine has"),
        ("99", "there is no sound device '99'", "this machine has"),
    ],
)
def test_a_source_that_means_no_device_or_several_says_what_there_is(wanted: str, found: str, todo: str) -> None:
    """What is missing or ambiguous is never guessed: the error names the devices in question."""
    with pytest.raises(FeedError) as caught:
        choose(wanted, LISTED, "stagebox")
    assert found in caught.value.what
    assert caught.value.todo.startswith(todo)
    assert caught.value.where == "stagebox"


def test_every_device_has_a_name_that_finds_it() -> None:
    """What `devices` lists for a setup finds that very device, among all of them."""
    names = [shortest_name(device, LISTED) for device in LISTED]
    assert [choose(name, LISTED).number for name in names] == [device.number for device in LISTED]
    assert names[0] == "X18/XR18: USB Audio"  # as whichever card it comes back
    assert "USB PnP: Audio (hw:3,0)" in names  # there is another of its kind
    assert names[-1] == "2"


def test_a_card_that_comes_back_under_another_number_is_known_again() -> None:
    """A device that was there, and alone of its name, is found as another card; no other is ever taken for one that is missing."""
    wanted = "X18/XR18: USB Audio (hw:7,0)"
    assert choose(wanted, LISTED, any_card=True).name == "X18/XR18: USB Audio (hw:2,0)"
    with pytest.raises(FeedError, match="there is no sound device"):
        choose(wanted, LISTED)
    with pytest.raises(FeedError, match="write more"):
        choose("USB PnP: Audio (hw:7,0)", LISTED, any_card=True)


@pytest.mark.parametrize(
    ("needed", "offered", "widths"),
    [(1, 1, (1,)), (1, 2, (2, 1)), (2, 18, (18, 2)), (32, 32, (32,)), (1, 128, (32, 1)), (40, 64, (40,))],
)
def test_a_device_is_opened_whole_within_reason(needed: int, offered: int, widths: tuple[int, ...]) -> None:
    """All channels of a device are opened, up to 32 unless more are needed, and the needed ones when it refuses."""
    assert widths_to_try(needed, offered) == widths


def test_a_machine_without_portaudio_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is missing the error names the system's package, and nothing else breaks."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FeedError, match="PortAudio library not found") as caught:
        load("stagebox")
    assert "sounddevice" not in sys.modules
    if sys.platform == "linux":
        assert "libportaudio2" in caught.value.todo


def test_a_source_without_a_name_is_refused_unopened() -> None:
    """ "device:" alone names nothing, which a setup file is told before any device is looked at."""
    assert KIND.check("device:X18") is None
    assert KIND.check("device: ") is not None
