"""The recorder's part in the mirror: its journal and setup, its proof, what a worker that died left behind, and how it stands.

One thread does it all, so that a mirror that hangs holds nothing up; it brings the journal first and parts when nothing else is to be done.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import shutil
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from liveshow.errors import JournalError, LiveshowError
from liveshow.events import FeedHealth, MirrorNow, Proof
from liveshow.model import Setup
from liveshow.recorder.mirroring import NOT_THERE, takes
from liveshow.recorder.proof import Prover
from liveshow.showfolder.folder import ShowFolder, make, replace_text
from liveshow.showfolder.mirror import Lack, bring, lacks, prepare
from liveshow.timebase import ShowClock

EVERY = 0.2
PROVE_EVERY = 2.0
LOOK_EVERY = 5.0
SILENT = 5.0
SETTLED = 5.0  # seconds after which nobody writes a file any more, if nobody says so
PREPARED_WITHIN = 5.0
log = logging.getLogger(__name__)


class JournalCopy:
    """The mirror's journal (a :class:`liveshow.showfolder.journal.Copy`): `data` is to be in it, `kept` bytes of it are on its disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.news = threading.Condition()
        self.data = bytearray()
        self.kept = 0
        self._file = -1

    def begin(self, data: bytes) -> None:
        """This is the journal so far."""
        with self.news:
            self.data = bytearray(data)
            self.kept = min(self.kept, len(data))
            self.news.notify_all()

    def append(self, data: bytes) -> None:
        """And this follows."""
        with self.news:
            self.data += data
            self.news.notify_all()

    def keeps(self, size: int, within: float) -> bool:
        """Whether its first `size` bytes are on the mirror's disk, or come there within so many seconds."""
        with self.news:
            return self.news.wait_for(lambda: self.kept >= size, within)

    def bring(self) -> None:
        """Bring it to the mirror's disk. Raises OSError."""
        if self._file < 0 or not self._in_place():
            self._open()
        with self.news:
            start, piece = self.kept, bytes(self.data[self.kept :])
        os.lseek(self._file, start, os.SEEK_SET)
        view = memoryview(piece)
        while view:
            view = view[os.write(self._file, view) :]
        os.ftruncate(self._file, start + len(piece))
        os.fsync(self._file)
        with self.news:
            self.kept = min(start + len(piece), len(self.data))
            self.news.notify_all()

    @property
    def waits(self) -> bool:
        """Whether anything is to be brought."""
        return self.kept < len(self.data)

    def _in_place(self) -> bool:
        there, here = self.path.stat(), os.fstat(self._file)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def _open(self) -> None:
        """What lies there now may be older than what was there before."""
        self.let_go()
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        there = self.path.read_bytes()
        whole = there[: there.rfind(b"\n") + 1]
        with self.news:
            if not self.data.startswith(whole):
                self.let_go()
                raise FileExistsError(errno.EEXIST, "the journal of another evening lies there")
            self.kept = len(whole)

    def let_go(self) -> None:
        """Close it; it is opened again."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


class MirrorKeeper:
    """Keeps the mirror of a show at `place`. Make it, `prepare`, give `journal` to the show's journal, `start`, and `stop` at the end.

    `good`: whether it may be written; not when another evening lies there.
    """

    def __init__(self, folder: ShowFolder, place: ShowFolder, setup: Setup, setup_text: str) -> None:
        self.place = place
        self.good = True
        self.journal = JournalCopy(place.journal_file)
        self._folder, self._setup, self._setup_text = folder, setup, setup_text
        self._why = ""
        self._here = folder.path.stat().st_dev
        self._device = -1  # of the mirror; -1 while it is not known
        self._mount: Path | None = None  # where its disk is mounted
        self._beat = time.monotonic()
        self._end = threading.Event()
        self._feeds: Mapping[str, FeedHealth] = {}
        self._provers: dict[str, Prover] = {}
        self._proofs: dict[str, Proof] = {}
        self._free = 0
        self._lacking: tuple[Lack, ...] = ()
        self._bringing: Iterator[object] = iter(())
        self._failed: dict[Path, str] = {}
        self._looked = self._proved = -math.inf
        self._last_look = self._bringing_on = False
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)

    def prepare(self) -> None:
        """Make the mirror's show folder, and bring the first's journal what the mirror alone has of it. One that does not answer is waited
        for no longer than some seconds."""
        conflicts: list[str] = []
        thread = threading.Thread(target=self._prepare, args=(conflicts,), name="mirror", daemon=True)
        thread.start()
        thread.join(PREPARED_WITHIN)
        if conflicts:
            self.good, self._why = False, conflicts[0]

    def _prepare(self, conflicts: list[str]) -> None:
        try:
            prepare(self._folder, self.place, self._setup_text, [feed.id for feed in self._setup.feeds])
            self._look_at_disk()
        except JournalError as exc:
            conflicts.append(str(exc))
        except (LiveshowError, OSError) as exc:
            self._why = str(exc)

    def start(self, clock: ShowClock) -> None:
        """Begin to keep it, in a thread; not when another evening lies there."""
        self._clock = clock
        self._provers = {f.id: Prover(self.place, f, clock.speed) for f in self._setup.feeds}
        if self.good:
            self._thread.start()

    def stop(self, within: float) -> None:
        """Bring what is left, for as long as it goes on; a mirror that takes nothing is waited for no longer than so many seconds."""
        self._end.set()
        self._feeds = {}
        patience = time.monotonic() + within
        while self._thread.is_alive() and time.monotonic() < patience:
            self._thread.join(0.1)
            if within and not self.why:
                patience = time.monotonic() + within

    @property
    def why(self) -> str:
        """Why the recorder cannot write the mirror, "" while it can."""
        silent = time.monotonic() - self._beat
        return f"it has not answered for {silent:.0f} s" if self._thread.is_alive() and silent > SILENT else self._why

    def now(self, feeds: Mapping[str, FeedHealth], first: str, rate: float) -> MirrorNow:
        """How it stands, by how the feeds are. `first`: why nothing is written on the first disk, as the journal has it; `rate`: bytes a
        second."""
        self._feeds = {} if self._end.is_set() else feeds  # what workers said last is past by then
        known = [health.mirror for health in self._feeds.values() if health.mirror is not None]
        here, there = (sum(lack.bytes for lack in self._lacking if lack.to_first is to) for to in (True, False))
        return MirrorNow(
            folder=str(self.place.path),
            why=self.why or next((m.why for m in known if m.why), ""),
            behind=max((m.behind for m in known), default=0.0),
            lacks=there + sum(m.lacks for m in known),
            first_lacks=here,
            first=next((m.first for m in known if m.first), first),
            same_disk=self._device == self._here,
            proofs=dict(self._proofs),
            free=self._free,
            seconds_left=self._free / rate if rate > 0 and self._free else None,
        )

    def _run(self) -> None:
        while not self._finished():
            with self.journal.news:
                if not self.journal.waits:
                    self.journal.news.wait(EVERY)
            self._beat = time.monotonic()
            try:
                self._round(self._beat)
                self._why = ""
            except (OSError, LiveshowError) as exc:
                self._why = _reason(exc)
                self.journal.let_go()
                self._end.wait(EVERY)

    def _finished(self) -> bool:
        """Whether the show is ended, and the mirror has everything or takes nothing."""
        if not self._end.is_set():
            return False
        if not self._last_look:  # now that nobody writes
            self._last_look, self._looked = True, -math.inf
            return False
        return bool(self._why) or not (self.journal.waits or self._bringing_on)

    def _round(self, now: float) -> None:
        look = self._looked + LOOK_EVERY < now
        if look:
            self._keep_place()
            self._look_at_disk()
        self.journal.bring()
        if self._proved + PROVE_EVERY < now and not self._end.is_set():
            self._proved = now
            self._proofs = {feed: prover.look(self._clock.now()) for feed, prover in self._provers.items()}
        if look:
            self._looked = now
            self._lacking = self._found_lacking()
            self._bringing = self._bring_all(self._lacking)
        self._bringing_on = next(self._bringing, None) is not None

    def _keep_place(self) -> None:
        """Make the show folder where the mirror's disk is; where that is not mounted, everything would go to another disk."""
        if self._mount is not None and not self._mount.is_mount():
            raise OSError(errno.ENOENT, NOT_THERE)
        if not self.place.recordings.is_dir() or not self.place.setup_file.exists():
            make(self.place.path, self._setup_text, [feed.id for feed in self._setup.feeds])
        elif self.place.setup_file.read_text(encoding="utf-8") != self._setup_text:
            replace_text(self.place.setup_file, self._setup_text)

    def _look_at_disk(self) -> None:
        self._device = self.place.path.stat().st_dev
        self._mount = next((path for path in self.place.path.parents if path.is_mount()), None)
        self._free = shutil.disk_usage(self.place.path).free

    def _found_lacking(self) -> tuple[Lack, ...]:
        """What one of the disks has not, of parts that nobody writes any more; nothing while the first cannot be looked at."""
        files = {Path(health.file) for health in self._feeds.values() if health.file}
        try:
            next(self._folder.recordings.iterdir(), None)
        except OSError:
            return ()
        return tuple(
            lack for lack in lacks(self._folder, self.place, files) if self._end.is_set() or not self._is_workers(lack)
        )

    def _is_workers(self, lack: Lack) -> bool:
        """Whether a worker may be at it itself: it was written a moment ago, or its worker was not heard, or has yet to bring something."""
        health = self._feeds.get(lack.target.parent.name)
        if health is None or not health.file or abs(time.time() - lack.source.stat().st_mtime) < SETTLED:
            return True
        return health.mirror is not None and bool(health.mirror.lacks or health.mirror.first or health.mirror.why)

    def _bring_all(self, every: Collection[Lack]) -> Iterator[object]:
        """One after another, a piece at a time. What cannot be brought stands in the way of nothing else, and is tried again."""
        good = any(lack.to_first for lack in every) and takes(self._folder.recordings)
        for lack in every:
            if lack.to_first and not good:
                continue
            try:
                yield from bring(lack, throughout=False)
                self._lacking = tuple(left for left in self._lacking if left is not lack)
                log.info("%s was brought up to date", lack.target)
            except LiveshowError as exc:
                if self._failed.get(lack.target) != exc.what:
                    log.error("%s", exc)
                self._failed[lack.target] = exc.what


def _reason(fault: OSError | LiveshowError) -> str:
    if isinstance(fault, LiveshowError):
        return fault.what
    return NOT_THERE if fault.errno == errno.ENOENT else fault.strerror or str(fault)
