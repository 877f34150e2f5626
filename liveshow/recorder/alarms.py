"""Alarms: how what is wrong at a moment becomes something that stands, is acknowledged, and goes. No clock, no I/O.

What can be wrong is told by the sources in :mod:`liveshow.recorder.conditions`, about twice a second. A condition that held for its
`after` is raised as an alarm; an alarm is cleared when its condition was absent for five seconds, so that nothing flaps.

The ranks, worst first:

==== ============= =============================================================================================
0    RECORDER      nothing that the crew says is kept: the connection is gone, or the journal cannot be written
1    FEED_LOST     a feed does not record
2    FEED_UNPROVEN a feed says that it records, and the disk does not show it
3    DISK          the disk is full, or recording ends within five minutes for it will be
4    FAILING       it records, but with gaps, one picture again and again, or in a process that keeps dying; or the machine fails it
5    CONSENT       somebody says no to what was handed off
6    DISK_LOW      recording ends within half an hour, for the disk will be full
7    QUALITY       what is recorded is not what it should be: silent, clipped, black, at a wrong rate
8    MARK          a mark was refused (said by the dashboard where it was made)
9    HANDOFF       a segment was not handed off; nothing is lost
10   HANDS         what runs beside does not: buttons and dashboards on other machines get nowhere, nobody decodes what is recorded
==== ============= =============================================================================================

Down to DISK the recording itself is in danger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from liveshow.events import AlarmCleared, AlarmNow, AlarmRaised, FeedHealth, Proof
from liveshow.timebase import SECOND

SETTLING = 10 * SECOND
CLEAR_AFTER = 5 * SECOND
AFTER = 3 * SECOND // 2


class Rank(IntEnum):
    """How bad it is; lower is worse. The table above says what each means."""

    RECORDER = 0
    FEED_LOST = 1
    FEED_UNPROVEN = 2
    DISK = 3
    FAILING = 4
    CONSENT = 5
    DISK_LOW = 6
    QUALITY = 7
    MARK = 8
    HANDOFF = 9
    HANDS = 10


IN_DANGER = Rank.DISK


def feed_trouble(health: FeedHealth, proof: Proof) -> Rank | None:
    """How bad a feed's condition is; None: it is recording, and the disk shows it."""
    if health.state in ("lost", "failed", "stopped"):
        return Rank.FEED_LOST
    return None if proof.light == "proven" else Rank.FEED_UNPROVEN


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong at a moment. `about` names the feed, device, disk or segment, `kind` the fault; `what` says it in few
    words, `todo` what helps; `after`: ns for which it must hold before it is an alarm."""

    about: str
    kind: str
    rank: int
    what: str
    todo: str
    after: int = AFTER

    @property
    def alarm(self) -> str:
        """The alarm's name."""
        return f"{self.about}:{self.kind}"


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm: its condition in the newest words, since when (show-clock ns) it has held, and when it was last seen to hold."""

    condition: Condition
    since: int
    seen: int


@dataclass(frozen=True, slots=True)
class Alarms:
    """Those that stand, by name; `begun` are conditions that do not hold long enough yet, and since when they do."""

    standing: Mapping[str, Standing] = field(default_factory=dict)
    begun: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def taken_over(cls, raised: Mapping[str, AlarmRaised], now: int, speed: int = 1) -> Alarms:
        """As an earlier recorder left them in the journal; none is cleared before everything had time to settle."""
        return cls({name: Standing(_condition(event), event.t, now + SETTLING * speed) for name, event in raised.items()})

    def looked(self, held: Iterable[Condition], now: int, speed: int = 1) -> Alarms:
        """After a look at show-clock time `now` at which these conditions held. `speed`: that of the show clock; patience is the
        host's and grows with it."""
        found = {condition.alarm: condition for condition in held}
        begun = {name: self.begun.get(name, now) for name in found if name not in self.standing}
        kept = {
            name: replace(alarm, condition=found[name], seen=max(alarm.seen, now)) if name in found else alarm
            for name, alarm in self.standing.items()
            if name in found or now - alarm.seen < CLEAR_AFTER * speed
        }
        ripe = {name: since for name, since in begun.items() if now - since >= found[name].after * speed}
        raised = {name: Standing(found[name], since, now) for name, since in ripe.items()}
        return Alarms({**kept, **raised}, {name: since for name, since in begun.items() if name not in ripe})

    def unwritten(self, written: Mapping[str, AlarmRaised], now: int) -> tuple[AlarmRaised | AlarmCleared, ...]:
        """What the journal, by which these stand (see :class:`ShowState`), has yet to be told. Whatever could not be written
        before is in it, so that it may be tried again and again; one that went and came meanwhile is cleared and raised anew."""
        stands = {name: alarm.since for name, alarm in self.standing.items()}
        gone = [name for name, event in written.items() if stands.get(name) != event.t]
        new = [alarm for name, alarm in self.standing.items() if name not in written or name in gone]
        return (*(AlarmCleared(t=now, alarm=name) for name in gone), *map(_raised, new))

    def now(self, written: Mapping[str, AlarmRaised], acknowledged: Mapping[str, str]) -> tuple[AlarmNow, ...]:
        """Worst first, among equals the oldest. `acknowledged`: by whom those were that the journal has as `written`."""
        order = sorted(self.standing.values(), key=lambda alarm: (alarm.condition.rank, alarm.since))
        return tuple(_now(alarm, written.get(alarm.condition.alarm), acknowledged) for alarm in order)


def _condition(event: AlarmRaised) -> Condition:
    kind = event.alarm.removeprefix(f"{event.about}:")
    return Condition(event.about, kind, event.rank, event.what, event.todo)


def _raised(alarm: Standing) -> AlarmRaised:
    it = alarm.condition
    return AlarmRaised(t=alarm.since, alarm=it.alarm, rank=int(it.rank), about=it.about, what=it.what, todo=it.todo)


def _now(alarm: Standing, written: AlarmRaised | None, acknowledged: Mapping[str, str]) -> AlarmNow:
    it = alarm.condition
    known = written is not None and written.t == alarm.since
    return AlarmNow(
        alarm=it.alarm,
        rank=int(it.rank),
        about=it.about,
        what=it.what,
        todo=it.todo,
        since=alarm.since,
        acknowledged=acknowledged.get(it.alarm, "") if known else "",
    )
