"""What the dashboard costs: 8 previews and 32 meters at 200×50, and a terminal that nobody reads.

    python -m tests.benchmarks dashboard [--seconds 30]

A recorder that records nothing sends pulses fifteen times a second and leaves previews once a second, as the real one does; the
dashboard runs on a pseudo-terminal of 200×50 that is read. Beside it, as the peer, a bare Textual application that shows as many
lines of the same length and refreshes one after another of them as often as meters move.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.terminal import terminal

CAMERAS, MICS, SIZE = 8, 32, (200, 50)
LIMIT = 15.0
SETTLED = 6.0


def cpu(process: psutil.Process) -> float:
    """CPU seconds so far."""
    return sum(process.cpu_times()[:2])


def cost(seconds: float) -> dict[str, float]:
    """Shares of one core, in percent, of dashboard and peer, measured at the same time."""
    with tempfile.TemporaryDirectory(prefix="liveshow-bench-") as place:
        env = {"LIVESHOW_RUN": f"{place}/run"}
        play = [sys.executable, "-m", "tests.fake_recorder", str(seconds + 4 * SETTLED), str(CAMERAS), str(MICS)]
        fake = subprocess.Popen(play, stdout=subprocess.PIPE, text=True, env=os.environ | env)
        try:
            assert fake.stdout is not None
            show = Path(fake.stdout.readline().strip())
            commands = {
                "dashboard": [sys.executable, "-m", "liveshow", "attach", str(show)],
                "bare Textual": [sys.executable, "-m", "tests.benchmarks.bare_textual"],
            }
            with terminal(commands["dashboard"], SIZE, env) as ours, terminal(commands["bare Textual"], SIZE, env) as bare:
                seen = {"dashboard": psutil.Process(ours.process.pid), "bare Textual": psutil.Process(bare.process.pid)}
                time.sleep(SETTLED)
                began, before = time.monotonic(), {name: cpu(process) for name, process in seen.items()}
                heard = ours.heard, bare.heard
                time.sleep(seconds)
                spent = time.monotonic() - began
                if ours.process.poll() is not None:
                    raise SystemExit(f"the dashboard ended: {ours.screen.decode(errors='replace')}")
                print("kB/s", (ours.heard - heard[0]) / spent / 1e3, (bare.heard - heard[1]) / spent / 1e3)
                return {name: 100 * (cpu(process) - before[name]) / spent for name, process in seen.items()}
        finally:
            fake.kill()
            fake.wait()


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks dashboard", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args(arguments)
    shares = cost(given.seconds)
    print(f"{CAMERAS} previews, {MICS} meters at {SIZE[0]}×{SIZE[1]}, {given.seconds:g} s")
    for name, share in shares.items():
        print(f"{name:<16}{share:>6.1f} % of a core")
    sys.exit(0 if shares["dashboard"] <= LIMIT else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
