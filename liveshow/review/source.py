"""Where the page knows the show from, and where it says what was pressed: the recorder while one runs, else the show folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path

from liveshow.errors import JournalError, LiveshowError, NotFound
from liveshow.events import JournalEvent, Sayable
from liveshow.model import Setup
from liveshow.recorder import address
from liveshow.recorder.client import Client, whoami
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.speak import speak
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.state import BESIDE, ShowState, fold

LOOK_EVERY = 0.5
ANSWER_LIMIT = 15.0  # seconds for the recorder to have something on disk
FOREVER = 2**62
AWAY = NotFound("nothing can be written down at present", where="recorder", todo="it is kept here and said again")
log = logging.getLogger(__name__)


class Source:
    """`run` it within one event loop. setup: as the last session was begun with, None before anything is known; `changed` is called
    whenever the journal says something new about segments or performers."""

    def __init__(self, folder: ShowFolder, serves: str, changed: Callable[[], None]) -> None:
        """`serves`: where phones get to the page, which the recorder tells others."""
        self.setup: Setup | None = None
        self.events: Sequence[JournalEvent] = ()
        self.state = ShowState()
        self._folder, self._changed = folder, changed
        self._find = partial(address.recorder_of, folder.path)
        self._hub = Hub(partial(self._connect, serves))
        self._read_at: tuple[int, int] | None = None
        self._writing = asyncio.Lock()
        self._fault = ""

    @property
    def connected(self) -> bool:
        """Whether a recorder is there."""
        return self._hub.connected

    @property
    def recorder_runs(self) -> bool:
        """Whether there is one, connected or not."""
        return self.connected or address.look_up(self._folder.path, address.RECORDER) is not None

    @property
    def seconds_left(self) -> float | None:
        """How long the disk lasts, as the recorder says; None while nobody knows."""
        return self._hub.pulse.seconds_left if self._hub.pulse is not None else None

    @property
    def place(self) -> ShowFolder:
        """Where what is recorded can be read: on the mirror while the first disk takes nothing."""
        mirror = self._hub.pulse.mirror if self._hub.pulse is not None else None
        return ShowFolder(Path(mirror.folder)) if mirror and mirror.first and not mirror.why else self._folder

    @property
    def places(self) -> tuple[Path, ...]:
        """Where media of the show may lie, now or soon: on its first disk, and on its mirror."""
        mirror = self._hub.pulse.mirror if self._hub.pulse is not None else None
        return (self._folder.path, Path(mirror.folder)) if mirror else (self._folder.path,)

    def recorded(self, feed: str) -> int:
        """Up to which show-clock ns a feed is on disk; what does not record now keeps nobody waiting."""
        if not self.connected:
            return FOREVER
        if self._hub.pulse is None:
            return 0
        health = self._hub.pulse.feeds.get(feed)
        return health.position if health is not None and health.state == "recording" else FOREVER

    async def run(self) -> None:
        """Until cancelled. Raises msgspec.DecodeError when the recorder, being of another version, cannot be understood; SetupError."""
        tasks = [asyncio.create_task(work()) for work in (self._hub.run, self._listen, self._look)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def say(self, event: Sayable, *, by: str) -> int:
        """Have it written down; its journal number, once it is on disk and known here.

        Raises LiveshowError with the words of whoever refuses it; NotFound (where: "recorder") when it may not have been written.
        """
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                numbers = await self._say(event, by)
        except TimeoutError:
            raise AWAY from None
        return max(numbers, default=0)

    async def _say(self, event: Sayable, by: str) -> tuple[int, ...]:
        if self.connected:
            numbers = await self._hub.say(event, by=by)
            self._heard()
            return numbers
        async with self._writing:  # one reading of the journal at a time
            try:
                numbers = await asyncio.to_thread(speak, self._folder, event, by=by)
            except JournalError:
                raise AWAY from None
            await self._read()
            return numbers

    async def _connect(self, serves: str) -> Client:
        return await Client.connect(self._find(), by=f"review for {whoami()}", watch=True, serves=serves)

    async def _listen(self) -> None:
        """To the recorder, while there is one."""
        async with aclosing(self._hub.watch()) as changes:
            async for change in changes:
                if change is None:
                    self._read_at = None
                    self._changed()
                self._heard()

    def _heard(self) -> None:
        """What the recorder said."""
        if self._hub.setup is not None and self._hub.welcome is not None:
            self._take(self._hub.setup, self._hub.events, self._hub.state)

    async def _look(self) -> None:
        """At the journal, while there is none; both in one place, so that neither overtakes the other."""
        while True:
            if not self.recorder_runs:
                try:
                    await self._read()
                except (LiveshowError, OSError) as exc:  # it is being written, or its disk is gone: what is known stays
                    if str(exc) != self._fault:
                        log.warning("the show cannot be read: %s", exc)
                    self._fault = str(exc)
            await asyncio.sleep(LOOK_EVERY)

    async def _read(self) -> None:
        stat = self._folder.journal_file.stat()
        if self._read_at == (stat.st_mtime_ns, stat.st_size):
            return
        setup, events, state = await asyncio.to_thread(_read, self._folder)
        if not self.connected and events:  # without a line it is only being begun, or on a disk that is not the show's
            self._read_at = (stat.st_mtime_ns, stat.st_size)
            self._take(setup, events, state)

    def _take(self, setup: Setup, events: Sequence[JournalEvent], state: ShowState) -> None:
        same = bool(self.events) and self.events[0] == events[0] and self.setup == setup
        known = self.events[-1].n if same else 0
        fresh = [e for e in reversed_until(events, known) if not isinstance(e, BESIDE)]
        self.setup, self.events, self.state = setup, events, state
        if fresh:
            self._changed()


def reversed_until(events: Sequence[JournalEvent], known: int) -> Sequence[JournalEvent]:
    """Those with a number above `known`, the newest first."""
    first = len(events)
    while first and events[first - 1].n > known:
        first -= 1
    return events[first:][::-1]


def _read(folder: ShowFolder) -> tuple[Setup, Sequence[JournalEvent], ShowState]:
    events = folder.events()
    setup = folder.setup_as_written(events)
    return setup, events, fold(setup, events)
