"""Has every feed read back from disk, again and again, each in a thread of its own so that a slow disk holds nothing else up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from liveshow.events import FeedHealth, Look, Looks, Proof
from liveshow.model import Feed
from liveshow.recorder.proof import Prover
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import ShowClock

LOOK_EVERY = 1.5
log = logging.getLogger(__name__)


class Lookout:
    """The proof of each feed. `run` looks; `lights` says what may be shown."""

    def __init__(self, folder: ShowFolder, feeds: Iterable[Feed], clock: ShowClock) -> None:
        self._clock = clock
        self._provers = {feed.id: Prover(folder, feed, clock.speed) for feed in feeds}
        self._proofs = dict.fromkeys(self._provers, Proof())
        self._looks: dict[str, Look] = {}
        self._looking: set[str] = set()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="proof")

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            now = self._clock.now()
            for feed, prover in self._provers.items():
                self._proofs[feed] = prover.proof(now)
                if feed not in self._looking:
                    self._looking.add(feed)
                    looked = loop.run_in_executor(self._threads, prover.look, now)
                    looked.add_done_callback(partial(self._looked, feed))
            await asyncio.sleep(LOOK_EVERY)

    def lights(self, feeds: Mapping[str, FeedHealth]) -> dict[str, Proof]:
        """The proof of each feed whose health is given."""
        return {feed: _light(health, self._proof(feed)) for feed, health in feeds.items() if feed in self._proofs}

    def take(self, looks: Looks) -> None:
        """What the prover saw."""
        self._looks |= looks.looks

    def _proof(self, feed: str) -> Proof:
        return msgspec.structs.replace(self._proofs[feed], look=self._looks.get(feed))

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _looked(self, feed: str, looked: asyncio.Future[Proof]) -> None:
        self._looking.discard(feed)
        if not looked.cancelled() and looked.exception() is not None:
            log.error("the proof of %s failed: %r", feed, looked.exception())


def _light(health: FeedHealth, proof: Proof) -> Proof:
    """REC needs both: a worker that says so, and the disk that shows it."""
    if health.state == "recording":
        return proof
    return msgspec.structs.replace(proof, light="off", why=health.why or health.state)
