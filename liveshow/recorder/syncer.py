"""Puts what was written on the disk itself, at least every second, without holding up whoever writes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from liveshow.showfolder.disk import sync

EVERY = 0.5
GONE = "what is written is not at its place any more (is its disk unmounted?)"
T = TypeVar("T")


class Syncer:
    """A thread that fsyncs a changing set of file descriptors. `failed` is the system's message when the disk refused; `moved` are the
    files that others do not find at their paths any more, though their folders are there: deleted, or on a disk that another one took
    the place of; `gone`: not even their folders are there, for the disk was unmounted while they were open, and still takes them."""

    def __init__(self) -> None:
        self.failed = ""
        self.moved: frozenset[Path] = frozenset()
        self.gone = False
        self._lock = threading.Lock()
        self._files: set[int] = set()
        self._folders: set[Path] = set()
        self._paths: dict[int, Path] = {}
        self._took, self._since = 0.0, 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syncer", daemon=True)
        self._thread.start()

    @property
    def takes(self) -> float:
        """Seconds that the last round took; of one that goes on, what it has taken when that is more already."""
        since = self._since
        return max(self._took, time.monotonic() - since if since else 0.0)

    def add(self, descriptor: int, *further: int, path: Path) -> None:
        """Sync these from now on, and once the folder that they are new in: a file is not there before its name is. -1 is none. The first
        is that of the file at `path`."""
        with self._lock:
            self._files.update(d for d in (descriptor, *further) if d >= 0)
            self._folders.add(path.parent)
            if descriptor >= 0:
                self._paths[descriptor] = path

    def finish(self, *descriptors: int, close: Callable[[], None]) -> str:
        """A last sync of these, in the order given, then `close` them whether or not the disk took it, the thread not in between; what the
        system says against it."""
        with self._lock:
            faults = [_fault(os.fsync, descriptor) for descriptor in descriptors if descriptor >= 0]
            fault = next((fault for fault in faults if fault), "")
            self.failed = fault or self.failed
            self._let_go(descriptors)
            close()
        return fault

    def drop(self, descriptor: int, close: Callable[[], None]) -> None:
        """`close` this one, of which nothing more is to be on the disk."""
        with self._lock:
            self._let_go([descriptor])
            close()

    def _let_go(self, descriptors: Sequence[int]) -> None:
        self._files.difference_update(descriptors)
        for descriptor in descriptors:
            self._paths.pop(descriptor, None)

    def stop(self, within: float | None = None) -> None:
        """End the thread, which may hang with the disk: then it is waited for no longer than so many seconds."""
        self._end.set()
        self._thread.join(within)

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            self._since = began = time.monotonic()
            with self._lock:  # copies, for a part may end meanwhile
                copies, fault = _copies(self._files)
                folders, self._folders = self._folders, set()
                paths = {copy: self._paths[descriptor] for descriptor, copy in copies.items() if descriptor in self._paths}
            self.moved = frozenset(path for copy, path in paths.items() if _is_elsewhere(path, copy))
            self.gone = any(_is_gone(path) for path in paths.values())
            faults = [_fault(os.fsync, copy) for copy in copies.values()] + [_fault(sync, folder) for folder in folders]
            for copy in copies.values():
                os.close(copy)
            self.failed = GONE if self.gone else next(filter(None, faults), fault)
            self._took, self._since = time.monotonic() - began, 0.0


def _copies(descriptors: Iterable[int]) -> tuple[dict[int, int], str]:
    """Further descriptors of these files, as many as the system allows, and what it says against more."""
    copies: dict[int, int] = {}
    try:
        for descriptor in descriptors:
            copies[descriptor] = os.dup(descriptor)
    except OSError as exc:
        return copies, f"not everything is brought to the disk: {exc.strerror or exc}"
    return copies, ""


def _identity(file: os.stat_result) -> tuple[int, int]:
    return file.st_dev, file.st_ino


def _is_elsewhere(path: Path, descriptor: int) -> bool:
    """Whether another file than this, or none, lies at a path whose folder is there. Of a disk that is gone nothing can be said."""
    try:
        return _identity(path.stat()) != _identity(os.fstat(descriptor))
    except FileNotFoundError:
        return path.parent.is_dir()
    except OSError:
        return False


def _is_gone(path: Path) -> bool:
    try:
        return not path.parent.exists()
    except OSError:
        return False


def _fault(bring: Callable[[T], None], what: T) -> str:
    """What the system says against it; "" when it did it."""
    try:
        bring(what)
    except OSError as exc:
        return f"the disk does not take it: {exc.strerror or exc}"
    return ""
