"""Puts what was written on the disk itself, at least every second, without holding up whoever writes."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from liveshow.showfolder.disk import sync

EVERY = 0.5
TOLD_FOR = 5.0
"""Seconds for which a fault is told at least: a part may end a moment after it."""
BEGUN_ANEW = 10.0
"""Seconds that a part lasts at least, though the disk refused some of it: one that does so again and again makes no heap of them."""
GONE = "what is written is not at its place any more (is its disk unmounted?)"
T = TypeVar("T")


class Syncer:
    """A thread that fsyncs a changing set of file descriptors. `moved` are the files that others do not find at their paths any more,
    though their folders are there: deleted, or on a disk that another one took the place of; `gone`: not even their folders are there,
    for the disk was unmounted while they were open, and still takes them.

    What a disk refused once is lost, though the next fsync goes well: the system tells a fault once, and lets go of what it could not
    write. So a file in which that happened is not good any more, and the next part is to begin.
    """

    def __init__(self) -> None:
        self.moved: frozenset[Path] = frozenset()
        self.gone = False
        self._too_many = ""
        self._told, self._told_at = "", -math.inf
        self._lock = threading.Lock()
        self._parts: tuple[_Written, ...] = ()  # replaced as a whole: it is read while a disk hangs
        self._ended: deque[Callable[[], None]] = deque()
        self._called = threading.Event()
        self._took, self._since = 0.0, 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syncer", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> str:
        """What the system says: of files that are being written, for as long as they are; of others for some seconds."""
        if self.gone:
            return GONE
        lately = self._told if time.monotonic() - self._told_at < TOLD_FOR else ""
        return next((part.fault for part in self._parts if part.fault), "") or self._too_many or lately

    @property
    def spoilt(self) -> frozenset[Path]:
        """The files in whose place others are to begin: the disk refused some of them, and takes what is written now."""
        old = time.monotonic() - BEGUN_ANEW
        return frozenset(part.path for part in self._parts if part.fault and part.taken and part.since <= old)

    @property
    def takes(self) -> float:
        """Seconds that the last round took; of one that goes on, what it has taken when that is more already."""
        since = self._since
        return max(self._took, time.monotonic() - since if since else 0.0)

    def add(self, descriptor: int, *further: int, path: Path) -> None:
        """Sync these from now on, and once the folder that they are new in: a file is not there before its name is. The first is that of
        the file at `path`."""
        with self._lock:
            self._parts = (*self._parts, _Written(path, (descriptor, *further)))

    def finish(self, *descriptors: int, close: Callable[[], None]) -> str:
        """A last sync of these, in the order given, then `close` them whether or not the disk took it, the thread not in between; what the
        system says against it, or said before of what is in them."""
        faults = [_fault(os.fsync, descriptor) for descriptor in descriptors]
        faults += [part.said() for part in self._of(descriptors)]  # later: a round may have been told in our place
        with self._lock:
            self._let_go(descriptors)
            faults.append(_fault(lambda _: close(), None))
        fault = next(filter(None, faults), "")
        self._tell(fault)
        return fault

    def finish_soon(self, *descriptors: int, close: Callable[[], None], tell: Callable[[str], None]) -> None:
        """The same by the thread, which `tell`s what the system says against it: who records waits for no disk."""
        self._ended.append(lambda: tell(self.finish(*descriptors, close=close)))
        self._called.set()

    def drop(self, descriptor: int, close: Callable[[], None]) -> None:
        """`close` this one, of which nothing more is to be on the disk."""
        with self._lock:
            self._let_go([descriptor])
            close()

    def _of(self, descriptors: Iterable[int]) -> list[_Written]:
        return [part for part in self._parts if not set(descriptors).isdisjoint(part.files)]

    def _let_go(self, descriptors: Iterable[int]) -> None:
        gone = self._of(descriptors)
        self._parts = tuple(part for part in self._parts if part not in gone)

    def stop(self, within: float | None = None) -> None:
        """End the thread, once it has finished what it is to; it may hang with the disk: then it is waited for no longer than so many
        seconds."""
        self._end.set()
        self._called.set()
        self._thread.join(within)

    def _run(self) -> None:
        while not self._end.is_set():
            called = self._called.wait(EVERY)
            self._since = began = time.monotonic()
            if called:
                self._called.clear()
                self._finish()
            else:
                self._bring()
                self._took = time.monotonic() - began
            self._since = 0.0
        self._finish()

    def _finish(self) -> None:
        while self._ended:
            self._ended.popleft()()

    def _bring(self) -> None:
        with self._lock:  # copies, for a part may end meanwhile
            copies, self._too_many = _copies(self._parts)
        self.moved = frozenset(part.path for part, files in copies.items() if _is_elsewhere(part.path, files[0]))
        self.gone = any(_is_gone(part.path) for part in copies)
        for part, files in copies.items():
            self._tell(part.bring(files))
        self._sync_folders([part for part in copies if part.new])

    def _sync_folders(self, new: Iterable[_Written]) -> None:
        faults = {folder: _fault(sync, folder) for folder in {part.path.parent for part in new}}
        for part in new:
            part.new = False
            part.note(faults[part.path.parent])
            self._tell(part.fault)

    def _tell(self, fault: str) -> None:
        if fault:
            self._told, self._told_at = fault, time.monotonic()


class _Written:
    """The files of a part that is being written, the one at `path` first. `new`: the folder does not have its name for sure; `fault`: what
    the disk said the first time that it refused something; `taken`: it took everything the last time; `since`: host's monotonic seconds."""

    def __init__(self, path: Path, files: tuple[int, ...]) -> None:
        self.path, self.files, self.since = path, files, time.monotonic()
        self.new, self.taken = True, False
        self.fault = ""
        self._turn = threading.Lock()

    def bring(self, copies: Iterable[int]) -> str:
        """Have the disk keep what was written, by further descriptors, which are closed then; what it says against it."""
        with self._turn:
            faults = [_fault(os.fsync, copy) for copy in copies]
            fault = next(filter(None, faults), "")
            self.taken = not fault
            self.note(fault)
        for copy in copies:
            os.close(copy)
        return fault

    def note(self, fault: str) -> None:
        """The first counts."""
        self.fault = self.fault or fault

    def said(self) -> str:
        """The fault, also when it is being told at this moment."""
        with self._turn:
            return self.fault


def _copies(parts: Iterable[_Written]) -> tuple[Mapping[_Written, list[int]], str]:
    """Further descriptors of these files, as many as the system allows, and what it says against more."""
    copies: dict[_Written, list[int]] = {}
    try:
        for part in parts:
            for descriptor in part.files:
                copies.setdefault(part, []).append(os.dup(descriptor))
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
