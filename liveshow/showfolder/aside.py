"""Whole or absent: a folder is built aside on the same disk and renamed when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from liveshow.showfolder.bag import sync

_BUILDING = ".building-"
_STEP = 60  # seconds by which the wall clock may have been set back since


@contextmanager
def aside(final: Path) -> Iterator[Path]:
    """A new folder beside `final` that becomes `final` at the end, or nothing. What is in it is to be on disk by then.

    Raises OSError, also when `final` is there.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
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


def remove_left_over(parent: Path) -> None:
    """Remove what killed processes were building in a folder; those at work are left alone."""
    for path in left_over(parent):
        shutil.rmtree(path)


def left_over(parent: Path) -> Iterator[Path]:
    """What killed processes were building in a folder."""
    for path in sorted(parent.glob(f".*{_BUILDING}*")):
        pid = path.name.rpartition(_BUILDING)[2]
        if not (pid.isdigit() and int(pid) != os.getpid() and _alive(int(pid), path.stat().st_mtime)):
            yield path


def _alive(pid: int, since: float) -> bool:
    """Whether that process runs, and already ran at `since` (wall seconds): numbers of processes come again."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= since + _STEP
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
