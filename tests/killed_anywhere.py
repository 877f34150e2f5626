"""Hand-offs killed (SIGKILL) at any step of their work: a file opened, made, renamed or removed, some bytes copied or hashed.

Five hundred processes would take minutes to start, so one that has everything loaded (`python -m tests.killed_anywhere`) forks for each
try. POSIX only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from liveshow.handoff import bwf, package
from liveshow.library.shelf import publish
from liveshow.showfolder import bag
from liveshow.showfolder.folder import ShowFolder


class Steps:
    """Hand-offs of one segment, made and published by children of a prepared process, which has made one first."""

    def __init__(self, show: Path, segment: str, library: Path) -> None:
        words = [sys.executable, "-m", "tests.killed_anywhere", str(show), segment, str(library)]
        cwd = Path(__file__).parents[1]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(self, step: int = 0) -> tuple[int, int]:
        """A hand-off killed at that step (0: not killed): the number of the signal that ended it, and how many steps it took (0: it
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


def _prepared(show: str, segment: str, library: str) -> None:
    bag.CHUNK, bwf._CHUNK = 5_003, 3 * 3_001  # kills in the middle of files
    _hand_off(0, Path(show), segment, Path(library))  # what is imported on the way is loaded then
    print("ready", flush=True)
    for line in sys.stdin:
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            os.write(writing, str(_hand_off(int(line), Path(show), segment, Path(library))).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading) as told:
            print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -status, told.read() or 0, flush=True)


def _hand_off(last: int, path: Path, segment_id: str, library: Path) -> int:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def seen(event: str, _: object) -> None:
        if event == "open" or event.startswith(("os.", "shutil.")):
            step()

    sys.addaudithook(seen)
    os.fsync = lambda _: step()  # type: ignore[assignment]  # the machine stays up: what is written is there, and this is half the time
    folder = ShowFolder(path)
    state = folder.state()
    segment = state.segment(segment_id)
    assert segment is not None
    made = package.make(folder, folder.setup(), state, segment, progress=lambda _: step())
    publish(made.path, library)
    return taken


if __name__ == "__main__":
    _prepared(*sys.argv[1:])
