"""How the pictures of a local camera become packets: compressed ones as they are, raw ones encoded once."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from liveshow.feeds.base import StreamFormat
from liveshow.feeds.compressed import can_begin, h264_sps, h264_units, jpeg_size
from liveshow.feeds.encode import TIME_BASE, PictureEncoder
from liveshow.feeds.grabbing import Picture
from liveshow.timebase import SECOND

Timed = tuple["av.Packet[Stream]", Picture]
"""A packet, and the picture that it is of (for its times)."""


class ChangedFormat(Exception):
    """The pictures are no longer of the format in which they began."""


class Packets(Protocol):
    """Makes packets of the pictures of one stream. A pts counts from the first picture and always rises."""

    format: StreamFormat

    def of(self, picture: Picture) -> list[Timed]:
        """The packets that a picture completes: mostly one, none for what is no picture. Raises ChangedFormat."""

    def close(self) -> None:
        """Let go of an encoder."""


class JpegPackets:
    """Motion JPEG, every picture a key picture; pts in microseconds."""

    def __init__(self, first: Picture, size: tuple[int, int], rate: Fraction) -> None:
        self._size, self._pts = size, _Pts(first, Fraction(1, 1_000_000))
        self.format = StreamFormat("video", "mjpeg", self._pts.time_base, self._add_to, *size, rate)

    @classmethod
    def begin(cls, first: Picture, rate: Fraction) -> JpegPackets | None:
        """From the first picture; None when that is no JPEG."""
        size = jpeg_size(first.pixels.tobytes())
        return None if size is None else cls(first, size, rate)

    def of(self, picture: Picture) -> list[Timed]:
        """See :class:`Packets`."""
        data = picture.pixels.tobytes()
        size = jpeg_size(data)
        if size is None:
            return []
        _same(self._size, size)
        return [(_packet(data, self._pts.of(picture), self._pts.time_base, key=True), picture)]

    def close(self) -> None:
        """Nothing to let go of."""

    def _add_to(self, container: OutputContainer) -> Stream:
        width, height = self._size
        time_base = self._pts.time_base
        return container.add_mux_stream("mjpeg", rate=self.format.rate, width=width, height=height, time_base=time_base)


class H264Packets:
    """H.264 in a byte stream, as UVC cameras deliver it: without B-frames, so that dts = pts; in 1/90000 s."""

    def __init__(self, first: Picture, template: InputContainer, rate: Fraction) -> None:
        self._template, self._pts = template, _Pts(first, TIME_BASE)
        self._sps = h264_sps(first.pixels.tobytes())
        stream = template.streams.video[0]
        self.format = StreamFormat("video", "h264", TIME_BASE, self._add_to, stream.width, stream.height, rate)

    @classmethod
    def begin(cls, first: Picture, rate: Fraction) -> H264Packets | None:
        """From the first picture; None when a decoder could not begin there."""
        data = first.pixels.tobytes()
        if not can_begin(h264_units(data)):
            return None
        # FFmpeg's reader of byte streams finds the parameter sets, which a container wants before the first packet.
        template = av.open(io.BytesIO(data), "r", format="h264")
        return cls(first, template, rate)

    def of(self, picture: Picture) -> list[Timed]:
        """See :class:`Packets`."""
        data = picture.pixels.tobytes()
        units = h264_units(data)
        if not units:
            return []
        _same(self._sps.hex(), h264_sps(data).hex() or self._sps.hex())
        return [(_packet(data, self._pts.of(picture), TIME_BASE, key=can_begin(units)), picture)]

    def close(self) -> None:
        """Nothing to let go of: a recording may still begin from the format, and with it from the template."""

    def _add_to(self, container: OutputContainer) -> Stream:
        return container.add_stream_from_template(self._template.streams.video[0], opaque=True)


class EncodedPackets:
    """Raw pictures, encoded once to H.264; in 1/90000 s."""

    def __init__(self, first: Picture, rate: Fraction) -> None:
        self._shape, self._pts = first.pixels.shape, _Pts(first, TIME_BASE)
        height, width = self._shape[:2]
        self._encoder = PictureEncoder(width, height, rate, "bgr24")
        self._inside: dict[int, Picture] = {}
        self.format = self._encoder.format

    @classmethod
    def begin(cls, first: Picture, rate: Fraction) -> EncodedPackets | None:
        """From the first picture; None when it is not blue, green and red (height, width, 3)."""
        return cls(first, rate) if first.pixels.ndim == 3 and first.pixels.shape[2] == 3 else None

    def of(self, picture: Picture) -> list[Timed]:
        """See :class:`Packets`. A hardware encoder may hold a picture back; its packet then comes with a later one."""
        _same(self._shape, picture.pixels.shape)
        pts = self._pts.of(picture)
        self._inside[pts] = replace(picture, pixels=np.empty(0, np.uint8))
        return [(packet, self._inside.pop(packet.pts or 0, picture)) for packet in self._encoder.encode(picture.pixels, pts)]

    def close(self) -> None:
        """Let go of the encoder."""
        self._encoder.close()


Begin = Callable[[Picture, Fraction], Packets | None]
FORMATS: dict[str, Begin] = {"mjpeg": JpegPackets.begin, "h264": H264Packets.begin, "raw": EncodedPackets.begin}
"""Format in a setup → how its packets begin: from a picture and the announced rate; None: not with that picture."""


class _Pts:
    def __init__(self, first: Picture, time_base: Fraction) -> None:
        self.time_base, self._zero, self._last = time_base, first.taken, -1

    def of(self, picture: Picture) -> int:
        since = (picture.taken - self._zero) * self.time_base.denominator // (SECOND * self.time_base.numerator)
        self._last = max(self._last + 1, since)
        return self._last


def _packet(data: bytes, pts: int, time_base: Fraction, *, key: bool) -> av.Packet[Stream]:
    packet: av.Packet[Stream] = av.Packet(data)
    packet.pts = packet.dts = pts
    packet.time_base, packet.is_keyframe = time_base, key
    return packet


def _same(before: object, now: object) -> None:
    if before != now:
        raise ChangedFormat(f"the camera changed its pictures from {before} to {now}")
