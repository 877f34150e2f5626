"""A MIDI pedal: which messages are presses, what they say, and that one that is pulled out comes back; over a real MIDI port of
JACK."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import mido
import pytest

from liveshow.errors import UsageError
from liveshow.events import Go, Hold, Off
from liveshow.recorder.control.osc_packets import Message
from liveshow.recorder.control.pedal_map import Binding, Press, Presses, bindings
from liveshow.timebase import SECOND
from tests.conftest import needs
from tests.devices.jack import jack_server
from tests.devices.jack_midi import FootSwitch
from tests.fake_recorder import FakeRecorder
from tests.osc_stage import until

# What is a press -------------------------------------------------------------------------------------------------


def presses(*messages: mido.Message) -> list[str]:
    """What is pressed."""
    found = Presses()
    return [str(press) for message in messages if (press := found.press(message)) is not None]


def cc(*values: int, control: int = 64, channel: int = 0) -> list[mido.Message]:
    """Positions of a controller."""
    return [mido.Message("control_change", control=control, value=value, channel=channel) for value in values]


def test_notes_are_pressed_and_let_go() -> None:
    """Note On is a press; Note Off, and a Note On of velocity 0, are none."""
    on, off, zero = (
        mido.Message("note_on", note=36),
        mido.Message("note_off", note=36),
        mido.Message("note_on", note=36, velocity=0),
    )
    assert presses(on, off, on, zero, on) == ["note:36"] * 3


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ((127, 0, 127, 0), 2),
        ((64,), 1),
        ((63,), 0),
        ((5, 30, 70, 110, 127, 90, 40, 0), 1),
        ((90, 95, 70, 66, 10), 1),
        ((127, 127, 127), 3),
    ],
    ids=["switch", "just", "not quite", "pressed slowly", "half-way and held", "never says that it is let go"],
)
def test_controllers_are_pressed_from_the_middle(values: tuple[int, ...], count: int) -> None:
    """A switch, a pedal that sends its way down, and one that sends nothing when it is let go."""
    assert presses(*cc(*values)) == ["cc:64"] * count


def test_controllers_do_not_disturb_each_other() -> None:
    """Two pedals, or one number on two channels, are two; clock, bends and pressure are nothing."""
    noise = [mido.Message("clock"), mido.Message("pitchwheel"), mido.Message("aftertouch"), mido.Message("sysex", data=(1, 2))]
    assert presses(*cc(127), *noise, *cc(127, control=65), *cc(100, channel=3)) == ["cc:64", "cc:65", "cc:64"]


def test_a_program_change_is_a_press() -> None:
    """Each one."""
    assert presses(mido.Message("program_change", program=5), mido.Message("program_change", program=5)) == ["program:5"] * 2


def test_what_presses_say_is_read_from_words() -> None:
    """Notes, controllers and programs, on one channel or any; what follows is an OSC address and its arguments."""
    texts = ["note:36=go", "cc:64@10=performer/mara/toggle", "program:5=note 'a good laugh' 2.5"]
    assert bindings(texts) == (
        Binding("note", 36, None, Message("/liveshow/go")),
        Binding("cc", 64, 10, Message("/liveshow/performer/mara/toggle")),
        Binding("program", 5, None, Message("/liveshow/note", ("a good laugh", 2.5))),
    )
    (_, tenth, _) = bindings(texts)
    assert tenth.fits(Press("cc", 64, 10))
    assert not tenth.fits(Press("cc", 64, 9))


@pytest.mark.parametrize(
    "text",
    [
        "go",
        "note:36",
        "note:128=go",
        "note:x=go",
        "bend:1=go",
        "cc:64@17=go",
        "note:36=goo",
        "note:36=subscribe",
        "cc:1=note 'x",
    ],
)
def test_nonsense_is_refused_before_the_show(text: str) -> None:
    """What is no press, and what says nothing, is refused when it is written."""
    with pytest.raises(UsageError) as refused:
        bindings([text])
    assert refused.value.todo


def test_without_the_extra_one_message_names_the_command(tmp_path: Path) -> None:
    """Where mido is not installed, one line says what to install; nothing else of liveshow needs it."""
    hiding = (
        "import sys; sys.modules['mido'] = None; sys.argv = ['liveshow', 'pedal', '--list']; import liveshow.cli as c; c.main()"
    )
    ended = subprocess.run([sys.executable, "-c", hiding], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 3
    assert "pip install 'liveshow[midi]'" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


# A real port -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jack() -> Iterator[dict[str, str]]:
    """The environment that leads to a JACK server, by which MIDI goes."""
    needs("jackd")
    with jack_server(mode=("-t", "10000")) as (env, _, _):
        yield env


class Verb:
    """A running `liveshow pedal` and what it prints."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self._log, self._read = process, log, 0

    @property
    def lines(self) -> list[str]:
        """What it printed so far."""
        return self._log.read_text(encoding="utf-8").splitlines()

    async def says(self, words: str, press: Callable[[], None] = lambda: None) -> None:
        """Wait for a new line with those words, pressing until then: JACK takes a moment to connect what it says is
        connected."""
        before = self._read

        def heard() -> bool:
            press()
            return any(words in line for line in self.lines[before:])

        try:
            await until(words, heard, every=0.05)
        except AssertionError as exc:
            raise AssertionError(f"{exc}; it said {self.lines}") from exc
        self._read = len(self.lines)


@asynccontextmanager
async def pedal(log: Path, env: dict[str, str], *words: str) -> AsyncIterator[Verb]:
    """`liveshow pedal`, ended on the way out."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "liveshow", "pedal", *words, env=os.environ | env, stdout=output
        )
    try:
        yield Verb(process, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)  # killed, it would hold up JACK's server
        await process.wait()


async def test_a_pedal_presses_go_and_comes_back(tmp_path: Path, jack: dict[str, str]) -> None:
    """Presses are journaled, releases are not, twice in haste is once; pulled out and plugged in again it is listened to; when
    the show has ended, so has this."""
    recorder, switch = FakeRecorder(tmp_path / "2026-11-25-pedal"), FootSwitch(jack, "footswitch", tmp_path)
    recorder.time += 60 * SECOND  # a press is dated when it was heard, a moment ago
    await recorder.open()
    switch.plug()
    on = ["note:36=go", "cc:64=hold", "program:5@2=performer/mara/toggle", "note:1=performer/nobody/on"]
    words = [recorder.folder_path.name, "--port", "FootSwitch", *(w for text in on for w in ("--on", text))]

    def probe() -> None:
        switch.send(b"\x90\x01\x64")

    try:
        async with pedal(tmp_path / "pedal.txt", jack, *words) as verb:
            await verb.says("note:1: performer/nobody/on was NOT taken: performer: no performer 'nobody'", probe)
            switch.send(b"\x90\x24\x64", b"\x80\x24\x40", b"\x90\x24\x64", b"\x90\x25\x64", b"\xc0\x05", b"\xc1\x05")
            await verb.says("program:5: performer/mara/toggle is journaled as number 4")
            switch.unplug()
            await verb.says("footswitch:out is gone")
            switch.plug()
            await verb.says("was NOT taken", probe)
            switch.send(b"\xb0\x40\x7f", b"\xb0\x40\x00")
            await verb.says("cc:64: hold is journaled as number 5")
            assert [type(event) for event in recorder.events[2:]] == [Go, Off, Hold]
            await recorder._end()
            await recorder.close()
            assert await asyncio.wait_for(verb.process.wait(), 20) == 0
    finally:
        switch.unplug()
        await recorder.close()


async def test_a_pedal_learns_and_is_listed(tmp_path: Path, jack: dict[str, str]) -> None:
    """`--learn` prints what each press is called, `--list` the inputs; the only input needs no name."""
    switch = FootSwitch(jack, "pad", tmp_path)
    switch.plug()
    try:
        async with pedal(tmp_path / "learn.txt", jack, "--learn") as verb:
            await verb.says('note:38 on channel 10: --on "note:38=go"', lambda: switch.send(b"\x99\x26\x64"))
            switch.send(b"\xb0\x42\x7f")
            await verb.says('cc:66 on channel 1: --on "cc:66=go"')
        async with pedal(tmp_path / "list.txt", jack, "--list") as verb:
            await verb.says("pad:out")
    finally:
        switch.unplug()
