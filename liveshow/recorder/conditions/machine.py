"""What can be wrong with the recorder itself and its disk."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.sight import Sight, because, settling
from liveshow.recorder.mirroring import ROOM_TO_GO_ON
from liveshow.timebase import SECOND

DISK_SOON, DISK_LOW = 5 * 60, 30 * 60


def journal_unwritten(sight: Sight) -> Iterator[Condition]:
    """The journal takes nothing."""
    if sight.refusal is not None:
        what = sight.refusal.what.removeprefix("the journal ")
        yield Condition("journal", "unwritten", Rank.RECORDER, what, sight.refusal.todo, after=0)


def not_beside(sight: Sight) -> Iterator[Condition]:
    """What should run beside the show does not: buttons and dashboards on other machines get nowhere, or no MIDI timecode is heard."""
    todo = "put it right in the setup; keys on this machine work, and everything is recorded all the same"
    for verb, why in sight.beside.items():
        yield Condition(verb, "ended", Rank.HANDS, f"`liveshow {verb}` does not run{because(why)}", todo, after=5 * SECOND)


def disk(sight: Sight) -> Iterator[Condition]:
    """The disk is full, or will be."""
    todo = "free some room on the disk that is recorded to"
    left = sight.seconds_left
    if sight.mirror is not None and sight.mirror.first:
        return
    if sight.free < ROOM_TO_GO_ON:
        yield Condition("disk", "full", Rank.DISK, f"full: {sight.free / 1e6:.0f} MB are left", todo)
    elif left is None or settling(sight):
        return
    elif left < DISK_SOON:
        yield Condition("disk", "full", Rank.DISK, f"full in {left / 60:.0f} min", todo)
    elif left < DISK_LOW:
        yield Condition("disk", "low", Rank.DISK_LOW, f"full in {left / 60:.0f} min", todo)
