"""What can be wrong with a feed, or with the process that records its device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from liveshow.events import FeedHealth, Gap, Look, Proof, WorkerEnded
from liveshow.model import Device, Feed, FeedKind
from liveshow.recorder.alarms import AFTER, Condition, Rank, feed_trouble
from liveshow.recorder.conditions.sight import RECENT, Sight, because, beginning, changing_disks, settling
from liveshow.recorder.dismissal import DISMISSED
from liveshow.recorder.mirror_standing import on_mirror
from liveshow.recorder.series import KILLED
from liveshow.recorder.supervisor import REPLACED
from liveshow.timebase import SECOND

DROPPING_FOR = 30 * SECOND
DYING = 3
COUNTED_FOR = 5 * SECOND
STEADY_FOR = 10 * SECOND  # four looks
FAR = 20.0  # per cent
# why a feed failed, when it is not the feed's fault
OF_DISK = ("the part cannot be", "the timing cannot be", "the disk is full")
TO_OPEN = "check cable and power; it is opened again by itself"
TO_DISK = "look after the disk that is recorded to; recording goes on by itself as soon as it takes it"
MEANT = ("stopped", REPLACED, DISMISSED)


def lost(sight: Sight) -> Iterator[Condition]:
    """A feed does not record."""

    def of(feed: Feed) -> Condition | None:
        health = sight.health(feed)
        if feed_trouble(health, Proof()) is not Rank.FEED_LOST:
            return None
        what = f"{health.state}{because(_why(feed, health.why))}{_backed(sight, feed)}"
        remedy = TO_DISK if any(words in health.why for words in OF_DISK) else TO_OPEN
        return Condition(feed.id, "lost", Rank.FEED_LOST, what, remedy, after=SECOND)

    return together(sight, of)


def _backed(sight: Sight, feed: Feed) -> str:
    """Whether its backup records, which the hand-off then takes; "" for a feed that has none."""
    backup = next((f for f in sight.state.setup.feeds if f.id == feed.backup), None)
    if backup is None:
        return ""
    records = sight.health(backup).state == "recording"
    return f"; its backup {backup.id} {'records' if records else 'does not record either'}"


def unproven(sight: Sight) -> Iterator[Condition]:
    """A feed that should record, and that cannot be seen to on the disk."""

    def of(feed: Feed) -> Condition | None:
        health, proof = sight.health(feed), _proof(sight, feed)
        if feed_trouble(health, proof) is not Rank.FEED_UNPROVEN:
            return None
        what = f"not proven{because(_why(feed, proof.why or health.why))}"
        todo = TO_OPEN if health.state == "opening" else "look at the disk, and at `liveshow status`"
        return Condition(feed.id, "unproven", Rank.FEED_UNPROVEN, what, todo, _patience(sight, feed))

    return together(sight, of)


def _proof(sight: Sight, feed: Feed) -> Proof:
    """That of the disk which has the feed."""
    proof = sight.proofs.get(feed.id, Proof())
    if sight.mirror is None or not on_mirror_only(sight.health(feed)):
        return proof
    return on_mirror(proof, sight.mirror.proofs.get(feed.id, Proof()))


def _patience(sight: Sight, feed: Feed) -> int:
    """Ns for which a feed may not be proven. While it may still be opening that is no alarm yet, and an alarm that stands stays."""
    if settling(sight) or changing_disks(sight) or beginning(sight, feed):
        return RECENT
    health = sight.health(feed)
    waited = health.state == "recording" and not on_mirror_only(health)  # for the disk, already
    return SECOND // 2 if waited else AFTER


def unsafe(sight: Sight) -> Iterator[Condition]:
    """A feed that is written, but not brought to the disk itself: a power cut would cost what was written. It is said at once where nothing
    else has it: what a disk refused once is lost, whatever it says later."""
    todo = "look at the disk: is it full, read-only, unplugged?"

    def of(feed: Feed) -> Condition | None:
        health = sight.health(feed)
        if health.state != "recording" or not health.why or on_mirror_only(health):
            return None
        on_mirror = health.mirror is not None and not health.mirror.why
        return Condition(feed.id, "unsafe", Rank.FEED_UNPROVEN, health.why, todo, after=2 * SECOND if on_mirror else 0)

    return together(sight, of)


def dropping(sight: Sight) -> Iterator[Condition]:
    """A feed with one gap after the other. That its process was killed is another matter (see `dying`)."""
    late = [e for e in sight.recent if isinstance(e, Gap) and e.why != KILLED and sight.since(e.until) < DROPPING_FOR]

    def of(feed: Feed) -> Condition | None:
        gaps = [e for e in late if e.feed == feed.id]
        if not feed.alarms.dropping or len(gaps) < feed.alarms.dropping:
            return None
        what = f"{len(gaps)} gaps in {DROPPING_FOR // SECOND} s{because(_why(feed, gaps[-1].why))}"
        where = "its network or cable" if feed.kind is FeedKind.CAMERA else "its cable and USB hub"
        return Condition(
            feed.id, "dropping", Rank.FAILING, what, f"check {where}, and what else keeps this machine busy", after=0
        )

    return together(sight, of)


def dying(sight: Sight) -> Iterator[Condition]:
    """A device whose process does not live long."""
    for device in sight.state.setup.devices:
        ends = [e.how for e in sight.recent if isinstance(e, WorkerEnded) and e.device == device.id and e.how not in MEANT]
        if len(ends) >= DYING:
            todo = f"unplug the device and plug it in again; cache/log/{device.id}.log in the show folder says more"
            what = f"its process died {len(ends)} times in a minute ({ends[-1]})"
            yield Condition(device.id, "dying", Rank.FAILING, what, todo, after=0)


def wrong_rate(sight: Sight) -> Iterator[Condition]:
    """A device that delivers more or less than it was opened for, or a camera nobody asked for a rate than it announces and kept before."""
    asked = {feed.id: _asked(device) for device in sight.state.setup.devices for feed in device.feeds}

    def of(feed: Feed) -> Condition | None:
        health, look = sight.health(feed), sight.look(feed)
        if not feed.alarms.rate or health.state != "recording":
            return None
        off = _far_off(feed, health, look, asked[feed.id]) or _steadily_off(feed, health, look, asked[feed.id])
        if off is None:
            return None
        what = f"at {off.rate:.6g} a second, {'asked for' if asked[feed.id] else 'announced'} {off.wanted:.6g}"
        todo = "set the rate right, at the device or in the setup"
        if feed.kind is FeedKind.CAMERA and off.rate < off.wanted:
            todo += "; in little light, switch off what makes its exposure longer"
        return Condition(feed.id, "rate", Rank.QUALITY, what, todo, off.after)

    return together(sight, of)


class _Off(NamedTuple):
    """A rate that is not the one that is wanted, and the ns for which it must be so."""

    rate: float
    wanted: float
    after: int


def _far_off(feed: Feed, health: FeedHealth, look: Look | None, asked: float) -> _Off | None:
    """By as much as nothing else explains. The steps of a camera's own clock are believed at once; what arrives is counted for longer, for
    a network that hung brings nothing and then all."""
    limit = max(feed.alarms.rate, FAR) / 100 if feed.kind is FeedKind.CAMERA else feed.alarms.rate / 100
    for rate, after in ((look and look.rate, 0), (health.rate, COUNTED_FOR)):
        if asked and rate and abs(rate / asked - 1) > limit:
            return _Off(rate, asked, after)
    return None


def _steadily_off(feed: Feed, health: FeedHealth, look: Look | None, asked: float) -> _Off | None:
    """By a little, in the steps of a camera's clock and in what arrives alike, look after look. Steps that are irregular, pictures that
    are missing and a network that hangs show in one of both, or for a moment."""
    if look is None or not look.rate or not health.rate or not (wanted := asked or look.announced):
        return None
    limit = feed.alarms.rate / 100
    if min(look.rate, health.rate) / wanted - 1 > limit or 1 - max(look.rate, health.rate) / wanted > limit:
        return _Off(look.rate, wanted, STEADY_FOR)
    return None


def _asked(device: Device) -> float:
    """The rate that a device was asked for; 0: none."""
    return float(device.options.get("fps", 0)) if device.kind is FeedKind.CAMERA else float(device.sample_rate)


def together(sight: Sight, of: Callable[[Feed], Condition | None]) -> Iterator[Condition]:
    """The same of every feed, but once for a device whose microphones are all concerned: 32 alarms would say no more than one."""
    for device in sight.state.setup.devices:
        found = [condition for feed in device.feeds if (condition := of(feed)) is not None]
        if len(found) == len(device.feeds) > 1:
            yield replace(found[0], about=device.id, what=f"all {len(found)} microphones {found[0].what}")
        else:
            yield from found


def on_mirror_only(health: FeedHealth) -> bool:
    """Whether the first disk takes nothing of a feed and the mirror does, which is one alarm for all feeds (see `mirror.first_disk`)."""
    return health.mirror is not None and bool(health.mirror.first) and not health.mirror.why


def _why(feed: Feed, why: str) -> str:
    """A reason without the name that stands before it anyway."""
    return why.removeprefix(f"{feed.id}: ").removeprefix(f"{feed.device}: ")
