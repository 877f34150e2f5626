"""Where a show that is started lies: in the folder of its date, or in that of the day before when that show goes on past midnight."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from liveshow.errors import LiveshowError
from liveshow.events import ClockTied, JournalEvent, SessionEnded, SessionStarted
from liveshow.model import Setup
from liveshow.showfolder import journal
from liveshow.showfolder.state import BESIDE
from liveshow.timebase import SECOND, Tie

MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
GOES_ON_WITHIN = 6 * HOUR
"""Since its recorder wrote something, which it does every ten minutes (see :class:`liveshow.events.ClockTied`): more than the longest break
of a festival's day, with the machine switched off; less than from the end of a long night to when the next show is set up."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A show's folder. `words`: which it is and why, and how to have the other one; "" when there is none to choose."""

    path: Path
    words: str = ""


def folder_for(setup: Setup, slug: str, into: Path | None) -> Chosen:
    """Where this setup's show lies: `into`; or the folder of its date; or, after midnight, that of the day before when that show was not
    ended and was recorded a few hours ago (a crash at 00:10 goes on in the same show). One that nobody ended, or that cannot be read, keeps
    no other from being begun."""
    if into is not None:
        return Chosen(into)
    base = Path(setup.recording.folder)
    today = base / slug
    before = base / slug.replace(setup.show.date.isoformat(), (setup.show.date - timedelta(days=1)).isoformat(), 1)
    if today.exists() or not (before / "journal.jsonl").exists():
        return Chosen(today)
    try:
        recorded = _recorded_last(journal.read(before / "journal.jsonl"))
    except LiveshowError as exc:
        mend = f"`liveshow repair {before}` mends what can be, and `--into {before}` goes on with it"
        return Chosen(today, f"a new show, {today}: that of the day before cannot be read ({exc}); {mend}")
    if recorded is None:
        return Chosen(today)
    ago = abs(time.time_ns() - recorded)  # a wall clock that was set back a little is no reason to begin another show
    told = f"was not ended, and recorded last {_span(ago)} ago"
    if ago > GOES_ON_WITHIN:
        return Chosen(today, f"a new show, {today}: {before} {told}; `--into {before}` goes on with that one")
    return Chosen(before, f"going on with {before}: it {told}; `--into {today}` begins a new show")


def _recorded_last(events: Sequence[JournalEvent]) -> int | None:
    """When a show that was not ended was recorded last: the wall clock's UTC ns, by its newest tie, for it may have been set meanwhile.
    None when it was ended, or never begun. What was corrected afterwards is no recording."""
    sessions = [event for event in events if isinstance(event, (SessionStarted, SessionEnded))]
    if not sessions or not isinstance(sessions[-1], SessionStarted):
        return None
    tied = next(event for event in reversed(events) if isinstance(event, (SessionStarted, ClockTied)))
    said = next(event for event in reversed(events) if isinstance(event, (SessionStarted, *BESIDE))).said
    return Tie(tied.t, tied.wall).to_wall(tied.t + (said - tied.t) // sessions[-1].speed)


def _span(nanoseconds: int) -> str:
    """As a crew says it."""
    return f"{nanoseconds // HOUR} h" if nanoseconds >= HOUR else f"{nanoseconds // MINUTE} min"
