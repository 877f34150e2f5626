"""kill -9."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from liveshow.errors import LiveshowError
from liveshow.events import Note
from liveshow.recorder import address
from liveshow.showfolder.timing import read_timing
from tests.benchmarks._fault_rows import Row, marks_gone, missing_inside, seams, seconds_read
from tests.running_show import CAMERAS, MICS, SETUP, RunningShow, parts, running_show, wait_for

FEEDS = {"wide": ("wide",), "close": ("close",), "stagebox": MICS}
OTHERS = '\n[review]\nhttp = "127.0.0.1:0"\n[control]\nhttp = "127.0.0.1:0"\n'
MOST = 1.0  # seconds of a feed that the death of its worker may cost
RARE = ("recorder", "dashboard", "page server", "prover")
ROLES = {"page server": address.REVIEW, "prover": address.PROVER}


@dataclass
class Killed:
    """What was killed, and when (host's monotonic ns), how many times, and what was said meanwhile."""

    at: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    said: list[int] = field(default_factory=list)
    back: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def kills(place: Path, count: int) -> Iterator[Row]:
    """Kill one process after the other at random moments, wait until all is well each time, end the show and read it all."""
    chance, killed = random.Random(7), Killed()
    with running_show(place, SETUP + OTHERS) as show:
        dashboard = _dashboard(show)
        try:
            for number in range(count):
                show.until_proven()
                time.sleep(chance.uniform(0.0, 2.0))
                victim = chance.choice([*FEEDS, *FEEDS, *RARE])
                killed.said.append(show.say(Note(t=0, text=f"before {number}")))
                began = time.monotonic()
                killed.at[victim].append(time.monotonic_ns())
                dashboard = _kill(show, victim, dashboard)
                killed.said.append(_say_when_possible(show, f"after {number}"))
                show.until_proven()
                killed.back[victim].append(time.monotonic() - began)
                print(f"\r{number + 1} of {count}", end="", file=sys.stderr, flush=True)
        finally:
            dashboard.kill()
            dashboard.wait()
        print(file=sys.stderr)
        show.end()
        yield from _told(show, killed)


def _kill(show: RunningShow, victim: str, dashboard: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    if victim in FEEDS:
        worker = show.worker(victim)
        os.kill(worker.pid, signal.SIGKILL)
        show.until_gone_and_back(victim, worker.pid)
    elif victim == "recorder":
        show.process.kill()
        show.process.wait()
        show.start()
    elif victim == "dashboard":
        dashboard.kill()
        dashboard.wait()
        return _dashboard(show)
    else:
        found = wait_for(f"the {victim}", lambda: address.look_up(show.folder.path, ROLES[victim]))
        os.kill(found.pid, signal.SIGKILL)
        wait_for(f"another {victim}", lambda: _another(show, ROLES[victim], found.pid))
    return dashboard


def _another(show: RunningShow, role: str, pid: int) -> bool:
    found = address.look_up(show.folder.path, role)
    return found is not None and found.pid != pid


def _dashboard(show: RunningShow) -> subprocess.Popen[bytes]:
    """What a dashboard is to the recorder: a client that watches and wants pictures."""
    words = [sys.executable, "-m", "liveshow.recorder.drill.watcher", str(show.folder.path)]
    wait_for("a recorder", lambda: address.look_up(show.folder.path, address.RECORDER))
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _say_when_possible(show: RunningShow, text: str) -> int:
    """A mark is refused while the recorder is away; it is then said again, as the crew would."""

    def said() -> int | None:
        try:
            return show.say(Note(t=0, text=text))
        except LiveshowError:
            return None

    return wait_for("a recorder that takes marks", said)


def _told(show: RunningShow, killed: Killed) -> Iterator[Row]:
    events = show.folder.events()
    gone = marks_gone(events, killed.said)
    inside = {feed: missing_inside(show, feed) for feed in (*CAMERAS, *MICS)}
    between = {feed: seams(show, feed) for feed in (*CAMERAS, *MICS)}
    own = Counter({feed: len(killed.at[device]) for device, feeds in FEEDS.items() for feed in feeds})
    extra = sum(max(0, len(between[feed]) - own[feed]) for feed in between)  # a part that nobody was killed for
    for device, feeds in FEEDS.items():
        if killed.at[device]:
            unread = max(_unread(show, feed, at, k) for feed in feeds for k, at in enumerate(killed.at[device]))
            gaps = [gap for feed in feeds for gap in between[feed]]
            note = f"median {sorted(gaps)[len(gaps) // 2]:.2f} s"
            what = "a camera's worker" if device in CAMERAS else "the sound device's worker (3 microphones)"
            yield Row(f"kill -9: {what} ({device})", len(killed.at[device]), max(gaps), unread, 0, 0, note, MOST)
    for victim in RARE:
        if killed.at[victim]:
            back = max(killed.back[victim])
            yield Row(f"kill -9: {victim}", len(killed.at[victim]), note=f"all is well again after {back:.1f} s at most")
    total = sum(map(len, killed.at.values()))
    yield Row("kill -9: all of them, every feed read", total, others=sum(inside.values()) + extra, marks=gone)


def _unread(show: RunningShow, feed: str, killed_at: int, number: int) -> float:
    """Seconds before the kill of what had been captured and cannot be read in the part that ended then."""
    path = parts(show, feed)[number]
    timing = read_timing(path.with_suffix(".timing"))
    start = int(timing.seen[0]) - int(timing.positions[0] * 1_000_000_000 / timing.rate)
    clock = show.folder.events()[1]
    offset = getattr(clock, "offset", 0)
    return max(0.0, (killed_at + offset - start) / 1e9 - seconds_read(path, feed))


def together(place: Path) -> Iterator[Row]:
    """Everything at once, five times; each time the same command goes on."""
    said: list[int] = []
    times = 5
    with running_show(place) as show:
        for number in range(times):
            show.until_proven()
            said.append(show.say(Note(t=0, text=f"before {number}")))
            time.sleep(random.uniform(0.2, 1.5))
            show.kill_everything()
            show.start()
        show.until_proven()
        show.end()
        events = show.folder.events()
        between = {feed: seams(show, feed) for feed in (*CAMERAS, *MICS)}
        inside = sum(missing_inside(show, feed) for feed in between)
        worst = max(gap for gaps in between.values() for gap in gaps)
        note = f"one show of {len(between['wide']) + 1} parts; the gap is what it takes to start again, by hand"
        yield Row("kill -9: everything at once, run again", times, worst, None, inside, marks_gone(events, said), note)
