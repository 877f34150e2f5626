"""What the dashboard costs: itself, with 8 previews and 32 meters at 200×50; and the recorder, in a terminal that nobody reads.

    python -m tests.benchmarks dashboard [--seconds 30]

For the first, a recorder that records nothing sends pulses fifteen times a second and leaves previews once a second, as the real one
does, and the dashboard runs on a pseudo-terminal that is read. Beside it, at the same time, runs the peer: a bare Textual application
that moves as many meters as often (see :mod:`tests.benchmarks.bare_textual`).

For the second, a real recorder records simulated feeds, for as long without a dashboard and then with one on a pseudo-terminal that is
not read any more, as after Ctrl-S or in a suspended SSH. Afterwards every picture and every sample is looked at.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks import bare_textual
from tests.devices.signals import faults
from tests.running_show import CAMERAS, CHANNELS, MICS, RunningShow, counters, parts, running_show, samples, wait_for
from tests.terminal import terminal

PREVIEWS, METERS, SIZE = 8, 32, (200, 50)
LIMIT = 15.0  # percent of a core
SETTLED = 6.0
HANGS_AFTER = 5.0
FIRST_PICTURE = 4000


def spent(processes: Iterable[psutil.Process]) -> float:
    """CPU seconds so far."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def share(processes: Iterable[psutil.Process], seconds: float) -> float:
    """Percent of a core over so many seconds from now on."""
    began, before = time.monotonic(), spent(processes)
    time.sleep(seconds)
    return 100 * (spent(processes) - before) / (time.monotonic() - began)


# The dashboard itself --------------------------------------------------------------------------------------------


def drawing(place: Path, seconds: float) -> bool:
    """Print what dashboard and peer take of a core; whether it is no more than it may be."""
    play = [sys.executable, "-m", "tests.fake_recorder", str(seconds + 4 * SETTLED), str(PREVIEWS), str(METERS)]
    fake = subprocess.Popen(play, stdout=subprocess.PIPE, text=True)
    try:
        assert fake.stdout is not None
        attach = [sys.executable, "-m", "liveshow", "attach", fake.stdout.readline().strip(), "--theme", "stage"]
        env = {"XDG_CONFIG_HOME": str(place)}
        with terminal(attach, SIZE, env) as ours, terminal([sys.executable, bare_textual.__file__], SIZE) as bare:
            time.sleep(SETTLED)
            processes = [psutil.Process(one.process.pid) for one in (ours, bare)]
            began, before = time.monotonic(), [spent([process]) for process in processes]
            sent = ours.heard, bare.heard
            time.sleep(seconds)
            took = time.monotonic() - began
            if ours.process.poll() is not None:
                raise SystemExit(f"the dashboard ended: {ours.screen.decode(errors='replace')}")
            shares = [100 * (spent([process]) - b) / took for process, b in zip(processes, before, strict=True)]
            rates = [(one.heard - b) / took / 1000 for one, b in zip((ours, bare), sent, strict=True)]
    finally:
        fake.kill()
        fake.wait()
    print(f"\n{PREVIEWS} previews and {METERS} meters at {SIZE[0]}×{SIZE[1]}, {seconds:g} s")
    print(f"{'process':<28}{'of a core':>10}{'to the terminal':>18}")
    for name, cost, rate in zip(("dashboard", "bare Textual, meters only"), shares, rates, strict=True):
        print(f"{name:<28}{cost:>8.1f} %{rate:>13.0f} kB/s")
    print(f"the dashboard may take {LIMIT:g} %")
    return shares[0] <= LIMIT


# A terminal that nobody reads ------------------------------------------------------------------------------------


def hanging(place: Path, seconds: float) -> bool:
    """Print what the recorder takes without a dashboard and with one that hangs, and what is missing; whether nothing is."""
    with running_show(place) as show:
        show.until_proven()
        alone = share(recording(show), seconds)
        attach: list[str | Path] = [sys.executable, "-m", "liveshow", "attach", show.folder.path, "--theme", "stage"]
        with terminal(attach, SIZE, {"XDG_CONFIG_HOME": str(place)}) as stopped:
            wait_for("the dashboard", lambda: stopped.heard > FIRST_PICTURE)
            stopped.stop_reading()
            time.sleep(HANGS_AFTER)
            hung = share([psutil.Process(stopped.process.pid)], 1.0)
            beside = share(recording(show), seconds)
            show.end()
        missing = {feed: lost(show, feed) for feed in (*CAMERAS, *MICS)}
    print(f"\na dashboard on a terminal that is not read (it takes {hung:.1f} % of a core: it hangs), {seconds:g} s")
    print(f"recorder and workers: {alone:.1f} % of a core without a dashboard, {beside:.1f} % with that one")
    for feed, (positions, gone) in missing.items():
        print(f"{feed:<8}{positions:>10} {'pictures' if feed in CAMERAS else 'samples'}, {gone} lost")
    return not any(gone for _, gone in missing.values())


def recording(show: RunningShow) -> list[psutil.Process]:
    """The recorder and its workers."""
    pids = [show.process.pid, *(show.worker(device).pid for device in (*CAMERAS, "stagebox"))]
    return [psutil.Process(pid) for pid in pids]


def lost(show: RunningShow, feed: str) -> tuple[int, int]:
    """How many pictures or samples there are, and how many are missing between the first and the last."""
    paths = parts(show, feed)
    if feed in CAMERAS:
        numbers = [n for path in paths for n in counters(path)]
        return len(numbers), int(np.sum(np.diff(numbers) - 1))
    sound = np.concatenate([samples(path) for path in paths])
    return len(sound), sum(fault.length for fault in faults(sound, CHANNELS[feed]))


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks dashboard", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="liveshow-bench-", dir=os.environ.get("LIVESHOW_BENCH")) as place:
        os.environ["LIVESHOW_RUN"] = f"{place}/run"
        good = [drawing(Path(place), given.seconds), hanging(Path(place), given.seconds)]
    sys.exit(0 if all(good) else 1)
