"""A process that kills itself (SIGKILL) in the middle of its work: run as `python -m tests.killed make|pull BYTES ARGS…`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from liveshow.handoff import package
from liveshow.library import arrival, origin
from liveshow.library.pull import How, pull
from liveshow.showfolder.folder import ShowFolder


def run_killed(what: str, share: float, *args: Path | str) -> int:
    """Run it in a process of its own, killed when this share of the work is done (above 1: not killed); its exit status."""
    return subprocess.run(command(what, share, *args), check=False, cwd=Path(__file__).parents[1]).returncode


def command(what: str, share: float, *args: Path | str) -> list[str]:
    """The command line for that."""
    return [sys.executable, "-m", "tests.killed", what, str(share), *map(str, args)]


def _kill_at(share: float, done: float) -> None:
    if done >= share:
        os.kill(os.getpid(), signal.SIGKILL)


def _make(share: float, path: str, segment_id: str) -> None:
    folder = ShowFolder(Path(path))
    state = folder.state()
    segment = state.segment(segment_id)
    assert segment is not None
    package.make(folder, folder.setup(), state, segment, progress=lambda done: _kill_at(share, done))


def _pull(share: float, library: str, dest: str) -> None:
    arrival.CHUNK = origin.CHUNK = 10_007  # type: ignore[attr-defined]  # kills in the middle of files
    how = How(progress=lambda _, done, total: _kill_at(share, done / total))
    report = pull(origin.FolderOrigin(Path(library)), Path(dest), how=how)
    assert report.faults == ()


if __name__ == "__main__":
    {"make": _make, "pull": _pull}[sys.argv[1]](float(sys.argv[2]), *sys.argv[3:])
