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
from collections.abc import Callable, Sequence

import av

from liveshow.errors import LiveshowError
from liveshow.handoff.excerpts.growing import FOREVER, Growing
from liveshow.handoff.excerpts.make import CONTEXT, LEAD, Workshop, bounds
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
        return (
            self._any(closed, self._first)
            or self._any(closed, self._whole)
            or self._any(opened, self._record)
            or self._any(opened, self._slides)
            or (
                not self._any(closed, self._awaited)
                and (
                    self._any(closed, self._smooth, main=True)
                    or self._any(opened, self._all_pictures, main=True)
                    or self._any(closed, self._smooth)
                )
            )
        )

    def _any(self, orders: Sequence[Order], work: Callable[[Order, str], bool], *, main: bool = False) -> bool:
        """Whether there was such a thing to do, in the first of the feeds where there was. `main`: look only at each segment's first
        camera: of that, all pictures are decoded while it runs."""
        now = time.monotonic()
        for order in orders:
            for feed in order.cameras[:1] if main else order.feeds:
                if self._failed.get((order, feed), 0.0) <= now and self._tried(order, feed, work):
                    return True
        return False

    def _tried(self, order: Order, feed: str, work: Callable[[Order, str], bool]) -> bool:
        """Do it. What fails is said and left, until something else is ordered; what the disk did not take, for a minute."""
        try:
            return work(order, feed)
        except NotThere:
            return False  # a moment later it is
        except FAULTS as exc:
            log.warning("%s, %s: %s", order.segment, feed, exc)
            self._failed[order, feed] = time.monotonic() + AGAIN if isinstance(exc, OSError) else math.inf
            self._tell(Failed(segment=order.segment, feed=feed, why=str(exc)))
            return True

    def _awaited(self, order: Order, feed: str) -> bool:
        """Whether its out is not recorded yet and will be in a moment: then nothing is begun that takes longer."""
        out = order.end or 0
        return self._rung(order, feed) < Rung.FIRST and self._recordings.look(feed, out).until < out

    def _rung(self, order: Order, feed: str) -> int:
        made = self._made.get((order.segment, feed))
        return made.rung if made is not None and made.wanted == (order.start, order.end, order.voices) else 0

    # The work ----------------------------------------------------------------------------------------------------

    def _first(self, order: Order, feed: str) -> bool:
        return self._climb(order, feed, Rung.FIRST)

    def _whole(self, order: Order, feed: str) -> bool:
        return self._climb(order, feed, Rung.WHOLE)

    def _climb(self, order: Order, feed: str, rung: int) -> bool:
        """Make an excerpt if it can be as good as that now, and is not yet."""
        if self._rung(order, feed) >= rung:
            return False
        wanted = (order.end or 0) + CONTEXT
        feeds = dict.fromkeys((feed, *order.heard(feed)))
        bound = bounds(order, [self._recordings.look(one, wanted) for one in feeds])
        if bound is None or (rung > Rung.FIRST and not bound.whole):
            return False
        tape = self._tape(order, order.heard(feed)) if order.heard(feed) else None
        while tape is not None and tape.reached < bound.end:
            tape.reach(bound.end)
            self._alive()
        if feed in order.cameras:
            self._replace(self._work.film(order, feed, bound, tape, self._alive))
        elif tape is not None:
            self._replace(self._work.sound(order, feed, bound, tape))
        return True

    def _record(self, order: Order, feed: str) -> bool:
        """Encode some more of the sound of a segment that runs, as far as it is recorded."""
        voices = order.heard(feed)
        if not voices:
            return False
        tape = self._tape(order, voices)
        due = tape.reached + _ALONG
        seen = [self._recordings.look(one, due) for one in voices]
        if min(one.until for one in seen) < due or max(one.last for one in seen) < due:
            return False
        while tape.reached < due:
            tape.reach(due)
        return True

    def _slides(self, order: Order, feed: str) -> bool:
        return self._strip(order, feed, smooth=False)

    def _all_pictures(self, order: Order, feed: str) -> bool:
        return self._strip(order, feed, smooth=True)

    def _strip(self, order: Order, feed: str, *, smooth: bool) -> bool:
        """Make the next strip that a segment lacks."""
        end = FOREVER if order.end is None else order.end + CONTEXT
        for part, span in self._work.spans(feed, order.start - CONTEXT, end) if feed in order.cameras else ():
            if not span.open and not self._strips.has(part, span, smooth=smooth):
                self._strips.keep(part, span, self._work.size(feed), self._pause, smooth=smooth)
                return True
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
