"""A disk that fills: a second, very short show on a small file system that holds nothing else.

Linux only: a user may mount a file system in memory in a name space of their own (user_namespaces(7), tmpfs(5)), so that nothing on
this machine is touched. Elsewhere, or where that is forbidden, it is not tried.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from liveshow.errors import MachineError
from liveshow.events import AlarmRaised, SessionEnded
from liveshow.recorder.drill.show import DrillShow
from liveshow.setupfile import load, read_text
from liveshow.showfolder.folder import ShowFolder, make

LARGE = "1T"  # of a file system that takes only the memory that is written to it
LEFT = 10.0  # seconds of recording that fit once it is made small
SETTLES, PATIENCE = 60.0, 60.0


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of the show: how it ended, and whether an alarm was raised about the disk."""

    how: str
    alarmed: bool


def impossible() -> str:
    """Why it cannot be tried here; "" when it can."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "only Linux lets a user mount a disk in memory"
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"this system does not allow it ({done.stderr.strip() or done.returncode})"


def record_until_full(setup_file: Path, place: Path) -> Filled:
    """Record on a disk that becomes full; what was recorded is copied to `place`. Raises MachineError."""
    words = ["unshare", "-rm", sys.executable, "-m", "liveshow.recorder.drill.full_disk", str(setup_file), str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise MachineError(f"the show on the small disk went wrong: {said}", where=str(place))
    return Filled(**json.loads(done.stdout.strip().splitlines()[-1]))


async def _fill(setup_file: Path, folder: ShowFolder, disk: Path) -> Filled:
    setup = load(setup_file, date.today())
    show = DrillShow(setup_file, setup, make(folder.path, read_text(setup_file), [f.id for f in setup.feeds]))
    try:
        await show.start()
        await show.until(lambda: not show.dark(), SETTLES)
        rate = show.pulse.bytes_per_second if show.pulse else 0.0
        _resize(disk, f"{_used(disk) + int(rate * LEFT)}")
        recorder = show.recorder()
        await show.until(lambda: recorder is None or not recorder.alive(), PATIENCE)
        if recorder is not None and recorder.alive():
            _resize(disk, LARGE)  # so that it can be ended at all
            await show.end()
    finally:
        show.kill_all()
        await show.lose()
    events = folder.events()
    ended = [e.how for e in events if isinstance(e, SessionEnded)]
    alarmed = any(isinstance(e, AlarmRaised) and e.alarm.startswith("disk") for e in events)
    return Filled(ended[-1] if ended else "", alarmed)


def _used(disk: Path) -> int:
    return shutil.disk_usage(disk).used


def _resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def _within(setup_file: Path, place: Path) -> None:
    """In the name space."""
    place.mkdir(parents=True)
    disk = place.with_name(f"{place.name}.disk")
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LARGE}", "none", str(disk)], check=True)
    filled = asyncio.run(_fill(setup_file, ShowFolder(disk / place.name), disk))
    place.rmdir()
    shutil.copytree(disk / place.name, place)
    print(json.dumps({"how": filled.how, "alarmed": filled.alarmed}))


if __name__ == "__main__":
    _within(Path(sys.argv[1]), Path(sys.argv[2]))
