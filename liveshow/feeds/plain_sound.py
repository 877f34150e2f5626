"""A camera's sound that Matroska cannot hold, above all G.711, as 16-bit PCM. Nothing of it is lost.

Source: ITU-T G.711, whose tables expand each value to at most 14 bits.
"""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream

from liveshow.feeds.base import CameraPacket, StreamFormat

BYTES = 2  # a sample


class PlainSound:
    """Expands one stream of sound. `format` is that of the packets it gives."""

    def __init__(self, stream: AudioStream) -> None:
        context = stream.codec_context
        self._decoder = context
        self._rate, self._channels = context.sample_rate, context.channels
        self._resampler = av.AudioResampler("s16", context.layout, context.sample_rate)
        self._scratch = av.open(io.BytesIO(), "w", format="matroska")
        self._template = self._scratch.add_stream("pcm_s16le", rate=context.sample_rate, layout=context.layout.name)
        self._scratch.start_encoding()  # only now the stream's parameters are those asked for
        self.format = StreamFormat(
            kind="audio",
            codec="pcm_s16le",
            time_base=Fraction(1, self._rate),
            add_to=self._add_to,
            sample_rate=self._rate,
            channels=self._channels,
        )

    def expand(self, got: CameraPacket) -> list[CameraPacket]:
        """A packet as PCM, with its times; nothing when it is damaged."""
        assert got.packet.pts is not None
        try:
            frames = [plain for frame in self._decoder.decode(got.packet) for plain in self._resampler.resample(frame)]
        except av.error.InvalidDataError:
            return []
        samples = b"".join(frame.to_ndarray().tobytes() for frame in frames)
        if not samples:
            return []
        packet: av.Packet[Stream] = av.Packet(samples)
        packet.time_base = self.format.time_base
        packet.pts = packet.dts = round(got.packet.pts * got.packet.time_base * self._rate)
        packet.duration = len(samples) // (BYTES * self._channels)
        packet.is_keyframe = True
        return [replace(got, packet=packet)]

    def _add_to(self, container: OutputContainer) -> Stream:
        return container.add_stream_from_template(self._template)
