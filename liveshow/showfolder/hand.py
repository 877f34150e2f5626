"""A hand that reaches for a disk which may hang: a system call that waits for such a disk does not return and cannot be ended, so a thread
of its own makes it, and whoever asked goes on."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SILENT = 2.0
"""Seconds after which what has not returned counts as hanging."""


def not_answered(seconds: float) -> str:
    """What is said of a disk then."""
    return f"it has not answered for {seconds:.0f} s"


class Hand:
    """Does one thing after another in a thread of its own. Asked by one thread only."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._news = threading.Condition()
        self._work: Callable[[], object] | None = None
        self._since = 0.0
        self._raised: Exception | None = None
        self._thread: threading.Thread | None = None

    @property
    def silent(self) -> float:
        """Seconds since it was given what it has not done yet; 0.0 when it is free."""
        since = self._since
        return time.monotonic() - since if since else 0.0

    @property
    def hangs(self) -> str:
        """In words, once it is silent for so long that it must be said; "" before."""
        silent = self.silent
        return not_answered(silent) if silent > SILENT else ""

    def begin(self, work: Callable[[], object]) -> bool:
        """Have something done, and wait for nothing; False, and it is not, while something else is being done. What it raises is lost."""
        with self._news:
            if self._since:
                return False
            self._work, self._since = work, time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._news.notify_all()
        return True

    def do(self, work: Callable[[], T], within: float) -> T:
        """Have something done; what it returns or raises. Raises TimeoutError (an OSError) when that takes longer, and at once while
        something else is being done: it is then done later, or not at all."""
        result: list[T] = []
        if not self.begin(lambda: result.append(work())):
            raise self._timeout()
        with self._news:
            if not self._news.wait_for(lambda: not self._since, within):
                raise self._timeout()
            fault = self._raised
        if fault is not None:
            raise fault
        return result[0]

    def _timeout(self) -> TimeoutError:
        return TimeoutError(errno.ETIMEDOUT, not_answered(self.silent))

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._work is not None)
                work = self._work
            fault = self._fault(work) if work is not None else None
            with self._news:
                self._work, self._since, self._raised = None, 0.0, fault
                self._news.notify_all()

    @staticmethod
    def _fault(work: Callable[[], object]) -> Exception | None:
        try:
            work()
        except Exception as exc:  # noqa: BLE001 -- it is raised where it was asked for
            return exc
        return None
