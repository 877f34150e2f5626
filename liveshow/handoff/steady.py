"""Pictures as they come, laid out at a constant rate: every frame of it is the picture that was shown then.

What a camera's clock drifts by, a frame is left out or shown twice for; nothing is blended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from liveshow.timebase import SECOND, frame_ns, nearest_frame

_Picture = TypeVar("_Picture")
_MISSING = Fraction(8, 5)  # pictures further apart than so many of their own length have something missing between them


@dataclass(frozen=True, slots=True)
class Grid:
    """Frames from `start` to `end` (show clock) at `rate` a second."""

    start: int
    end: int
    rate: Fraction

    @property
    def frames(self) -> int:
        """How many."""
        return nearest_frame(self.end - self.start, self.rate)

    def at(self, frame: int) -> int:
        """When a frame begins."""
        return self.start + frame_ns(frame, self.rate)


def steady(
    pictures: Iterable[tuple[int, _Picture]], grid: Grid, unit: int, black: Sequence[tuple[int, int]] = ()
) -> Iterator[_Picture | None]:
    """For every frame of the grid the picture nearest to it, None for black: before the first picture, and within the spans `black`.

    `pictures`: (show clock, picture), ascending; each lasts `unit` ns. Where some are missing the one before stays. The grid is moved by
    less than half a frame so that it falls on the first picture: jitter then decides nothing.
    """
    frame, before = 0, 0
    shown: _Picture | None = None
    moved: int | None = None

    def until(limit: int) -> Iterator[_Picture | None]:
        nonlocal frame
        while frame < grid.frames and (at := grid.at(frame) + (moved or 0)) < limit:
            yield None if any(begin <= at < end for begin, end in black) else shown
            frame += 1

    for at, picture in pictures:
        if moved is None and at >= grid.start - unit // 2:
            moved = at - grid.at(nearest_frame(at - grid.start, grid.rate))
        apart = at - before
        yield from until(at - unit // 2 if shown is None or apart > _MISSING * unit else before + apart // 2)
        before, shown = at, picture
        if frame == grid.frames:
            return
    yield from until(grid.end + SECOND)
