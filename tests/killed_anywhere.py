"""Hand-offs and conforming killed (SIGKILL) at any step of their work: a file opened, made, renamed or removed, some bytes copied or
hashed, a frame drawn.

Five hundred processes would take minutes to start, so one that has everything loaded (`python -m tests.killed_anywhere`) forks for each
try. POSIX only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from liveshow.handoff import bwf, conform, package
from liveshow.library.shelf import publish
from liveshow.showfolder import bag
from liveshow.showfolder.folder import ShowFolder


class Steps:
    """Work done by children of a prepared process, which has done it first: "handoff" SHOW SEGMENT LIBRARY makes and publishes a package,
    "conform" PACKAGE PLACE makes its films."""

    def __init__(self, work: str, *args: Path | str) -> None:
        words = [sys.executable, "-m", "tests.killed_anywhere", work, *map(str, args)]
        cwd = Path(__file__).parents[1]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(self, step: int = 0) -> tuple[int, int]:
        """The work, killed at that step (0: not killed): the number of the signal that ended it, and how many steps it took (0: it
        was killed)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{step}\n")
        self._process.stdin.flush()
        ended, steps = self._process.stdout.readline().split()
        return int(ended), int(steps)

    def close(self) -> None:
        """End the prepared process."""
        self._process.communicate()
        assert self._process.returncode == 0


def _prepared(work: str, *args: str) -> None:
    bag.CHUNK, bwf._CHUNK = 5_003, 3 * 3_001  # kills in the middle of files
    _counted(0, work, args)  # what is imported on the way is loaded then
    print("ready", flush=True)
    for line in sys.stdin:
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            os.write(writing, str(_counted(int(line), work, args)).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading) as told:
            print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -status, told.read() or 0, flush=True)


def _counted(last: int, work: str, args: tuple[str, ...]) -> int:
    """Do it, killed at the step `last`; how many steps it took."""
    steps = count(1)  # next() is one step for threads too: clips are hashed while others are copied

    def step() -> None:
        if next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def seen(event: str, _: object) -> None:
        if event == "open" or event.startswith(("os.", "shutil.")):
            step()

    sys.addaudithook(seen)
    os.fsync = lambda _: step()  # type: ignore[assignment]  # the machine stays up: what is written is there, and this is half the time
    _WORKS[work](lambda _: step(), *args)
    return next(steps) - 1


def _hand_off(progress: Callable[[float], None], path: str, segment_id: str, library: str) -> None:
    folder = ShowFolder(Path(path))
    state = folder.state()
    segment = state.segment(segment_id)
    assert segment is not None
    publish(package.make(folder, folder.setup(), state, segment, progress=progress).path, Path(library))


def _conform(progress: Callable[[float], None], path: str, place: str) -> None:
    conform.conform(Path(path), Path(place), conform.Wanted("dnxhr-sq"), progress)


_WORKS: Mapping[str, Callable[..., None]] = {"handoff": _hand_off, "conform": _conform}


if __name__ == "__main__":
    _prepared(*sys.argv[1:])
