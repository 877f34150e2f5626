"""A sound device that vanishes, a wall clock that is set back, and the power that goes."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from liveshow.events import ClockTied, FeedState, Gap, JournalEvent, Note
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.timing import read_timing
from tests.benchmarks._fault_rows import Row, marks_gone, missing_inside
from tests.devices import RATE
from tests.devices.jack import jack_device
from tests.devices.signals import faults
from tests.running_show import CAMERAS, MICS, counters, parts, running_show, wait_for
from tests.wall_clock import wall_clock

CHANNELS = 32
AWAY = 4.0
HOUR = 3600


def unplugged(place: Path) -> Iterator[Row]:
    """A JACK device of 32 channels through PortAudio is gone for some seconds; a simulated camera goes on. On a machine that is too busy
    for JACK the clock of this device stands still, which no real one's does: then silence is written and declared for as long, and after
    it comes the very next sample, so that nothing is lost; how long that was is in the note."""
    with jack_device() as device, pytest.MonkeyPatch.context() as patch:
        for key, value in device.env.items():
            patch.setenv(key, value)
        mics = "".join(f'  [[audio.mic]]\n  id = "mic{c:02}"\n  channel = {c}\n' for c in range(1, CHANNELS + 1))
        sound = f'[[audio]]\nid = "stagebox"\nsource = "device:{device.device_name}"\nsample_rate = 48000\n{mics}'
        camera = '[[camera]]\nid = "wide"\nsource = "simulated:?width=320&height=180&fps=30"\n'
        keys = '[show]\ntitle = "Unplugged"\n[handoff]\nlibrary = "{library}"\n[recording]\npart_minutes = {part_minutes}\n'
        setup = f"{keys}{camera}{sound}"
        with running_show(place, setup) as show:
            show.until_proven()
            said = [show.say(Note(t=0, text="before"))]
            time.sleep(2)
            device.vanish()
            wait_for("its loss", lambda: any(isinstance(e, FeedState) and e.state == "lost" for e in show.folder.events()))
            said.append(show.say(Note(t=0, text="gone")))
            time.sleep(AWAY)
            device.come_back()
            show.until_proven()
            said.append(show.say(Note(t=0, text="back")))
            time.sleep(2)
            show.end()
        events = show.folder.events()
        gaps = [(e.until - e.t) / 1e9 for e in events if isinstance(e, Gap) and e.feed == "mic01"]
        (wide,) = parts(show, "wide")
        others = sum(b - a - 1 for a, b in zip(counters(wide), counters(wide)[1:], strict=False))
        found = [_wrong(path, c - 1) for c in range(1, CHANNELS + 1) for path in parts(show, f"mic{c:02}")]
        inside = sum(wrong for wrong, _ in found)
        stood = sum(still for _, still in found) / CHANNELS / RATE
        note = f"32 channels, away for {AWAY:.0f} s; {inside} samples wrong in what was recorded"
        note += f" (the device's clock stood still for {stood:.1f} s, which are declared)" if stood else ""
        yield Row(
            "a microphone interface vanishes, returns", 1, max(gaps), None, others + inside, marks_gone(events, said), note
        )


def _wrong(path: Path, channel: int) -> tuple[int, int]:
    """Samples of a part that are lost or altered, or repeated though no silence as long was declared before them; and those of silence for
    which it was, because the device's clock stood still."""
    declared = {gap.position + gap.frames: gap.frames for gap in read_timing(path.with_suffix(TIMING)).gaps}
    found = [fault for fault in faults(soundfile.read(path, dtype="int32")[0], channel) if fault.kind != "gap"]
    still = [f.length for f in found if f.kind == "repeated" and declared.get(f.position) == f.length]
    return sum(fault.length for fault in found) - sum(still), sum(still)


def clock(place: Path) -> Iterator[Row]:
    """The wall clock of every process of the show goes back by an hour; the monotonic clock is left alone."""
    words = "the wall clock is set back by an hour"
    try:
        with wall_clock(place) as wall, running_show(place) as show:
            show.until_proven()
            said = [show.say(Note(t=0, text="before"))]
            time.sleep(2)
            wall.set(-HOUR)
            tied = wait_for("that it is seen", lambda: next((e for e in show.folder.events() if _stepped(e)), None))
            said.append(show.say(Note(t=0, text="after")))
            show.until_proven()
            time.sleep(2)
            show.end()
    except FileNotFoundError as exc:
        yield Row(words, 0, note=f"not tried: {exc}")
        return
    events = show.folder.events()
    one = all(len(parts(show, feed)) == 1 for feed in (*CAMERAS, *MICS))
    times = [e.t for e in events if isinstance(e, Note)]
    others = sum(missing_inside(show, feed) for feed in (*CAMERAS, *MICS)) + (not one) + (times != sorted(times))
    step = tied.step / 1e9 if isinstance(tied, ClockTied) else 0.0
    note = f"seen as a step of {step:.1f} s; every feed goes on in its part, on one clock"
    yield Row(words, 1, 0.0, None, others, marks_gone(events, said), note)


def _stepped(event: JournalEvent) -> bool:
    return isinstance(event, ClockTied) and event.step != 0


def power(place: Path) -> Iterator[Row]:
    """A virtual machine is killed; see tests/vm/test_power_cut.py, which says what must hold."""
    if shutil.which("qemu-system-x86_64") is None:
        yield Row("the power is cut (virtual machine)", 0, note="not tried: no qemu")
        return
    words = [".venv/bin/python", "-m", "pytest", "-q", "-s", "-m", "vm", "tests/vm/test_power_cut.py", "-p", "no:cacheprovider"]
    done = subprocess.run([*words, "--basetemp", str(place / "vm")], capture_output=True, text=True, check=False)
    lost = [float(line.rpartition(": ")[2].split()[0]) for line in done.stdout.splitlines() if "lost before" in line]
    note = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
    yield Row("the power is cut (virtual machine)", 1, None, max(lost, default=None), 0, int(done.returncode != 0), note)
