"""What the clock of the screen shows: the time of day, or the house's timecode while there is one, with its name."""

from __future__ import annotations

from liveshow.dashboard import figures
from liveshow.events import TimecodeTied
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.state import ShowState


def house_clock(state: ShowState, now: int | None) -> tuple[str, str]:
    """HH:MM:SS, and which timecode that is: "LTC", "MTC", with "no " before it when it is not heard any more and counts on by itself;
    "" for the time of day."""
    if state.tie is None or now is None:
        return "--:--:--", ""
    house = house_time(state, state.tie, state.setup)
    source = house.source(now).split()[0]
    newest = max(state.timecodes, key=lambda e: e.n, default=None)
    if newest is None or source not in ("LTC", "MTC"):
        return figures.time_of_day(state.tie, now, state.setup.show.timezone), ""
    return house.running(now)[:8], source if isinstance(newest, TimecodeTied) else f"no {source}"
