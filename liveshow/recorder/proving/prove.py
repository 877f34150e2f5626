"""`liveshow prove`: looks at each feed in turn and tells the recorder, as a client like any other, until the recorder is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from liveshow.errors import MachineError
from liveshow.events import Look, Looks, SessionStarted
from liveshow.model import Feed, FeedKind
from liveshow.recorder import address
from liveshow.recorder.client import Client
from liveshow.recorder.proving.last_words import LastWords
from liveshow.recorder.proving.looking import Looking
from liveshow.recorder.proving.pictures import PictureLooking
from liveshow.recorder.proving.sound import SoundLooking
from liveshow.recorder.proving.turns import EVERY, Turns
from liveshow.showfolder.amendments import amended
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.hand import Hand
from liveshow.showfolder.mirror import Places, mirror_of
from liveshow.showfolder.setups import setup_as_run
from liveshow.timebase import ShowClock

DEADLY_EVERY, DOUBTFUL_EVERY = (
    60.0,
    1.0,
)  # seconds between two looks at what keeps killing provers; at a picture that stands still

NOTED_WITHIN = 1.0  # seconds


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
            await _Proving(client, ShowFolder(show)).run()
        finally:
            await client.close()
    finally:
        address.withdraw(show, address.PROVER)
    return "the recorder is gone"


class _Proving:
    """One connection's time."""

    def __init__(self, client: Client, folder: ShowFolder) -> None:
        session = next(e for e in reversed(client.welcome.events) if isinstance(e, SessionStarted))
        self._client = client
        self._clock = ShowClock(session.offset, session.speed, session.epoch)
        events = client.welcome.events  # the disk may be gone
        setup = amended(setup_as_run(client.welcome.setup, str(folder.setup_file), events), events)
        self._words = LastWords(folder)
        self._hand = Hand("last words")
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
                every = await self._look(feed)
                turns.looked(feed, began, time.process_time() - used, every)
        finally:
            gone.cancel()
            self._note(self._words.clear)

    async def _look(self, feed: str) -> float:
        """Look at a feed and tell what was seen; the seconds after which to look again."""
        now, deadly = self._clock.now(), self._words.deadly(feed)
        if deadly:
            why = "what is on disk kills whoever reads it"
            await self._client.tell(Looks(looks={feed: Look(at=now, why=why)}))
        self._note(lambda: self._words.begin(feed))
        look = await asyncio.to_thread(self._feeds[feed].look, now)
        self._words.end(feed)
        if look is not None:
            await self._client.tell(Looks(looks={feed: look}))
        if deadly:
            return DEADLY_EVERY
        return DOUBTFUL_EVERY if look is not None and look.still else EVERY

    def _note(self, words: Callable[[], None]) -> None:
        """Write last words, unless the disk hangs."""
        with suppress(OSError):
            self._hand.do(words, NOTED_WITHIN)

    async def _until_gone(self) -> None:
        async for _ in self._client.news():
            pass


async def _ended(task: asyncio.Task[None], seconds: float) -> bool:
    """Wait so long; whether the task ended meanwhile."""
    done, _ = await asyncio.wait([task], timeout=max(0.0, seconds))
    return bool(done)


def _looking(folder: ShowFolder, feed: Feed, speed: int, places: Places) -> Looking:
    kind = PictureLooking if feed.kind is FeedKind.CAMERA else SoundLooking
    looking = kind(folder, feed.id, speed)
    looking.read_at(places)
    return looking
