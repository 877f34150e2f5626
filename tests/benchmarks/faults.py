"""kill -9 of each process in the middle of a show: what was lost, and how soon was the feed back?

    python -m tests.benchmarks faults [--rounds 3]

Simulated feeds, whose pictures and samples are numbered. "unread" is what the killed worker had captured and a reader does not find,
"gap" how long the feed was not recorded in all, "others" what all other feeds miss, "marks" acknowledged marks that are gone.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from liveshow.events import Gap, JournalEvent, Note
from liveshow.recorder import address
from liveshow.showfolder.timing import read_timing
from tests.devices.signals import faults
from tests.running_show import CAMERAS, CHANNELS, MICS, RunningShow, counters, parts, running_show, samples, wait_for

DEVICE_FEEDS = {"wide": ("wide",), "close": ("close",), "stagebox": MICS}


@dataclass(frozen=True)
class Loss:
    """Of one kill: seconds and counts."""

    killed: str
    back: float
    unread: float
    gap: float
    others: int
    marks: int


def one_kill(place: Path, device: str) -> Loss:
    """Kill one worker at a random moment of a show, wait until all is well, end the show and look."""
    with running_show(place) as show:
        show.until_proven()
        said = [show.go()]
        time.sleep(random.uniform(0.5, 2.0))
        victim = show.worker(device)
        killed_at = time.monotonic_ns()
        os.kill(victim.pid, signal.SIGKILL)
        said.append(show.say(Note(t=0, text="killed")))
        wait_for("its next part", lambda: all(len(parts(show, feed)) > 1 for feed in DEVICE_FEEDS[device]))
        show.until_proven()
        said.append(show.say(Note(t=0, text="back")))
        show.end()
        return _loss(show, device, killed_at, said)


def kill_recorder(place: Path) -> Loss:
    """Kill the recorder, start the next, end the show and look."""
    with running_show(place) as show:
        show.until_proven()
        said = [show.go()]
        time.sleep(random.uniform(0.5, 2.0))
        killed_at = time.monotonic_ns()
        os.kill(show.process.pid, signal.SIGKILL)
        show.process.wait()
        show.start()
        wait_for("the next recorder", lambda: address.look_up(show.folder.path, address.RECORDER))
        back = (time.monotonic_ns() - killed_at) / 1e9
        show.until_proven()
        said.append(show.say(Note(t=0, text="back")))
        show.end()
        missing = sum(_missing(show, feed) for feed in (*CAMERAS, *MICS))
        return Loss("recorder", back, 0.0, 0.0, missing, _marks_gone(show.folder.events(), said))


def _loss(show: RunningShow, device: str, killed_at: int, said: list[int]) -> Loss:
    events = show.folder.events()
    mine = DEVICE_FEEDS[device]
    gaps = [e for e in events if isinstance(e, Gap) and e.feed in mine]
    first = parts(show, mine[0])[0]
    timing = read_timing(first.with_suffix(".timing"))
    readable = _readable(first, mine[0])
    last_seen = int(timing.seen[0]) + round((readable - int(timing.positions[0]) / float(timing.rate)) * 1e9)
    others = sum(_missing(show, feed) for feed in (*CAMERAS, *MICS) if feed not in mine)
    back = max((g.until for g in gaps), default=0)
    return Loss(
        device,
        (back - killed_at) / 1e9,
        max(0.0, (killed_at - last_seen) / 1e9),
        max(((g.until - g.t) / 1e9 for g in gaps), default=0.0),
        others,
        _marks_gone(events, said),
    )


def _readable(path: Path, feed: str) -> float:
    """Seconds of a part that a reader gets."""
    if feed in CAMERAS:
        return len(counters(path)) / (30 if feed == "wide" else 25)
    return len(samples(path)) / 48_000


def _missing(show: RunningShow, feed: str) -> int:
    """Pictures or samples that a feed's only part does not have; more than one part counts as all."""
    (path,) = parts(show, feed)
    if feed in CAMERAS:
        return int(np.sum(np.diff(counters(path)) - 1))
    return sum(fault.length for fault in faults(samples(path), CHANNELS[feed]))


def _marks_gone(events: tuple[JournalEvent, ...], said: list[int]) -> int:
    return len(set(said) - {e.n for e in events})


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args(arguments).rounds
    print(f"{'killed':<10}{'back s':>8}{'unread s':>10}{'gap s':>8}{'others':>8}{'marks':>7}")
    bad = 0
    for _ in range(rounds):
        for device in (*DEVICE_FEEDS, "recorder"):
            with tempfile.TemporaryDirectory(prefix="liveshow-faults-") as place:
                os.environ["LIVESHOW_RUN"] = f"{place}/run"
                loss = kill_recorder(Path(place)) if device == "recorder" else one_kill(Path(place), device)
                bad += loss.others + loss.marks
                numbers = f"{loss.back:>8.2f}{loss.unread:>10.3f}{loss.gap:>8.2f}{loss.others:>8}{loss.marks:>7}"
                print(f"{loss.killed:<10}{numbers}", flush=True)
    sys.exit(1 if bad else 0)
