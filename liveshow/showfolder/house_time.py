"""Which timecode it is, at any instant of a show.

As long as nobody sends one it is the time of day at the venue, at the setup's frame rate. From the first timecode of the house on
(LTC, MTC) it is that: its numbers, its rate and its drop-frame flag, on which every label is made. Where it jumped, labels jump. When
it is not heard any more, it counts on by the show clock. Between two ties it is the earlier one that holds, so what an instant was
labelled stays so.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from liveshow.errors import UsageError
from liveshow.events import TimecodeTied
from liveshow.model import Setup
from liveshow.showfolder.state import ShowState
from liveshow.timebase import DAY_SECONDS, SECOND, Tie, frame_ns, frames_a_day, is_drop_frame, parse_timecode, timecode
from liveshow.timebase.anchor import Anchor, in_step

TIME_OF_DAY = "time of day"


@dataclass(frozen=True, slots=True)
class HouseTime:
    """`anchors`: the house's timecode where it was tied, in the order of time, and `sources` where each came from; before the first it
    is the time of day in `zone`, at `rate`."""

    tie: Tie
    zone: str
    rate: Fraction
    anchors: tuple[Anchor, ...] = ()
    sources: tuple[str, ...] = ()

    def source(self, show_ns: int) -> str:
        """Where the timecode of an instant comes from: "time of day", "LTC on feed x", "MTC"."""
        place = self._place(show_ns)
        return TIME_OF_DAY if place < 0 else self.sources[place]

    def rate_at(self, show_ns: int) -> Fraction:
        """Frames a second of the timecode of an instant."""
        anchor = self._anchor(show_ns)
        return anchor.rate if anchor else self.rate

    def count(self, show_ns: int, rate: Fraction) -> int:
        """Pictures or samples, `rate` of them a second, from 00:00:00:00 of the timecode to an instant: to the nearest."""
        anchor = self._anchor(show_ns)
        if anchor is None:
            seconds = Fraction(self.tie.day_ns(show_ns, self.zone) % (DAY_SECONDS * SECOND), SECOND)
        else:
            seconds = anchor.frames(show_ns) / anchor.rate
        return int(seconds * rate + Fraction(1, 2))

    def drops(self, show_ns: int, rate: Fraction) -> bool:
        """Whether pictures at a rate are counted drop-frame: as the house does, where they are as fast as its frames, or a whole
        number of times as fast."""
        anchor = self._anchor(show_ns)
        return anchor.drop if anchor is not None and in_step(rate, anchor.rate) else is_drop_frame(rate)

    def timecode(self, show_ns: int) -> str:
        """The timecode whose frame begins nearest to an instant, at its own rate."""
        rate = self.rate_at(show_ns)
        return self.label(self.count(show_ns, rate), rate, show_ns)

    def label(self, count: int, rate: Fraction, show_ns: int) -> str:
        """The timecode of picture number `count`, at `rate`, which is that of an instant."""
        return timecode(count, rate, self.drops(show_ns, rate))

    def running(self, show_ns: int) -> str:
        """The timecode of the frame that runs at an instant, as a clock shows it."""
        anchor = self._anchor(show_ns)
        if anchor is None:
            return timecode(int(self.tie.day_ns(show_ns, self.zone) * self.rate / SECOND), self.rate)
        return timecode(int(anchor.frames(show_ns)), anchor.rate, anchor.drop)

    def counted_from(self, show_ns: int) -> HouseTime:
        """The same, with what holds at an instant holding always: media that begin before it and go on after it are counted so."""
        anchor, source = self._anchor(show_ns), self.source(show_ns)
        if anchor is None:
            return replace(self, anchors=(), sources=())
        day = frame_ns(frames_a_day(anchor.rate, anchor.drop), anchor.rate)
        return replace(self, anchors=(replace(anchor, at=anchor.at % day - day),), sources=(source,))

    def jumps(self, start: int, end: int) -> tuple[int, ...]:
        """The instants in [start, end) at which it does not count on."""
        return tuple(b.at for a, b in pairwise(self.anchors) if start < b.at < end and not _continues(a, b))

    def instant(self, text: str, near: int) -> int:
        """The show-clock ns at which the frame of a timecode began. Where the house's timecode jumped there may be several, or none: it is
        the one nearest to `near`, by the timecode that held there and then. Raises UsageError for one that does not exist."""
        here = self._place(near)
        held = []
        for place in range(-1, len(self.anchors)):
            with suppress(UsageError):
                at = self._began(place, text, near)
                held += [at] if self._place(at) == place else []
        return min(held, key=lambda at: abs(at - near)) if held else self._began(here, text, near)

    def _place(self, show_ns: int) -> int:
        """Which anchor holds at an instant; -1 for none."""
        return bisect_right(self.anchors, show_ns, key=lambda anchor: anchor.at) - 1

    def _anchor(self, show_ns: int) -> Anchor | None:
        place = self._place(show_ns)
        return None if place < 0 else self.anchors[place]

    def _began(self, place: int, text: str, near: int) -> int:
        """When a frame began, of all days the one nearest to `near`, had an anchor held all the time."""
        if place < 0:
            rate, day = self.rate, DAY_SECONDS * SECOND
            at = self.tie.to_show(self.tie.midnight_wall_ns(self.zone) + frame_ns(parse_timecode(text, rate), rate))
        else:
            anchor = self.anchors[place]
            day = frame_ns(frames_a_day(anchor.rate, anchor.drop), anchor.rate)
            at = anchor.at + frame_ns(parse_timecode(text, anchor.rate, anchor.drop) - anchor.number, anchor.rate)
        return at + round((near - at) / day) * day


def _continues(before: Anchor, after: Anchor) -> bool:
    """Whether a later anchor has about the numbers that the earlier one comes to."""
    if (before.rate, before.drop) != (after.rate, after.drop):
        return False
    day = frames_a_day(before.rate, before.drop)
    return (before.frames(after.at) - after.number + 1) % day <= 2


@lru_cache(maxsize=4096)
def _read(text: str, at: int, rate: str) -> Anchor:
    """Remembered: a screen asks fifteen times a second, of a journal with hundreds of ties."""
    return Anchor.read(text, at, rate)


def house_time(state: ShowState, tie: Tie, setup: Setup) -> HouseTime:
    """The timecode of a show, as its journal tells it so far."""
    ties = sorted((e for e in state.timecodes if isinstance(e, TimecodeTied)), key=lambda e: (e.t, e.n))
    anchors = tuple(_read(e.timecode, e.t, e.rate) for e in ties)
    sources = tuple(f"LTC on feed {e.feed}" if e.feed else "MTC" for e in ties)
    return HouseTime(tie, setup.show.timezone, setup.show.frame_rate, anchors, sources)
