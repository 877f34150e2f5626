"""The first pictures of a clip that is to begin between two key pictures: decoded, encoded anew up to the next key picture, and
fitted to what is copied after them.

H.264: the new pictures have parameter sets of their own under an id the recording does not use; avcC holds both. HEVC: x265 cannot
choose its ids, so parameter sets stand before every key picture, the new ones' and the recording's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.codec.context import Flags
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from liveshow.handoff import nal
from liveshow.handoff.cut import NotExact, PictureCut
from liveshow.showfolder.timing import Ints

_MS = 1000
_PROFILES = {"Constrained Baseline": "baseline", "Baseline": "baseline", "Main": "main", "High": "high"}
_FORMATS = ("yuv420p", "yuvj420p")
_QUALITY = "18"  # crf: beyond telling apart for a second or two


class Lead:
    """Takes the recording's packets from the key picture before, gives the clip's first packets. Raises NotExact from anywhere."""

    def __init__(self, source: VideoStream, cut: PictureCut) -> None:
        self._source, self._cut, self._codec = source, cut, source.codec_context.name
        if self._codec not in ("h264", "hevc"):
            raise NotExact(f"{self._codec} is not encoded anew")
        self._record = source.codec_context.extradata or b""
        try:
            self._size = nal.length_size(self._codec, self._record)
            self._encoder = _encoder(source.codec_context, self._record, cut)
        except ValueError as exc:
            raise NotExact(str(exc)) from exc
        self._base = source.time_base or Fraction(1, _MS)  # of what is left in a decoder at the end, it knows none
        self._pts = _by_ms(cut)
        self._made: list[Packet[Stream]] = []
        self._given = 0

    @property
    def extradata(self) -> bytes:
        """The parameter sets of the clip."""
        return nal.merged(self._record, self._encoder.extradata or b"") if self._codec == "h264" else self._record

    def take(self, packet: Packet[Stream]) -> None:
        """Decode a picture of the recording; those from the clip's first on are encoded anew."""
        with _said():
            self._encode(cast(list[VideoFrame], packet.decode()))

    def packets(self) -> Iterator[tuple[Packet[Stream], int]]:
        """What was made, in order, each with its pts; nothing more is taken after this."""
        with _said():
            self._encode(self._source.codec_context.decode(None))
            self._made += self._encoder.encode(None)
        lead = self._cut.lead
        if self._given != len(lead) or [p.pts for p in self._made] != list(lead):
            raise NotExact(f"{self._given} of the {len(lead)} pictures before its next key picture can be decoded")
        for made in self._made:
            packet: Packet[Stream] = Packet(nal.packed(nal.from_start_codes(bytes(made)), self._size))
            packet.is_keyframe = made.is_keyframe
            yield packet, int(made.pts or 0)

    def joined(self, packet: Packet[Stream], first: bool) -> Packet[Stream]:
        """A packet of the recording as it goes into the clip; `first`: the one right after the new pictures."""
        if first and not nal.is_clean(self._codec, bytes(packet), self._size):
            raise NotExact("its next key picture is none that a decoder can begin with (no IDR)")
        if self._codec == "h264" or not packet.is_keyframe:
            return packet
        with_sets: Packet[Stream] = Packet(nal.packed(nal.hevc_sets(self._record), self._size) + bytes(packet))
        with_sets.is_keyframe = True
        return with_sets

    def _encode(self, frames: list[VideoFrame]) -> None:
        for frame in frames:
            at = round(float((frame.pts or 0) * self._base * _MS))
            pts = next((self._pts[ms] for ms in (at, at - 1, at + 1) if ms in self._pts), None)
            if pts is not None:
                self._made += self._encoder.encode(self._fitting(frame, pts))
                self._given += 1

    def _fitting(self, frame: VideoFrame, pts: int) -> VideoFrame:
        if frame.interlaced_frame:
            raise NotExact("its pictures are interlaced")
        if (frame.width, frame.height) != (self._encoder.width, self._encoder.height):
            raise NotExact("its pictures change in size")
        frame.pts, frame.time_base, frame.pict_type = pts, self._encoder.time_base, 0
        return frame


def _by_ms(cut: PictureCut) -> dict[int, int]:
    """The pts of each picture to be made anew, by when the recording shows it in whole ms."""
    shown: Ints = np.rint((cut.lead + cut.zero) * float(_MS / cut.part.timing.rate)).astype(np.int64)
    return dict(zip(shown.tolist(), cut.lead.tolist(), strict=True))


def _encoder(like: VideoCodecContext, record: bytes, cut: PictureCut) -> VideoCodecContext:
    """An encoder of pictures like those, opened. Raises NotExact for what it cannot match."""
    if like.pix_fmt not in _FORMATS or (like.name == "h264" and like.profile not in _PROFILES):
        raise NotExact(f"{like.name} of this kind ({like.profile}, {like.pix_fmt}) is not encoded anew")
    encoder = cast(VideoCodecContext, av.CodecContext.create({"h264": "libx264", "hevc": "libx265"}[like.name], "w"))
    encoder.width, encoder.height, encoder.pix_fmt = like.width, like.height, like.pix_fmt
    encoder.framerate, encoder.time_base = cut.part.rate, 1 / cut.part.timing.rate
    encoder.sample_aspect_ratio = like.sample_aspect_ratio or Fraction(1)
    encoder.color_range, encoder.colorspace = like.color_range, like.colorspace
    encoder.color_primaries, encoder.color_trc = like.color_primaries, like.color_trc
    kept = "bframes=0:scenecut=0:keyint=100000"
    if like.name == "h264":
        encoder.flags |= Flags.global_header
        told = f"{kept}:sps-id={nal.free_sps_id(record)}"
        encoder.options = {"preset": "veryfast", "crf": _QUALITY, "profile": _PROFILES[str(like.profile)], "x264-params": told}
    else:
        told = f"{kept}:repeat-headers=1:log-level=error"
        encoder.options = {"preset": "veryfast", "crf": _QUALITY, "x265-params": told}
    with _said():
        encoder.open()
    return encoder


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as exc:
        raise NotExact(f"the pictures before its next key picture cannot be encoded anew: {exc}") from exc
