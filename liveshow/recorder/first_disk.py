"""The first disk of a worker that has a mirror: a thread that writes on it, and may hang with it, and whether it is to be written on."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from liveshow.recorder.syncer import Syncer
from liveshow.recorder.twofold import Twofold
from liveshow.showfolder.hand import SILENT, not_answered

EVERY = 0.1  # seconds between two rounds: what a worker that is killed has not given to the system yet
AGAIN = 1.0  # seconds before one that took nothing is tried once more
ROOM_TO_GO_ON = 64 << 20
"""Bytes free before a disk that was full is recorded to again: less would be another part of some seconds, and another gap."""
PROBE = 1 << 16
log = logging.getLogger(__name__)


class FirstDisk:
    """`left`: whether nothing is begun on it until it is good again; `turns`: how often parts were to be begun anew, for that changed."""

    def __init__(self, recordings: Path, after_each: Callable[[], None]) -> None:
        """after_each: called after each round."""
        self.turns = 0
        self._recordings, self._after_each = recordings, after_each
        self._why_left = self._told_to_leave = ""
        self._since = 0.0  # when it was asked for something that it has not done, host's monotonic seconds; 0.0: for nothing
        self._files: dict[Twofold, Syncer] = {}  # those of which it has not all
        self._opened: dict[Twofold, int] = {}
        self._lock = threading.Lock()
        self._end, self._deadline = threading.Event(), 0.0
        self._thread = threading.Thread(target=self._run, name="first disk", daemon=True)
        self._thread.start()

    @property
    def left(self) -> bool:
        """Whether it takes no more, until it is good again."""
        return bool(self._why_left)

    @property
    def why(self) -> str:
        """Why nothing is written on it at present, "" while it is."""
        return self._why_left or self._hangs

    @property
    def _hangs(self) -> str:
        since = self._since
        silent = time.monotonic() - since if since else 0.0
        return not_answered(silent) if silent > SILENT else ""

    def add(self, file: Twofold, syncer: Syncer) -> None:
        """A new file, which is created here unless this disk is left."""
        with self._lock:
            self._files[file] = syncer

    def leave(self, why: str, at_once: bool = True) -> None:
        """Nothing is begun on it until it is good again; `at_once`: nothing more is written on it either, though it was left already: by
        parts that have not ended yet, or with a file that came a moment after."""
        with self._lock:
            news, self._why_left = not self._why_left, self._why_left or why
            files = tuple(self._files) if at_once else ()
        for file in files:
            file.leave_first(why)
        if news:
            self._begin_again_later(why)

    def _begin_again_later(self, why: str) -> None:
        log.warning("the first disk takes no more (%s): going on with the mirror", why)
        threading.Thread(target=self._await, name="first disk again", daemon=True).start()

    def use(self, why_not: str) -> None:
        """Whether parts are to be begun on it: not while there is a reason. Those that are begun there end as soon as they can."""
        told, self._told_to_leave = self._told_to_leave, why_not
        if why_not and not told:
            self.part_from(why_not)

    def part_from(self, why: str) -> None:
        """It is to be left, though it takes what is written: parts are begun anew, on the mirror only."""
        self.leave(why, at_once=False)
        self.turns += 1

    def _await(self) -> None:
        while not self._end.wait(AGAIN):
            if not self._told_to_leave and not self._hangs and takes(self._recordings):
                self._why_left = ""
                self.turns += 1
                log.warning("the first disk is good again")
                return

    def end(self, deadline: float) -> None:
        """No more files come; what is left is brought until `deadline`, host's monotonic seconds."""
        self._deadline = deadline
        self._end.set()

    def join(self) -> None:
        """Wait for that; not for a disk that hangs."""
        while self._thread.is_alive() and not self.why and time.monotonic() < self._deadline + 1:
            self._thread.join(0.05)

    def _run(self) -> None:
        while not (self._end.wait(EVERY) and (not self._files or time.monotonic() > self._deadline)):
            for file, syncer in tuple(self._files.items()):
                self._since = time.monotonic()
                self._look_after(file, syncer)
            self._since = 0.0
            self._after_each()

    def _look_after(self, file: Twofold, syncer: Syncer) -> None:
        if file.on_first and not file.void:
            try:
                self._bring(file, syncer)
            except OSError as exc:
                self.leave(exc.strerror or str(exc))
                file.leave_first(exc.strerror or str(exc))  # also when the disk was left already
        if file.void or not file.on_first:
            self._drop(file, syncer)

    def _bring(self, file: Twofold, syncer: Syncer) -> None:
        if file not in self._opened:
            self._opened[file] = file.open_first()
            syncer.add(self._opened[file], path=file.first)
        while file.bring_first():
            self._since = time.monotonic()
        if file.over_first:
            fault = syncer.finish(self._opened[file], close=file.close_first)
            file.kept = file.kept or not fault
            self._forget(file)

    def _drop(self, file: Twofold, syncer: Syncer) -> None:
        """What this disk has of it stays, unless it came to nothing."""
        file.leave_first("it came to nothing")
        if file in self._opened:
            syncer.drop(self._opened[file], close=file.close_first)
            if file.void:
                unlink(file.first)
        self._forget(file)

    def _forget(self, file: Twofold) -> None:
        self._opened.pop(file, None)
        with self._lock:
            del self._files[file]


def takes(folder: Path) -> bool:
    """Whether a disk takes what is written on it, and has room."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        if shutil.disk_usage(folder).free < ROOM_TO_GO_ON:
            return False
        with probe.open("wb") as file:
            file.write(bytes(PROBE))
            file.flush()
            os.fsync(file.fileno())
        probe.unlink()
    except OSError:
        return False
    return True


def unlink(place: Path) -> None:
    """Delete a file, if its disk takes that."""
    try:
        place.unlink(missing_ok=True)
    except OSError as exc:
        log.warning("%s is left: %s", place, exc)
