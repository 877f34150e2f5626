"""One stream of a network camera: whole time stamps, the sender's clock, and the faults that end a part.

Sources: libavutil's `AVProducerReferenceTime` (microseconds since 1970, in host byte order, which libavformat/rtpdec.c reckons
from RTSP sender reports); ITU-T H.265 table 7-1 for the unit types.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

import av
from av.stream import Stream

from liveshow.feeds.base import CameraPacket
from liveshow.feeds.compressed import h264_sps, jpeg_size
from liveshow.feeds.demux import Stamper, step_of
from liveshow.timebase import SECOND

MICROSECOND = Fraction(1, 1_000_000)
MILLISECOND_US = 1000
JUMP = SECOND  # ns that a camera's clock may step ahead of arrival
BACK = SECOND // 10
"""ns that it may step back: dts never falls by itself, but a camera with sound is placed by its sender reports (libavformat/rtpdec.c), of
which some are stamped carelessly, by tens of milliseconds to and fro. Whoever sets a clock steps it by more, or slews it (ntpd: 128 ms)."""
FORGOTTEN = 1000  # what is known of a camera's clock is let go of by one in so many: none drifts by as much
HEADERS = 4096  # bytes of a picture within which its parameters stand


class ClockedTrack:
    """A stream whose packets say when they are due.

    A picture's clock that was set ends the part. A sound's is moved back into line with its arrival: many cameras give their
    sound another wall clock than their picture, by which FFmpeg moves it when the first sender report comes.
    """

    def __init__(self, stream: Stream) -> None:
        assert stream.time_base
        self._unit, self._is_sound = stream.time_base, stream.type == "audio"
        self._stamper = Stamper(step_of(stream))
        self._format = _Parameters(stream)
        self._last: tuple[int, int] | None = None  # when due and when it came, ns
        self._ahead = 0  # ns by which one that was not late was due after it came
        self._moved = 0  # in time_base units

    def take(self, got: CameraPacket) -> list[CameraPacket]:
        """The packets that are ready now. Raises ValueError, in words, when a part has to end here."""
        self._format.refuse_change(got.packet)
        if got.packet.dts is not None:
            self._keep_in_line(got.packet, got.packet.dts, got.arrival)
        return self._stamper.take(replace(got, sender=_sender(got.packet)))

    def _keep_in_line(self, packet: av.Packet[Stream], dts: int, arrival: int) -> None:
        due = self._due(dts + self._moved)
        if self._last is None:
            self._ahead = due - arrival
        else:
            step, waited = due - self._last[0], arrival - self._last[1]
            self._ahead -= waited // FORGOTTEN
            # Late and then all at once is the network's doing, or the parser's, which keeps a picture until the next begins: those after
            # it are not earlier than others were. Only a clock that was set steps by itself.
            if step < -BACK or due - arrival - self._ahead > JUMP:
                if not self._is_sound:
                    raise ValueError(f"the camera restarted its clock (it stepped by {step / SECOND:+.1f} s)")
                self._moved += round((waited - step) / (self._unit * SECOND))
        packet.dts = dts + self._moved
        packet.pts = None if packet.pts is None else packet.pts + self._moved
        self._last = self._due(packet.dts), arrival
        self._ahead = max(self._ahead, self._last[0] - arrival)

    def _due(self, ticks: int) -> int:
        return int(ticks * self._unit * SECOND)


class ArrivalTrack:
    """A stream whose packets carry no time: they are stamped with their arrival, in µs since the first, a millisecond apart
    at least, since Matroska counts those and two pictures at one time are one to many readers."""

    def __init__(self, stream: Stream) -> None:
        self._format = _Parameters(stream)
        self._first: int | None = None
        self._last = -MILLISECOND_US

    def take(self, got: CameraPacket) -> list[CameraPacket]:
        """The packet. Raises ValueError, in words, when a part has to end here."""
        self._format.refuse_change(got.packet)
        self._first = got.arrival if self._first is None else self._first
        self._last = max((got.arrival - self._first) // 1000, self._last + MILLISECOND_US)
        got.packet.time_base = MICROSECOND
        got.packet.pts = got.packet.dts = self._last
        got.packet.duration = 0
        return [got]


class _Parameters:
    """What a decoder must know of a stream; none of it may change within a part."""

    def __init__(self, stream: Stream) -> None:
        self._read = PARAMETERS.get(stream.codec_context.name if stream.codec_context else "")
        self._first: object = None

    def refuse_change(self, packet: av.Packet[Stream]) -> None:
        """Raises ValueError when this packet begins another format."""
        found = self._read(bytes(memoryview(packet)[:HEADERS])) if self._read and packet.is_keyframe else None
        self._first = self._first or found
        if packet.has_sidedata("new_extradata") or packet.has_sidedata("param_change") or (found and found != self._first):
            raise ValueError("the camera changed its format")


def _hevc_sps(picture: bytes) -> bytes:
    found = re.search(rb"\x00\x00\x01([\x42\x43].*?)(?=\x00\x00[\x00\x01]|$)", picture, re.DOTALL)
    return found[1] if found else b""


# by codec: what tells one format from another, in the first bytes of a key picture; something false when it is not there
PARAMETERS: Mapping[str, Callable[[bytes], object]] = {"h264": h264_sps, "hevc": _hevc_sps, "mjpeg": jpeg_size}


def _sender(packet: av.Packet[Stream]) -> int | None:
    """The sender's wall clock for a packet, UTC ns."""
    if not packet.has_sidedata("prft"):
        return None
    (microseconds,) = struct.unpack_from("=q", bytes(packet.get_sidedata("prft")))
    return int(microseconds) * 1000
