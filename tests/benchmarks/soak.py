"""A long show: do memory, threads, open files and drift stay flat?

    python -m tests.benchmarks soak [--hours 8] [--speed 60]

Time is compressed: the show clock of a simulated show runs `--speed` times as fast as the host's, so that every picture, sample, part,
mark, segment and hand-off of those hours happens, in their number and order. What goes by the host's clock (proofs, alarms, pulses,
previews) happens as often a minute as ever, and so that many times more rarely in an hour of the show: a leak there would show less.

Every process of the show (recorder, workers, and what runs beside them) is looked at every two seconds: resident memory, threads, open
files. The first eighth is left out as warming up. "an hour" is the slope of a line through what was seen, for an hour of the show; a
process is flat when the median of its last quarter is no more than 5 % and some slack above that of its first. Each feed has a clock that
is wrong by a known amount, and what the recordings say it is wrong by, at their end, is compared with that.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from liveshow.errors import LiveshowError
from liveshow.events import Go, HandedOff
from liveshow.handoff.verify import verify_show
from liveshow.recorder.speak import end_show, speak
from liveshow.showfolder.recordings import parts as parts_of
from tests.running_show import RunningShow, running_show

PPM = {"wide": 35, "vox1": -22, "vox2": -22}
EVERY, WARM = 2.0, 1 / 8
MORE, MIB = 1.05, 1024 * 1024
SLACK = {"MiB": 4.0, "threads": 1.0, "files": 2.0}
ITEM_MINUTES = 4
SETUP = """
[show]
title = "Soak"
date = 2026-11-29
timezone = "Europe/Berlin"
[recording]
part_minutes = {part_minutes}
[handoff]
library = "{library}"
consent = "granted"
timelines = ["otio"]
measures = false
previews = false
[[camera]]
id = "wide"
source = "simulated:?width=160&height=90&fps=10&ppm=35"
shared = true
[[audio]]
id = "box"
source = "simulated:?ppm=-22"
sample_rate = 16000
  [[audio.mic]]
  id = "vox1"
  channel = 1
  [[audio.mic]]
  id = "vox2"
  channel = 2
[[performer]]
id = "ada"
name = "Ada"
feeds = ["vox1"]
[[performer]]
id = "bob"
name = "Bob"
feeds = ["vox2"]
[[item]]
id = "one"
title = "One"
performers = ["ada"]
[[item]]
id = "two"
title = "Two"
performers = ["bob"]
"""


@dataclass(frozen=True)
class Seen:
    """One look at one process: host seconds, MiB, threads, open files."""

    at: float
    what: dict[str, float]


def look(root: int, folder: Path) -> dict[str, dict[str, float]]:
    """Every process of a show, by what it does."""
    found: dict[str, dict[str, float]] = {}
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        name = _name(words, process.pid == root, folder)
        try:
            if name:
                with process.oneshot():
                    found[name] = {
                        "MiB": process.memory_info().rss / MIB,
                        "threads": process.num_threads(),
                        "files": process.num_fds(),
                    }
        except psutil.Error:
            continue  # it ended meanwhile
    return found


def _name(words: list[str], is_recorder: bool, folder: Path) -> str:
    if is_recorder:
        return "recorder"
    if "liveshow.recorder.worker" in words:
        return "worker"  # told apart below by its files
    verb = words[3] if words[1:3] == ["-m", "liveshow"] and len(words) > 3 else ""
    return verb if str(folder) in words and verb not in ("", "handoff", "preview") else ""


def workers(show: RunningShow) -> dict[str, dict[str, float]]:
    """The worker of each device."""
    found = {}
    for device in ("wide", "box"):
        process = psutil.Process(show.worker(device).pid)
        found[f"worker {device}"] = {
            "MiB": process.memory_info().rss / MIB,
            "threads": process.num_threads(),
            "files": process.num_fds(),
        }
    return found


def soak(show: RunningShow, hours: float, speed: int) -> dict[str, list[Seen]]:
    """Let it run, with a GO every few minutes of the show; what was seen of each process."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    began, gos = time.monotonic(), 0
    while (at := time.monotonic() - began) < hours * 3600 / speed:
        if at * speed >= gos * ITEM_MINUTES * 60:
            speak(show.folder, Go(t=0, item=("one", "two")[gos % 2]))
            gos += 1
        every = {k: v for k, v in look(show.process.pid, show.folder.path).items() if k != "worker"} | workers(show)
        for name, what in every.items():
            seen[name].append(Seen(at, what))
        print(f"\r{at * speed / 3600:5.2f} of {hours:g} hours, {gos} segments", end="", flush=True)
        time.sleep(EVERY)
    print()
    return seen


def rows(seen: dict[str, list[Seen]], hours: float, speed: int) -> list[tuple[str, str, float, float, float, bool]]:
    """For each process and measure: median of the first and of the last quarter, the slope an hour, and whether it is flat."""
    found = []
    whole = hours * 3600 / speed
    for name, looks in sorted(seen.items()):
        warm = [s for s in looks if s.at >= whole * WARM]
        if len(warm) < 8:
            continue
        for measure, slack in SLACK.items():
            values = [s.what[measure] for s in warm]
            quarter = len(values) // 4
            first, last = median(values[:quarter]), median(values[-quarter:])
            slope = float(np.polyfit([s.at * speed / 3600 for s in warm], values, 1)[0])
            found.append((name, measure, first, last, slope, last <= first * MORE + slack))
    return found


def drift(show: RunningShow) -> list[tuple[str, float, float]]:
    """For each feed: by how many ppm its clock is wrong, and what its recordings say, at the end of its last part."""
    found = []
    for feed, ppm in PPM.items():
        last = parts_of(show.folder, feed)[-1]
        found.append((feed, float(ppm), last.ppm()))
    return found


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--speed", type=int, default=60)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="liveshow-soak-") as place:
        os.environ["LIVESHOW_RUN"] = f"{place}/run"
        with running_show(Path(place), SETUP, 30, "--speed", str(chosen.speed)) as show:
            show.until_proven()
            seen = soak(show, chosen.hours, chosen.speed)
            end_show(show.folder)
            show.process.wait(300)
            good = told(show, seen, chosen.hours, chosen.speed)
    sys.exit(0 if good else 1)


def told(show: RunningShow, seen: dict[str, list[Seen]], hours: float, speed: int) -> bool:
    """Print it all; whether all is flat."""
    print(f"{hours:g} hours of show in {hours * 60 / speed:.1f} minutes ({speed} times as fast)\n")
    print(f"{'process':<16}{'':<9}{'first quarter':>14}{'last quarter':>14}{'an hour':>10}")
    good = True
    for name, measure, first, last, slope, flat in rows(seen, hours, speed):
        good = good and flat
        print(f"{name:<16}{measure:<9}{first:>14.1f}{last:>14.1f}{slope:>+10.2f}{'' if flat else '  NOT FLAT'}")
    print(f"\n{'feed':<16}{'wrong by ppm':>14}{'found':>10}{'ms in all':>12}")
    for feed, ppm, measured in drift(show):
        off = abs(measured - ppm) * hours * 3.6
        good = good and off < 15
        print(f"{feed:<16}{ppm:>14.1f}{measured:>10.2f}{off:>12.2f}")
    events = show.folder.events()
    try:
        faults = verify_show(show.folder)
    except LiveshowError as exc:
        faults = [exc]
    handed = len({e.segment for e in events if isinstance(e, HandedOff)})
    print(f"\n{len(events)} events, {handed} of {len(show.folder.state().segments)} segments handed off, {len(faults)} faults")
    return good and not faults
