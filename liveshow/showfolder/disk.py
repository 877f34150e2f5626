"""Bringing files and folders to the disk itself, and keeping other processes from a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

AT_ONCE = max(2, min(4, os.cpu_count() or 2))
"""How many files are read at the same time: as many as there are cores to hash them, but a disk that turns is to turn."""


def sync_tree(path: Path) -> None:
    """fsync every file and folder of a tree."""
    for root, _, names in os.walk(path):
        for name in names:
            sync(Path(root, name))
        sync(Path(root))


def sync(path: Path) -> None:
    """fsync a file or, where the system can (not Windows), a folder."""
    if os.name == "nt" and path.is_dir():
        return
    fd = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def create(path: Path) -> int:
    """Create a file, which must not be there; a descriptor of it, for fsync. Raises OSError."""
    path.open("xb").close()
    return os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)


@contextmanager
def syncing() -> Iterator[Callable[[Path], None]]:
    """Bring files to the disk from when they are given on, one after the other, beside whatever else is done; at the end all are there.

    Raises OSError at the end for the first that the disk did not take (a later fsync of the same file may not say so again).
    """
    underway: list[Future[None]] = []
    disk = ThreadPoolExecutor(1, thread_name_prefix="sync")
    try:
        yield lambda path: underway.append(disk.submit(sync, path))
        for future in underway:
            future.result()
    finally:
        disk.shutdown(cancel_futures=True)


if sys.platform == "win32":
    import msvcrt

    def lock(fd: int, byte: int = 0) -> None:
        """Lock an open file until it is closed or this process ends; `byte` is the one that Windows keeps from being read. Raises OSError
        when another process has it."""
        os.lseek(fd, byte, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock(fd: int, byte: int = 0) -> None:  # noqa: ARG001
        """Lock an open file until it is closed or this process ends; `byte` is the one that Windows keeps from being read. Raises OSError
        when another process has it."""
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
