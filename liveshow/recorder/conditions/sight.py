"""What the recorder sees at a moment, from which the sources tell what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from liveshow.errors import LiveshowError
from liveshow.events import (
    FeedHealth,
    FeedState,
    JournalEvent,
    Look,
    MirrorNow,
    Proof,
    SessionStarted,
    WorkerStarted,
)
from liveshow.model import Feed
from liveshow.recorder.alarms import SETTLING, Condition
from liveshow.recorder.machine_watch import Machine
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

RECENT = 60 * SECOND
STALE = 5 * SECOND
RETURNING = 3 * SECOND
"""For which a feed that was proven before, and begins again, may not be: one whose process was killed is, in about two."""
FIRST_DEAD = "disk:dead"
"""The alarm of a first disk that takes nothing."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the recorder sees at show-clock ns `now`.

    free: bytes on the disk; seconds_left: recording time on it at the present rate; recent: the journal of the last minute, oldest
    first; refusal: why the journal could not be written, the last time that it was tried; clipped: samples at full scale in the
    last ten seconds, by microphone; speed: that of the show clock (devices and disks have the host's pace); beside: why a verb that
    should run beside the show does not, by verb; mirror: how it stands, None when there is none; heard: the microphones that had a signal
    tonight, or may have had, before this recorder began; machine: how busy it is; withheld: why nothing is handed off at present.
    """

    now: int
    state: ShowState
    feeds: Mapping[str, FeedHealth]
    proofs: Mapping[str, Proof]
    free: int
    seconds_left: float | None
    recent: Sequence[JournalEvent] = ()
    refusal: LiveshowError | None = None
    clipped: Mapping[str, int] = field(default_factory=dict)
    speed: int = 1
    beside: Mapping[str, str] = field(default_factory=dict)
    mirror: MirrorNow | None = None
    withheld: str = ""
    heard: Collection[str] = ()
    machine: Machine = field(default_factory=Machine)

    def since(self, at: int) -> int:
        """The host's ns since show-clock ns `at`."""
        return (self.now - at) // self.speed

    def health(self, feed: Feed) -> FeedHealth:
        """A feed's, whether or not its worker was heard yet."""
        return self.feeds.get(feed.id, FeedHealth())

    def look(self, feed: Feed) -> Look | None:
        """What the prover saw of a feed that records; None while it did not look lately, or saw that nothing, or nothing new, can be
        read there: that is another matter."""
        proof = self.proofs.get(feed.id)
        look = proof.look if proof and self.health(feed).state == "recording" else None
        if look is None or look.why or look.at - look.until > STALE * self.speed:
            return None
        return look


Source = Callable[[Sight], Iterator[Condition]]


def recent(events: Sequence[JournalEvent], now: int, speed: int = 1) -> tuple[JournalEvent, ...]:
    """What was written down in the last minute."""
    first = len(events)
    while first and now - events[first - 1].said <= RECENT * speed:
        first -= 1
    return tuple(events[first:])


def settling(sight: Sight) -> bool:
    """Whether the recorder has only just begun."""
    return any(isinstance(e, SessionStarted) and sight.since(e.t) < SETTLING for e in sight.recent)


def changing_disks(sight: Sight) -> bool:
    """Whether recordings have only just gone to the mirror alone, or back to both disks: other files are to be proven from then on. As the
    alarm of the first disk tells, which stands for some seconds after it is good again."""
    dead = sight.state.alarms.get(FIRST_DEAD)
    alone = sight.mirror is not None and bool(sight.mirror.first)
    return dead is not None and not (alone and sight.since(dead.t) >= SETTLING)


def beginning(sight: Sight, feed: Feed) -> bool:
    """Whether a feed, or its process, has only just begun, and may not be proven yet. One that was proven before is opened as it was then,
    and its files are known: it has less time."""
    within = RETURNING if sight.proofs.get(feed.id, Proof()).at else SETTLING
    return any(sight.since(e.t) < within and _begins(e, feed) for e in sight.recent)


def _begins(event: JournalEvent, feed: Feed) -> bool:
    match event:
        case WorkerStarted():
            return event.device == feed.device
        case FeedState():
            return event.feed == feed.id and event.state == "recording"
        case _:
            return False


def because(why: str) -> str:
    """The reason, after a colon, when there is one."""
    return f": {why}" if why else ""
