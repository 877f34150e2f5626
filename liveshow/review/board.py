"""Every performer's state, made once for all of their phones, and who waits for a new one.

When the journal says something new, states are made anew at most a few times a second, and only those that somebody asks for; a phone
that waits is answered only when there is something new to it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from dataclasses import dataclass

import msgspec

from liveshow.events import TermsStated
from liveshow.recorder.clockwork import clock_for
from liveshow.review.known import Known
from liveshow.review.seen import page_state
from liveshow.review.served import Excerpts, Wanted
from liveshow.review.source import Source
from liveshow.showfolder.state import ShowState
from liveshow.timebase import MILLISECOND, ShowClock

SETTLES = 0.1  # seconds in which changes are gathered
LONGEST_WAIT = 30.0
MOST_WAITING = 100  # phones of one performer at a time; more than that are answered at once
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Shown:
    """A performer's state. `rest`: as JSON, without its first brace and the time; `tag`: its entity tag."""

    rest: bytes
    tag: str


class Board:
    """`terms` are those that hold. Use it within one event loop."""

    def __init__(self, source: Source, excerpts: Excerpts) -> None:
        self.terms: tuple[TermsStated, ...] = ()
        self._source, self._excerpts = source, excerpts
        self._known = Known(None, (), ShowState())
        self._clock = ShowClock()
        self._shown: dict[str, Shown] = {}
        self._news = asyncio.Event()
        self._waiting: Counter[str] = Counter()
        self._stale = False
        self._renewal: asyncio.TimerHandle | None = None

    @property
    def known(self) -> Known:
        """What is known at this very moment."""
        if self._stale:
            self._stale = False
            self._known = Known(self._source.setup, self._source.events, self._source.state)
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
            self._renewal = asyncio.get_running_loop().call_later(SETTLES, self._renew)

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
                await _heard(news, until)
        finally:
            self._waiting[performer] -= 1
            if not self._waiting[performer]:
                del self._waiting[performer]

    def body(self, shown: Shown) -> bytes:
        """A state as JSON, with the time of this moment."""
        return b'{"now":%d,"now_ms":%d,' % (time.time_ns() // MILLISECOND, self.now // MILLISECOND) + shown.rest

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
        self._news.set()
        self._news = asyncio.Event()


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
