"""Exact rates, timecode after SMPTE ST 12-1, and the tie between show clock and wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import UsageError
from liveshow.timebase import (
    DAY_SECONDS,
    SECOND,
    ShowClock,
    Tie,
    boot_id,
    frame_ns,
    frames_at,
    from_wall_ns,
    is_drop_frame,
    nearest_frame,
    nominal,
    parse_rate,
    parse_timecode,
    timecode,
)

NTSC, NTSC60 = Fraction(30000, 1001), Fraction(60000, 1001)
RATES = [Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60", "15", "120")]
DAY = {rate: nominal(rate) * DAY_SECONDS for rate in RATES} | {NTSC: 2_589_408, NTSC60: 5_178_816}

rates = st.sampled_from(RATES)
frames = st.integers(-(10**9), 10**9)
instants = st.integers(-(10**18), 10**18)


# Rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("30", Fraction(30)),
        ("25/1", Fraction(25)),
        ("30000/1001", NTSC),
        ("29.97", NTSC),
        ("29.970", NTSC),
        ("29.97002997002997", NTSC),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("59.94", NTSC60),
        ("47.952", Fraction(48000, 1001)),
        ("12.5", Fraction(25, 2)),
        ("50.0", Fraction(50)),
        (" 24 ", Fraction(24)),
        ("1000", Fraction(1000)),
    ],
)
def test_rates_are_exact(text: str, rate: Fraction) -> None:
    """What people write for a rate is the exact fraction that they mean."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "thirty", "0", "-25", "0/1", "30/0", "1001", "nan", "inf", "30/1/1", "٣٠"),
        *("1e9", "3e1", "1e999999999", "1e-999999999", "9" * 1000, "1/" + "9" * 1000, "0." + "9" * 1000),
    ],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    """Words, nothing, zero, the negative, the endless and the astronomical are refused at once, with what would be right."""
    with pytest.raises(UsageError) as caught:
        parse_rate(text)
    assert caught.value.todo


@given(rates)
def test_a_rate_s_own_text_is_the_rate(rate: Fraction) -> None:
    """A rate that was written down is read back."""
    assert parse_rate(str(rate)) == rate


# Frames ----------------------------------------------------------------------------------------------------------


@given(frames, rates)
def test_a_frame_begins_where_it_is_first_covered(frame: int, rate: Fraction) -> None:
    """The instant at which a frame begins belongs to it, and the nanosecond before does not; it is the nearest there."""
    begins = frame_ns(frame, rate)
    assert (frames_at(begins, rate), frames_at(begins - 1, rate)) == (frame, frame - 1)
    assert nearest_frame(begins, rate) == frame


@given(instants, rates)
def test_every_instant_is_in_one_frame(ns: int, rate: Fraction) -> None:
    """An instant lies between the beginning of its frame and that of the next; the nearest is one of those two."""
    frame = frames_at(ns, rate)
    assert frame_ns(frame, rate) <= ns < frame_ns(frame + 1, rate)
    nearest = nearest_frame(ns, rate)
    assert abs(Fraction(ns, SECOND) - nearest / rate) == min(abs(Fraction(ns, SECOND) - f / rate) for f in (frame, frame + 1))


# Timecode --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "rate", "code"),
    [
        (0, NTSC, "00:00:00;00"),
        (1799, NTSC, "00:00:59;29"),
        (1800, NTSC, "00:01:00;02"),
        (3597, NTSC, "00:01:59;29"),
        (3598, NTSC, "00:02:00;02"),
        (17_981, NTSC, "00:09:59;29"),
        (17_982, NTSC, "00:10:00;00"),
        (19_782, NTSC, "00:11:00;02"),
        (107_892, NTSC, "01:00:00;00"),
        (2_589_407, NTSC, "23:59:59;29"),
        (2_589_408, NTSC, "00:00:00;00"),
        (-1, NTSC, "23:59:59;29"),
        (3599, NTSC60, "00:00:59;59"),
        (3600, NTSC60, "00:01:00;04"),
        (35_964, NTSC60, "00:10:00;00"),
        (215_784, NTSC60, "01:00:00;00"),
        (5_178_815, NTSC60, "23:59:59;59"),
        (1440, Fraction(24000, 1001), "00:01:00:00"),
        (24 * 3600 * 25 - 1, Fraction(25), "23:59:59:24"),
        (30 * 3600 + 1800, Fraction(30), "01:01:00:00"),
        (119, Fraction(120), "00:00:00:119"),
    ],
)
def test_known_timecodes(frame: int, rate: Fraction, code: str) -> None:
    """The numbers that ST 12-1 gives, among them all the edges of drop-frame."""
    assert timecode(frame, rate) == code
    assert parse_timecode(code, rate) == frame % DAY[rate]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_timecode_around_every_minute_of_a_day(rate: Fraction) -> None:
    """At each of the 1440 minutes a frame has one timecode and the timecode that frame; codes rise, and the day closes."""
    for minute in range(1440):
        near = [frame + round(minute * 60 * rate) for frame in range(-8, 9)]
        codes = [timecode(frame, rate) for frame in near]
        assert [parse_timecode(code, rate) for code in codes] == [frame % DAY[rate] for frame in near]
        assert minute == 0 or codes == sorted(codes)
    assert timecode(DAY[rate], rate) == timecode(0, rate)
    assert timecode(DAY[rate] - 1, rate).startswith("23:59:59")


@given(rates, st.data())
def test_timecode_and_frame_are_one(rate: Fraction, data: st.DataObject) -> None:
    """Any frame of a day, on any day, is its timecode and no other."""
    frame, days = data.draw(st.integers(0, DAY[rate] - 1)), data.draw(st.integers(-3, 3))
    code = timecode(frame + days * DAY[rate], rate)
    assert parse_timecode(code, rate) == frame
    assert (";" in code) == is_drop_frame(rate)


@given(st.sampled_from([NTSC, NTSC60]), st.integers(0, DAY_SECONDS - 1))
def test_drop_frame_keeps_the_time_of_day(rate: Fraction, second: int) -> None:
    """In a whole day drop-frame timecode is never a fifth of a second off the clock on the wall (86 ms at its end, ST 12-1)."""
    code = timecode(frames_at(second * SECOND, rate), rate)
    hours, minutes, seconds, ff = map(int, code.replace(";", ":").split(":"))
    shown = hours * 3600 + minutes * 60 + seconds + Fraction(ff, nominal(rate))
    assert abs(shown - second) < Fraction(1, 5)


@pytest.mark.parametrize(
    ("code", "rate"),
    [
        ("00:01:00;00", NTSC),
        ("00:01:00;01", NTSC),
        ("12:59:00;03", NTSC60),
        ("00:00:00:30", NTSC),
        ("00:00:00:25", Fraction(25)),
        ("24:00:00:00", Fraction(25)),
        ("00:60:00:00", Fraction(25)),
        ("00:00:60:00", Fraction(25)),
        ("0:00:00:00", Fraction(25)),
        ("00:00:00", Fraction(25)),
        ("00:00:00:00\n", Fraction(25)),
        ("-1:00:00:00", Fraction(25)),
        ("now", Fraction(25)),
        ("", Fraction(25)),
    ],
)
def test_timecodes_that_do_not_exist_are_refused(code: str, rate: Fraction) -> None:
    """Dropped numbers, numbers beyond the rate, the clock or the grammar are refused and named."""
    with pytest.raises(UsageError) as caught:
        parse_timecode(code, rate)
    assert repr(code) in str(caught.value)


# Clocks ----------------------------------------------------------------------------------------------------------


def wall(text: str, zone: str = "UTC") -> int:
    """UTC nanoseconds of a local time."""
    at = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


HOUR = 3600 * SECOND


@given(instants, instants, instants)
def test_a_tie_goes_both_ways(show: int, at: int, other: int) -> None:
    """Show clock and wall clock name the same instants, to the nanosecond."""
    tie = Tie(show, at)
    assert tie.to_show(tie.to_wall(other)) == other
    assert tie.to_wall(tie.to_show(other)) == other


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["UTC", "Europe/Vienna", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_the_time_of_day_is_the_local_one(at: datetime, zone: str) -> None:
    """At the tie the day's nanoseconds are what a clock on the wall of that place shows."""
    local = at.astimezone(ZoneInfo(zone))
    of_day = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    ns = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert Tie(77, ns).day_ns(77, zone) == of_day // timedelta(microseconds=1) * 1000


def test_a_show_past_midnight_counts_on() -> None:
    """Twenty minutes after midnight the day of a show that began before has more than 24 hours."""
    tie = Tie(5, wall("2026-11-22T23:50:00", "America/Los_Angeles"))
    assert tie.day_ns(5 + HOUR // 2, "America/Los_Angeles") == 24 * HOUR + HOUR // 3


@pytest.mark.parametrize(
    ("began", "hours_of_day"),
    [("2026-03-29T01:00:00", 1), ("2026-10-25T01:00:00", 1), ("2026-03-29T12:00:00", 12), ("2026-10-25T12:00:00", 12)],
)
def test_summer_time_does_not_break_the_timecode(began: str, hours_of_day: int) -> None:
    """When clocks change during a show its day goes on at the offset it began with; on such a day it begins at the right hour."""
    tie = Tie(0, wall(began, "Europe/Vienna"))
    assert [tie.day_ns(h * HOUR, "Europe/Vienna") for h in range(4)] == [(hours_of_day + h) * HOUR for h in range(4)]


@given(instants)
def test_wall_times_are_floored(ns: int) -> None:
    """A wall time is the microsecond it lies in, also before 1970."""
    since = from_wall_ns(ns) - datetime(1970, 1, 1, tzinfo=UTC)
    assert 0 <= ns - since // timedelta(microseconds=1) * 1000 < 1000


def test_a_tie_of_now_lies_in_now() -> None:
    """Both readings of a tie are taken between before and after."""
    clock = ShowClock(offset=123)
    before = clock.now(), time.time_ns()
    tie = Tie.now(clock)
    after = clock.now(), time.time_ns()
    assert before[0] <= tie.show <= after[0]
    assert before[1] <= tie.wall <= after[1]


@given(instants, instants, st.integers(1, 100), instants)
def test_a_faster_clock_begins_at_its_epoch(offset: int, epoch: int, speed: int, later: int) -> None:
    """A rehearsal's clock agrees with the host's at its epoch and runs so many times faster from there."""
    clock = ShowClock(offset, speed, epoch)
    assert clock.at(epoch) == offset + epoch
    assert clock.at(epoch + later) - clock.at(epoch) == speed * later


def test_sleeping_ends_when_the_clock_says_so() -> None:
    """After sleeping until an instant the clock has reached it; a past instant is no wait."""
    clock = ShowClock(speed=20, epoch=time.monotonic_ns())
    until = clock.now() + SECOND
    clock.sleep_until(until)
    assert clock.now() >= until
    clock.sleep_until(clock.now() - HOUR)


def test_one_boot_has_one_id() -> None:
    """The boot's id is some text, and the same each time."""
    assert boot_id() == boot_id() != ""
