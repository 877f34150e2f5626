"""Excerpts whose maker is killed (SIGKILL) at any step of its work: a file opened, renamed or removed.

Run as `python -m tests.killed_excerpts SHOW ORDERS`: it has everything loaded and forks for each try, as :mod:`tests.killed_anywhere`
does. POSIX only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from liveshow.handoff.excerpts import maker
from liveshow.handoff.excerpts.orders import Made, Orders, Rung, Told
from liveshow.showfolder.folder import ShowFolder


class Tries:
    """Makers of one show's excerpts, each killed at a step."""

    def __init__(self, show: Path, orders: Orders) -> None:
        words = [sys.executable, "-m", "tests.killed_excerpts", str(show), msgspec.json.encode(orders).decode()]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(self, step: int = 0) -> tuple[int, int]:
        """One killed at that step (0: not killed): by which signal it ended, and how many steps it took (0: it was killed)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{step}\n")
        self._process.stdin.flush()
        ended, steps = self._process.stdout.readline().split()
        return int(ended), int(steps)

    def close(self) -> None:
        """End the prepared process."""
        self._process.communicate()


def _prepared(show: str, orders: str) -> None:
    given = msgspec.json.decode(orders, type=Orders)
    maker.REST = 0.0
    print("ready", flush=True)
    for line in sys.stdin:
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            os.write(writing, str(_make(int(line), Path(show), given)).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading) as told:
            print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -status, told.read() or 0, flush=True)


def _make(last: int, show: Path, orders: Orders) -> int:
    """Until all is as good as it can be; how many steps it took."""
    taken = 0
    left = {feed for order in orders.orders for feed in order.feeds}

    def step(event: str, _: object) -> None:
        nonlocal taken
        if event == "open" or event.startswith(("os.", "shutil.")):
            taken += 1
            if taken == last:
                os.kill(os.getpid(), signal.SIGKILL)

    def tell(told: Told) -> None:
        if isinstance(told, Made) and told.excerpt.rung == Rung.SMOOTH:
            left.discard(told.excerpt.feed)

    sys.addaudithook(step)
    maker.Maker(ShowFolder(show), lambda: orders if left else None, tell).run()
    return taken


if __name__ == "__main__":
    _prepared(*sys.argv[1:])
