"""Which pictures or samples of a part a clip takes: from the key picture at or before its beginning, with nothing that
cannot be decoded and no hole at its end.

Pictures are numbered in the order of the file, which is the order of decoding; with B-frames they are shown in another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liveshow.errors import LiveshowError
from liveshow.showfolder.recordings import Part
from liveshow.showfolder.timing import Ints


@dataclass(frozen=True, slots=True)
class PictureCut:
    """Pictures [first, stop) of a part's file. `pts` and `dts`, in units of 1/`part.timing.rate` s, count from the picture that is
    shown first, which stands at `zero` in the part; `kept` is False for those that refer to pictures before the cut."""

    part: Part
    first: int
    stop: int
    zero: int
    pts: Ints
    dts: Ints
    kept: np.typing.NDArray[np.bool_]

    @property
    def pictures(self) -> int:
        """How many the clip holds."""
        return int(self.kept.sum())

    @property
    def end(self) -> int:
        """Position in the part at which the last picture ends."""
        return self.zero + int(self.pts[self.kept].max()) + round(self.part.unit)


@dataclass(frozen=True, slots=True)
class SoundCut:
    """Samples [first, stop) of a part's file."""

    part: Part
    first: int
    stop: int


def cut_sound(part: Part, start: int, end: int) -> SoundCut:
    """The samples nearest to [start, end) on the show clock, as far as the part goes."""
    return SoundCut(part, max(0, round(part.to_position(start))), min(part.length, round(part.to_position(end))))


def cut_pictures(part: Part, start: int, end: int) -> PictureCut:
    """The pictures that show [start, end) of the show clock, as far as the part goes.

    Raises LiveshowError when the part has no key picture, which no decoder could begin with.
    """
    keys = np.flatnonzero(part.timing.keys)
    if not keys.size:
        raise LiveshowError("no key picture in this part", where=str(part.file), todo="nothing in it can be decoded")
    positions = part.timing.positions
    before = keys[positions[keys] <= part.to_position(start)]
    first = int(before[-1] if before.size else keys[0])
    stop = first + _stop(positions[first:], part.to_position(end))
    taken = positions[first:stop]
    kept = taken >= taken[0]  # pictures shown before the key picture refer to the group before (open GOP)
    pts = taken - taken[0]
    return PictureCut(part, first, stop, int(taken[0]), pts, _decoding_times(pts, kept), kept)


def _stop(positions: Ints, end: float) -> int:
    """How many pictures it takes to show everything before `end` with no hole: up to where all that is shown earlier was
    decoded earlier."""
    wanted = np.flatnonzero(positions < end)
    least = int(wanted[-1]) + 1 if wanted.size else 1
    latest_so_far = np.maximum.accumulate(positions)
    earliest_to_come = np.minimum.accumulate(positions[::-1])[::-1]
    whole = np.flatnonzero(latest_so_far[least - 1 : -1] < earliest_to_come[least:])
    return least + int(whole[0]) if whole.size else positions.size


def _decoding_times(pts: Ints, kept: np.typing.NDArray[np.bool_]) -> Ints:
    """Decoding times: the times of showing, sorted, and as early as it takes for each to come before its showing."""
    dts = np.zeros_like(pts)
    shown = pts[kept]
    order = np.sort(shown)
    dts[kept] = order - (order - shown).max(initial=0)
    return dts
