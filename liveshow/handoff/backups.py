"""Which feed of a segment stands in for which: where a feed has a backup, the better of them is in the feed's track.

The choice is one for the whole segment, for a track that changes in the middle of a song helps nobody, and it falls out the same
whenever it is made: it comes from the parts, their gaps, the journal's alarms, and samples at full scale. The other one is in the
package, as a spare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import soundfile

from liveshow.errors import LiveshowError
from liveshow.events import AlarmCleared, AlarmRaised, JournalEvent
from liveshow.handoff.plan import FeedPlan, Plan, feed_plan, plan
from liveshow.model import Feed, FeedKind, Segment, Setup
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.recordings import Part
from liveshow.timebase import SECOND

POOR = ("silent", "noise", "hum", "dropouts", "clipping", "frozen", "black", "covered", "defocused")
"""Kinds of alarms about what is recorded, not about whether it is."""
MISSING_MORE = SECOND // 4
"""Missing less than that more than the other is not worth another angle or another microphone."""
POOR_MORE = 0.05  # of the segment, and no less than a second
BLOCK = 10  # of a second
FULL_SCALE = (1 << 23) - 1
CLIPPED, SILENT = 3, 10 ** (-70 / 20)  # samples at full scale in a block; peak of a segment in which nothing was plugged in


@dataclass(frozen=True, slots=True)
class Worth:
    """What is wrong with a feed in a segment, ns each: `missing`, and there but `poor`; `why`: the first words of it."""

    missing: int
    poor: int
    why: str

    def worse(self, other: Worth, length: int) -> bool:
        """Whether it is so much worse than another that the other is taken. `length` of the segment, ns."""
        if abs(self.missing - other.missing) >= MISSING_MORE:
            return self.missing > other.missing
        return self.poor - other.poor >= max(SECOND, round(POOR_MORE * length))


def plan_with_backups(folder: ShowFolder, setup: Setup, segment: Segment, events: Sequence[JournalEvent]) -> Plan:
    """What to take, of feeds that have a backup the better one first. Raises LiveshowError when the segment is open."""
    made = plan(folder, setup, segment, events)
    return with_backups(made, setup, lambda feed: feed_plan(folder, setup, made, feed, events), events)


def with_backups(made: Plan, setup: Setup, planned: Callable[[Feed], FeedPlan], events: Sequence[JournalEvent]) -> Plan:
    """The plan with the backups of its feeds beside them, and each feed's track given to the best. `planned` plans a further feed. A backup
    that is in the segment in its own right stays in its own track only."""
    feeds: list[FeedPlan] = []
    own = {feed.feed.id for feed in made.feeds}
    for feed in made.feeds:
        backups = [planned(backup) for backup in _backups(setup, feed.feed) if backup.id not in own]
        feeds += _chosen(made, feed, backups, events) if backups else [feed]
        own |= {backup.feed.id for backup in backups}
    return replace(made, feeds=tuple(feeds))


def _backups(setup: Setup, feed: Feed) -> Iterator[Feed]:
    """A feed's backup, and that one's."""
    known = {f.id: f for f in setup.feeds}
    met = {feed.id}
    while feed.backup and feed.backup not in met and feed.backup in known:
        feed = known[feed.backup]
        met.add(feed.id)
        yield feed


def _chosen(made: Plan, feed: FeedPlan, backups: Sequence[FeedPlan], events: Sequence[JournalEvent]) -> Iterator[FeedPlan]:
    """The best of them, which has the feed's track, and after it the others."""
    length = made.end - made.start
    worth = {plan.feed.id: _worth(made, plan, events) for plan in (feed, *backups)}
    best = feed
    for backup in backups:
        if worth[best.feed.id].worse(worth[backup.feed.id], length):
            best = backup
    if best is not feed:
        yield replace(best, performers=feed.performers, stands_in_for=feed.feed.id, why=worth[feed.feed.id].why)
        yield replace(feed, spare=f"{best.feed.id} stands in for it: it {worth[feed.feed.id].why}")
    else:
        yield feed
    for backup in backups:
        if backup is not best and backup.parts:
            yield replace(backup, performers=feed.performers, spare=f"backup of {feed.feed.id}")


def _worth(made: Plan, plan: FeedPlan, events: Sequence[JournalEvent]) -> Worth:
    missing = sum(hole.end - hole.start for hole in plan.holes)
    spans = [*_alarmed(made, plan.feed, events), *_heard_poor(made, plan)]
    poor = sum(end - start for start, end, _ in spans)
    if missing >= MISSING_MORE:
        return Worth(missing, poor, f"lacks {missing / SECOND:.1f} s: {plan.holes[0].why}")
    return Worth(missing, poor, f"is {spans[0][2]} for {poor / SECOND:.1f} s" if spans else "")


def _alarmed(made: Plan, feed: Feed, events: Sequence[JournalEvent]) -> Iterator[tuple[int, int, str]]:
    """Where an alarm about a feed stood within the segment, and which; as long as it stands it is taken to last."""
    since: dict[str, int] = {}
    for event in events:
        if isinstance(event, AlarmRaised) and event.about == feed.id and event.alarm.removeprefix(f"{feed.id}:") in POOR:
            since[event.alarm] = event.t
        elif isinstance(event, AlarmCleared) and event.alarm in since:
            yield from _within(made, since.pop(event.alarm), event.t, event.alarm)
    for alarm, start in since.items():
        yield from _within(made, start, made.end, alarm)


def _within(made: Plan, start: int, end: int, alarm: str) -> Iterator[tuple[int, int, str]]:
    start, end = max(start, made.start), min(end, made.end)
    if start < end:
        yield start, end, alarm.split(":")[1]


def _heard_poor(made: Plan, plan: FeedPlan) -> Iterator[tuple[int, int, str]]:
    """Of a microphone: tenths of a second that are clipped, or all of it when there was never a signal."""
    if plan.feed.kind is not FeedKind.MIC:
        return
    peak = 0.0
    for part in plan.parts:
        try:
            for start, end, clipped, loudest in _blocks(made, part):
                peak = max(peak, loudest)
                if clipped >= CLIPPED:
                    yield start, end, "clipped"
        except (OSError, soundfile.LibsndfileError, LiveshowError):
            continue  # what cannot be read is a hole, said elsewhere
    if plan.parts and peak < SILENT:
        yield made.start, made.end, "silent"


def _blocks(made: Plan, part: Part) -> Iterator[tuple[int, int, int, float]]:
    """Start and end (show clock) of each tenth of a second between in and out, its samples at full scale, and its peak from 0 to 1."""
    with soundfile.SoundFile(part.file) as sound:
        first, last = (round(min(max(part.to_position(at), 0), part.length)) for at in (made.start, made.end))
        sound.seek(min(first, sound.frames))
        size = max(1, sound.samplerate // BLOCK)
        for position in range(first, last, size):
            samples = sound.read(min(size, last - position), dtype="int32") >> 8
            if not samples.size:
                return
            loud = np.abs(samples)
            at = part.to_ns(position), part.to_ns(position + samples.size)
            yield *at, int(np.count_nonzero(loud >= FULL_SCALE)), float(loud.max()) / FULL_SCALE
