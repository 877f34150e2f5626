"""What cameras that FFmpeg reads have in common: which streams are taken, how they are described, and whole time stamps.

Source: FFmpeg's libavformat documentation (`av_read_frame`, `AVPacket`) for when pts and dts are missing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from liveshow.feeds.base import CameraPacket, StreamFormat
from liveshow.feeds.plain_sound import PlainSound

MOST_HELD = 32
HIGHEST_RATE = 480  # pictures a second; more is a container's time base taken for a rate


@dataclass(frozen=True, slots=True)
class Taken:
    """A stream that is taken. `format` and `stored` stay good after the stream's container is closed.

    format: of what is stored; stored: what is stored of a packet with whole time stamps: itself, for all but some sound.
    """

    stream: Stream
    format: StreamFormat
    stored: Callable[[CameraPacket], list[CameraPacket]]


def take(container: InputContainer, picture_time_base: Fraction | None = None) -> list[Taken]:
    """The picture of a container and, when there is one, its sound.

    picture_time_base: what the picture's pts will be counted in, when that is not the stream's own. Raises ValueError, in words,
    when there is no picture, its size did not become known, or Matroska cannot hold it.
    """
    # A song's cover is no picture.
    pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic and s.codec_context]
    if not pictures:
        raise ValueError("it has no pictures")
    return [_picture(pictures[0], picture_time_base), *map(_sound, (s for s in container.streams.audio[:1] if s.codec_context))]


def step_of(stream: Stream) -> int:
    """The usual distance of two packets of a stream, in its time_base; at least 1."""
    assert stream.time_base
    if isinstance(stream, AudioStream):
        return max(1, round(Fraction(stream.codec_context.frame_size or 1024, stream.rate or 48_000) / stream.time_base))
    return max(1, round(1 / (_rate_of(stream) or 25) / stream.time_base))


class Stamper:
    """Gives every packet of one stream a pts and a dts, and sees to it that dts rises.

    FFmpeg knows no time for some packets, above all the first of a network camera, which is a key picture and must not be
    lost: those are held back until the first packet with a dts, and counted back from it by `step` (in time_base units).
    """

    def __init__(self, step: int) -> None:
        self._step = step
        self._last: int | None = None
        self._held: list[CameraPacket] = []

    def take(self, got: CameraPacket) -> list[CameraPacket]:
        """The packets that are ready now, in the order they came."""
        if self._last is None and got.packet.dts is None and len(self._held) < MOST_HELD:
            self._held.append(got)
            return []
        ready, self._held = [*self._held, got], []
        if self._last is None:
            self._count_back([one.packet for one in ready])
        for one in ready:
            self._stamp(one.packet)
        return ready

    def _count_back(self, packets: Sequence[av.Packet[Stream]]) -> None:
        """Times for the first packets. With B-frames the first is decoded, not shown, long before those that follow."""
        last = packets[-1].dts or 0
        shown = min((packet.pts for packet in packets if packet.pts is not None), default=last)
        timeless = [packet for packet in packets if packet.pts is None]
        for before, packet in enumerate(reversed(timeless), 1):
            packet.pts = shown - before * self._step
        for before, packet in enumerate(reversed(packets)):
            packet.dts = last - before * self._step if packet.dts is None else packet.dts

    def _stamp(self, packet: av.Packet[Stream]) -> None:
        last = self._last
        dts = (last or 0) + self._step if packet.dts is None else packet.dts
        dts = dts if last is None else max(dts, last + 1)
        packet.pts = dts if packet.pts is None else max(packet.pts, dts)
        packet.dts = self._last = dts


class _Template:
    """A stream's parameters, kept apart from the container they came from, which may be closed and gone.

    Raises ValueError when Matroska cannot hold such a stream.
    """

    def __init__(self, stream: Stream, time_base: Fraction) -> None:
        self._scratch = av.open(io.BytesIO(), "w", format="matroska")
        self._stream = self._scratch.add_stream_from_template(stream, opaque=True)
        self._stream.time_base = time_base

    def add_to(self, container: OutputContainer) -> Stream:
        # opaque: with the decoder's name, since a codec may have no encoder here and none is needed
        return container.add_stream_from_template(self._stream, opaque=True)


def _picture(stream: VideoStream, time_base: Fraction | None) -> Taken:
    assert stream.time_base
    unit, context = time_base or stream.time_base, stream.codec_context
    if not context.width or not context.height:
        raise ValueError("the size of its pictures did not become known")
    described = StreamFormat(
        kind="video",
        codec=context.name,
        time_base=unit,
        add_to=_Template(stream, unit).add_to,
        width=context.width,
        height=context.height,
        rate=None if time_base else _rate_of(stream),
    )
    return Taken(stream, described, _as_it_came)


def _sound(stream: AudioStream) -> Taken:
    assert stream.time_base
    try:
        template = _Template(stream, stream.time_base)
    except ValueError:
        plain = PlainSound(stream)
        return Taken(stream, plain.format, plain.expand)
    described = StreamFormat(
        kind="audio",
        codec=stream.codec_context.name,
        time_base=stream.time_base,
        add_to=template.add_to,
        sample_rate=stream.codec_context.sample_rate,
        channels=stream.codec_context.channels,
    )
    return Taken(stream, described, _as_it_came)


def _as_it_came(got: CameraPacket) -> list[CameraPacket]:
    return [got]


def _rate_of(stream: Stream) -> Fraction | None:
    rate = stream.average_rate or stream.guessed_rate
    return rate if rate and 0 < rate <= HIGHEST_RATE else None
