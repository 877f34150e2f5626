"""Several tasks at once, in threads: hashing, disks and networks leave the interpreter to the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

Task = Callable[[], None]
LOOK = 0.2  # seconds: where waiting cannot be interrupted (Windows), so often it is looked for Ctrl-C
GOODBYE = 2.0  # seconds that threads may take to notice that it is over


class Stopped(Exception):
    """Raised in a task when another one failed, or somebody pressed Ctrl-C."""


class SideBySide:
    """Works on tasks, `count` at once. A task calls :meth:`go_on` now and then."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._next, self._stop, self._all_ended = threading.Lock(), threading.Event(), threading.Event()
        self._working = 0
        self._error: BaseException | None = None

    def go_on(self) -> None:
        """Raises :class:`Stopped` when it is over."""
        if self._stop.is_set():
            raise Stopped

    def work(self, tasks: Iterator[Task]) -> None:
        """Do all of them; each is fetched when a thread is free for it, one at a time. The first error of one ends all, and is raised here,
        as is KeyboardInterrupt; threads that are held up then end by themselves."""
        self._working, self._error = self._count, None
        self._stop.clear()
        self._all_ended.clear()
        threads = [threading.Thread(target=self._one, args=(tasks,), daemon=True) for _ in range(self._count)]
        for thread in threads:
            thread.start()
        try:
            while not self._all_ended.wait(LOOK):
                if self._stop.is_set():
                    break
        finally:
            self._stop.set()
            ends = time.monotonic() + GOODBYE
            for thread in threads:
                thread.join(max(0.0, ends - time.monotonic()))
        if self._error is not None:
            raise self._error

    def _one(self, tasks: Iterator[Task]) -> None:
        try:
            while True:
                with self._next:
                    self.go_on()
                    task = next(tasks, None)
                if task is None:
                    break
                task()
        except Stopped:
            pass
        except BaseException as exc:  # noqa: BLE001 -- raised where the work was asked for
            self._error = self._error or exc
            self._stop.set()
        with self._next:
            self._working -= 1
            if not self._working:
                self._all_ended.set()
