"""Every source, and what they say together."""

from __future__ import annotations

from dataclasses import replace

from liveshow.events import AlarmNow
from liveshow.recorder.alarms import Alarms, Condition
from liveshow.recorder.conditions.clocks import clock_set, drifting, out_of_step
from liveshow.recorder.conditions.feeds import dropping, dying, lost, unproven, unsafe, wrong_rate
from liveshow.recorder.conditions.handoff import consent_withdrawn, handoff_failed, withheld
from liveshow.recorder.conditions.machine import (
    disk,
    journal_unwritten,
    not_beside,
    short_of_cpu,
    short_of_memory,
    slow_disk,
    unproved,
)
from liveshow.recorder.conditions.mirror import first_disk, mirror_disk, mirror_late, mirror_unproven
from liveshow.recorder.conditions.pictures import black, covered, defocused, frozen
from liveshow.recorder.conditions.sight import Sight, Source
from liveshow.recorder.conditions.sound import clipping, dropouts, hum, noise, silent
from liveshow.recorder.conditions.timecode import timecode
from liveshow.showfolder.state import ShowState

OF_STATE: tuple[Source, ...] = (consent_withdrawn, handoff_failed)
"""Those that the journal alone tells, also when no recorder runs."""

SOURCES: tuple[Source, ...] = (
    journal_unwritten,
    disk,
    first_disk,
    mirror_late,
    mirror_unproven,
    mirror_disk,
    lost,
    unproven,
    unsafe,
    dropping,
    dying,
    slow_disk,
    short_of_cpu,
    short_of_memory,
    frozen,
    black,
    covered,
    defocused,
    silent,
    noise,
    hum,
    dropouts,
    clipping,
    wrong_rate,
    drifting,
    out_of_step,
    clock_set,
    timecode,
    unproved,
    not_beside,
    withheld,
    *OF_STATE,
)


def conditions(sight: Sight) -> tuple[Condition, ...]:
    """Everything that is wrong at this moment."""
    return tuple(condition for source in SOURCES for condition in source(sight))


def without_recorder(state: ShowState, now: int) -> tuple[AlarmNow, ...]:
    """The alarms of a show that nobody records, at show-clock ns `now`: what the journal alone tells."""
    blind = Sight(now=now, state=state, feeds={}, proofs={}, free=0, seconds_left=None)
    held = [replace(condition, after=0) for source in OF_STATE for condition in source(blind)]  # nobody is at work on it
    left = {c.alarm: state.alarms[c.alarm] for c in held if c.alarm in state.alarms}
    return Alarms.taken_over(left, now).looked(held, now).now(state.alarms, state.acknowledged)
