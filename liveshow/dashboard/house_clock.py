"""What the clock of the screen shows: the time of day, or the house's timecode while there is one, with its name."""

from __future__ import annotations

from liveshow.dashboard import figures
from liveshow.events import TimecodeTied
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.state import ShowState


def house_clock(state: ShowState, now: int | None) -> tuple[str, str, str]:
    """HH:MM:SS; which timecode that is: "LTC", "MTC", with "no " before it when it is not heard any more and counts on by itself, and then
    the time of day. Both are "" when the clock shows the time of day itself."""
    if state.tie is None or now is None:
        return "--:--:--", "", ""
    house = house_time(state, state.tie, state.setup)
    source = house.source(now).split()[0]
    newest = max(state.timecodes, key=lambda e: e.n, default=None)
    day = figures.time_of_day(state.tie, now, state.setup.show.timezone)
    if newest is None or source not in ("LTC", "MTC"):
        return day, "", ""
    return house.running(now)[:8], source if isinstance(newest, TimecodeTied) else f"no {source}", day
