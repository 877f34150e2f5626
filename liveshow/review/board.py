"""Every performer's state, made once for all of their phones, and who waits for a new one.

When the journal says something new, states are made anew at most a few times a second, and only those that somebody asks for; a phone
that waits is answered only when there is something new to it. Hundreds that wait are answered in one round, and the next round begins no
sooner than that one took once more: so there is time left for who makes what they wait for.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import msgspec

from liveshow.events import TermsStated
from liveshow.recorder.clockwork import clock_for
from liveshow.review.known import Crew, Known
from liveshow.review.seen import page_state
from liveshow.review.served import Excerpts, Wanted
from liveshow.review.source import Source
from liveshow.showfolder.state import ShowState
from liveshow.timebase import MILLISECOND, ShowClock

SETTLES = 0.1  # seconds in which changes are gathered
LONGEST_ROUND = 2.0  # seconds; what takes longer is not waited for
LONGEST_WAIT = 30.0
MOST_WAITING = 100  # phones of one performer at a time; more than that are answered at once
_ENCODER = msgspec.json.Encoder()
_GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflated, no name, no time, no system


@dataclass(frozen=True)
class Shown:
    """A performer's state. `rest`: as JSON, without its first brace and the time; `tag`: its entity tag."""

    rest: bytes
    tag: str

    def zipped(self, head: bytes) -> bytes:
        """With what comes before it, as gzip (RFC 1952): the head in a block as it is, so that the rest is deflated once for all phones."""
        whole = zlib.crc32(self.rest, zlib.crc32(head)), (len(head) + len(self.rest)) % 2**32
        stored = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF) + head
        return _GZIP + stored + self._deflated + struct.pack("<LL", *whole)

    @cached_property
    def _deflated(self) -> bytes:
        raw = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        return raw.compress(self.rest) + raw.flush()


class Board:
    """`terms` are those that hold. Use it within one event loop."""

    def __init__(self, source: Source, excerpts: Excerpts) -> None:
        self.terms: tuple[TermsStated, ...] = ()
        self._source, self._excerpts = source, excerpts
        self._known, self._crew = Known(None, (), ShowState()), Crew()
        self._clock = ShowClock()
        self._shown: dict[str, Shown] = {}
        self._news = asyncio.Event()
        self._waiting: Counter[str] = Counter()
        self._round = Round(self._all_told)
        self._stale = False
        self._renewal: asyncio.TimerHandle | None = None

    @property
    def known(self) -> Known:
        """What is known at this very moment."""
        if self._stale:
            self._stale = False
            setup, events = self._source.setup, self._source.events
            crew = self._crew.state(setup, events) if setup is not None else None
            self._known = Known(setup, events, self._source.state, crew)
            self._clock = clock_for(self._source.events) if self._source.events else self._clock
        return self._known

    @property
    def now(self) -> int:
        """The show clock's ns."""
        return self._clock.now()

    def changed(self) -> None:
        """The journal says something new."""
        self._stale = True
        self.finished()

    def finished(self) -> None:
        """Some media can be played now, or other terms hold."""
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().call_at(self._next(), self._renew)

    def _all_told(self) -> None:
        """What changed while they were told waits no longer than it has to."""
        if self._renewal is not None and self._next() < self._renewal.when():
            self._renewal.cancel()
            self._renewal = asyncio.get_running_loop().call_at(self._next(), self._renew)

    def _next(self) -> float:
        """The loop time at which states are made anew when something changes now."""
        return max(asyncio.get_running_loop().time() + SETTLES, self._round.next)

    async def state(self, performer: str, tag: str, wait: float) -> Shown:
        """A performer's state, once it is another than the one with that tag, or after `wait` seconds as it is."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (min(wait, LONGEST_WAIT) if self._waiting[performer] < MOST_WAITING else 0)
        self._waiting[performer] += 1
        try:
            while True:
                news, shown = self._news, self._show(performer)
                if shown.tag != tag or loop.time() >= until:
                    return shown
                with self._round.waiting():
                    await _heard(news, until)
        finally:
            self._waiting[performer] -= 1
            if not self._waiting[performer]:
                del self._waiting[performer]

    def head(self) -> bytes:
        """What comes before the rest of a state: the time of this moment."""
        return b'{"now":%d,"now_ms":%d,' % (time.time_ns() // MILLISECOND, self.now // MILLISECOND)

    def _show(self, performer: str) -> Shown:
        shown = self._shown.get(performer)
        if shown is None:
            made = _ENCODER.encode(page_state(self.known, performer, self.terms, self._excerpts))
            shown = self._shown[performer] = Shown(made[1:], f'"{hashlib.sha256(made).hexdigest()[:32]}"')
        return shown

    def _renew(self) -> None:
        self._renewal = None
        self._shown.clear()
        self._excerpts.want(wanted(self.known), self.known.state, self._source.recorded)
        self._round.begin()
        self._news.set()
        self._news = asyncio.Event()


class Round:
    """Everybody who waits is told, and then `over` is called. `next`: loop time before which there should be no other round."""

    def __init__(self, over: Callable[[], None]) -> None:
        self.next = self._began = 0.0
        self._over = over
        self._waiting: set[object] = set()
        self._untold: set[object] = set()

    def begin(self) -> None:
        """All who wait now are to be told."""
        self._untold = set(self._waiting)
        self._began = asyncio.get_running_loop().time()
        self.next = self._began + LONGEST_ROUND if self._untold else 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Somebody waits, until they are told or have had enough."""
        me = object()
        self._waiting.add(me)
        try:
            yield
        finally:
            self._waiting.discard(me)
            if me in self._untold:
                self._untold.discard(me)
                self._end()

    def _end(self) -> None:
        """If everybody has been told."""
        if not self._untold:
            now = asyncio.get_running_loop().time()
            self.next = min(self.next, now + (now - self._began))
            self._over()


def wanted(known: Known) -> tuple[Wanted, ...]:
    """What somebody may play, the newest first."""
    closed = [s for s in known.state.segments if s.end is not None]
    found = []
    for segment in sorted(closed, key=lambda s: s.end or 0, reverse=True):
        feeds = {feed for performer in segment.performers for feed in known.playable(performer, segment)}
        if feeds:
            kept = tuple(ident for ident in known.feeds if ident in feeds)
            found.append(Wanted(segment, kept, known.voices(segment), segment.start, segment.end or segment.start))
    return tuple(found)


async def _heard(news: asyncio.Event, until: float) -> None:
    try:
        async with asyncio.timeout_at(until):
            await news.wait()
    except TimeoutError:
        return
