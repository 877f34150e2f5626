"""A disk that fills: a second, very short show on a small file system that holds nothing else.

What must become of it is what the setup says: by its reserve it ends, cleanly; where there is a mirror it goes on on that alone; without
either it goes on when there is room again. Linux only: a user may mount a file system in memory in a name space of their own
(user_namespaces(7), tmpfs(5)), so that nothing on this machine is touched. Elsewhere, or where that is forbidden, it is not tried.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from liveshow.errors import MachineError
from liveshow.events import AlarmRaised, JournalEvent, SessionEnded
from liveshow.model import RecordingSettings
from liveshow.recorder.alarms import SETTLING
from liveshow.recorder.disks import NEARLY_FULL
from liveshow.recorder.drill.show import DrillShow, of_session
from liveshow.recorder.drill.since import Since
from liveshow.setupfile import load, read_text
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND

LARGE = "1T"  # of a file system that takes only the memory that is written to it
LEFT = 10.0  # seconds of recording that fit once it is made small
SETTLES, PATIENCE = 60.0, 60.0
ALARMS = ("disk:full", "disk:dead")


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of the show. `how` it ended, by its journal ("": that does not say); `asked`: whether it was asked to; `alarmed`: whether
    an alarm was raised about the disk; `alone`: whether every feed was proven on the mirror alone; `went_on`: whether every feed was proven
    again when there was room."""

    how: str
    asked: bool
    alarmed: bool
    alone: bool
    went_on: bool


def impossible() -> str:
    """Why it cannot be tried here; "" when it can."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return "only Linux lets a user mount a disk in memory"
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"this system does not allow it ({done.stderr.strip() or done.returncode})"


def fault(filled: Filled, recording: RecordingSettings) -> str:
    """What should have become of it instead; "" when all went as the setup has it."""
    if not filled.how:
        return "the journal does not say that the show ended"
    if not filled.alarmed:
        return f"no alarm was raised about it (the show ended: {filled.how})"
    if not filled.asked:
        return "" if filled.how.startswith(NEARLY_FULL) else f"the show ended, and not by the disk's reserve: {filled.how}"
    if recording.mirror and not filled.alone:
        return f"within {PATIENCE:.0f} s recording neither went on on the mirror alone nor ended"
    if not recording.mirror and recording.reserve_minutes:
        return (
            f"recording did not end by the reserve of {recording.reserve_minutes:g} min, and was ended after {PATIENCE:.0f} s"
        )
    return "" if filled.went_on else f"not every feed was proven again within {SETTLES:.0f} s when there was room again"


def told(filled: Filled, recording: RecordingSettings) -> str:
    """What became of it when nothing was at fault."""
    if not filled.asked:
        return filled.how
    return (
        "recording went on on the mirror alone, and on both when there was room again"
        if recording.mirror
        else ("there is no reserve; recording went on when there was room again")
    )


async def record_until_full(setup_file: Path, place: Path) -> Filled:
    """Record on a disk that becomes full; what was recorded is copied to `place`. Raises MachineError."""
    words = ["unshare", "-rm", sys.executable, "-m", "liveshow.recorder.drill.full_disk", str(setup_file), str(place)]
    pipe = asyncio.subprocess.PIPE
    # A Ctrl-C reaches this process alone: a second one would keep that one from ending what it began.
    process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=pipe, start_new_session=True)
    try:
        said, words_of_woe = await process.communicate()
    except asyncio.CancelledError:
        process.send_signal(signal.SIGINT)
        await process.wait()
        raise
    if process.returncode != 0:
        last = (words_of_woe.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise MachineError(f"the show on the small disk went wrong: {last}", where=str(place))
    return Filled(**json.loads(said.decode().strip().splitlines()[-1]))


async def _fill(setup_file: Path, folder: ShowFolder, disk: Path) -> Filled:
    show = DrillShow(setup_file, load(setup_file, date.today()), folder)
    try:
        show.make(read_text(setup_file))
        await show.start()
        if await show.until(lambda: _settled(show), SETTLES) is None:
            raise MachineError(
                f"not within {SETTLES:.0f} s: {show.why_dark() or 'nobody knows how fast it fills'}", where=folder.id
            )
        rate = show.pulse.bytes_per_second if show.pulse else 0.0
        _resize(disk, f"{_used(disk) + int(rate * LEFT)}")
        asked, alone, went_on = await _until_it_ends(show, disk)
    finally:
        show.kill_all()
        await show.lose()
    events = of_session(folder.events())
    return Filled(_how_ended(events), asked, _alarmed(events), alone, went_on)


async def _until_it_ends(show: DrillShow, disk: Path) -> tuple[bool, bool, bool]:
    """By itself, or because it is asked to: see :class:`Filled` for what is said of that."""
    recorder = show.recorder()

    def over() -> bool:
        return recorder is None or not recorder.alive()

    def alone() -> bool:
        return show.pulse is not None and show.pulse.mirror is not None and bool(show.pulse.mirror.first) and not show.dark()

    await show.until(lambda: over() or alone(), PATIENCE)
    if over():
        return False, False, False
    was_alone, since = alone(), Since.now(show)
    _resize(disk, LARGE)
    went_on = await show.until(lambda: all(since.proven(device) for device in show.setup.devices), SETTLES)
    await show.end()
    return True, was_alone, went_on is not None


def _settled(show: DrillShow) -> bool:
    """Every light is on, how fast the disk fills is known, and alarms about that are not held back any more."""
    pulse = show.pulse
    if pulse is None or show.dark() or not pulse.bytes_per_second:
        return False
    return all(pulse.now - e.t > SETTLING + SECOND for e in of_session(show.events)[:1])


def _how_ended(events: Sequence[JournalEvent]) -> str:
    return next((e.how for e in events if isinstance(e, SessionEnded)), "")


def _alarmed(events: Sequence[JournalEvent]) -> bool:
    return any(isinstance(e, AlarmRaised) and e.alarm in ALARMS for e in events)


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
    print(json.dumps(asdict(filled)))


if __name__ == "__main__":
    _within(Path(sys.argv[1]), Path(sys.argv[2]))
