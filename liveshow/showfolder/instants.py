"""Times as people write them: a length, a time of day, a timecode, a shift."""

from __future__ import annotations

import re

from liveshow.errors import UsageError
from liveshow.showfolder.house_time import HouseTime
from liveshow.timebase import DAY_SECONDS, SECOND

LONGEST = 7 * DAY_SECONDS
_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}


def seconds(text: str) -> float:
    """Seconds of "5", "5s", "1.5m", "90s", "2h", "250ms". Raises UsageError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|)", text.strip())
    if match is None:
        raise UsageError(f"{shortened(text)} is not a length of time", todo="write 5s, 1.5m or 2h")
    found = float(match[1]) * _UNITS[match[2]]
    if found > LONGEST:
        raise UsageError(f"{shortened(text)} is longer than a week", todo="write 5s, 1.5m or 2h")
    return found


def shortened(text: str) -> str:
    """A text as it is quoted in a message: nothing in it that a terminal would obey, and not longer than a line."""
    return repr(text if len(text) <= 60 else f"{text[:40]}…")


def instant(text: str, house: HouseTime, near: int) -> int:
    """A show-clock time: a time of day "19:42:07", "19:42:07.250" or a timecode "19:42:07:12", the house's where it sends one (of
    the two days it may touch, the one nearer to `near`), or a shift "+2s", "-0.5s" of `near`. Raises UsageError."""
    if text.startswith(("+", "-")):
        return near + (1 if text[0] == "+" else -1) * round(seconds(text[1:]) * SECOND)
    match = re.fullmatch(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", text)
    if match is not None and int(match[1]) < 24 and int(match[2]) < 60 and int(match[3]) < 60:
        whole = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        day_ns = whole * SECOND + int((match[4] or "0").ljust(9, "0"))
    elif re.fullmatch(r"\d\d:\d\d:\d\d[:;]\d\d\d?", text):
        return house.instant(text, near)
    else:
        raise UsageError(
            f"{shortened(text)} is not a time",
            todo="write 19:42:07, 19:42:07.250, a timecode 19:42:07:12, or a shift +2s, -0.5s",
        )
    show = house.tie.to_show(house.tie.midnight_wall_ns(house.zone) + day_ns)
    return min((show + day * DAY_SECONDS * SECOND for day in (-1, 0, 1)), key=lambda at: abs(at - near))
