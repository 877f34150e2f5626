"""How far a recording of pictures really goes. A killed worker had noted pictures in the timing that never came to the disk, and
one at work notes them a little earlier; a clip is planned with those that can be read."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np

from liveshow.errors import LiveshowError
from liveshow.handoff.shifted import shift_of
from liveshow.model import FeedKind
from liveshow.showfolder.recordings import Part
from liveshow.timebase import SECOND

_NEAR_END = 10 * SECOND  # what lies further from the end of the timing is on disk


def reached(part: Part, until: int) -> Part:
    """The part as far as it can be read, when `until` (show-clock ns) is near its end and the timing does not say how it ended.

    Raises LiveshowError when there is nothing in it.
    """
    if part.feed.kind is FeedKind.MIC or part.timing.end is not None or until < part.end - _NEAR_END:
        return part
    try:
        there = _pictures_on_disk(part)
    except (av.FFmpegError, IndexError) as exc:
        raise LiveshowError(f"cannot be read: {exc}", where=str(part.file), todo="the other parts are not concerned") from exc
    timing = part.timing
    kept = replace(timing, positions=timing.positions[:there], keys=timing.keys[:there], seen=timing.seen[:there])
    return replace(part, timing=kept, length=there)


def _pictures_on_disk(part: Part) -> int:
    """From the last key picture that can be found, counted on to the end of the file."""
    keys = np.flatnonzero(part.timing.keys)
    ms = np.array([round(Fraction(int(p) * 1000) / part.timing.rate) for p in part.timing.positions[keys]])
    with av.open(str(part.file)) as container:
        stream = container.streams.video[0]
        base = stream.time_base or Fraction(1, 1000)
        shift = shift_of(container, part.timing)
        container.seek(round((Fraction(int(ms[-1]), 1000) + shift) / base), stream=stream, backward=True)
        count = 0
        for packet in container.demux(stream):
            if packet.pts is None or (not count and not packet.is_keyframe):
                continue
            if not count:
                count = int(keys[np.argmin(np.abs(ms - float((packet.pts * base - shift) * 1000)))])
            count += 1
    return min(count, part.timing.positions.size)
