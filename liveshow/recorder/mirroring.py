"""A worker's mirror: a thread that brings what is written on the first disk to the second, and says how far it is.

It holds nobody up: who writes never waits for it, and what it does not keep up with is let go from memory and read from the first disk
later. When the first disk takes no more, it is the one that keeps what is recorded (see `twofold`), until the first is good again.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import threading
import time
from pathlib import Path

from liveshow.events import MirrorHealth
from liveshow.recorder.twofold import Missing, Twofold
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.journal import FULL

EVERY = 0.1
SYNC_EVERY = 1.0
AGAIN = 1.0  # seconds before a mirror that took nothing is tried once more
SILENT = 5.0  # seconds after which a mirror that does not answer counts as not there
LAST = 5.0  # seconds that the end of a worker waits for it
ROOM_TO_GO_ON = 64 << 20
"""Bytes free before a disk that was full is recorded to again: less would be another part of some seconds, and another gap."""
PROBE = 1 << 16
NOT_THERE = "it is not there (is its disk mounted?)"
log = logging.getLogger(__name__)


class Mirroring:
    """The mirror of one worker. `first`: why nothing is written on the first disk, "" while it is; `turns`: how
    often parts were to be begun anew, because that changed."""

    def __init__(self, folder: ShowFolder, mirror: ShowFolder) -> None:
        self.first = ""
        self.turns = 0
        self._folder, self._mirror = folder, mirror
        self._why = ""
        self._told_to_leave = ""
        self._beat = time.monotonic()
        self._files: list[Twofold] = []
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    def create(self, path: Path) -> Twofold:
        """A new file of the show folder, on both disks. Raises OSError when neither takes it."""
        made = Twofold(path, self._mirror.path / path.relative_to(self._folder.path), self)
        with self._lock:
            self._files.append(made)
        return made

    def forget(self, file: Twofold) -> None:
        """It came to nothing: neither disk keeps it."""
        file.void = True
        file.close()
        _unlink(file.first)

    def numbers(self, feed: str) -> int:
        """The highest number of a feed's parts on the mirror; 0 when it does not say so in time."""
        found: list[int] = []
        asked = threading.Thread(target=lambda: found.extend(n.part for n in self._mirror.part_names(feed)), daemon=True)
        asked.start()
        asked.join(SILENT)
        return max(found, default=0)

    @property
    def why(self) -> str:
        """Why the mirror is not written, "" while it is."""
        if time.monotonic() - self._beat > SILENT:
            return f"it has not answered for {time.monotonic() - self._beat:.0f} s"
        return self._why

    @property
    def carries(self) -> bool:
        """Whether the mirror takes what is written at present."""
        return not self.why

    def health(self, feed: str) -> MirrorHealth:
        """How the mirror of a feed is."""
        now = time.monotonic()
        with self._lock:
            files = [file for file in self._files if file.first.parent.name == feed]
        return MirrorHealth(
            why=self.why,
            behind=round(max((file.behind(now) for file in files), default=0.0), 2),
            lacks=sum(file.lacks for file in files),
            first=self.first,
        )

    def stop(self) -> None:
        """Bring the rest, as long as the mirror takes it and for no longer than some seconds."""
        self._end.set()
        self._thread.join(LAST + 1 if self.carries else 1)

    # The first disk

    def leave_first(self, why: str) -> None:
        """The first disk takes no more: what is written goes to the mirror only, until it does."""
        with self._lock:
            if self.first:
                return
            self.first = why
        log.warning("the first disk takes no more (%s): going on with the mirror", why)
        threading.Thread(target=self._await_first, name="first disk", daemon=True).start()

    def use_first(self, why_not: str) -> None:
        """Whether parts are to be begun on the first disk: not while there is a reason. Those that are begun there end as soon as they
        can."""
        told, self._told_to_leave = self._told_to_leave, why_not
        if why_not and not told:
            self.go_on_alone(why_not)

    def go_on_alone(self, why: str) -> None:
        """The first disk is to be left, though it takes what is written: parts are begun anew, on the mirror only."""
        self.leave_first(why)
        self.turns += 1

    def _await_first(self) -> None:
        while not self._end.wait(AGAIN):
            if not self._told_to_leave and takes(self._folder.recordings):
                self.first = ""
                self.turns += 1
                log.warning("the first disk is good again")
                return

    # The mirror

    def _run(self) -> None:
        synced = 0.0
        while not self._ended():
            self._beat = time.monotonic()
            self._end.wait(EVERY if not self._why else AGAIN)
            due = time.monotonic() - synced >= SYNC_EVERY or self._end.is_set()
            synced = time.monotonic() if due else synced
            self._round(due)

    def _ended(self) -> bool:
        """Whether all was brought that can be."""
        if not self._end.is_set():
            return False
        self._deadline = getattr(self, "_deadline", time.monotonic() + LAST)
        return not self._files or bool(self._why) or time.monotonic() > self._deadline

    def _round(self, sync: bool) -> None:
        with self._lock:
            files = tuple(self._files)
        faults = [fault for file in files if (fault := self._brought(file, sync))]
        self._why = faults[0] if faults else ""

    def _brought(self, file: Twofold, sync: bool) -> str:
        """What is wrong with a file on the mirror, "" when nothing is."""
        self._beat = time.monotonic()
        if file.void:
            self._drop(file)
            _unlink(file.second)
            return ""
        try:
            more = file.bring()
            if (sync or file.ended) and not more:
                file.sync()
        except Missing as exc:
            if file.ended:  # whoever has both disks at hand brings it later
                log.warning("the mirror lacks %d bytes of %s: %s", file.lacks, file.first, exc)
                self._drop(file)
            return ""
        except OSError as exc:
            if exc.errno not in FULL:
                file.let_copy_go()
            return NOT_THERE if exc.errno == errno.ENOENT else exc.strerror or str(exc)
        if file.complete:
            self._drop(file)
        return ""

    def _drop(self, file: Twofold) -> None:
        file.let_copy_go()
        with self._lock:
            self._files.remove(file)


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


def _unlink(place: Path) -> None:
    try:
        place.unlink(missing_ok=True)
    except OSError as exc:  # its disk takes nothing, not even that
        log.warning("%s is left: %s", place, exc)
