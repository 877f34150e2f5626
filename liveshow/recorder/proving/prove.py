"""`liveshow prove`: looks at each feed in turn and tells the recorder, as a client like any other, until the recorder is gone."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from liveshow.errors import MACHINE, MachineError
from liveshow.events import Look, Looks, SessionStarted
from liveshow.model import Feed, FeedKind
from liveshow.recorder import address
from liveshow.recorder.client import Client
from liveshow.recorder.proving.last_words import LastWords
from liveshow.recorder.proving.looking import Looking
from liveshow.recorder.proving.patience import WAITS, Hangs, Patience
from liveshow.recorder.proving.pictures import PictureLooking
from liveshow.recorder.proving.sound import SoundLooking
from liveshow.recorder.proving.turns import EVERY, Turns
from liveshow.showfolder.amendments import amended
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.hand import Hand
from liveshow.showfolder.mirror import Places, mirror_of
from liveshow.showfolder.setups import setup_as_run
from liveshow.timebase import ShowClock

DOUBTFUL_EVERY = 1.0  # seconds between two looks at a picture that stands still
DEADLY = "whoever reads what is on disk dies of it, or waits for ever"
DEADLY_EVERY, TOLD_EVERY = 60.0, 10.0  # seconds after which what keeps killing provers is looked at again, and is told again
DEADLY_WAITS = 5.0  # seconds for which such a one may hang
ENDS_WITHIN = 2.0  # seconds in which a look may end that nobody wants any more
LAST_LINE_WITHIN = 1.0  # seconds


async def prove(show: Path) -> str:
    """Prove the recordings of a show until its recorder is gone; returns why it ended.

    Raises NotFound when no recorder runs, MachineError when somebody proves it already.
    """
    recorder = address.recorder_of(show)
    if (other := address.look_up(show, address.PROVER)) is not None:
        raise MachineError(f"process {other.pid} proves this show already", where=str(show), todo="end that one first")
    address.publish(show, address.PROVER, 0)
    try:
        client = await Client.connect(recorder, by="prover")
        try:
            patience = Patience()
            proving = await patience.wait(
                lambda: _Proving(client, ShowFolder(show), patience), "reading the show folder", WAITS
            )
            await proving.run()
        except Hangs as exc:
            _leave(str(exc))
        finally:
            await client.close()
    finally:
        address.withdraw(show, address.PROVER)
    return "the recorder is gone"


def _leave(why: str) -> NoReturn:
    """End at once, for a thread hangs, and with it may hang whatever is done at the end of a process; so may the log."""
    with suppress(OSError):
        Hand("last line").do(lambda: print(why, file=sys.stderr, flush=True), LAST_LINE_WITHIN)
    os._exit(MACHINE)


class _Proving:
    """One connection's time."""

    def __init__(self, client: Client, folder: ShowFolder, patience: Patience) -> None:
        session = next(e for e in reversed(client.welcome.events) if isinstance(e, SessionStarted))
        self._client, self._patience = client, patience
        self._clock = ShowClock(session.offset, session.speed, session.epoch)
        events = client.welcome.events  # the disk may be gone
        setup = amended(setup_as_run(client.welcome.setup, str(folder.setup_file), events), events)
        self._words = LastWords(folder)
        self._tries: dict[str, float] = {}  # when to look again at what keeps killing provers, host's monotonic seconds
        places = Places(folder, mirror_of(setup, folder))
        self._feeds = {feed.id: _looking(folder, feed, session.speed, places) for feed in setup.feeds}

    async def run(self) -> None:
        """Until the connection ends. Raises NotFound when that is found out by saying something."""
        gone = asyncio.create_task(self._until_gone())
        turns = Turns(self._words.order(list(self._feeds)), time.monotonic())
        try:
            while not gone.done():
                feed, due = turns.next()
                if await _ended(gone, due - time.monotonic()):
                    break
                began, used = time.monotonic(), time.process_time()
                looking = asyncio.create_task(self._look(feed))
                await asyncio.wait([gone, looking], return_when=asyncio.FIRST_COMPLETED)
                if not await _ended(looking, ENDS_WITHIN if gone.done() else 0.0):
                    looking.cancel()
                    break
                turns.looked(feed, began, time.process_time() - used, looking.result())
        finally:
            gone.cancel()
            if not self._patience.lost:
                self._words.clear()

    async def _look(self, feed: str) -> float:
        """Look at a feed and tell what was seen; the seconds after which to look again. Raises Hangs."""
        now, deadly = self._clock.now(), self._words.deadly(feed)
        if deadly:
            await self._client.tell(Looks(looks={feed: Look(at=now, why=DEADLY)}))
            if time.monotonic() < self._tries.setdefault(feed, time.monotonic() + DEADLY_EVERY):
                return TOLD_EVERY
            del self._tries[feed]
        self._words.begin(feed)
        waits = DEADLY_WAITS if deadly else WAITS
        look = await self._patience.wait(partial(self._feeds[feed].look, now), f"reading the end of {feed}", waits)
        self._words.end(feed)
        if look is not None:
            await self._client.tell(Looks(looks={feed: look}))
        return DOUBTFUL_EVERY if look is not None and look.still else EVERY

    async def _until_gone(self) -> None:
        async for _ in self._client.news():
            pass


async def _ended(task: asyncio.Task[Any], seconds: float) -> bool:
    """Wait so long; whether the task ended meanwhile."""
    done, _ = await asyncio.wait([task], timeout=max(0.0, seconds))
    return bool(done)


def _looking(folder: ShowFolder, feed: Feed, speed: int, places: Places) -> Looking:
    kind = PictureLooking if feed.kind is FeedKind.CAMERA else SoundLooking
    looking = kind(folder, feed.id, speed)
    looking.read_at(places)
    return looking
