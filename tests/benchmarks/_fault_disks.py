"""Disks that fail, and files that are damaged."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from liveshow.errors import OK, LiveshowError
from liveshow.events import Gap, JournalEvent, Note, SessionEnded
from liveshow.handoff.lengths import pictures_in
from liveshow.handoff.repair.headers import CLUSTER
from liveshow.handoff.repair.show import repair_show
from liveshow.handoff.verify import verify_show
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.names import TIMING
from tests.benchmarks._fault_rows import Row, marks_gone, missing_inside
from tests.disks import Disk
from tests.disks import disks as mounted
from tests.running_show import CAMERAS, MICS, SETUP, RunningShow, parts, running_show, verb, wait_for

FEEDS = (*CAMERAS, *MICS)
NO_RESERVE = "[recording]\nreserve_minutes = 0"
AWAY = 4.0
SLOWLY = 300_000  # bytes a second
MEGABYTES = 400
LEFT = 24 << 20
"""Bytes: with these feeds less than a minute, which is less than the usual reserve."""


def disks(place: Path) -> Iterator[Row]:
    """The show's disk is a small file system of its own, on a loop device."""
    for name, (words, cause, cure, reserve) in FAULTS.items():
        inner = place / name
        inner.mkdir()
        with mounted(inner, inner / "disk", megabytes=MEGABYTES) as (disk,):
            yield _suffered(inner, disk, words, cause, cure, reserve)
    with mounted(place, place / "read-only") as (disk,):
        yield _begun_read_only(disk)


Does = Callable[[Disk], None]


def _ballast(disk: Disk) -> None:
    """Fill it to the last byte but a few."""
    with (disk.place / "ballast").open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        except OSError:
            return


def _no_ballast(disk: Disk) -> None:
    (disk.place / "ballast").unlink(missing_ok=True)


def _nearly(disk: Disk) -> None:
    """Fill it until it lasts for less than the reserve: what comes then is the recorder's."""
    free = shutil.disk_usage(disk.place).free
    (disk.place / "ballast").write_bytes(bytes(max(0, free - LEFT)))


FAULTS: dict[str, tuple[str, Does, Does | None, bool]] = {
    "full": ("the disk becomes full, and has room again", _ballast, _no_ballast, False),
    "reserve": ("the disk fills up, with a reserve", _nearly, None, True),
    "dies": ("the disk fails (I/O errors), and is back", Disk.die, Disk.revive, False),
    "slow": ("the disk takes half of what is recorded", lambda disk: disk.slow(SLOWLY), lambda disk: disk.slow(0), False),
}


def _suffered(place: Path, disk: Disk, words: str, cause: Does, cure: Does | None, reserve: bool) -> Row:
    setup = SETUP if reserve else SETUP.replace("[recording]", NO_RESERVE, 1)
    with running_show(disk.place, setup) as show:
        show.until_proven()
        said = [show.say(Note(t=0, text="before"))]
        time.sleep(1)
        cause(disk)
        if cure is None:
            show.process.wait(120)
            return _ended_by_itself(show, words, said)
        time.sleep(AWAY)
        refused = _refused(show)
        cure(disk)
        show.until_proven(180)
        said.append(wait_for("a mark that is taken", lambda: _said(show)))
        time.sleep(2)
        show.end()
        events = show.folder.events()
        gaps = [(e.until - e.t) / 1e9 for e in events if isinstance(e, Gap)]
        inside = sum(missing_inside(show, feed) for feed in FEEDS)
        note = (
            f"for {AWAY:.0f} s; marks meanwhile are {'refused, and said to be' if refused else 'taken'}; {_faults(show.folder)}"
        )
        return Row(words, 1, max(gaps, default=0.0), None, inside, marks_gone(events, said), note)


def _begun_read_only(disk: Disk) -> Row:
    """It is said at once, and nothing begins that would be lost."""
    setup = disk.place / "setup.toml"
    setup.write_text(SETUP.format(library=disk.place / "library", part_minutes=1))
    disk.read_only()
    ended = verb("record", setup, "--into", disk.place / "show")
    disk.read_write()
    said = " ".join(ended.said.split())
    return Row(
        "the disk is read-only as the show begins", 1, None, None, int(ended.code == OK), 0, f"exit {ended.code}: {said}"
    )


def _ended_by_itself(show: RunningShow, words: str, said: list[int]) -> Row:
    events = show.folder.events()
    how = [e.how for e in events if isinstance(e, SessionEnded)]
    inside = sum(missing_inside(show, feed) for feed in FEEDS)
    note = f"it ends by itself: {how[-1] if how else 'NOT in the journal'}; {_faults(show.folder)}"
    return Row(words, 1, None, 0.0, inside, marks_gone(events, said), note)


def _said(show: RunningShow) -> int | None:
    try:
        return show.say(Note(t=0, text="after"))
    except LiveshowError:
        return None


def _refused(show: RunningShow) -> bool:
    return _said(show) is None


def _faults(folder: ShowFolder) -> str:
    found = len(verify_show(folder))
    return "verified whole" if not found else f"{found} faults"


# Damage ----------------------------------------------------------------------------------------------------------


def torn(place: Path) -> Iterator[Row]:
    """A show whose camera's worker was killed, damaged afterwards."""
    (place / "whole").mkdir()
    with running_show(place / "whole") as show:
        show.until_proven()
        said = [show.say(Note(t=0, text=f"note {n}")) for n in range(5)]
        os.kill(show.worker("wide").pid, signal.SIGKILL)
        wait_for("its next part", lambda: len(parts(show, "wide")) > 1)
        show.until_proven()
        show.end()
    yield _torn_journal(ShowFolder(Path(shutil.copytree(show.folder.path, place / "torn"))), said)
    yield _cut_everywhere(ShowFolder(Path(shutil.copytree(show.folder.path, place / "cut"))))


def _torn_journal(folder: ShowFolder, said: list[int]) -> Row:
    """Torn at each byte of its last line: what was acknowledged before stands, and the folder is a show."""
    data = folder.journal_file.read_bytes()
    last = data[:-1].rfind(b"\n") + 1
    gone, times = 0, 0
    events: tuple[JournalEvent, ...] = ()
    for end in range(last, len(data)):
        folder.journal_file.write_bytes(data[:end])
        events = folder.events()
        gone += marks_gone(events, said)
        times += 1
    list(repair_show(folder))
    return Row("the journal's last line is torn at every byte", times, None, None, 0, gone, f"repaired: {_faults(folder)}")


def _cut_everywhere(folder: ShowFolder) -> Row:
    """Cut at every byte of its last cluster: it reads up to the last whole picture, and a repair leaves no fault."""
    name = folder.part_names("wide")[0]
    file = folder.part_file(name)
    data, noted = file.read_bytes(), file.with_suffix(TIMING).read_bytes()
    last, whole = data.rfind(CLUSTER), sum(1 for _ in pictures_in(file))
    worst, faulty, times = 0, 0, 0
    for end in range(last, len(data)):
        file.write_bytes(data[:end])
        file.with_suffix(TIMING).write_bytes(noted)
        list(repair_show(folder))
        worst = max(worst, whole - sum(1 for _ in pictures_in(file)))
        times += 1
    faulty = len(verify_show(folder))
    note = f"at most the cluster's {worst} pictures; repaired: {'verified whole' if not faulty else f'{faulty} faults'}"
    return Row("a part is cut at every byte of its end", times, None, worst / 30, 0, 0, note)
