"""MIDI Time Code: from messages to timecode, and from a real MIDI port into the journal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from types import ModuleType

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import MachineError, NotFound
from liveshow.events import SessionStarted, TimecodeLost, TimecodeTied
from liveshow.recorder import midi_port
from liveshow.recorder.midi_port import Stamps
from liveshow.timebase import MILLISECOND, SECOND, ShowClock, timecode
from liveshow.timebase.mtc import MtcFrame, MtcReader, full_frame, quarter_frames
from tests.conftest import lacking, needs
from tests.devices.daemons import ROOT
from tests.devices.jack import jack_server
from tests.running_show import SMALL, running_show, wait_for

BEGAN = 10**13
RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)]
coded = st.sampled_from(list(enumerate(RATES)))


def heard(reader: MtcReader, data: list[int], at: int = 0, step: int = 10) -> list[MtcFrame]:
    """What a reader finds in quarter frames of these data bytes, so far apart."""
    found = (reader.quarter_frame(byte >> 4, byte & 15, at + k * step) for k, byte in enumerate(data))
    return [frame for frame in found if frame is not None]


@given(coded, st.integers(0, 24 * 3600 * 24 - 20), st.integers(0, 7))
def test_eight_quarter_frames_tell_the_frame_of_the_first(code: tuple[int, Fraction], number: int, missed: int) -> None:
    """Whenever one begins to listen, from the next whole eight on every timecode is told, with the time of its first quarter frame."""
    texts = [timecode(number + 2 * k, code[1]) for k in range(5)]
    data = [byte for text in texts for byte in quarter_frames(text, code[0])]
    whole = texts[1:] if missed else texts
    begins = 80 if missed else 0
    assert heard(MtcReader(), data[missed:], at=10 * missed) == [MtcFrame(t, begins + 80 * k) for k, t in enumerate(whole)]


@given(st.integers(0, 39), st.sampled_from(["lost", "doubled"]))
def test_a_piece_that_is_lost_costs_one_timecode(place: int, how: str) -> None:
    """Without one message, or with one twice, the others are told as they are, and nothing else is."""
    texts = [timecode(1000 + 2 * k, Fraction(25)) for k in range(5)]
    data = [byte for text in texts for byte in quarter_frames(text, 1)]
    broken = [*data[:place], *([] if how == "lost" else [data[place]] * 2), *data[place + 1 :]]
    others = [text for k, text in enumerate(texts) if k != place // 8]
    found = [frame.timecode for frame in heard(MtcReader(), broken)]
    assert found in (others, texts if how == "doubled" and place % 8 in (0, 7) else others)


def test_backwards_is_said_and_no_timecode() -> None:
    """A machine that runs backwards sends its pieces in the other order: that is seen, and taken for no timecode."""
    reader = MtcReader()
    data = [byte for k in range(3) for byte in reversed(quarter_frames(timecode(1000 - 2 * k, Fraction(25)), 1))]
    assert heard(reader, data) == []
    assert reader.backwards
    assert heard(reader, list(quarter_frames("10:00:00:00", 1))) == [MtcFrame("10:00:00:00", 0)]
    assert not reader.backwards


def test_what_no_clock_says_is_not_taken() -> None:
    """Eight pieces that make 75 seconds, or 31 frames, are no timecode."""
    for text in ("10:00:75:00", "10:00:00:31", "29:00:00:00"):
        assert heard(MtcReader(), list(quarter_frames(text, 3))) == []


@given(coded, st.integers(0, 24 * 3600 * 24 - 1))
def test_a_full_frame_tells_where_a_machine_stands(code: tuple[int, Fraction], number: int) -> None:
    """The system-exclusive message, as mido takes it apart, is read; others are left alone."""
    text = timecode(number, code[1])
    h, m, s, f = (int(text[at : at + 2]) for at in (0, 3, 6, 9))
    message = mido.parse([0xF0, 0x7F, 0x7F, 0x01, 0x01, h | code[0] << 5, m, s, f, 0xF7])
    assert full_frame(message.data) == text
    assert full_frame([0x7F, 0x7F, 0x06, 0x01]) is None
    assert full_frame([0x7F, 0x7F, 0x02, 0x01, h, m, s, f]) is None


def test_quarter_frames_are_those_of_midi() -> None:
    """The data bytes are the ones mido makes and reads, under status F1."""
    for byte in quarter_frames("23:59:58;28", 2):
        message = mido.parse([0xF1, byte])
        assert (message.type, message.frame_type << 4 | message.frame_value) == ("quarter_frame", byte)


def the_driver() -> ModuleType:
    """python-rtmidi, of which there are no wheels for the newest Pythons."""
    if find_spec("rtmidi") is None:
        lacking("python-rtmidi is not installed")
    return import_module("rtmidi")


def test_a_machine_without_midi_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, without a driver, and without the port that is asked for, one message says what to do."""
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(MachineError, match=r"liveshow\[midi\]"):
        midi_port.input_names()
    monkeypatch.undo()
    rtmidi = the_driver()
    monkeypatch.setattr(rtmidi, "MidiIn", FakeInput)
    with pytest.raises(NotFound, match="there are: DAW out, Pedal"):
        midi_port.MidiInput("Console")
    with pytest.raises(NotFound, match="2 MIDI inputs have"):
        midi_port.MidiInput("")
    assert midi_port.input_names() == ["DAW out", "Pedal"]

    def refuse(*_: object, **__: object) -> None:
        raise SystemError("no sequencer")

    monkeypatch.setattr(rtmidi, "MidiIn", refuse)
    with pytest.raises(MachineError, match="no sequencer"):
        midi_port.input_names()


class FakeInput:
    """A driver with two inputs, none of which is open."""

    def __init__(self, *_: object, **__: object) -> None:
        self.get_ports = lambda: ["DAW out", "Pedal"]
        self.close_port = self.delete = lambda: None


@given(st.lists(st.integers(5, 60), min_size=30, max_size=80), st.randoms(use_true_random=False))
def test_messages_have_the_time_at_which_they_came(gaps: list[int], random: Random) -> None:
    """Asked every ten milliseconds, at moments that have nothing to do with when messages come, their times are found to a millisecond or
    two, once some have come, from the driver's time between them."""
    stamps, came, off = Stamps(), BEGAN, []
    for gap in gaps:
        came += gap * MILLISECOND
        off.append(stamps.at(gap / 1000, came + random.randrange(10 * MILLISECOND)) - came)
    assert all(0 <= late < 10 * MILLISECOND for late in off)
    assert off[-1] == min(off)


@contextmanager
def sender(begins: str, rate: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A machine with a MIDI output called "house clock"; it runs once it is told to."""
    command = [sys.executable, "-m", "tests.devices.mtc_sender", "house clock", begins, rate, str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


def _frames(timecode: str) -> int:
    """Since midnight, at 25 a second."""
    hours, minutes, seconds, frames = map(int, timecode.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 25 + frames


def test_midi_timecode_reaches_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a MIDI port named in the setup: the recorder starts a listener, and what it hears is tied, to some milliseconds of when it was
    sent (a busy JACK may lose the first of it), and lost a second after the last of it."""
    needs("jackd")
    the_driver()
    with jack_server(period=64) as (env, _server, _log):
        for name, value in {**env, "MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK"}.items():
            monkeypatch.setenv(name, value)
        setup = SMALL + '[timecode]\nmtc = "house"\n'
        with sender("09:59:58:12", "25", 2.5) as machine, running_show(tmp_path, setup) as show:
            show.until_proven()
            listener = show.folder.cache / "log" / "timecode.log"
            wait_for("a listener", lambda: listener.exists() and "listening" in listener.read_text(encoding="utf-8"))
            assert machine.stdin is not None
            assert machine.stdout is not None
            machine.stdin.write("go\n")
            machine.stdin.flush()
            began = int(machine.stdout.readline())

            def tied() -> list[TimecodeTied | TimecodeLost]:
                return [e for e in show.folder.events() if isinstance(e, (TimecodeTied, TimecodeLost))]

            wait_for("the loss", lambda: any(isinstance(e, TimecodeLost) for e in tied()))
            first, *_, lost = tied()
            session = next(e for e in show.folder.events() if isinstance(e, SessionStarted))
            at = ShowClock(session.offset, session.speed, session.epoch).at(began)
            assert isinstance(first, TimecodeTied)
            assert (first.rate, first.feed) == ("25", "")
            late = _frames(first.timecode) - _frames("09:59:58:12")
            assert 0 <= late < 25
            assert abs(first.t - (at + late * SECOND // 25)) < 15 * MILLISECOND
            assert at + 2.2 * SECOND < lost.t < at + 2.6 * SECOND
            assert not isinstance(lost, TimecodeTied)
            show.end()
            log = listener.read_text(encoding="utf-8")
            wait_for("its end", lambda: "the show is ended" in listener.read_text(encoding="utf-8"))
            assert f"MTC stands at {first.timecode}" in log
            assert f"MTC {first.timecode} at 25 frames a second" in log
