"""Puts what was written on the disk itself, at least every second, without holding up whoever writes."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

EVERY = 0.5


class Syncer:
    """A thread that fsyncs a changing set of file descriptors. `failed` is the system's message when the disk refused."""

    def __init__(self) -> None:
        self.failed = ""
        self._lock = threading.Lock()
        self._files: set[int] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syncer", daemon=True)
        self._thread.start()

    def add(self, *descriptors: int) -> None:
        """Sync these from now on."""
        with self._lock:
            self._files.update(descriptors)

    def finish(self, *descriptors: int, close: Callable[[], None]) -> None:
        """A last sync of these, then `close` them, in the order given, without the thread in between."""
        with self._lock:
            for descriptor in descriptors:
                os.fsync(descriptor)
            self._files.difference_update(descriptors)
            close()

    def stop(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            with self._lock:
                files = [os.dup(descriptor) for descriptor in self._files]
            for descriptor in files:
                self._sync(descriptor)

    def _sync(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError as exc:
            self.failed = exc.strerror or str(exc)
        finally:
            with contextlib.suppress(OSError):
                os.close(descriptor)
