"""The house's timecode on the show clock: believed after some frames, tied anew at jumps and as clocks drift, and lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import UsageError
from liveshow.timebase import MILLISECOND, SECOND, parse_timecode, timecode
from liveshow.timebase.anchor import Anchor, Follower

NTSC = Fraction(30000, 1001)
COUNTS = [
    (Fraction(24000, 1001), False),
    (Fraction(24), False),
    (Fraction(25), False),
    (NTSC, True),
    (NTSC, False),
    (Fraction(30), False),
]
LTC, MTC = 20_000, 2 * MILLISECOND
BEGAN = 10**13


@dataclass
class House:
    """A generator that counts frames; `ppm`: how fast its clock is. What a follower makes of it is gathered in `ties`."""

    rate: Fraction = Fraction(25)
    drop: bool = False
    jitter: int = LTC
    ppm: float = 0
    number: int = 900_000
    at: Fraction = Fraction(BEGAN)
    ties: list[Anchor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.follower = Follower(self.jitter)

    @property
    def frame(self) -> Fraction:
        """How long one lasts, ns."""
        return SECOND / self.rate / (1 + Fraction(self.ppm) / 1_000_000)

    def runs(self, frames: int, step: int = 1, late: Random | None = None) -> None:
        """It sends so many frames, or every `step`th of them, each late by up to the jitter."""
        for k in range(frames):
            if k % step == 0:
                lag = late.randrange(self.jitter) if late else 0
                tie = self.follower.frame(timecode(self.number, self.rate, self.drop), round(self.at) + lag)
                self.ties += [tie] if tie else []
            self.number += 1
            self.at += self.frame

    def rests(self, seconds: float) -> int | None:
        """It sends nothing; since when it is said to be lost."""
        self.at += round(seconds * SECOND)
        return self.follower.silent(round(self.at))


@pytest.mark.parametrize(("rate", "drop"), COUNTS)
@pytest.mark.parametrize("begins", ["09:59:58:15", "23:59:59:20", "10:08:59:10"])
def test_five_frames_are_believed(rate: Fraction, drop: bool, begins: str) -> None:
    """Four frames that follow each other prove nothing; the fifth ties the first, at its rate: 30 and 29.97 are told apart, too."""
    house = House(rate, drop, number=parse_timecode(begins, rate, drop))
    house.runs(4)
    assert house.ties == []
    house.runs(60)
    assert house.ties == [Anchor(timecode(house.number - 64, rate, drop), BEGAN, rate)]


@given(st.sampled_from(COUNTS), st.integers(-(10**9), 10**9), st.integers(0, 24 * 3600 * 24 - 1), st.integers(-100, 10**12))
def test_frames_are_counted_from_the_anchor(count: tuple[Fraction, bool], shift: int, number: int, passed: int) -> None:
    """At any instant the frames since 00:00:00:00 are those of the anchor and what has passed since, exactly, within the day."""
    rate, drop = count
    anchor = Anchor(timecode(number, rate, drop), shift, rate)
    day = Anchor(timecode(-1, rate, drop), 0, rate).number + 1
    assert anchor.frames(shift + passed) == (number + passed * rate / SECOND) % day


def test_a_jump_is_tied_where_it_is() -> None:
    """Two frames of other numbers change nothing; the third ties the first of them. Back again is a jump as well."""
    house = House()
    house.runs(100)
    for ahead in (1500, -1500):
        house.number += ahead
        begins = Anchor(timecode(house.number, house.rate), round(house.at), house.rate)
        house.runs(2)
        assert begins not in house.ties
        house.runs(100)
        assert house.ties[-1] == begins
    assert len(house.ties) == 3


def test_what_is_missing_or_wrong_for_a_moment_is_no_jump() -> None:
    """Frames that were not heard, and one or two that were misread, change nothing when the rest goes on as expected."""
    house = House()
    house.runs(50)
    for gap in (1, 2, 10, 24):
        house.at += gap * house.frame
        house.number += gap
        house.runs(30)
    house.follower.frame("03:04:05:06", round(house.at))
    house.number += 1
    house.at += house.frame
    house.runs(50)
    assert len(house.ties) == 1


def test_silence_is_said_once_and_a_return_needs_five() -> None:
    """After a second without a frame it is lost since the last one; when it returns it is believed, and tied, after five frames again."""
    house = House()
    house.runs(50)
    last = round(house.at - house.frame)
    assert house.rests(0.9) is None
    assert house.rests(0.2) == last
    assert house.rests(5) is None
    house.runs(4)
    assert len(house.ties) == 1
    house.runs(1)
    assert house.ties[1] == Anchor(timecode(house.number - 5, house.rate), round(house.at - 5 * house.frame), house.rate)


def test_one_that_stands_still_is_lost() -> None:
    """A generator that sends the same frame again and again does not run: that is no timecode."""
    house = House()
    house.runs(50)
    for k in range(1, 40):
        assert house.follower.frame("10:00:01:24", round(house.at + k * house.frame)) is None
    assert house.rests(1.6) is not None


@pytest.mark.parametrize("ppm", [-80.0, 15.0, 150.0])
def test_a_clock_that_drifts_is_tied_anew(ppm: float) -> None:
    """Over minutes, what was tied last is never further off than a millisecond and what ten seconds, and a look back, add to it."""
    house = House(ppm=ppm)
    while house.at < BEGAN + 150 * SECOND:
        house.runs(25)
        off = house.ties[-1].frames(round(house.at)) - house.number
        assert abs(off * SECOND / house.rate) < MILLISECOND + 12 * SECOND * abs(ppm) * 1e-6
    assert len(house.ties) >= 2


def test_every_ten_minutes_it_is_tied_in_any_case() -> None:
    """One that runs exactly as the show clock is tied again after ten minutes, and not in between."""
    house = House()
    house.runs(25 * 60 * 11)
    assert [(tie.at - BEGAN) // SECOND for tie in house.ties] == [0, 600]
    assert all(tie.frames(round(house.at)) == house.number for tie in house.ties)


@pytest.mark.parametrize(("rate", "drop"), COUNTS)
def test_messages_that_come_late_are_seen_through(rate: Fraction, drop: bool) -> None:
    """With every second frame told, up to two milliseconds late as over MIDI, 29.97 and 30 are told apart within ten seconds, and the
    tie is then right to a millisecond."""
    house, late = House(rate, drop, jitter=MTC), Random(7)
    house.runs(round(30 * rate), step=2, late=late)
    last = house.ties[-1]
    assert (last.rate, last.drop) == (rate, drop)
    assert abs(last.frames(round(house.at)) - house.number) * SECOND / rate < 1.1 * MILLISECOND
    assert last.at - BEGAN < 15 * SECOND


def test_a_tape_at_the_wrong_speed_is_followed() -> None:
    """At 10 % too fast the numbers are followed, about once a second, without a jump for every frame."""
    house = House(ppm=100_000)
    house.runs(25 * 20)
    assert abs(house.ties[-1].frames(round(house.at)) - house.number) < 4
    assert len(house.ties) < 30


@pytest.mark.parametrize(
    ("text", "rate"),
    [("10:00:00:25", "25"), ("x", "25"), ("10:00:00:00", "50"), ("10:00:00:00", "x"), ("10:01:00;00", "30000/1001")],
)
def test_what_nobody_counts_by_is_refused(text: str, rate: str) -> None:
    """A frame that does not exist, and a rate that timecode does not have, are refused with the reason."""
    with pytest.raises(UsageError):
        Anchor.read(text, 0, rate)
    assert Anchor.read("10:00:00:24", 5, "25") == Anchor("10:00:00:24", 5, Fraction(25))
