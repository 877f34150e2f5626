"""What can be wrong with the mirror, and what it is worth that there is one."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.machine import DISK_LOW, ends_in, until_reserve
from liveshow.recorder.conditions.sight import RECENT, Sight, because, changing_disks, settling
from liveshow.recorder.mirror_standing import BEHIND
from liveshow.timebase import SECOND


def first_disk(sight: Sight) -> Iterator[Condition]:
    """The first disk takes nothing, and everything goes to the mirror alone."""
    mirror = sight.mirror
    if mirror is None or not mirror.first:
        return
    what = f"takes nothing{because(mirror.first)}; the show goes on, on the mirror only: {mirror.folder}"
    todo = "mend, free or mount it when you can: it is written again by itself, and given what it lacks"
    yield Condition("disk", "dead", Rank.DISK, what, todo, after=SECOND // 2)


def mirror_late(sight: Sight) -> Iterator[Condition]:
    """What is recorded is on the first disk only, or on the mirror only some time later."""
    mirror = sight.mirror
    if mirror is None or mirror.first:
        return
    lacks = f"; {mirror.lacks / 1e6:.0f} MB are on the first disk only" if mirror.lacks > 1e6 else ""
    if mirror.why:
        todo = "look after its disk (mounted, writable, room on it?): it is given by itself what it lacks"
        yield Condition("mirror", "unwritten", Rank.DISK_LOW, f"not written{because(mirror.why)}{lacks}", todo)
    elif mirror.behind > BEHIND:
        todo = "its disk is too slow for this: it catches up by itself, or after the show by `liveshow mirror`"
        yield Condition("mirror", "late", Rank.DISK_LOW, f"{mirror.behind:.0f} s behind{lacks}", todo)


def mirror_unproven(sight: Sight) -> Iterator[Condition]:
    """The mirror is said to be written, and cannot be read back."""
    mirror = sight.mirror
    if mirror is None or mirror.why or mirror.behind > BEHIND:
        return
    recording = [feed for feed, health in sight.feeds.items() if health.state == "recording"]
    unproven = [feed for feed in recording if feed in mirror.proofs and mirror.proofs[feed].light != "proven"]
    if unproven:
        what = (
            f"not proven: {', '.join(unproven[:3])}{' and more' * (len(unproven) > 3)}{because(mirror.proofs[unproven[0]].why)}"
        )
        after = RECENT if settling(sight) or changing_disks(sight) else 5 * SECOND
        yield Condition("mirror", "unproven", Rank.DISK_LOW, what, "look at its disk, and at `liveshow status`", after)


def mirror_disk(sight: Sight) -> Iterator[Condition]:
    """The mirror's disk will be full soon, or is the first one."""
    mirror = sight.mirror
    if mirror is None:
        return
    if mirror.same_disk:
        todo = "mount the other disk, or name a folder on it as [recording] mirror"
        yield Condition("mirror", "same-disk", Rank.QUALITY, "lies on the same disk as the recordings, and dies with it", todo)
    elif mirror.seconds_left is not None and not settling(sight):
        left, todo = mirror.seconds_left, "free some room on its disk"
        if mirror.first and until_reserve(sight, left) < DISK_LOW:
            yield Condition("mirror", "low", Rank.DISK, ends_in(sight, left), todo)
        elif left < DISK_LOW:
            yield Condition("mirror", "low", Rank.DISK_LOW, f"full in {left / 60:.0f} min", todo)
