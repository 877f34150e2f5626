"""From a segment to a finished package: whole or absent.

It is built aside on the same disk, brought to the disk in full (fsync), and renamed. What a killed hand-off left behind is
removed by the next one. The same state handed off again changes nothing; another state makes the next version.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.clips import write_clips
from liveshow.handoff.describe import credits, describe, identity, licence, slug_of
from liveshow.handoff.plan import Plan, digest_of, plan
from liveshow.handoff.release import refusal
from liveshow.handoff.timeline import write_timeline
from liveshow.model import Segment, Setup
from liveshow.showfolder import contribution
from liveshow.showfolder.bag import PAYLOAD, Progress, silent, sync, write_bag
from liveshow.showfolder.contribution import CREDITS, LICENCE, TIMELINE, Contribution
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.state import ShowState

_BUILDING = ".building-"


@dataclass(frozen=True, slots=True)
class Made:
    """A package and what it says of itself; `new` is False when it was there already."""

    path: Path
    contribution: Contribution
    new: bool


def make(folder: ShowFolder, setup: Setup, state: ShowState, segment: Segment, *, progress: Progress = silent) -> Made:
    """Hand off a segment: the package in `folder.contributions`.

    `progress` is told the bytes copied and hashed. Raises LiveshowError when the segment may not be handed off, when nothing was
    recorded of it, or when a recording is not as its timing says; MachineError when the disk does not take it.
    """
    if (why := refusal(setup, state, segment)) is not None:
        raise why
    planned = plan(folder, setup, segment, folder.events())
    if not any(feed.parts for feed in planned.feeds):
        todo = f"its feeds are {', '.join(segment.feeds) or 'none'}: is the right performer tagged?"
        raise LiveshowError("nothing was recorded of it", where=segment.id, todo=todo)
    digest = digest_of(planned, setup, state)
    earlier = _earlier(folder, segment)
    if (same := next((made for made in earlier if made.contribution.digest == digest), None)) is not None:
        return same
    handed = state.handed[segment.id].version if segment.id in state.handed else 0
    version = 1 + max([handed, *(made.contribution.version for made in earlier)])
    try:
        return _build(folder, planned, setup, state, version, digest, progress)
    except OSError as exc:
        todo = "is there room on this disk? may it be written?"
        raise MachineError(f"the package cannot be written: {exc.strerror or exc}", where=str(exc.filename), todo=todo) from exc


def _earlier(folder: ShowFolder, segment: Segment) -> list[Made]:
    """Packages of this segment that are there."""
    found = sorted(folder.contributions.glob(f"{segment.id}-*")) if folder.contributions.is_dir() else []
    return [Made(path, contribution.read(path), new=False) for path in found if path.is_dir()]


def _build(
    folder: ShowFolder, planned: Plan, setup: Setup, state: ShowState, version: int, digest: str, progress: Progress
) -> Made:
    tie = state.tie
    if tie is None:
        raise LiveshowError("its journal does not say when the show opened", where=str(folder.journal_file))
    who = identity(state, setup, planned.segment, tie)
    final = folder.contributions / slug_of(setup, planned.segment, version)
    with _aside(final) as building:
        data = building / PAYLOAD
        data.mkdir()
        clips = list(write_clips(planned, who, data, progress))
        made = describe(folder, planned, who, state, clips, version, digest)
        write_timeline(data / TIMELINE, planned, who, clips, _told(made))
        contribution.write(made, building)
        (data / CREDITS).write_text(credits(made), encoding="utf-8", newline="\n")
        (data / LICENCE).write_text(licence(made), encoding="utf-8", newline="\n")
        write_bag(building, _bag_info(made), progress)
    return Made(final, made, new=True)


def _told(made: Contribution) -> dict[str, object]:
    people = [{"id": p.id, "name": p.name, "role": p.role} for p in made.performers]
    about = {"contribution": made.id, "version": made.version, "show": made.show.id, "segment": made.segment.id}
    return {**about, "in": made.segment.start.show_ns, "out": made.segment.end.show_ns, "performers": people}


def _bag_info(made: Contribution) -> dict[str, str]:
    return {
        "Bag-Software-Agent": made.tool,
        "Bagging-Date": made.segment.end.utc.date().isoformat(),
        "External-Identifier": f"urn:uuid:{made.id}",
        "External-Description": f"{made.segment.title}, {made.show.title}: {', '.join(p.name for p in made.performers)}",
    }


@contextmanager
def _aside(final: Path) -> Iterator[Path]:
    """A folder beside `final` that becomes `final` at the end, or nothing."""
    final.parent.mkdir(exist_ok=True)
    remove_left_over(final.parent)
    building = final.parent / f".{final.name}{_BUILDING}{os.getpid()}"
    building.mkdir()
    try:
        yield building
        building.rename(final)
        sync(final.parent)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def remove_left_over(contributions: Path) -> None:
    """Remove what hand-offs that were killed left behind; those at work are left alone."""
    for path in contributions.glob(f".*{_BUILDING}*"):
        pid = path.name.rpartition(_BUILDING)[2]
        if not (pid.isdigit() and int(pid) != os.getpid() and _alive(int(pid), path.stat().st_mtime)):
            shutil.rmtree(path)


def _alive(pid: int, since: float) -> bool:
    """Whether that process runs, and already ran at `since` (wall seconds): numbers of processes come again."""
    try:
        return psutil.Process(pid).create_time() <= since + 1
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
