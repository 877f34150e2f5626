"""Times and sizes as the crew reads them: short, of constant width, never in scientific notation."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from liveshow.timebase import SECOND, Tie


def clock(ns: int) -> str:
    """H:MM:SS of a length in nanoseconds, floored; negative lengths read 0."""
    seconds = max(0, ns) // SECOND
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def length(ns: int) -> str:
    """M:SS below an hour, H:MM:SS from there on."""
    seconds = max(0, ns) // SECOND
    return f"{seconds // 60}:{seconds % 60:02}" if seconds < 3600 else clock(ns)


def time_of_day(tie: Tie, ns: int, zone: str) -> str:
    """HH:MM:SS in the show's zone of a show-clock time."""
    return tie.utc(ns).astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")


def hours(seconds: float | None) -> str:
    """How long the disk lasts: "11 h 20 min", "25 min", "over 99 h"."""
    if seconds is None:
        return "… h"
    minutes = int(max(0.0, seconds) // 60)
    if minutes >= 99 * 60:
        return "over 99 h"
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def size(count: float) -> str:
    """Bytes in decimal units, three figures: "412 GB", "8.1 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.1f} {unit}" if unit != "B" and count < 9.95 else f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def rate(per_second: float, camera: bool) -> str:
    """Pictures a second ("29.97/s"), or samples a second in thousands ("48.0k")."""
    if per_second <= 0:
        return "–"
    return f"{per_second:.1f}/s" if camera else f"{per_second / 1000:.1f}k"
