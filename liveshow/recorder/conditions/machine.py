"""What can be wrong with the recorder itself and its disk."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.events import Proof
from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.sight import Sight, because, settling
from liveshow.recorder.first_disk import ROOM_TO_GO_ON
from liveshow.timebase import SECOND

DISK_SOON, DISK_LOW = 5 * 60, 30 * 60  # seconds until recording ends
SLOW_DISK = 5.0  # seconds
BUSY, TOO_LATE = 0.9, 0.4  # share of all processors; seconds
LEAST_MEMORY, LEAST_SHARE = 400_000_000, 0.05
AWAY = 15 * SECOND
PROVE = "prove"


def journal_unwritten(sight: Sight) -> Iterator[Condition]:
    """The journal takes nothing."""
    if sight.refusal is not None:
        what = sight.refusal.what.removeprefix("the journal ")
        yield Condition("journal", "unwritten", Rank.RECORDER, what, sight.refusal.todo, after=0)


def not_beside(sight: Sight) -> Iterator[Condition]:
    """What should run beside the show does not: buttons and dashboards on other machines get nowhere, or no MIDI timecode is heard."""
    todo = "put it right in the setup; keys on this machine work, and everything is recorded all the same"
    for verb, why in sight.beside.items():
        if verb != PROVE:
            what = f"`liveshow {verb}` does not run{because(why)}"
            yield Condition(verb, "ended", Rank.HANDS, what, todo, after=5 * SECOND)


def unproved(sight: Sight) -> Iterator[Condition]:
    """Nobody decodes what is recorded: that the recordings grow is proven, and not that they can be played."""
    recorded = [feed.id for feed in sight.state.setup.feeds if sight.health(feed).state == "recording"]
    blind = [feed for feed in recorded if sight.proofs.get(feed, Proof()).look is None]
    if blind and not settling(sight):
        why = sight.beside.get(PROVE, "")
        what = f"nobody decodes what is recorded of {blind[0] if len(blind) == 1 else f'{len(blind)} feeds'}{because(why)}"
        todo = "it is started again by itself; cache/log/prover.log in the show folder says more"
        yield Condition("proof", "away", Rank.HANDS, what, todo, after=AWAY)


def slow_disk(sight: Sight) -> Iterator[Condition]:
    """The disk takes long to keep what is written: a power cut would cost as much, and it may not keep up."""
    takes = {feed: health.sync for feed, health in sight.feeds.items() if health.sync >= SLOW_DISK}
    if takes:
        slowest = max(takes, key=takes.__getitem__)
        what = f"slow: it takes {takes[slowest]:.0f} s to keep what is written ({slowest})"
        yield Condition("disk", "slow", Rank.FAILING, what, "see what else writes to it, and how it is connected")


def short_of_cpu(sight: Sight) -> Iterator[Condition]:
    """Everything is busy, so that the recorder itself comes late."""
    if sight.machine.busy >= BUSY and sight.machine.late >= TOO_LATE:
        what = f"every processor is busy, and the recorder comes {sight.machine.late:.1f} s late"
        yield Condition("machine", "cpu", Rank.FAILING, what, "close what else runs on this machine", after=3 * SECOND)


def short_of_memory(sight: Sight) -> Iterator[Condition]:
    """There is hardly any memory left."""
    machine = sight.machine
    if machine.memory and machine.free < min(LEAST_MEMORY, machine.memory * LEAST_SHARE):
        what = f"{machine.free / 1e6:.0f} MB of memory are left"
        yield Condition("machine", "memory", Rank.FAILING, what, "close what else runs on this machine", after=3 * SECOND)


def until_reserve(sight: Sight, left: float) -> float:
    """Seconds until nothing more is recorded on a disk that lasts for `left`: not until it is full, but until the reserve is touched."""
    return max(0.0, left - sight.state.setup.recording.reserve_minutes * 60)


def ends_in(sight: Sight, left: float) -> str:
    """What will be then, where nothing else is recorded to."""
    reserved = sight.state.setup.recording.reserve_minutes > 0
    return f"{'recording ends' if reserved else 'full'} in {until_reserve(sight, left) / 60:.0f} min"


def _goes_on(sight: Sight) -> bool:
    return sight.mirror is not None and not sight.mirror.same_disk and not sight.mirror.why


def _at_the_end(sight: Sight) -> str:
    """What becomes of the recording when nobody does anything about it."""
    minutes = sight.state.setup.recording.reserve_minutes
    return f"{minutes:g} min before it is full, recording {'goes on on the mirror only' if _goes_on(sight) else 'ends'}"


def disk(sight: Sight) -> Iterator[Condition]:
    """The disk is full, or recording on it will soon end."""
    todo = f"free some room on the disk that is recorded to; {_at_the_end(sight)}"
    left = sight.seconds_left
    if sight.mirror is not None and sight.mirror.first:
        return
    if sight.free < ROOM_TO_GO_ON:
        yield Condition("disk", "full", Rank.DISK, f"full: {sight.free / 1e6:.0f} MB are left", todo)
    elif left is None or settling(sight):
        return
    else:
        what = f"full in {left / 60:.0f} min" if _goes_on(sight) else ends_in(sight, left)
        if until_reserve(sight, left) < DISK_SOON:
            yield Condition("disk", "full", Rank.DISK, what, todo)
        elif until_reserve(sight, left) < DISK_LOW:
            yield Condition("disk", "low", Rank.DISK_LOW, what, todo)
