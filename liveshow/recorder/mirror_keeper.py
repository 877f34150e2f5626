"""The recorder's part in the mirror: its journal and setup, its proof, what a worker that died left behind, and how it stands.

A thread for each thing that may hang: one touches only the mirror, one brings the journal there, and one brings either disk what the other
has.
"""

from __future__ import annotations

import errno
import logging
import math
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from liveshow.errors import JournalError, LiveshowError, MachineError
from liveshow.events import FeedHealth, MirrorNow, Proof
from liveshow.model import Setup
from liveshow.recorder.bringing import Bringing
from liveshow.recorder.journal_copy import JournalCopy
from liveshow.recorder.lookout import STALE
from liveshow.recorder.proof import Prover
from liveshow.recorder.second_disk import NOT_THERE, SILENT
from liveshow.showfolder.folder import ShowFolder, make, replace_text
from liveshow.showfolder.hand import not_answered
from liveshow.showfolder.mirror import bring_journal
from liveshow.timebase import ShowClock

EVERY = 0.2
PROVE_EVERY = 1.0
LOOK_EVERY = 5.0
PREPARED_WITHIN = 5.0
log = logging.getLogger(__name__)


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
        self._here = -2  # the first disk's device; -2 while it is not known
        self._device = -1  # of the mirror; -1 while it is not known
        self._mount: Path | None = None  # where its disk is mounted
        self._beat = time.monotonic()
        self._end = threading.Event()
        self._provers: dict[str, Prover] = {}
        self._free: int | None = None  # while it is not known
        self._looked = self._proved = -math.inf
        self._bringing = Bringing(folder, place, setup_text, [feed.id for feed in setup.feeds])
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)

    def prepare(self) -> None:
        """Make the mirror's show folder, and bring the first's journal what the mirror alone has of it. A disk that does not answer is
        waited for no longer than some seconds."""
        conflicts: list[str] = []
        thread = threading.Thread(target=self._prepare, args=(conflicts,), name="mirror", daemon=True)
        thread.start()
        thread.join(PREPARED_WITHIN)
        if conflicts:
            self.good, self._why = False, conflicts[0]
            return
        self.journal.start()

    def _prepare(self, conflicts: list[str]) -> None:
        try:
            make(self.place.path, self._setup_text, [feed.id for feed in self._setup.feeds])
            self._look_at_disk()
        except (LiveshowError, OSError) as exc:
            self._why = str(exc)
            return
        try:
            self._here = self._folder.path.stat().st_dev
            bring_journal(self.place, self._folder)
        except JournalError as exc:
            conflicts.append(str(exc))
        except (MachineError, OSError) as exc:  # one of both is not as it should be, which who opens them will say
            log.warning("%s", exc)

    def start(self, clock: ShowClock) -> None:
        """Begin to keep it, in a thread; not when another evening lies there."""
        self._clock = clock
        if self.good:
            self._provers = {f.id: Prover(self.place, f, clock.speed, STALE) for f in self._setup.feeds}
            self._thread.start()
            self._bringing.start()

    def stop(self, within: float) -> None:
        """Bring what is left of recordings, for as long as it goes on; a disk that takes nothing is waited for no longer than so many
        seconds."""
        self._end.set()
        self._bringing.stop()
        patience, far = time.monotonic() + within, (-1, -1)
        while self._bringing.busy and time.monotonic() < patience:
            time.sleep(0.05)
            lacks = self._bringing.lacks(to_first=True) + self._bringing.lacks(to_first=False)
            if within and (lacks, self._bringing.brought) != far:
                patience, far = time.monotonic() + within, (lacks, self._bringing.brought)

    def close(self, within: float) -> None:
        """The journal is ended: bring the mirror's the last of it; one that takes nothing is waited for no longer than so many seconds."""
        self.stop(0)
        self.journal.stop(within)

    @property
    def why(self) -> str:
        """Why the recorder cannot write the mirror, "" while it can."""
        silent = time.monotonic() - self._beat
        hangs = not_answered(silent) if self._thread.is_alive() and silent > SILENT else ""
        return hangs or self.journal.why or self._why

    def now(self, feeds: Mapping[str, FeedHealth], first: str, rate: float) -> MirrorNow:
        """How it stands, by how the feeds are. `first`: why nothing is written on the first disk, as the journal has it; `rate`: bytes a
        second."""
        told = {} if self._end.is_set() else feeds  # what workers said last is past by then
        known = [health.mirror for health in told.values() if health.mirror is not None]
        why_not_first = next((m.first for m in known if m.first), first)
        self._bringing.hear(told, why_not_first)
        return MirrorNow(
            folder=str(self.place.path),
            why=self.why or next((m.why for m in known if m.why), ""),
            behind=max((m.behind for m in known), default=0.0),
            lacks=self._bringing.lacks(to_first=False) + sum(m.lacks for m in known),
            first_lacks=self._bringing.lacks(to_first=True),
            first=why_not_first,
            same_disk=self._device == self._here,
            proofs=self._proofs(),
            free=self._free or 0,
            seconds_left=self._free / rate if rate > 0 and self._free is not None else None,
        )

    def _proofs(self) -> dict[str, Proof]:
        """As of now: what was proven at the last look is not proven for long."""
        return {feed: prover.proof(self._clock.now()) for feed, prover in self._provers.items()}

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            self._beat = time.monotonic()
            try:
                self._round(self._beat)
                self._why = ""
            except (OSError, LiveshowError) as exc:
                self._why = _reason(exc)

    def _round(self, now: float) -> None:
        if self._looked + LOOK_EVERY < now or self._why:
            self._keep_place()
            self._look_at_disk()
            self._looked = now
        if self._proved + PROVE_EVERY < now:
            self._proved = now
            for prover in self._provers.values():
                prover.look(self._clock.now())

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


def _reason(fault: OSError | LiveshowError) -> str:
    if isinstance(fault, LiveshowError):
        return fault.what
    return NOT_THERE if fault.errno == errno.ENOENT else fault.strerror or str(fault)
