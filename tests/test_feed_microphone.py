"""Microphones: which device a source means, and that a real PortAudio device is captured whole, lost and found again."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from liveshow import model
from liveshow.errors import FeedError, FeedStuck
from liveshow.feeds import microphone
from liveshow.feeds.base import Capture
from liveshow.feeds.microphone import KIND, widths_to_try
from liveshow.feeds.portaudio import Input, Known, choose, load, shortest_name
from liveshow.model import Feed, FeedKind
from liveshow.recorder.reopening import keep_recording
from liveshow.timebase import ShowClock
from tests.devices import Device, UnpluggableDevice
from tests.devices.daemons import ROOT
from tests.devices.jack import jack_device
from tests.devices.pulse import pulse_device
from tests.devices.signals import faults, locate
from tests.running_show import wait_for

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


def renumbered(*names: str) -> tuple[Input, ...]:
    """Devices with these names, numbered from 0, as after others came or went."""
    return tuple(Input(number, name, "ALSA", 0, 2, 48_000, 0.04) for number, name in enumerate(names))


@pytest.mark.parametrize(
    ("before", "number", "after", "found"),
    [
        (("A", "B", "C"), 2, ("A", "B", "C"), 2),
        (("A", "B", "C"), 2, ("A", "C"), 1),  # another left: its number is nobody's
        (("A", "B", "C"), 1, ("B", "A", "C"), 0),  # its number is another's
        (("A", "B (hw:2,0)"), 1, ("B (hw:4,0)", "A"), 0),  # as another card
        (("B", "A", "B"), 2, ("B", "B", "A"), 1),  # the second of two
    ],
)
def test_a_number_means_the_device_that_had_it(before: Sequence[str], number: int, after: Sequence[str], found: int) -> None:
    """A device that was open under a number is found by its name when the numbers are new."""
    there = renumbered(*before)
    assert Known.among(there[number], there).again(renumbered(*after), "box").number == found


@pytest.mark.parametrize(
    ("before", "number", "after", "told"),
    [
        (
            ("A", "B", "C"),
            1,
            ("A", "C"),
            r"another device has its number: 1 is 'C' \(ALSA, 2 channels\) now, and 'B, ALSA' is not",
        ),
        (("A", "B"), 1, ("A",), "^'B, ALSA' is not there"),
        (("A", "B", "B"), 1, ("A", "B"), "nobody can tell which has left"),
        (("B (hw:1,0)", "B (hw:2,0)"), 1, ("A", "B (hw:1,0)"), "another device has its number"),
    ],
)
def test_a_number_never_means_another_device(before: Sequence[str], number: int, after: Sequence[str], told: str) -> None:
    """When the device is not there, whichever has its number by now is not taken for it, nor its twin."""
    there = renumbered(*before)
    with pytest.raises(FeedError) as refused:
        Known.among(there[number], there).again(renumbered(*after), "box")
    assert re.search(told, refused.value.what)
    assert refused.value.where == "box"


class FakeStream:
    """A stream of a device that gives nothing; its driver answers once it may."""

    active = True

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.answers.set()

    def abort(self) -> None:
        self.answers.wait()

    def close(self) -> None: ...


class FakeMachine:
    """A machine with a PortAudio of its own: the devices there are, those that were opened, and how often it was looked for new ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there: tuple[Input, ...] = ()
        self.opened: list[Input] = []
        self.stream, self.looked = FakeStream(), 0
        library = SimpleNamespace(PortAudioError=OSError, _exit_handler=print)
        monkeypatch.setitem(sys.modules, "sounddevice", library)
        monkeypatch.setattr(microphone, "load", lambda _where="": library)
        monkeypatch.setattr(microphone, "rescan", self._look)
        monkeypatch.setattr(microphone, "inputs", lambda _: self.there)
        monkeypatch.setattr(microphone, "_started", self._start)

    def microphone(self, source: str) -> microphone.Microphone:
        """One of its microphones."""
        device = model.Device("box", FeedKind.MIC, source, (Feed("vox", FeedKind.MIC, "box", 1),), 48_000, {})
        return microphone.Microphone(Capture(device, ShowClock(), {}, {}))

    def _look(self, _: object) -> None:
        self.looked += 1

    def _start(self, _library: object, _ring: object, device: Input, *_how: int) -> FakeStream:
        self.opened.append(device)
        return self.stream


@pytest.mark.parametrize(("source", "told"), [("device:1", "'B, ALSA' is not there"), ("device:b", "no sound device 'b'")])
def test_a_microphone_is_opened_again_as_what_it_was(source: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number as by name: what was recorded first, wherever it is, and nothing while that is away."""
    machine = FakeMachine(monkeypatch)
    with closing(machine.microphone(source)) as mic:
        for names in (("A", "B"), ("B", "A"), ("A", "C", "B")):
            machine.there = renumbered(*names)
            mic.open()
        assert [device.name for device in machine.opened] == ["B"] * 3
        machine.there = renumbered("A", "C")
        with pytest.raises(FeedError, match=told):
            mic.open()


def test_a_driver_that_hangs_ends_the_process_that_can_open_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a stream hangs as it is closed, PortAudio may not look for devices: what it knows is opened all the same, and when that
    fails it is no loss to be waited out, for a fresh process looks anew. Once the driver has answered this one does."""
    machine = FakeMachine(monkeypatch)
    monkeypatch.setattr(microphone, "LET_GO_WITHIN", 0.05)
    link: Any = SimpleNamespace(stop=threading.Event(), beat=lambda _seconds: None)
    with closing(machine.microphone("device:a")) as mic:
        machine.there = renumbered("A")
        mic.open()
        hung, machine.stream = machine.stream, FakeStream()
        hung.answers.clear()
        mic.open()
        looked, machine.there = machine.looked, renumbered("B")
        try:
            with pytest.raises(FeedStuck, match="there is no sound device 'a'"):
                keep_recording(link, lambda: void(mic.open()), mic.close, lambda *_: None)
            assert machine.looked == looked
        finally:
            hung.answers.set()
        wait_for("its answer", lambda: hung not in microphone._streams)
        with pytest.raises(FeedError, match="there is no sound device 'a'"):
            mic.open()
        assert machine.looked == looked + 1


def void(_: object) -> None:
    """Whoever records keeps nothing of it."""


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
