"""Puts what was written on the disk itself, at least every second, without holding up whoever writes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from liveshow.showfolder.disk import sync

EVERY = 0.5
T = TypeVar("T")


class Syncer:
    """A thread that fsyncs a changing set of file descriptors. `failed` is the system's message when the disk refused."""

    def __init__(self) -> None:
        self.failed = ""
        self._lock = threading.Lock()
        self._files: set[int] = set()
        self._folders: set[Path] = set()
        self._took, self._since = 0.0, 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syncer", daemon=True)
        self._thread.start()

    @property
    def takes(self) -> float:
        """Seconds that the last round took; of one that goes on, what it has taken when that is more already."""
        since = self._since
        return max(self._took, time.monotonic() - since if since else 0.0)

    def add(self, *descriptors: int, folder: Path) -> None:
        """Sync these from now on, and once the folder that they are new in: a file is not there before its name is. -1 is none."""
        with self._lock:
            self._files.update(d for d in descriptors if d >= 0)
            self._folders.add(folder)

    def finish(self, *descriptors: int, close: Callable[[], None]) -> None:
        """A last sync of these, in the order given, then `close` them whether or not the disk took it, the thread not in between."""
        with self._lock:
            faults = [_fault(os.fsync, descriptor) for descriptor in descriptors if descriptor >= 0]
            self.failed = next((fault for fault in faults if fault), self.failed)
            self._files.difference_update(descriptors)
            close()

    def stop(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            self._since = began = time.monotonic()
            with self._lock:  # copies, for a part may end meanwhile
                copies, fault = _copies(self._files)
                folders, self._folders = self._folders, set()
            faults = [_fault(os.fsync, copy) for copy in copies] + [_fault(sync, folder) for folder in folders]
            for copy in copies:
                os.close(copy)
            self.failed = next(filter(None, faults), fault)
            self._took, self._since = time.monotonic() - began, 0.0


def _copies(descriptors: Iterable[int]) -> tuple[list[int], str]:
    """Further descriptors of these files, as many as the system allows, and what it says against more."""
    copies: list[int] = []
    try:
        for descriptor in descriptors:
            copies.append(os.dup(descriptor))  # noqa: PERF401 -- those made before a failure are to be closed
    except OSError as exc:
        return copies, f"not everything is brought to the disk: {exc.strerror or exc}"
    return copies, ""


def _fault(bring: Callable[[T], None], what: T) -> str:
    """What the system says against it; "" when it did it."""
    try:
        bring(what)
    except OSError as exc:
        return f"the disk does not take it: {exc.strerror or exc}"
    return ""
