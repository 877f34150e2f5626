"""Decides what is made next, in the one process that makes excerpts of a show.

First whatever makes a closed segment playable at all, the most urgent first and sound before pictures; then its context; then what a
running segment will need, as far as it is recorded; then, with what time is left, strips of all pictures, and excerpts joined of these. One
thing at a time, each soon done or put aside when something else is wanted.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence

import av

from liveshow.errors import LiveshowError
from liveshow.handoff.excerpts.growing import FOREVER, Growing
from liveshow.handoff.excerpts.make import CONTEXT, LEAD, Bounds, Workshop, bounds
from liveshow.handoff.excerpts.orders import Alive, Excerpt, Failed, Gone, Made, Order, Orders, Rung, Told
from liveshow.handoff.excerpts.room import to_go
from liveshow.handoff.excerpts.shelf import Shelf
from liveshow.handoff.excerpts.strips import NotThere, Strips
from liveshow.handoff.excerpts.tape import Tape
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND

log = logging.getLogger(__name__)
REST = 0.1  # seconds between two looks when there is nothing to do
BEAT = 1.0  # seconds between two signs of life
STAYS = 900.0  # seconds for which what is replaced can still be played by who has begun to
AGAIN = 60.0  # seconds after which what the disk did not take is tried again
TIDY = 60.0  # seconds between two looks at how much room is taken
_ALONG = SECOND  # of sound, encoded at once while a segment runs
_TAPES = 40
_SLACK = 70 * SECOND  # by which a tape may begin before what is wanted of it
FAULTS = (LiveshowError, av.FFmpegError, OSError, IndexError)


class PutAside(Exception):
    """Something else is wanted now."""


class Maker:
    """Makes what is ordered. `news`: the newest orders, or None when there are to be no more; `tell` is told what became of them."""

    def __init__(self, folder: ShowFolder, news: Callable[[], Orders | None], tell: Callable[[Told], None]) -> None:
        self._news, self._tell = news, tell
        self._shelf = Shelf(folder)
        self._recordings = Growing(folder)
        self._strips = Strips(self._shelf.strips)
        self._work = Workshop(self._recordings, self._strips, self._shelf)
        self._orders = Orders(orders=(), room=0)
        self._made: dict[tuple[str, str], Excerpt] = {}
        self._leaving: dict[str, float] = {}
        self._tapes: dict[tuple[str, tuple[str, ...]], Tape] = {}
        self._failed: dict[tuple[Order, str], float] = {}
        self._beat = self._tidied = 0.0

    def run(self) -> None:
        """Until there are no more orders."""
        for excerpt in self._shelf.found():
            self._replace(excerpt)
        while (orders := self._news()) is not None:
            if orders != self._orders:
                self._take(orders)
            self._alive()
            try:
                if not self._orders.room or not self._step():
                    time.sleep(REST)
            except PutAside:
                continue
        self._strips.close()

    def _take(self, orders: Orders) -> None:
        self._orders = orders
        wanted = {(order.segment, feed) for order in orders.orders for feed in order.feeds}
        for key in [key for key in self._made if key not in wanted]:
            self._leave(self._made.pop(key))
        for order, feed in [key for key in self._failed if key[0] not in orders.orders or key[0] == orders.orders[0]]:
            del self._failed[order, feed]
        segments = {order.segment for order in orders.orders}
        self._tapes = {key: tape for key, tape in self._tapes.items() if key[0] in segments}

    # What is next ------------------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Do one thing; False when there is nothing to do."""
        self._let_go()
        closed = [order for order in self._orders.orders if order.end is not None]
        opened = [order for order in self._orders.orders if order.end is None]
        for rung in (Rung.FIRST, Rung.WHOLE):
            if any(self._climb(order, feed, rung) for order, feed in self._each(closed)):
                return True
        if any(self._record(order, feed) for order, feed in self._each(opened)):
            return True
        if any(self._strip(order, feed, smooth=False) for order, feed in self._each(opened)):
            return True
        if any(self._awaited(order) for order in closed):
            return False
        if any(self._smooth(order, feed) for order, feed in self._mains(closed)):
            return True
        if any(self._strip(order, feed, smooth=True) for order, feed in self._mains(opened)):
            return True
        return any(self._smooth(order, feed) for order, feed in self._each(closed))

    def _mains(self, orders: Sequence[Order]) -> Iterator[tuple[Order, str]]:
        """Each segment's first camera: of that, all pictures are decoded while it runs."""
        for order, feed in self._each(orders):
            if feed in self._cameras(order)[:1]:
                yield order, feed

    def _each(self, orders: Sequence[Order]) -> Iterator[tuple[Order, str]]:
        """Segment after segment, each one's microphones before its cameras, without what has failed."""
        now = time.monotonic()
        for order in orders:
            for feed in sorted(order.feeds, key=self._recordings.is_camera):
                if self._failed.get((order, feed), 0.0) <= now:
                    yield order, feed

    def _cameras(self, order: Order) -> list[str]:
        return [feed for feed in order.feeds if self._recordings.is_camera(feed)]

    def _voices(self, order: Order, feed: str) -> tuple[str, ...]:
        """The microphones that are heard with a feed: itself, or those of the performers."""
        return order.voices if self._recordings.is_camera(feed) else (feed,)

    def _awaited(self, order: Order) -> bool:
        """Whether its out is not recorded yet and will be in a moment."""
        out = order.end or 0
        return any(
            self._rung(order, feed) < Rung.FIRST and self._recordings.look(feed, out).until < out for feed in order.feeds
        )

    def _rung(self, order: Order, feed: str) -> int:
        made = self._made.get((order.segment, feed))
        return made.rung if made is not None and made.wanted == (order.start, order.end, order.voices) else 0

    # The work ----------------------------------------------------------------------------------------------------

    def _climb(self, order: Order, feed: str, rung: int) -> bool:
        """Make an excerpt if it can be as good as that now, and is not yet."""
        if self._rung(order, feed) >= rung:
            return False
        wanted = (order.end or 0) + CONTEXT
        feeds = dict.fromkeys((feed, *self._voices(order, feed)))
        bound = bounds(order, [self._recordings.look(one, wanted) for one in feeds])
        if bound is None or (rung > Rung.FIRST and not bound.whole):
            return False
        return self._tried(order, feed, lambda: self._make(order, feed, bound))

    def _make(self, order: Order, feed: str, bound: Bounds) -> None:
        voices = self._voices(order, feed)
        tape = self._tape(order, voices) if voices else None
        while tape is not None and tape.reached < bound.end:
            tape.reach(bound.end)
            self._alive()
        if self._recordings.is_camera(feed):
            self._replace(self._work.film(order, feed, bound, tape, self._alive))
        elif tape is not None:
            self._replace(self._work.sound(order, feed, bound, tape))

    def _record(self, order: Order, feed: str) -> bool:
        """Encode some more of the sound of a segment that runs, as far as it is recorded."""
        voices = self._voices(order, feed)
        if not voices:
            return False
        tape = self._tape(order, voices)
        due = tape.reached + _ALONG
        seen = [self._recordings.look(one, due) for one in voices]
        if min(one.until for one in seen) < due or max(one.last for one in seen) < due:
            return False

        def work() -> None:
            while tape.reached < due:
                tape.reach(due)

        return self._tried(order, feed, work)

    def _strip(self, order: Order, feed: str, *, smooth: bool) -> bool:
        """Make the next strip that a segment lacks."""
        if not self._recordings.is_camera(feed):
            return False
        end = FOREVER if order.end is None else order.end + CONTEXT
        for part, span in self._work.spans(feed, order.start - CONTEXT, end):
            if not span.open and not self._strips.has(part, span, smooth=smooth):
                size = self._work.size(feed)
                return self._tried(order, feed, lambda: self._strips.keep(part, span, size, self._pause, smooth=smooth))  # noqa: B023
        return False

    def _smooth(self, order: Order, feed: str) -> bool:
        """Go on towards an excerpt of all pictures."""
        rung = self._rung(order, feed)
        if rung not in (Rung.FIRST, Rung.WHOLE):
            return False
        if self._strip(order, feed, smooth=True):
            return True
        spans = self._work.spans(feed, order.start - CONTEXT, (order.end or 0) + CONTEXT)
        if rung == Rung.FIRST or any(span.open for _, span in spans):
            return False
        return self._climb(order, feed, Rung.SMOOTH)

    def _tried(self, order: Order, feed: str, work: Callable[[], object]) -> bool:
        """Do it. What fails is said and left, until something else is ordered; what the disk did not take, for a minute."""
        try:
            work()
        except NotThere:
            return False  # a moment later it is
        except FAULTS as exc:
            log.warning("%s, %s: %s", order.segment, feed, exc)
            self._failed[order, feed] = time.monotonic() + AGAIN if isinstance(exc, OSError) else math.inf
            self._tell(Failed(segment=order.segment, feed=feed, why=str(exc)))
        return True

    def _tape(self, order: Order, voices: tuple[str, ...]) -> Tape:
        wanted = order.start - CONTEXT
        tape = self._tapes.pop((order.segment, voices), None)
        if tape is None or not wanted - _SLACK <= tape.begin <= wanted:
            tape = Tape(self._recordings, voices, wanted - LEAD)
        self._tapes[order.segment, voices] = tape
        for key in list(self._tapes)[:-_TAPES]:
            del self._tapes[key]
        return tape

    # What is there -----------------------------------------------------------------------------------------------

    def _replace(self, excerpt: Excerpt) -> None:
        """From now on this one is played."""
        before = self._made.get((excerpt.segment, excerpt.feed))
        if before is not None:
            self._leave(before)
        self._made[excerpt.segment, excerpt.feed] = excerpt
        self._tell(Made(excerpt=excerpt))

    def _leave(self, excerpt: Excerpt) -> None:
        self._leaving[excerpt.place] = time.monotonic() + STAYS

    def _let_go(self) -> None:
        """Remove what has been replaced for some time, and what there is no room for."""
        now = time.monotonic()
        for place in [place for place, due in self._leaving.items() if due <= now]:
            del self._leaving[place]
            self._remove(place)
        if now < self._tidied + TIDY:
            return
        self._tidied = now
        for path in to_go(self._shelf, self._orders.room):
            if path.parent == self._shelf.strips:
                shutil.rmtree(path, ignore_errors=True)
            else:
                self._evict(self._shelf.place(path))

    def _evict(self, place: str) -> None:
        """Remove one for others; it is made again when it is the most urgent of all."""
        self._remove(place)
        for key, excerpt in list(self._made.items()):
            if excerpt.place == place:
                del self._made[key]
                self._failed |= {(order, key[1]): math.inf for order in self._orders.orders if order.segment == key[0]}

    def _remove(self, place: str) -> None:
        self._shelf.remove(place)
        self._tell(Gone(place=place))

    # Others ------------------------------------------------------------------------------------------------------

    def _alive(self) -> None:
        if time.monotonic() >= self._beat:
            self._beat = time.monotonic() + BEAT
            self._tell(Alive())

    def _pause(self) -> None:
        """Between two pictures of what nobody waits for."""
        self._alive()
        if self._news() != self._orders:
            raise PutAside
