"""What phones play, from the server's side: which excerpts are there, and the process that makes them (:mod:`liveshow.review.making`).

The server imports nothing that decodes. The process gives way to everything else, makes one thing at a time, and is killed and begun anew
when it gives no sign of life; whatever it was at, it begins that again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

import msgspec

from liveshow.handoff.excerpts.orders import Alive, Excerpt, Failed, Gone, Made, Order, Orders, Told
from liveshow.handoff.excerpts.room import room
from liveshow.handoff.excerpts.shelf import Shelf
from liveshow.model import FeedKind, Setup
from liveshow.recorder import spawn
from liveshow.recorder.control.together import first_of
from liveshow.review.served import Playable, Poster, Wanted
from liveshow.review.voices import cameras_for_all, voices_of
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.hand import not_answered
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

SILENT = 60.0  # seconds without a sign of life
LOOK_EVERY = 10.0  # seconds between two looks at the room on the disk
ANSWERS_WITHIN = 5.0  # seconds in which the disk must, or nothing is known of it
PAUSES = (0.0, 1.0, 5.0, 30.0)  # seconds before one is begun again that keeps ending
ENDS_WITHIN = 5.0  # seconds after it was killed
LASTING = 120.0  # seconds after which it did not keep ending
BETTER = 2.0  # seconds after which phones are told of something better than what they can play already
_BEYOND = 75 * SECOND  # how far what was made for other edges may reach beyond those of now
T = TypeVar("T")
_TOLD: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)
log = logging.getLogger(__name__)


def nobody_knows() -> float | None:
    """How many seconds can still be recorded."""
    return None


class Media:
    """See :class:`liveshow.review.served.Excerpts`. `seconds_left`: what can still be recorded, as the recorder says; None when nobody
    knows, or nothing is recorded; `place`: where recordings can be read, and excerpts are kept, at present."""

    def __init__(
        self,
        folder: ShowFolder,
        seconds_left: Callable[[], float | None] = nobody_knows,
        place: Callable[[], ShowFolder] | None = None,
    ) -> None:
        self._folder, self._seconds_left = folder, seconds_left
        self._place = place or (lambda: folder)
        self._shelf = Shelf(folder)
        self._disks: dict[ShowFolder, ThreadPoolExecutor] = {}  # who looks at each: one that hangs holds up nobody else
        self._fault = ""
        self._orders: tuple[Order, ...] = ()
        self._by_segment: dict[str, Order] = {}
        self._pictured: dict[str, tuple[str, ...]] = {}
        self._made: dict[tuple[str, str], list[Excerpt]] = {}  # by segment and feed, the newest last
        self._news = asyncio.Event()
        self._better: asyncio.TimerHandle | None = None

    def playable(self, segment: str, feed: str, version: str = "") -> Playable | None:
        """The newest that is finished, None while there is none; or that of a `version`, as long as it is there."""
        fitting = self._fitting(segment, feed)
        made = next((one for one in fitting if one.version == version), fitting[-1] if fitting else None)
        if made is None:
            return None
        kind = "video/mp4" if made.pictures else "audio/mp4"
        return Playable(self._shelf.file(made), made.start, made.end, made.version, kind)

    def poster(self, segment: str) -> Poster | None:
        """The newest that is finished of the first camera that has one, None while there is none."""
        for feed in self._pictured.get(segment, ()):
            made = next(reversed(self._fitting(segment, feed)), None)
            path = self._shelf.poster(made) if made is not None else None
            if made is not None and path is not None:
                return Poster(path, made.version)
        return None

    def want(self, wanted: Sequence[Wanted], state: ShowState, recorded: Callable[[str], int]) -> None:  # noqa: ARG002
        """What is wanted now, the most urgent first. How far a feed is recorded is read from the disk."""
        running = [Wanted(s, s.feeds, voices_of(state.setup, s), s.start, s.start) for s in state.running if s.performers]
        every = (*wanted, *running)
        orders = tuple(_ordered(one, state.setup) for one in every)
        self._pictured = {one.segment.id: cameras_for_all(state.setup, one.segment) for one in every}
        if orders != self._orders:
            self._orders = orders
            self._by_segment = {order.segment: order for order in orders}
            self._news.set()

    async def run(self, changed: Callable[[], None]) -> None:
        """Make what is wanted until cancelled; `changed` is called when something can be played, or cannot any more."""
        await self._settle(self._folder, changed)
        early, loop = 0, asyncio.get_running_loop()
        while True:
            if not self._orders:
                await self._news.wait()
            began = loop.time()
            how = await self._one(changed)
            early = early + 1 if loop.time() - began < LASTING else 0
            log.warning("the process that makes excerpts %s; it is begun again", how)
            await asyncio.sleep(PAUSES[min(early, len(PAUSES) - 1)])

    async def _settle(self, place: ShowFolder, changed: Callable[[], None]) -> None:
        """Excerpts are kept here from now on, and those that are there already can be played."""
        self._folder, self._shelf = place, Shelf(place)
        self._made.clear()
        shelf = self._shelf
        for excerpt in await self._asked(lambda: list(shelf.found())) or ():  # or the process tells of them
            self._take(Made(excerpt=excerpt))
        changed()

    async def _asked(self, work: Callable[[], T]) -> T | None:
        """What the disk answers; None when it does not, or not in time: its show may be recorded elsewhere by then."""
        if self._folder not in self._disks:
            self._disks[self._folder] = ThreadPoolExecutor(1, thread_name_prefix="excerpts")
        fault, found = "", None
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                found = await asyncio.get_running_loop().run_in_executor(self._disks[self._folder], work)
        except OSError as exc:  # it is gone, or hangs
            fault = f"{self._shelf.root} cannot be looked at: {exc.strerror or not_answered(ANSWERS_WITHIN)}"
        if fault and fault != self._fault:
            log.warning(fault)
        self._fault = fault
        return found

    # The process -------------------------------------------------------------------------------------------------

    async def _one(self, changed: Callable[[], None]) -> str:
        """One process from beginning to end; how it ended."""
        if (place := self._place()) != self._folder:
            await self._settle(place, changed)
        try:
            process = await self._begin()
        except OSError as exc:
            return f"cannot be started: {exc.strerror}"
        try:
            how = await first_of([self._tell(process), self._listen(process, changed)])
        finally:
            spawn.kill(process.pid)
            with contextlib.suppress(TimeoutError):  # it waits for a disk that hangs, and ends when that answers
                async with asyncio.timeout(ENDS_WITHIN):
                    await process.wait()
        return how or spawn.how_it_ended(process.returncode)

    async def _begin(self) -> Process:
        words = self._folder.cache / "log" / "excerpts.log"
        command = [sys.executable, "-m", "liveshow.review.making", str(self._folder.path)]
        with spawn.opened(words) as output:
            return await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=output, start_new_session=True
            )

    async def _tell(self, process: Process) -> str:
        """Tell it what is wanted, whenever that or the room for it changes; until it ends ("") or has to be ended: why."""
        assert process.stdin is not None
        told: Orders | None = None
        with contextlib.suppress(ConnectionError):  # it has ended, which is seen elsewhere
            while self._place() == self._folder:
                self._news.clear()
                most = await self._asked(self._room)
                orders = told if most is None else Orders(orders=self._orders, room=most)
                if self._place() == self._folder and orders is not None and orders != told:
                    process.stdin.write(msgspec.json.encode(orders) + b"\n")
                    await process.stdin.drain()
                    told = orders
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._news.wait()
            return "is at work where nothing is recorded any more"
        return ""

    def _room(self) -> int:
        free = shutil.disk_usage(self._folder.path).free
        most = room(free, self._shelf.bytes_of(self._shelf.root), self._seconds_left())
        return most // _COARSE * _COARSE

    async def _listen(self, process: Process, changed: Callable[[], None]) -> str:
        """Until it ends ("") or has to be ended: why."""
        assert process.stdout is not None
        while True:
            try:
                async with asyncio.timeout(SILENT):
                    line = await process.stdout.readline()
                if not line:
                    return ""
                told = _TOLD.decode(line)
            except TimeoutError:
                return "gave no sign of life"
            except (msgspec.DecodeError, ValueError) as exc:
                return f"said what cannot be understood ({exc})"
            match self._take(told):
                case "new":
                    changed()
                case "better" if self._better is None:
                    self._better = asyncio.get_running_loop().call_later(BETTER, self._tell_of_better, changed)

    # What is there -----------------------------------------------------------------------------------------------

    def _tell_of_better(self, changed: Callable[[], None]) -> None:
        self._better = None
        changed()

    def _take(self, told: Told) -> Literal["new", "better", ""]:
        """What the process said; whether that is something new that can be played, or something better (or less) than before."""
        match told:
            case Made(excerpt=made):
                new = not self._fitting(made.segment, made.feed)
                every = self._made.setdefault((made.segment, made.feed), [])
                every[:] = [*(one for one in every if one.place != made.place), made]
                return "new" if new else "better"
            case Gone(place=place):
                for every in self._made.values():
                    every[:] = [one for one in every if one.place != place]
                return "better"
            case Failed(segment=segment, feed=feed, why=why):
                log.warning("no excerpt of %s of %s: %s", feed, segment, why)
                return ""
            case Alive():
                return ""

    def _fitting(self, segment: str, feed: str) -> Sequence[Excerpt]:
        """What may be played of it, the best last: also what was made for edges that were somewhat different."""
        order = self._by_segment.get(segment)
        if order is None or order.end is None or feed not in order.feeds:
            return ()
        first, last = order.start - _BEYOND, order.end + _BEYOND
        every = self._made.get((segment, feed), ())
        return [e for e in every if e.start >= first and e.end <= last and e.wanted[2] == order.voices]


def _ordered(one: Wanted, setup: Setup) -> Order:
    cameras = {feed.id for feed in setup.feeds if feed.kind is FeedKind.CAMERA}
    return Order(
        segment=one.segment.id,
        start=one.start,
        end=None if one.segment.end is None else one.end,
        mics=tuple(feed for feed in one.feeds if feed not in cameras),
        cameras=tuple(feed for feed in one.feeds if feed in cameras),
        voices=one.voices,
    )


_COARSE = 100_000_000  # bytes: the room is told anew when it changes by so much
