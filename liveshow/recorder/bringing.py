"""Brings each of a show's two disks what it lacks of parts that nobody writes any more: what a worker that died left behind, what was
written while the other disk was away. It touches both, so it has a thread of its own, which may hang with either."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from liveshow.errors import LiveshowError
from liveshow.events import FeedHealth
from liveshow.recorder.first_disk import takes
from liveshow.showfolder.folder import ShowFolder, make, replace_text
from liveshow.showfolder.mirror import Lack, bring, lacks

EVERY = 0.2  # seconds between two pieces, as long as anything is recorded
LOOK_EVERY = 5.0
SETTLED = 5.0  # seconds after which nobody writes a file any more, if nobody says so
log = logging.getLogger(__name__)


class Bringing:
    """`hear` it how the feeds are; `start` it, and `stop` it at the end. `brought`: bytes that it has copied."""

    def __init__(self, folder: ShowFolder, place: ShowFolder, setup_text: str, feeds: Collection[str]) -> None:
        """`setup_text`: what the show is run by; `feeds`: their ids."""
        self._folder, self._place, self._setup = folder, place, (setup_text, feeds)
        self._mount: Path | None = None  # where the first disk is mounted; None while it is not known
        self.brought = 0
        self._feeds: Mapping[str, FeedHealth] = {}
        self._first = ""
        self._lacking: tuple[Lack, ...] = ()
        self._failed: dict[Path, str] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="both disks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Nobody writes any more: look once more, also at a first disk that took nothing when it was last heard of, and bring what is
        lacking."""
        self._end.set()
        self._feeds, self._first = {}, ""

    @property
    def busy(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def hear(self, feeds: Mapping[str, FeedHealth], first: str) -> None:
        """How the feeds are; `first`: why nothing is written on the first disk."""
        if not self._end.is_set():
            self._feeds, self._first = feeds, first

    def lacks(self, *, to_first: bool) -> int:
        """Bytes that one of them has not."""
        return sum(lack.bytes for lack in self._lacking if lack.to_first is to_first)

    def _run(self) -> None:
        last = False
        while not last:
            last = self._end.wait(LOOK_EVERY)
            try:
                self._keep_first()
                if not self._first:
                    self._lacking = self._found(last)
                    self._bring_all(last)
            except (OSError, LiveshowError) as exc:  # which who writes on that disk says
                log.warning("what the disks lack cannot be looked at: %s", exc)

    def _keep_first(self) -> None:
        """Make the show folder on the first disk, if that took nothing as the show began, or its setup what the show is run by; not where
        that disk is not mounted. Raises OSError, MachineError."""
        text, feeds = self._setup
        self._mount = self._mount or self._found_mount()
        if self._mount is None or not os.path.ismount(self._mount):
            return
        if not self._folder.recordings.is_dir() or not self._folder.setup_file.exists():
            make(self._folder.path, text, feeds)
        elif self._folder.setup_file.read_text(encoding="utf-8") != text:
            replace_text(self._folder.setup_file, text)

    def _found_mount(self) -> Path | None:
        """Where the first disk is mounted. None while the show folder is not there, and seems to belong on a disk that is not mounted: it
        would be made on the system's own, or in its memory."""
        here = self._folder.path
        mount = next((at for at in (here, *here.parents) if os.path.ismount(at)), None)
        elsewhere = os.name == "posix" and mount == Path(here.anchor)
        return mount if here.is_dir() or (here.parent.is_dir() and not elsewhere) else None

    def _found(self, last: bool) -> tuple[Lack, ...]:
        """Of parts that nobody writes any more. Raises OSError."""
        files = {Path(health.file) for health in self._feeds.values() if health.file}
        return tuple(lack for lack in lacks(self._folder, self._place, files) if last or not self._is_workers(lack))

    def _is_workers(self, lack: Lack) -> bool:
        """Whether a worker may be at it itself: it was written a moment ago, or its worker was not heard, or has yet to bring something."""
        health = self._feeds.get(lack.target.parent.name)
        if health is None or not health.file or abs(time.time() - lack.source.stat().st_mtime) < SETTLED:
            return True
        return health.mirror is not None and bool(health.mirror.lacks or health.mirror.first or health.mirror.why)

    def _bring_all(self, last: bool) -> None:
        """One after another, as long as the first disk is good. What cannot be brought stands in the way of nothing else, and is tried
        again."""
        good = any(lack.to_first for lack in self._lacking) and takes(self._folder.recordings)
        for lack in self._lacking:
            if lack.to_first and not good:
                continue
            try:
                for copied in bring(lack, throughout=False):
                    self.brought += copied
                    if self._end.wait(EVERY) and not last:
                        return  # it begins anew with all that is lacking then
                self._lacking = tuple(left for left in self._lacking if left is not lack)
                log.info("%s was brought up to date", lack.target)
            except LiveshowError as exc:
                if self._failed.get(lack.target) != exc.what:
                    log.error("%s", exc)
                self._failed[lack.target] = exc.what
