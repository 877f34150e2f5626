"""Which pictures or samples of a part a clip takes: from the key picture at or before its beginning, with nothing that
cannot be decoded and no hole at its end.

Pictures are numbered in the order of the file, which is the order of decoding; with B-frames they are shown in another.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from liveshow.errors import LiveshowError
from liveshow.showfolder.recordings import Part
from liveshow.showfolder.timing import Ints


def _none() -> Ints:
    return np.zeros(0, np.int64)


class NotExact(LiveshowError):
    """A clip cannot begin at the very picture that was asked for; `what` says why."""


@dataclass(frozen=True, slots=True)
class PictureCut:
    """Pictures [first, stop) of a part's file. `pts` and `dts`, in units of 1/`part.timing.rate` s, count from the picture that is
    shown first, which stands at `zero` in the part; `kept` is False for those that refer to pictures before the cut.

    `lead` are the pts of those that are decoded and encoded anew, in order of showing, from the first `anew` of the file; `lead_dts`
    their decoding times."""

    part: Part
    first: int
    stop: int
    zero: int
    pts: Ints
    dts: Ints
    kept: np.typing.NDArray[np.bool_]
    anew: int = 0
    lead: Ints = field(default_factory=_none)
    lead_dts: Ints = field(default_factory=_none)

    @property
    def pictures(self) -> int:
        """How many the clip holds."""
        return int(self.kept.sum()) + self.lead.size

    @property
    def end(self) -> int:
        """Position in the part at which the last picture ends."""
        return self.zero + max(int(self.pts[self.kept].max(initial=0)), int(self.lead.max(initial=0))) + round(self.part.unit)


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
    return _cut_between(part, part.to_position(start), part.to_position(end))


def _cut_between(part: Part, start: float, end: float) -> PictureCut:
    keys = np.flatnonzero(part.timing.keys)
    if not keys.size:
        raise LiveshowError("no key picture in this part", where=str(part.file), todo="nothing in it can be decoded")
    positions = part.timing.positions
    before = keys[positions[keys] <= start]
    first = int(before[-1] if before.size else keys[0])
    stop = first + stop_after(positions[first:], end)
    taken = positions[first:stop]
    kept = taken >= taken[0]  # pictures shown before the key picture refer to the group before (open GOP)
    pts = taken - taken[0]
    return PictureCut(part, first, stop, int(taken[0]), pts, _decoding_times(pts, kept), kept)


def cut_exactly(part: Part, start: int, end: int) -> PictureCut:
    """The same, but from the picture nearest to `start`: those before the next key picture are to be encoded anew.

    Raises NotExact when pictures around that key picture refer to each other, LiveshowError as :func:`cut_pictures`.
    """
    whole = cut_pictures(part, start, end)
    positions = part.timing.positions[whole.first : whole.stop]
    shown = positions[whole.kept]
    wanted = int(shown[np.argmin(np.abs(shown - part.to_position(start)))])
    if wanted == whole.zero:
        return whole
    keys = np.flatnonzero(part.timing.keys[whole.first : whole.stop])
    later = keys[positions[keys] >= wanted]
    join = int(later[0]) if later.size else positions.size
    if join < positions.size and (positions[:join].max() > positions[join] or positions[join:].min() < positions[join]):
        raise NotExact("pictures shown before a key picture come after it in the file (open GOP)")
    lead = np.sort(shown[: np.count_nonzero(whole.kept[:join])])
    lead = lead[lead >= wanted] - wanted
    if not lead.size:
        return _cut_between(part, wanted, part.to_position(end))
    kept = np.arange(positions.size) >= join
    pts = positions - wanted
    order = np.concatenate((lead, pts[join:]))
    dts = _decoding_times(order, np.ones(order.size, np.bool_))
    copied_dts = np.concatenate((np.zeros(join, np.int64), dts[lead.size :]))
    return PictureCut(part, whole.first, whole.stop, wanted, pts, copied_dts, kept, join, lead, dts[: lead.size])


def stop_after(positions: Ints, end: float) -> int:
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
