"""Exact frame rates and timecode.

Source: SMPTE ST 12-1 for timecode and drop-frame counting.
"""

from __future__ import annotations

import re
from fractions import Fraction

from liveshow.errors import UsageError
from liveshow.timebase.clock import SECOND

_RATE = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,20}|/[0-9]{1,9})?")  # no exponent: "1e999999999" would take for ever


def parse_rate(text: str) -> Fraction:
    """An exact rate from "30", "25/1" or "30000/1001", or the nearest 1000/1001 rate for "29.97" and its like.

    Raises UsageError when it is not a positive rate up to 1000.
    """
    try:
        if not _RATE.fullmatch(text.strip()):
            raise ValueError("neither a decimal number nor a fraction")
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as exc:
        raise UsageError(f"frame rate {text!r} is not a number", todo='write "30", "25" or "30000/1001"') from exc
    ntsc = Fraction(round(rate * Fraction(1001, 1000)) * 1000, 1001)
    if rate.denominator not in (1, 1001) and abs(rate - ntsc) < Fraction(1, 100):
        rate = ntsc
    if not 0 < rate <= 1000:
        raise UsageError(f"frame rate {text!r} is out of range", todo='write a rate above 0, for example "30000/1001"')
    return rate


def frames_at(ns: int, rate: Fraction) -> int:
    """The number of the frame that covers an instant `ns` nanoseconds after frame 0 began (floor)."""
    return ns * rate.numerator // (rate.denominator * SECOND)


def nearest_frame(ns: int, rate: Fraction) -> int:
    """The frame whose beginning is nearest to `ns` nanoseconds after frame 0 began."""
    return (2 * ns * rate.numerator + rate.denominator * SECOND) // (2 * rate.denominator * SECOND)


def frame_ns(frame: int, rate: Fraction) -> int:
    """Nanoseconds from frame 0 to the beginning of a frame (rounded up, so that `frames_at` gives the frame back)."""
    return -(-frame * rate.denominator * SECOND // rate.numerator)


def nominal(rate: Fraction) -> int:
    """Frames counted to a timecode second: 30 for 30000/1001."""
    return max(1, round(rate))


def is_drop_frame(rate: Fraction) -> bool:
    """Whether time-of-day timecode at this rate drops frame numbers (30000/1001 and 60000/1001, ST 12-1)."""
    return rate.denominator == 1001 and nominal(rate) % 30 == 0


def timecode(frame: int, rate: Fraction, dropping: bool | None = None) -> str:
    """HH:MM:SS:FF (HH:MM:SS;FF drop-frame) of a frame number, wrapping at 24 h. Drop-frame after ST 12-1: the first two
    numbers (four at 59.94) of each minute are skipped, except in every tenth minute. `dropping`: whether numbers are dropped, None
    for what is usual at this rate."""
    fps, drop = nominal(rate), _dropped(rate, dropping)
    frame %= _frames_a_day(fps, drop)
    tens, rest = divmod(frame, fps * 600 - 9 * drop)
    minutes = max(0, (rest - drop) // (fps * 60 - drop)) if drop else rest // (fps * 60)
    frame += drop * (9 * tens + minutes)
    seconds, ff = divmod(frame, fps)
    width = 2 if fps <= 100 else 3
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{';' if drop else ':'}{ff:0{width}}"


def parse_timecode(text: str, rate: Fraction, dropping: bool | None = None) -> int:
    """The frame number of a timecode; the inverse of :func:`timecode`. Raises UsageError for one that does not exist."""
    match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)[:;](\d\d\d?)", text)
    fps, drop = nominal(rate), _dropped(rate, dropping)
    if match is None:
        raise UsageError(f"{text!r} is not a timecode", todo="write HH:MM:SS:FF")
    hours, minutes, seconds, frames = map(int, match.groups())
    skipped = drop and minutes % 10 and seconds == 0 and frames < drop
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= fps or skipped:
        raise UsageError(f"timecode {text!r} does not exist at {rate} frames a second")
    total = hours * 60 + minutes
    return ((total * 60 + seconds) * fps + frames) - drop * (total - total // 10)


def frames_a_day(rate: Fraction, dropping: bool | None = None) -> int:
    """How many timecodes there are from 00:00:00:00 to the next one."""
    return _frames_a_day(nominal(rate), _dropped(rate, dropping))


def _dropped(rate: Fraction, dropping: bool | None) -> int:
    """How many numbers are skipped at a time."""
    return nominal(rate) // 15 if (is_drop_frame(rate) if dropping is None else dropping) else 0


def _frames_a_day(fps: int, drop: int) -> int:
    return 144 * (fps * 600 - 9 * drop)
