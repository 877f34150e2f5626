"""The log of alarms: when each was raised, acknowledged and cleared, from the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from liveshow.events import AlarmAcknowledged, AlarmCleared, AlarmRaised, JournalEvent

Deed = Literal["raised", "acknowledged", "cleared"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `at`: show-clock ns; `about` and `what` as the alarm was raised; `by`: who acknowledged it; `lasted`: ns from raised
    to cleared."""

    at: int
    deed: Deed
    alarm: str
    about: str
    what: str
    by: str = ""
    lasted: int = 0


def log_of(events: Iterable[JournalEvent]) -> tuple[Entry, ...]:
    """Everything that became of alarms, newest first."""
    raised: dict[str, AlarmRaised] = {}
    entries: list[Entry] = []
    for event in events:
        if isinstance(event, AlarmRaised):
            raised[event.alarm] = event
        if isinstance(event, (AlarmRaised, AlarmAcknowledged, AlarmCleared)) and event.alarm in raised:
            entries.append(_entry(event, raised[event.alarm]))
    return tuple(reversed(entries))


def _entry(event: AlarmRaised | AlarmAcknowledged | AlarmCleared, raised: AlarmRaised) -> Entry:
    it = raised.alarm, raised.about, raised.what
    match event:
        case AlarmRaised():
            return Entry(event.t, "raised", *it)
        case AlarmAcknowledged():
            return Entry(event.t, "acknowledged", *it, by=event.by)
        case AlarmCleared():
            return Entry(event.t, "cleared", *it, lasted=max(0, event.t - raised.t))
