"""What a drill that was killed leaves behind: its recorder and workers go on, and hold the devices that tonight's show wants."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

from liveshow.recorder import address, spawn

DRILL = "drill"
DIES = 5.0  # seconds in which who is killed must be gone
NAMES = ("show", "full")


def name_of(place: Path, kind: str) -> str:
    """Of a show of the drill in `place`; `kind` is one of NAMES. A mirror knows a show by its name alone, so that of an earlier drill must
    not be found there: they are named after `place`."""
    return f"{place.name}-{kind}"


def end_left_over() -> list[Path]:
    """End whatever records for a drill that is not there any more; where it recorded."""
    folders = {Path(found.folder) for found in address.everybody()}
    left = sorted(folder for folder in folders if _is_of_a_drill(folder) and address.look_up(folder, DRILL) is None)
    for folder in left:
        kill_all(folder)
    return left


def kill_all(folder: Path) -> None:
    """Nothing of a show goes on, and nothing is written into its folder any more."""
    found: list[psutil.Process] = []
    for known in (address.look_up(folder, address.RECORDER), *address.workers_of(folder)):
        with contextlib.suppress(psutil.NoSuchProcess):  # it was quicker
            if known is not None:
                process = psutil.Process(known.pid)
                found += [process, *process.children()]
    for process in found:
        spawn.kill(process.pid)
    psutil.wait_procs(found, DIES)


def _is_of_a_drill(folder: Path) -> bool:
    return folder.parent.name.startswith("drill-") and folder.name in [name_of(folder.parent, kind) for kind in NAMES]
