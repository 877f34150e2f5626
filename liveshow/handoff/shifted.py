"""Recordings in which everything stands somewhat later than their timing says.

Sound of a camera that came after the first picture of a part, and was heard before it, was once written too. It had times below 0, of which
FFmpeg lets none into a file: it moved the pictures as well. What was recorded so is whole, and is read as it was meant.
"""

from __future__ import annotations

from fractions import Fraction

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from liveshow.showfolder.timing import PartTiming

MOST = Fraction(10)
"""Seconds: pictures waited for sound no longer than this."""


def shift_of(source: InputContainer, timing: PartTiming) -> Fraction:
    """Seconds by which everything is later; the file is then to be sought in. One without sound is not looked at."""
    if not source.streams.audio:
        return Fraction(0)
    stream = source.streams.video[0]
    source.seek(0, stream=stream, backward=True)
    first = next((packet for packet in source.demux(stream) if packet.pts is not None), None)
    return Fraction(0) if first is None else shift_by(first, timing)


def shift_by(first: Packet[VideoStream], timing: PartTiming) -> Fraction:
    """The same by the first picture of a file with sound. When it is no key picture, the one with which it began is lost."""
    at = (first.pts or 0) * (first.time_base or Fraction(0))
    shift = at - Fraction(int(timing.positions[0])) / timing.rate if timing.positions.size else Fraction(0)
    return shift if first.is_keyframe and 0 < shift <= MOST else Fraction(0)
