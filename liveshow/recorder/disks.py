"""The disks of a show as its recorder sees them: how long they last, what is held back on the first, how the mirror stands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from liveshow.errors import MachineError
from liveshow.events import FeedHealth, MirrorNow, MirrorState
from liveshow.model import Setup
from liveshow.recorder.disk_use import DiskFigures, DiskUse
from liveshow.recorder.journal_copy import JournalCopy
from liveshow.recorder.mirror_keeper import MirrorKeeper
from liveshow.recorder.mirror_standing import MirrorStanding
from liveshow.recorder.reserve import GivingUp, LastWords, Reserve
from liveshow.recorder.series import recorded_until
from liveshow.showfolder.folder import ShowFolder, take_setup
from liveshow.showfolder.hand import Hand
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.mirror import mirror_of
from liveshow.timebase import ShowClock

EVERY = 1.0
LEAST_ROOM = 200 * 1024 * 1024
WITHIN = 3.0  # seconds in which a disk must answer, where there is another one
MIRROR_WITHIN = 10.0  # seconds in which it must take something at the end, to be waited for
NEARLY_FULL = "the disk is nearly full"
"""How a show ended, in the journal, that the disk's reserve ended."""
log = logging.getLogger(__name__)
T = TypeVar("T")


class Disks:
    """The first disk and, where the setup names one, the mirror. `withheld`: why nothing is handed off at present, "" while it is.

    `health` and `journal` are asked for how the feeds are, and for the show's journal. Where there is a mirror the first disk may hang, and
    is only reached for by hands that may hang with it.
    """

    def __init__(
        self,
        folder: ShowFolder,
        setup: Setup,
        setup_text: str,
        health: Callable[[], Mapping[str, FeedHealth]],
        journal: Callable[[], Journal],
    ) -> None:
        place = mirror_of(setup, folder)
        self.withheld = ""
        self._folder, self._setup_text, self._health, self._journal = folder, setup_text, health, journal
        self._keeper = MirrorKeeper(folder, place, setup, setup_text) if place else None
        self._hand = Hand("first disk") if place else None
        self._other_hand = Hand("newest on the mirror") if place else None
        self._use = DiskUse(folder.path, Hand("room on the first disk") if place else None)
        self._reserve = Reserve(setup.recording.reserve_minutes)
        self._giving_up = GivingUp(folder.cache)
        self._last_words: LastWords | None = None
        if self._keeper is not None:
            self._keeper.prepare()

    @property
    def journal(self) -> JournalCopy | None:
        """The mirror's journal; None when there is none that may be written."""
        return self._keeper.journal if self._keeper and self._keeper.good else None

    @property
    def mirror(self) -> str:
        """The mirror's show folder, for workers; "" when there is none that may be written."""
        return str(self._keeper.place.path) if self._keeper and self._keeper.good else ""

    def check_room(self) -> None:
        """Raises MachineError when neither disk has room to begin."""
        self._reach(self._use.look, None)
        mirror = self._keeper.now({}, "", 0.0) if self._keeper and self._keeper.good else None
        if mirror is not None and not mirror.why and mirror.free >= LEAST_ROOM:
            return
        free = self._use.figures().free
        if free < LEAST_ROOM:
            todo = "free some room, or record elsewhere with `--into`"
            raise MachineError(f"the disk is full: {free // 2**20} MiB are left", where=str(self._folder.path), todo=todo)

    def take_setup(self) -> None:
        """From now on the show is run by this setup. For who holds the journal. Raises MachineError; where there is a mirror that has it
        too, and the first disk gets it when it can."""
        try:
            self._reach(lambda: take_setup(self._folder, self._setup_text), None)
        except MachineError:
            if self._keeper is None:
                raise

    def recorded_until(self) -> int:
        """See :func:`recorded_until`; of both disks, as far as they answer."""
        first = self._reach(partial(_recorded_until, self._folder), 0)
        if self._keeper is None or self._other_hand is None:
            return first
        return max(first, _reached(self._other_hand, partial(_recorded_until, self._keeper.place), 0, "the mirror"))

    def _reach(self, work: Callable[[], T], none: T) -> T:
        """Have something done on the first disk; where there is a mirror in some seconds, and `none` when it does not answer then."""
        return work() if self._hand is None else _reached(self._hand, work, none, "the first disk")

    def begin(self, clock: ShowClock) -> None:
        """The recording begins."""
        self._last_words = self._reach(lambda: LastWords(self._folder.cache), None)
        if self._keeper is not None:
            self._keeper.start(clock)

    def count(self, now: int, heard: bool) -> None:
        """As of show-clock ns `now`; `heard`: whether every worker was."""
        self._use.count(now, sum(health.bytes for health in self._health().values()), heard)

    def figures(self) -> DiskFigures:
        """Of the first disk, as of now."""
        return self._use.figures()

    def mirror_now(self) -> MirrorNow | None:
        """How the mirror stands; None for a show that has none."""
        return self._keeper.now(self._health(), self._journal().alone, self._use.figures().rate) if self._keeper else None

    async def watch(
        self,
        clock: ShowClock,
        note: Callable[[MirrorState], None],
        use_first: Callable[[str], None],
        end: Callable[[str], None],
    ) -> None:
        """Until cancelled: have it written down how the mirror stands, and see to it that the disk is never full. `use_first` is told why
        nothing more is to be written on it (\"\": write), `end` why the recording ends."""
        standing = MirrorStanding()
        while True:
            self._journal().catch_up()
            mirror = self.mirror_now()
            changed = standing.look(mirror, clock.now()) if mirror else None
            if changed is not None:
                note(changed)
            verdict = self._reserve.look(self._lasts(), mirror)
            self.withheld = verdict.withheld
            if not (verdict.near and self._giving_up.go_on()):
                use_first(verdict.leave)
                if verdict.end:
                    end(f"{NEARLY_FULL}: {verdict.end}")
            await asyncio.sleep(EVERY)

    def _lasts(self) -> float | None:
        """Seconds of recording for which the disk lasts. None when nothing is recorded: on a disk that somebody else filled at once nothing
        can be ended cleanly any more, and recording goes on when there is room again. Nor can it on one that is unmounted: that is not
        full, and may come back; where there is a mirror, that decides."""
        recorded = any(health.state == "recording" for health in self._health().values())
        figures = self.figures()
        return figures.seconds_left if recorded and (self._use.there or self._keeper) else None

    def make_room(self) -> None:
        """For the last words: parts and the show are being ended."""
        if self._last_words is not None:
            self._reach(self._last_words.give, None)

    async def bring_the_rest(self) -> None:
        """After the end: the mirror, or the first disk, gets what it lacks."""
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.stop, MIRROR_WITHIN)
            self.withheld = self._reserve.look(self._lasts(), self.mirror_now()).withheld

    def close(self) -> None:
        """Nothing more is written down."""
        if self._keeper is not None:
            self._keeper.close(MIRROR_WITHIN)


def _reached(hand: Hand, work: Callable[[], T], none: T, disk: str) -> T:
    try:
        return hand.do(work, WITHIN)
    except OSError as exc:
        log.warning("%s: %s", disk, exc.strerror or exc)
        return none


def _recorded_until(folder: ShowFolder) -> int:
    return recorded_until(folder) if folder.recordings.is_dir() else 0
