"""Through a media file again and again: packets in the order of dts, each time through going on where the last one ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from liveshow.feeds.base import CameraPacket
from liveshow.feeds.demux import Stamper, Taken, step_of


class Passes:
    """The packets of a file's picture and sound, for as many times through as are asked for.

    The picture's dts begin at 0 and go on without a jump. Sound before the first and after the last picture is left out.
    A file that is damaged ends there.
    """

    def __init__(self) -> None:
        self._offset = Fraction(0)  # seconds: where this pass begins
        self._sound: deque[CameraPacket] = deque()  # moved already, and not yet due beside the pictures

    def once(self, container: InputContainer, taken: Sequence[Taken]) -> Generator[CameraPacket, None, bool]:
        """Once through. Returns whether there was anything in it."""
        early: list[CameraPacket] = []
        extent: _Extent | None = None
        for got in _stamped(container, taken):
            if got.stream == 0:
                extent = extent or _Extent.beginning_with(got.packet)
                extent.add(got.packet, step_of(taken[0].stream))
            if extent is None:
                early.append(got)
                continue
            for waiting in (*early, got):
                yield from self._merged(waiting, extent)
            early.clear()
        if extent is not None:
            self._end_at(self._offset + extent.first_shown + extent.length)
            self._offset += extent.length
        return extent is not None

    def _merged(self, got: CameraPacket, extent: _Extent) -> Iterator[CameraPacket]:
        moved = _moved(got, self._offset - extent.start)
        if got.stream:
            if _seconds(got) >= self._offset + extent.first_shown:
                self._sound.append(moved)
            return
        while self._sound and _seconds(self._sound[0]) <= _seconds(moved):
            yield self._sound.popleft()
        yield moved

    def _end_at(self, seconds: Fraction) -> None:
        while self._sound and _seconds(self._sound[-1]) >= seconds:
            self._sound.pop()


@dataclass(slots=True)
class _Extent:
    """From where to where the pictures of a file reach, in seconds.

    start: the first dts; first_shown: how much later than that the first picture is shown; the length is from the beginning of
    the first to the end of the last picture shown.
    """

    start: Fraction
    first_shown: Fraction
    shown_from: Fraction
    shown_until: Fraction

    @classmethod
    def beginning_with(cls, packet: av.Packet[Stream]) -> _Extent:
        assert packet.pts is not None
        assert packet.dts is not None
        pts, dts = packet.pts * packet.time_base, packet.dts * packet.time_base
        return cls(dts, pts - dts, pts, pts)

    def add(self, packet: av.Packet[Stream], step: int) -> None:
        assert packet.pts is not None
        self.shown_from = min(self.shown_from, packet.pts * packet.time_base)
        self.shown_until = max(self.shown_until, (packet.pts + (packet.duration or step)) * packet.time_base)

    @property
    def length(self) -> Fraction:
        return self.shown_until - self.shown_from


def _stamped(container: InputContainer, taken: Sequence[Taken]) -> Iterator[CameraPacket]:
    stampers = [Stamper(step_of(one.stream)) for one in taken]
    number = {one.stream.index: k for k, one in enumerate(taken)}
    try:
        for packet in container.demux([one.stream for one in taken]):
            k = number[packet.stream_index]
            if packet.size:  # the last ones are empty
                for got in stampers[k].take(CameraPacket(k, packet, 0)):
                    yield from taken[k].stored(got)
    except FFmpegError:
        return  # cut off or damaged: what could be read until there has been played


def _moved(got: CameraPacket, by: Fraction) -> CameraPacket:
    packet = got.packet
    assert packet.pts is not None
    assert packet.dts is not None
    ticks = ceil(by / packet.time_base)
    packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
    return got


def _seconds(got: CameraPacket) -> Fraction:
    assert got.packet.dts is not None
    return got.packet.dts * got.packet.time_base
