"""One of two disks fails: what the other has, and what both have in the end."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from liveshow.events import Gap, Note
from liveshow.handoff.verify import verify_show
from liveshow.showfolder.folder import ShowFolder
from tests.benchmarks._fault_rows import Row, marks_gone, missing_inside
from tests.disks import Disk
from tests.disks import disks as mounted
from tests.running_show import CAMERAS, MICS, SETUP, parts, running_show, wait_for

FEEDS = (*CAMERAS, *MICS)
AWAY = 4.0  # seconds, after the alarm
MEGABYTES = 400
ALARM = {True: "disk:dead", False: "mirror:unwritten"}  # whether it is the first disk


@contextmanager
def _dead(disk: Disk) -> Iterator[None]:
    disk.die()
    yield
    disk.revive()


@contextmanager
def _unplugged(disk: Disk) -> Iterator[None]:
    disk.unplug()
    yield
    disk.mount()


FAULTS: dict[str, tuple[bool, Callable[[Disk], AbstractContextManager[None]]]] = {
    "the first disk hangs in writing, with a mirror": (True, Disk.hanging),
    "the first disk hangs beneath, with a mirror": (True, Disk.standing_still),
    "the first disk fails (I/O errors), with a mirror": (True, _dead),
    "the mirror hangs in writing": (False, Disk.hanging),
    "the mirror fails (I/O errors)": (False, _dead),
    "the mirror is unplugged": (False, _unplugged),
}


def mirrors(place: Path) -> Iterator[Row]:
    """Each on two small file systems of its own, on loop devices."""
    for words, (is_first, fails) in FAULTS.items():
        inner = Path(tempfile.mkdtemp(dir=place))
        with mounted(inner, inner / "show", inner / "mirror", megabytes=MEGABYTES) as (first, second):
            yield _suffered(inner, words, is_first, fails(first if is_first else second))


def _suffered(place: Path, words: str, is_first: bool, failing: AbstractContextManager[None]) -> Row:
    """For as long as the alarm takes to come, and some seconds more. `others`: what either disk lacks in the end."""
    setup = SETUP.replace("[handoff]", f'mirror = "{(place / "mirror").as_posix()}"\n\n[handoff]', 1)
    with running_show(place, setup) as show:
        mirror = ShowFolder(place / "mirror" / "show")
        show.until_proven()
        said = [show.say(Note(t=0, text="before"))]
        with failing:
            began = time.monotonic()
            said.append(show.say(Note(t=0, text="meanwhile")))
            marked = time.monotonic() - began
            wait_for("the alarm", lambda: (p := show.pulse()) and any(a.alarm == ALARM[is_first] for a in p.alarms))
            alarmed = time.monotonic() - began
            time.sleep(AWAY)
            gone = marks_gone((mirror if is_first else show.folder).events(), said)
        wait_for("the alarm's end", lambda: (p := show.pulse()) and not any(a.alarm == ALARM[is_first] for a in p.alarms), 120)
        show.until_proven()
        show.end()
    both = (show.folder, mirror)
    gaps = [(e.until - e.t) / 1e9 for folder in both for e in folder.events() if isinstance(e, Gap)]
    inside = sum(missing_inside(folder, feed) for folder in both for feed in FEEDS)
    gone += sum(marks_gone(folder.events(), said) for folder in both)
    further = sum(len(parts(mirror, feed)) - 1 for feed in FEEDS)
    found = sum(len(verify_show(folder)) for folder in both)
    whole = "both verified whole" if not found else f"{found} faults"
    note = f"alarm after {alarmed:.1f} s; a mark then took {marked:.1f} s; {further} further parts; {whole}"
    return Row(words, 1, max(gaps, default=0.0), None, inside, gone, note, 0.0, alarmed)
