"""A sound device that vanishes, a wall clock that is set back, and the power that goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from liveshow.events import ClockTied, FeedState, Gap, JournalEvent, Note, SessionEnded, SessionStarted
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.recordings import parts as recorded_parts
from liveshow.showfolder.timing import read_timing
from liveshow.timebase import SECOND
from tests.benchmarks._fault_rows import Row, marks_gone, missing_inside
from tests.devices import RATE
from tests.devices.jack import jack_device
from tests.devices.signals import faults
from tests.running_show import CAMERAS, MICS, counters, parts, running_show, verb, wait_for
from tests.vm import power_cut
from tests.vm.image import Unavailable
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
    """A virtual machine is killed, and its disk cut at many instants of the evening, in three ways each (see tests/vm/power_cut.py)."""
    words = "the power is cut (virtual machine)"
    try:
        evening = power_cut.evening(place)
    except Unavailable as exc:
        yield Row(words, 0, note=f"not tried: {exc}")
        return
    cuts = list(power_cut.cuts(evening, place))
    lost = {feed: [cut.unread(feed) for cut in cuts] for feed in power_cut.FEEDS}
    unsound = sum(not _mended(cut.folder) for cut in cuts[-3:])
    after = ShowFolder(evening.after.read_out("/show", place / "after-it"))
    ends = {feed: (recorded_parts(after, feed)[0], recorded_parts(after, feed)[-1]) for feed in power_cut.FEEDS}
    away = max((new.start - old.end) / SECOND for old, new in ends.values())
    each = ", ".join(f"{feed} {max(seconds):.2f}" for feed, seconds in lost.items())
    note = f"most unread in emulation: {each} s; the gap is a boot; {unsound} of 3 not whole after repair; went on: {_went_on(after)}"
    marks = sum(len(cut.marks_gone()) for cut in cuts)
    yield Row(words, len(cuts), away, max(map(max, lost.values())), unsound + (not _went_on(after)), marks, note)


def _mended(folder: ShowFolder) -> bool:
    verb("repair", folder.path)
    return verb("verify", folder.path).code == 0


def _went_on(folder: ShowFolder) -> bool:
    """Whether the same show was gone on with by another boot, ended cleanly and is whole."""
    events = folder.events()
    boots = {e.boot for e in events if isinstance(e, SessionStarted)}
    return len(boots) == 2 and any(isinstance(e, SessionEnded) for e in events) and _mended(folder)
