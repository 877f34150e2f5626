"""Has every feed read back from disk, again and again, each in a thread of its own so that a slow disk holds nothing else up.

That is the recorder's own proof: the newest part grows. What a process of its own sees when it decodes the end of it
(:mod:`liveshow.recorder.proving`) counts as well, as long as it is fresh: the light goes out when that is not what arrived.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from liveshow.events import FeedHealth, Look, Looks, Proof
from liveshow.model import Feed, FeedKind
from liveshow.recorder.agreement import Arrived
from liveshow.recorder.proof import Prover
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND, ShowClock

LOOK_EVERY = 1.0
FRESH = 20 * SECOND
"""For how long a look of the prover's counts."""
STALE = 3 * SECOND
"""For how long a recording that does not grow counts as proven: as long as a camera's pictures may stay away before it is lost."""
BEHIND = 5 * SECOND
"""By how much the newest that it could decode may lie behind."""
log = logging.getLogger(__name__)


class Lookout:
    """The proof of each feed. `run` looks; `lights` says what may be shown."""

    def __init__(self, folder: ShowFolder, feeds: Sequence[Feed], clock: ShowClock) -> None:
        self._clock = clock
        self._arrived = {feed.id: Arrived() for feed in feeds if feed.kind is FeedKind.MIC}
        self._doubts: dict[str, str] = {}
        self._levels: dict[str, str] = {}
        self._unjudged: dict[str, Look] = {}  # what microphones are to have heard meanwhile is not known yet
        self._provers = {feed.id: Prover(folder, feed, clock.speed, STALE) for feed in feeds}
        self._looks: dict[str, Look] = {}
        self._looking: set[str] = set()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="proof")

    async def run(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            now = self._clock.now()
            for feed, prover in self._provers.items():
                if feed not in self._looking:
                    self._looking.add(feed)
                    looked = loop.run_in_executor(self._threads, prover.look, now)
                    looked.add_done_callback(partial(self._looked, feed))
            await asyncio.sleep(LOOK_EVERY)

    def lights(self, feeds: Mapping[str, FeedHealth]) -> dict[str, Proof]:
        """The proof of each feed whose health is given."""
        return {feed: _light(health, self._proof(feed)) for feed, health in feeds.items() if feed in self._provers}

    def hear(self, feeds: Mapping[str, FeedHealth]) -> None:
        """What a worker says; each time it says it, for it tells the level of the moment since the last time."""
        for feed in self._arrived.keys() & feeds.keys():
            arrived = self._arrived[feed]
            arrived.hear(feeds[feed])
            look = self._unjudged.get(feed)
            if look is not None and arrived.covers(look, self._clock.speed):
                del self._unjudged[feed]
                self._levels[feed] = arrived.contradicts(look, self._clock.speed)

    def take(self, looks: Looks) -> None:
        """What the prover saw; of feeds that are not known, nothing."""
        for feed, look in looks.looks.items():
            if feed in self._provers:
                self._looks[feed] = look
                self._doubts[feed] = self._doubt(look)
                if look.level is not None:
                    self._unjudged.setdefault(feed, look)

    def _doubt(self, look: Look) -> str:
        """Why what the prover saw is not what should be there, "" when it is."""
        if look.why:
            return look.why
        behind = look.at - look.until
        if behind > BEHIND * self._clock.speed:
            return f"the newest that can be decoded is {behind / SECOND / self._clock.speed:.0f} s old"
        return ""

    def _proof(self, feed: str) -> Proof:
        now, look = self._clock.now(), self._looks.get(feed)
        proof = self._provers[feed].proof(now)
        if look is None or now - look.at > FRESH * self._clock.speed:
            return proof
        doubt = self._doubts[feed] or self._levels.get(feed, "")
        if doubt:  # it stands in the look as well, which counts for the mirror when the first disk is gone
            look = msgspec.structs.replace(look, why=doubt)
        if proof.light == "proven" and doubt:
            return Proof(light="unproven", at=proof.at, why=doubt, look=look)
        return msgspec.structs.replace(proof, look=look)

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
