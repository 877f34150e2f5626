"""What excerpts may take on the disk, and what goes when it is more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from liveshow.handoff.excerpts.shelf import Shelf, age

MOST = 8_000_000_000  # bytes
SHARE = 10  # of what is free, one part in so many
SHORTEST = 1800.0  # seconds of recording that must be left


def room(disk_free: int, used: int, seconds_left: float | None) -> int:
    """How many bytes excerpts may take, of which they take `used`. `disk_free`: bytes; `seconds_left`: what can still be recorded, None
    when nothing is or nobody knows. 0: the disk is short, nothing may be made."""
    if seconds_left is not None and seconds_left < SHORTEST:
        return 0
    return min(MOST, (disk_free + used) // SHARE)


def to_go(shelf: Shelf, most: int) -> Iterator[Path]:
    """What has to go so that the rest takes no more than `most` bytes: strips first, then excerpts, the oldest first."""
    strips = sorted(shelf.strips.glob("*/*"), key=age)
    excerpts = sorted((path for path in shelf.root.glob("*/*/") if path.parent != shelf.strips), key=age)
    over = shelf.bytes_of(shelf.root) - most
    for path in (*strips, *excerpts):
        if over <= 0:
            return
        over -= shelf.bytes_of(path)
        yield path
