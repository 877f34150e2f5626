"""What can be wrong, source by source: each is a small function from what the recorder sees to the conditions that hold.

A further source is one function here and one line in `SOURCES`. Sources keep nothing: what lies back is in `recent` and `clipped`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from liveshow.errors import LiveshowError
from liveshow.events import (
    AlarmNow,
    FeedHealth,
    FeedState,
    Gap,
    JournalEvent,
    Proof,
    SessionStarted,
    TimecodeLost,
    TimecodeTied,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.model import Consent, Device, Feed, FeedKind
from liveshow.recorder.alarms import SETTLING, Alarms, Condition, Rank, feed_trouble
from liveshow.recorder.dismissal import DISMISSED
from liveshow.recorder.series import ROOM_TO_GO_ON
from liveshow.recorder.supervisor import REPLACED
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND
from liveshow.timebase.anchor import in_step

RECENT = 60 * SECOND
DROPPING_FOR, DROPPING = 30 * SECOND, 3
DYING = 3
CLIPPED = 3  # samples at full scale; fewer are not heard as an over
MIC_RATE, CAMERA_RATE = 0.04, 0.2  # shares that a rate may be off
DISK_SOON, DISK_LOW = 5 * 60, 30 * 60
TIMECODE_WITHIN = 30 * SECOND  # of the show's beginning
MEANT = ("stopped", REPLACED, DISMISSED)


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the recorder sees at show-clock ns `now`.

    free: bytes on the disk; seconds_left: recording time on it at the present rate; recent: the journal of the last minute, oldest
    first; refusal: why the journal could not be written, the last time that it was tried; clipped: samples at full scale in the
    last ten seconds, by microphone; speed: that of the show clock (devices and disks have the host's pace).
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

    def since(self, at: int) -> int:
        """The host's ns since show-clock ns `at`."""
        return (self.now - at) // self.speed

    def health(self, feed: Feed) -> FeedHealth:
        """A feed's, whether or not its worker was heard yet."""
        return self.feeds.get(feed.id, FeedHealth())


Source = Callable[[Sight], Iterator[Condition]]


def conditions(sight: Sight) -> tuple[Condition, ...]:
    """Everything that is wrong at this moment."""
    return tuple(condition for source in SOURCES for condition in source(sight))


def recent(events: Sequence[JournalEvent], now: int, speed: int = 1) -> tuple[JournalEvent, ...]:
    """What was written down in the last minute."""
    first = len(events)
    while first and now - events[first - 1].said <= RECENT * speed:
        first -= 1
    return tuple(events[first:])


# The recorder and its disk ---------------------------------------------------------------------------------------


def journal_unwritten(sight: Sight) -> Iterator[Condition]:
    """The journal takes nothing."""
    if sight.refusal is not None:
        what = sight.refusal.what.removeprefix("the journal ")
        yield Condition("journal", "unwritten", Rank.RECORDER, what, sight.refusal.todo, after=0)


def disk(sight: Sight) -> Iterator[Condition]:
    """The disk is full, or will be."""
    todo = "free some room on the disk that is recorded to"
    left = sight.seconds_left
    if sight.free < ROOM_TO_GO_ON:
        yield Condition("disk", "full", Rank.DISK, f"full: {sight.free / 1e6:.0f} MB are left", todo)
    elif left is None or _settling(sight):
        return
    elif left < DISK_SOON:
        yield Condition("disk", "full", Rank.DISK, f"full in {left / 60:.0f} min", todo)
    elif left < DISK_LOW:
        yield Condition("disk", "low", Rank.DISK_LOW, f"full in {left / 60:.0f} min", todo)


# Feeds -----------------------------------------------------------------------------------------------------------


def lost(sight: Sight) -> Iterator[Condition]:
    """A feed does not record."""
    for feed, health in _feeds(sight):
        if feed_trouble(health, Proof()) is Rank.FEED_LOST:
            todo = "check cable and power; it is opened again by itself"
            yield Condition(feed.id, "lost", Rank.FEED_LOST, f"{health.state}{_because(health.why)}", todo, after=SECOND)


def unproven(sight: Sight) -> Iterator[Condition]:
    """A feed that should record, and that cannot be seen to on the disk; not while it may still be opening."""
    for feed, health in _feeds(sight):
        proof = sight.proofs.get(feed.id, Proof())
        if feed_trouble(health, proof) is Rank.FEED_UNPROVEN and not _settling(sight, feed):
            todo = "look at the disk, and at `liveshow status`"
            yield Condition(feed.id, "unproven", Rank.FEED_UNPROVEN, f"not proven{_because(proof.why or health.why)}", todo)


def unsafe(sight: Sight) -> Iterator[Condition]:
    """A feed that is written, but not brought to the disk itself: a power cut would cost what was written."""
    for feed, health in _feeds(sight):
        if health.state == "recording" and health.why:
            todo = "look at the disk: is it full, read-only, unplugged?"
            yield Condition(feed.id, "unsafe", Rank.FEED_UNPROVEN, health.why, todo, after=2 * SECOND)


def dropping(sight: Sight) -> Iterator[Condition]:
    """A feed with one gap after the other."""
    for feed in sight.state.setup.feeds:
        gaps = [e for e in sight.recent if isinstance(e, Gap) and e.feed == feed.id and sight.since(e.until) < DROPPING_FOR]
        if len(gaps) >= DROPPING:
            what = f"{len(gaps)} gaps in {DROPPING_FOR // SECOND} s: {gaps[-1].why}"
            what_helps = "its network or cable" if feed.kind is FeedKind.CAMERA else "its cable and USB hub"
            todo = f"check {what_helps}, and what else keeps this machine busy"
            yield Condition(feed.id, "dropping", Rank.FAILING, what, todo, after=0)


def dying(sight: Sight) -> Iterator[Condition]:
    """A device whose process does not live long."""
    for device in sight.state.setup.devices:
        ends = [e.how for e in sight.recent if isinstance(e, WorkerEnded) and e.device == device.id and e.how not in MEANT]
        if len(ends) >= DYING:
            todo = f"unplug the device and plug it in again; cache/log/{device.id}.log in the show folder says more"
            what = f"its process died {len(ends)} times in a minute ({ends[-1]})"
            yield Condition(device.id, "dying", Rank.FAILING, what, todo, after=0)


def clipping(sight: Sight) -> Iterator[Condition]:
    """A microphone at full scale."""
    for feed, count in sight.clipped.items():
        if count >= CLIPPED:
            yield Condition(
                feed, "clipping", Rank.QUALITY, f"clips: {count} samples in 10 s", "turn its gain down", after=SECOND
            )


def wrong_rate(sight: Sight) -> Iterator[Condition]:
    """A device that delivers more or less than it was opened for. Of cameras only those are judged that were asked for a rate."""
    for device in sight.state.setup.devices:
        wanted, share = _asked(device)
        for feed in device.feeds:
            health = sight.health(feed)
            if wanted and health.state == "recording" and health.rate and abs(health.rate / wanted - 1) > share:
                what = f"delivers {health.rate:.6g} a second, asked for {wanted:.6g}"
                todo = "set the rate right, at the device or in the setup"
                yield Condition(feed.id, "rate", Rank.QUALITY, what, todo, after=5 * SECOND)


def _asked(device: Device) -> tuple[float, float]:
    """The rate that a device was asked for (0: none), and the share by which it may be off."""
    fps = device.options.get("fps", 0)
    if device.kind is FeedKind.CAMERA:
        return float(fps), CAMERA_RATE
    return float(device.sample_rate), MIC_RATE


def _feeds(sight: Sight) -> Iterator[tuple[Feed, FeedHealth]]:
    return ((feed, sight.health(feed)) for feed in sight.state.setup.feeds)


def _settling(sight: Sight, feed: Feed | None = None) -> bool:
    """Whether the recorder, or a feed's process, or the feed has only just begun."""
    return any(sight.since(e.t) < SETTLING and _begins(e, feed) for e in sight.recent)


def _begins(event: JournalEvent, feed: Feed | None) -> bool:
    match event:
        case SessionStarted():
            return True
        case WorkerStarted():
            return feed is not None and event.device == feed.device
        case FeedState():
            return feed is not None and event.feed == feed.id and event.state == "recording"
        case _:
            return False


def timecode(sight: Sight) -> Iterator[Condition]:
    """The house's timecode, which the setup says there is, is not heard, or counts otherwise than the show is edited."""
    setup, ties = sight.state.setup, sight.state.timecodes
    about = setup.timecode.ltc or ("mtc" if setup.timecode.mtc else "")
    newest = max(ties, key=lambda e: e.n, default=None)
    if not about:
        return
    todo = "check that it is sent, and its cable and level"
    if newest is None and sight.since(sight.state.started) > TIMECODE_WITHIN:
        yield Condition(about, "timecode", Rank.QUALITY, "no timecode is heard: labels are the time of day", todo)
    elif isinstance(newest, TimecodeLost):
        yield Condition(about, "timecode", Rank.QUALITY, "timecode is not heard any more: labels count on by themselves", todo)
    elif isinstance(newest, TimecodeTied) and not in_step(setup.show.frame_rate, Fraction(newest.rate)):
        what = f"timecode counts {newest.rate} frames a second, and frame_rate in the setup is {setup.show.frame_rate}"
        yield Condition(about, "timecode-rate", Rank.QUALITY, what, "set both to the rate that the show is edited at")


# Hand-off --------------------------------------------------------------------------------------------------------


def consent_withdrawn(sight: Sight) -> Iterator[Condition]:
    """Somebody says no to what was handed off already."""
    state = sight.state
    for segment, handed in state.handed.items():
        found = state.segment(segment)
        against = [p for p in (found.performers if found else ()) if state.consent(p, segment) is Consent.NO]
        if against:
            people = (state.setup.performer(p) for p in against)
            names = ", ".join(person.name if person else p for p, person in zip(against, people, strict=True))
            todo = f"take {handed.slug} out of the library, and tell whoever pulled it"
            yield Condition(segment, "consent", Rank.CONSENT, f"handed off, and {names} said no", todo, after=0)


def handoff_failed(sight: Sight) -> Iterator[Condition]:
    """A segment that may be handed off, and could not be."""
    for segment, failed in sight.state.failed.items():
        found = sight.state.segment(segment)
        if found is not None and sight.state.releasable(found):
            todo = "after the show: `liveshow handoff`"
            yield Condition(segment, "handoff", Rank.HANDOFF, f"not handed off{_because(failed.why)}", todo, after=0)


def _because(why: str) -> str:
    return f": {why}" if why else ""


OF_STATE: tuple[Source, ...] = (consent_withdrawn, handoff_failed)
"""Those that the journal alone tells, also when no recorder runs."""


def without_recorder(state: ShowState, now: int) -> tuple[AlarmNow, ...]:
    """The alarms of a show that nobody records, at show-clock ns `now`: what the journal alone tells."""
    blind = Sight(now=now, state=state, feeds={}, proofs={}, free=0, seconds_left=None)
    held = [condition for source in OF_STATE for condition in source(blind)]
    left = {c.alarm: state.alarms[c.alarm] for c in held if c.alarm in state.alarms}
    return Alarms.taken_over(left, now).looked(held, now).now(state.alarms, state.acknowledged)


SOURCES: tuple[Source, ...] = (
    journal_unwritten,
    disk,
    lost,
    unproven,
    unsafe,
    dropping,
    dying,
    clipping,
    wrong_rate,
    timecode,
    *OF_STATE,
)
