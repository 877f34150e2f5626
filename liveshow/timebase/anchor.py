"""A timecode that somebody else counts, tied to the show clock; and the way there, from the frames that are heard.

A generator's clock is not the host's: it is tied anew whenever it has moved by a millisecond, and when it jumps. One frame proves
nothing, so several must follow each other before anything is believed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from fractions import Fraction

from liveshow.errors import UsageError
from liveshow.timebase.clock import MILLISECOND, SECOND
from liveshow.timebase.timecode import frame_ns, frames_a_day, parse_rate, parse_timecode

FIRST, AGAIN = 5, 3  # frames that must follow each other before they are believed, at first and at a jump
SILENCE = SECOND
TIE_EVERY, LOOK_EVERY = 600 * SECOND, 10 * SECOND
MOVED = MILLISECOND
_COUNTS = (Fraction(24), Fraction(25), Fraction(30))
_PULLED_DOWN = Fraction(1000, 1001)
_TOLD_APART = 4000  # 30 and 29.97 are, when times are known to that part of what has passed
_SHORTEST, _LONGEST = SECOND // 35, SECOND // 20  # what a frame may last
_STEADY = 0.25


@dataclass(frozen=True, slots=True)
class Anchor:
    """Frame `timecode` (";" before the frame: drop-frame) began at show-clock ns `at`; `rate` frames a second."""

    timecode: str
    at: int
    rate: Fraction

    @classmethod
    def read(cls, timecode: str, at: int, rate: str) -> Anchor:
        """From how it is written down. Raises UsageError for a timecode or a rate that nobody counts by."""
        anchor = cls(timecode, at, parse_rate(rate))
        if round(anchor.rate) not in _COUNTS:
            raise UsageError(f"{rate} frames a second is no rate of timecode", where="rate", todo='write "25" or "30000/1001"')
        parse_timecode(timecode, anchor.rate, anchor.drop)
        return anchor

    @property
    def drop(self) -> bool:
        """Whether it is drop-frame."""
        return ";" in self.timecode

    @property
    def number(self) -> int:
        """The number of its frame since 00:00:00:00. Raises UsageError for a timecode that does not exist."""
        return parse_timecode(self.timecode, self.rate, self.drop)

    def frames(self, show_ns: int) -> Fraction:
        """Frames since 00:00:00:00 at an instant, with the part of the one that runs; within the day."""
        return (self.number + (show_ns - self.at) * self.rate / SECOND) % frames_a_day(self.rate, self.drop)


def in_step(pictures: Fraction, frames: Fraction) -> bool:
    """Whether pictures are as fast as frames of timecode, or a whole number of times as fast: at 50 and 60 pictures a second, timecode
    counts pairs of them (ST 12-1)."""
    return (pictures / frames).denominator == 1


class Follower:
    """Hears frames, one after the other, and says when timecode is tied anew and when it is lost.

    `jitter`: ns by which the time of a frame may be late. `anchor`: what holds now, None before the first and while it is lost.
    """

    def __init__(self, jitter: int) -> None:
        self.anchor: Anchor | None = None
        self._jitter = jitter
        self._run: _Run | None = None
        self._settled = False  # whether what this run of frames says has been compared with the anchor
        self._heard = self._tied = self._looked = 0
        self._late: deque[int] = deque(maxlen=30)

    def frame(self, text: str, at: int) -> Anchor | None:
        """A frame of this timecode began at show-clock ns `at`: the new anchor, when there is one."""
        if self._run is None or not self._run.takes(text, at):
            self._run, self._settled = _Run(text, at), False
        run, anchor = self._run, self.anchor
        if run.length < (AGAIN if anchor else FIRST):
            return None
        self._heard = at
        rate = run.rate(self._jitter, anchor.rate if anchor else None)
        began = Anchor(*run.first, rate)
        if anchor is None or (not self._settled and _jumped(anchor, began)):
            return self._tie(began, at)
        self._settled = True
        return self._follow(anchor, Anchor(text, at, rate))

    def silent(self, now: int) -> int | None:
        """Since when it is lost, when no frame was heard for a second up to show-clock ns `now`; said once."""
        return self.lose() if self.anchor is not None and now - self._heard >= SILENCE else None

    def lose(self) -> int | None:
        """It is lost: since when, unless there was none."""
        was, self.anchor, self._run = self.anchor, None, None
        return None if was is None else self._heard

    def _tie(self, anchor: Anchor, now: int) -> Anchor:
        self._late.clear()
        self.anchor, self._settled, self._tied, self._looked = anchor, True, now, now
        return anchor

    def _follow(self, anchor: Anchor, heard: Anchor) -> Anchor | None:
        """It counts on: tied anew when its clock has moved, and now and then in any case."""
        if heard.rate != anchor.rate:
            return self._tie(heard, heard.at)
        late = _late(anchor, heard)
        self._late.append(late)
        moved, since = min(self._late), heard.at - self._tied
        looks = heard.at - self._looked >= LOOK_EVERY
        self._looked = heard.at if looks else self._looked
        off_speed = since >= SECOND and abs(moved) * anchor.rate > SECOND
        if since >= TIE_EVERY or off_speed or (looks and abs(moved) > MOVED):
            return self._tie(replace(heard, at=heard.at - late + moved), heard.at)
        return None


class _Run:
    """Frames that follow each other. `first`: the first one's timecode and time; `length`: how many were heard."""

    def __init__(self, text: str, at: int) -> None:
        self.first, self.length = (text, at), 1
        self._last = at
        self._drop = ";" in text
        self._steps = 0  # frames from the first to the last
        self._numbers = {rate: number for rate in _COUNTS if (number := _number(text, rate)) is not None}

    def takes(self, text: str, at: int) -> bool:
        """Whether this frame follows; by counts of 24, 25 or 30 to a second, as far as the frames so far leave that open."""
        following = {}
        for rate, last in self._numbers.items():
            number = _number(text, rate)
            if number is not None and self._in_time((number - last) % frames_a_day(rate, self._drop), at):
                following[rate] = number
        if (";" in text) != self._drop or not following:
            return False
        rate, number = next(iter(following.items()))
        self._steps += (number - self._numbers[rate]) % frames_a_day(rate, self._drop)
        self._numbers, self._last = following, at
        self.length += 1
        return True

    def rate(self, jitter: int, known: Fraction | None) -> Fraction:
        """Frames a second: the count that goes best with what was measured, and whether it is pulled down by 1000/1001, which `known`
        tells until enough has passed."""
        if self._drop:
            return _COUNTS[-1] * _PULLED_DOWN
        passed = self._last - self.first[1]
        measured = self._steps * SECOND / passed
        count = min(self._numbers, key=lambda rate: abs(measured / rate - 1))
        if passed < jitter * _TOLD_APART:
            return known if known is not None and round(known) == count else count
        return min((count, count * _PULLED_DOWN), key=lambda rate: abs(measured / rate - 1))

    def _in_time(self, steps: int, at: int) -> bool:
        passed = at - self._last
        if not steps or not _SHORTEST * steps < passed < min(_LONGEST * steps, SILENCE):
            return False
        usual = (self._last - self.first[1]) / self._steps if self._steps else passed / steps
        return abs(passed / steps / usual - 1) < _STEADY


def _number(text: str, rate: Fraction) -> int | None:
    """Its number at a rate; None when there is no such timecode."""
    try:
        return parse_timecode(text, rate, ";" in text)
    except UsageError:
        return None


def _jumped(expected: Anchor, heard: Anchor) -> bool:
    """Whether other frames are heard than those that were to come, by more than one."""
    return (heard.rate, heard.drop) != (expected.rate, expected.drop) or abs(_late(expected, heard)) * heard.rate > SECOND


def _late(expected: Anchor, heard: Anchor) -> int:
    """By how many ns a frame is heard later than it was to come."""
    day = frame_ns(frames_a_day(expected.rate, expected.drop), expected.rate)
    ahead = heard.at - expected.at - frame_ns(heard.number - expected.number, expected.rate)
    return (ahead + day // 2) % day - day // 2
