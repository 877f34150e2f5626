"""The mirror of a worker: a thread that writes on its disk, and says why it does not."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from liveshow.recorder.first_disk import unlink
from liveshow.recorder.side import Span, read_piece
from liveshow.recorder.twofold import Missing, Twofold
from liveshow.showfolder.hand import Hand, not_answered
from liveshow.showfolder.journal import FULL

EVERY = 0.1
SYNC_EVERY = 1.0
AGAIN = 1.0  # seconds before one that took nothing is tried once more
FOR_ONE = 0.05  # seconds that a file is brought what it missed before the next one's turn
READ_WITHIN = 1.0  # seconds that the first disk may take for a piece: while it hangs the mirror must not
SILENT = 2.5  # seconds after which one that does not answer counts as not there: an alarm is to come within five
NOT_THERE = "it is not there (is its disk mounted?)"
log = logging.getLogger(__name__)


class SecondDisk:
    """`files`: those of which it has not all."""

    def __init__(self, after_each: Callable[[], None]) -> None:
        """after_each: called after each round."""
        self._after_each = after_each
        self._why = ""
        self._beat = time.monotonic()
        self._files: dict[str, tuple[Twofold, ...]] = {}  # by feed
        self._lock = threading.Lock()
        self._hand = Hand("missed on the first disk")
        self._end, self._deadline = threading.Event(), 0.0
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    @property
    def files(self) -> tuple[Twofold, ...]:
        """Those of which it has not all."""
        with self._lock:
            return tuple(file for files in self._files.values() for file in files)

    def of(self, feed: str) -> tuple[Twofold, ...]:
        """Those of one feed."""
        return self._files.get(feed, ())

    @property
    def why(self) -> str:
        """Why it is not written, "" while it is."""
        silent = time.monotonic() - self._beat
        return not_answered(silent) if silent > SILENT else self._why

    def add(self, file: Twofold) -> None:
        """A new file, which is created here."""
        with self._lock:
            self._files[_feed(file)] = (*self.of(_feed(file)), file)

    def end(self, deadline: float) -> None:
        """No more files come; what is left is brought until `deadline`, host's monotonic seconds."""
        self._deadline = deadline
        self._end.set()

    def join(self) -> None:
        """Wait for that; not for a disk that hangs."""
        while self._thread.is_alive() and not self.why and time.monotonic() < self._deadline + 1:
            self._thread.join(0.05)

    def _run(self) -> None:
        synced, more = 0.0, False
        while not self._ended():
            self._beat = time.monotonic()
            if not more:
                self._end.wait(EVERY if not self._why else AGAIN)
            due = time.monotonic() - synced >= SYNC_EVERY or self._end.is_set()
            synced = time.monotonic() if due else synced
            more = self._round(due)
            self._after_each()

    def _ended(self) -> bool:
        """Whether all was brought that can be."""
        return self._end.is_set() and (not self.files or bool(self._why) or time.monotonic() > self._deadline)

    def _round(self, sync: bool) -> bool:
        """Look after each file; whether there is more to bring at once. A disk that is full for one is not tried with the next."""
        more, full, why = False, False, ""
        for file in self.files:
            try:
                more = self._look_after(file, sync, full) or more
            except OSError as exc:
                why, full = why or _in_words(exc), full or exc.errno in FULL
                if exc.errno not in FULL:
                    file.let_copy_go()
                if file.can_wait:
                    self._drop(file)
        self._why = why
        return more and not why

    def _look_after(self, file: Twofold, sync: bool, full: bool) -> bool:
        """Whether there is more of it to bring at once; `full`: nothing can be now. Raises OSError."""
        self._beat = time.monotonic()
        if file.void:
            self._drop(file)
            unlink(file.second)
            return False
        more = self._bring(file) if not full else file.lacks > 0
        if sync or (file.ended and not more):
            file.sync()
        file.kept = file.kept or file.complete
        if file.complete or (full and file.can_wait):
            self._drop(file)
        return more

    def _bring(self, file: Twofold) -> bool:
        """What waits of it and what was missed, for a moment; whether there is more. Raises OSError."""
        until = time.monotonic() + FOR_ONE
        try:
            while (more := file.bring(self._read)) and time.monotonic() < until:
                self._beat = time.monotonic()
        except Missing as exc:
            if file.ended and exc.errno != errno.ETIMEDOUT:  # whoever has both disks at hand brings it later
                log.warning("the mirror lacks %d bytes of %s: %s", file.lacks, file.first, exc)
                self._drop(file)
            return False
        return more

    def _read(self, path: Path, span: Span) -> bytes:
        return self._hand.do(lambda: read_piece(path, span), READ_WITHIN)

    def _drop(self, file: Twofold) -> None:
        file.let_copy_go()
        file.without_mirror()
        with self._lock:
            self._files[_feed(file)] = tuple(each for each in self.of(_feed(file)) if each is not file)


def _feed(file: Twofold) -> str:
    return file.first.parent.name


def _in_words(exc: OSError) -> str:
    return NOT_THERE if exc.errno == errno.ENOENT else exc.strerror or str(exc)
