"""Strips: some seconds of a part's pictures, made small, from one key picture to another, so that any excerpt can be joined of them.

A part always falls into the same strips. Each is a file, replaced whole, and lies in `strips/<part>/` by the numbers of its pictures in
the order of the recording: ``000120-000240.smooth`` has all of them (fifteen a second at most), ``000120-000240.slides`` only key
pictures, two seconds apart or more, for which nothing else is decoded. It is MessagePack of :class:`Strip`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import msgspec
import numpy as np
from av.codec.context import Flags
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from liveshow.errors import LiveshowError
from liveshow.handoff.cut import stop_after
from liveshow.handoff.previews.small import black, shrunk, small_size
from liveshow.handoff.shifted import shift_of
from liveshow.showfolder.recordings import Part
from liveshow.showfolder.timing import Ints

TICKS = 90_000
"""Positions in a strip are in 1/TICKS s since the beginning of its part."""
RATE = 15
ENCODER = {
    "preset": "superfast",
    "profile": "main",
    "level": "3.1",
    "crf": "25",
    "maxrate": "560k",
    "bufsize": "600k",
    "x264-params": "vbv-init=0.5",
    "g": "30",
    "bf": "0",
    "threads": "1",
}
_LASTS, _SLIDES_APART = 4, 2  # seconds
_MS = 1000
_REORDERED = 64  # pictures: further than that none is moved by reordering
Size = tuple[int, int]
Pause = Callable[[], None]
"""Called before each picture that is decoded; it may raise to put the work aside."""


class NotThere(LiveshowError):
    """A recording ends before its timing does: while it is written, for a moment."""


class Picture(msgspec.Struct, frozen=True, array_like=True):
    """One encoded picture: when it is shown, whether decoding can begin with it, its H.264 (Annex B)."""

    at: int
    key: bool
    data: bytes


class Strip(msgspec.Struct, frozen=True, array_like=True):
    """Pictures of a part in order, the first a key picture; `size` of them; `sets`: the parameter sets that go before them."""

    size: Size
    sets: bytes
    pictures: tuple[Picture, ...]


class Span(msgspec.Struct, frozen=True):
    """Pictures [first, stop) of a part, in the order of the file: those shown from position `start` to `end`. `open`: more may come."""

    first: int
    stop: int
    start: int
    end: int
    open: bool = False


def spans_of(part: Part, *, growing: bool) -> tuple[Span, ...]:
    """The strips into which a part falls, as far as it is recorded; the last one is open while it grows. Empty without a key
    picture."""
    positions = part.timing.positions
    keys = np.flatnonzero(part.timing.keys)
    starts: list[int] = []
    for key in keys.tolist():
        if not starts or positions[key] >= positions[starts[-1]] + _LASTS * part.timing.rate:
            starts.append(key)
    found = [_span(positions, first, after) for first, after in pairwise(starts)]
    if starts:
        last = Span(starts[-1], part.length, int(positions[starts[-1]]), part.end_position, open=growing)
        found.append(last)
    return tuple(found)


def _span(positions: Ints, first: int, after: int) -> Span:
    """From one key picture to another; pictures that are shown before the second may come after it in the file."""
    near = positions[first : after + _REORDERED]
    return Span(first, first + stop_after(near, float(positions[after])), int(positions[first]), int(positions[after]))


class Strips:
    """The strips of one show, below `place`. Not thread-safe."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._open: dict[Path, InputContainer] = {}

    def size_of(self, part: Part) -> Size:
        """What its pictures are made. Raises av.FFmpegError or IndexError when it cannot be read."""
        context = self._container(part).streams.video[0].codec_context
        return small_size(context.width, context.height)

    def has(self, part: Part, span: Span, *, smooth: bool) -> bool:
        """Whether it was made so, or better."""
        return self._file(part, span, "smooth").exists() or (not smooth and self._file(part, span, "slides").exists())

    def read(self, part: Part, span: Span) -> Strip | None:
        """The best that was made; None when there is none. What is damaged is removed: it is made again."""
        for kind in ("smooth", "slides"):
            file = self._file(part, span, kind)
            try:
                return _STRIP.decode(file.read_bytes())
            except OSError:
                continue
            except msgspec.DecodeError:
                file.unlink(missing_ok=True)
        return None

    def keep(self, part: Part, span: Span, size: Size, pause: Pause, *, smooth: bool) -> Strip:
        """Make a strip and write it down. Raises as :meth:`make`, and OSError."""
        strip = self.make(part, span, size, pause, smooth=smooth)
        file = self._file(part, span, "smooth" if smooth else "slides")
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(".aside")
        aside.write_bytes(msgspec.msgpack.encode(strip))
        aside.replace(file)
        if smooth:
            self._file(part, span, "slides").unlink(missing_ok=True)
        return strip

    def make(self, part: Part, span: Span, size: Size, pause: Pause, *, smooth: bool) -> Strip:
        """Decode and encode it. Raises LiveshowError when the recording does not hold what its timing says, av.FFmpegError when it cannot
        be read, and what `pause` raises."""
        encoder = _encoder(size)
        made: list[Picture] = []
        try:
            for at, picture in _shown(self._container(part), part, span, pause, smooth=smooth):
                small = shrunk(picture, size)
                small.pts, small.time_base, small.pict_type = at, encoder.time_base, 0
                made += map(_picture, encoder.encode(small))
        except (LiveshowError, av.FFmpegError):
            self._let_go(part)  # what was damaged may keep a demuxer from finding what comes after it
            raise
        made += map(_picture, encoder.encode(None))
        return Strip(size, encoder.extradata or b"", tuple(made))

    def close(self) -> None:
        """Let go of the recordings."""
        for container in self._open.values():
            container.close()
        self._open.clear()

    def _container(self, part: Part) -> InputContainer:
        """Kept open: where a growing file has its key pictures is found once. Only as many as there are cameras."""
        if part.file not in self._open:
            for file in [f for f in self._open if f.parent == part.file.parent]:
                self._open.pop(file).close()
            self._open[part.file] = av.open(str(part.file))
        return self._open[part.file]

    def _let_go(self, part: Part) -> None:
        container = self._open.pop(part.file, None)
        if container is not None:
            container.close()

    def _file(self, part: Part, span: Span, kind: str) -> Path:
        return self._place / part.file.stem / f"{span.first:06}-{span.stop:06}.{kind}"


_STRIP: msgspec.msgpack.Decoder[Strip] = msgspec.msgpack.Decoder(Strip)


def _encoder(size: Size) -> VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    set_up(encoder, size)
    encoder.flags |= Flags.global_header
    encoder.open()
    return encoder


def set_up(encoder: VideoCodecContext, size: Size) -> None:
    """How every strip is encoded: with the same parameter sets for the same size, whatever the camera."""
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.framerate, encoder.time_base = "yuv420p", Fraction(RATE), Fraction(1, TICKS)
    encoder.options = ENCODER


def black_picture(size: Size, at: int) -> Picture:
    """A black one, as of a strip."""
    encoder, picture = _encoder(size), black(size)
    picture.pts, picture.time_base = at, encoder.time_base
    return next(map(_picture, [*encoder.encode(picture), *encoder.encode(None)]))


def _picture(packet: Packet[Stream]) -> Picture:
    return Picture(int(packet.pts or 0), packet.is_keyframe, bytes(packet))


def _shown(source: InputContainer, part: Part, span: Span, pause: Pause, *, smooth: bool) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures that are to be in the strip, each with its place in ticks."""
    stream = source.streams.video[0]
    decoder = cast(VideoCodecContext, av.CodecContext.create(stream.codec_context.name, "r"))
    decoder.thread_count = 1
    if stream.codec_context.extradata:
        decoder.extradata = stream.codec_context.extradata
    chosen = _chosen(part, span, smooth=smooth)
    keys = part.timing.keys[span.first : span.stop].astype(bool)
    alone = not smooth or bool(keys.all())  # pictures that need no other ones: only those that are shown are decoded

    def placed(pictures: Sequence[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
        for picture in pictures:
            if picture.pts in chosen:
                yield chosen[picture.pts], picture

    for k, data in enumerate(_packets(source, part, span)):
        if alone and k not in chosen:
            continue
        pause()
        packet: Packet[Stream] = Packet(data)
        packet.pts = packet.dts = k
        yield from placed(cast(Sequence[VideoFrame], decoder.decode(packet)))
    yield from placed(cast(Sequence[VideoFrame], decoder.decode(None)))


def _chosen(part: Part, span: Span, *, smooth: bool) -> dict[int, int]:
    """Which of the span's pictures (counted from its first in the file) are in the strip, and where, in ticks."""
    positions = part.timing.positions[span.first : span.stop]
    keys = part.timing.keys[span.first : span.stop]
    apart = part.timing.rate / RATE if smooth else _SLIDES_APART * part.timing.rate
    slack = part.unit / 2
    chosen: dict[int, int] = {}
    due = Fraction(span.start)
    for k in np.argsort(positions, kind="stable").tolist():
        at = int(positions[k])
        if span.start <= at < span.end and (smooth or keys[k]) and at >= due - slack:
            chosen[k] = round(at * TICKS / part.timing.rate)
            due = max(due + apart, at - slack + apart) if smooth else at + apart
    return chosen


def _packets(source: InputContainer, part: Part, span: Span) -> Iterator[bytes]:
    """The span's pictures as they were recorded. Raises LiveshowError when they are not there."""
    stream = source.streams.video[0]
    unit = float((stream.time_base or Fraction(1, _MS)) * _MS)
    expected = part.timing.positions[span.first : span.stop] * float(_MS / part.timing.rate)
    shift = float(shift_of(source, part.timing) * _MS)
    source.seek(round((expected[0] + shift) / unit), stream=stream, backward=True)
    k = 0
    for packet in source.demux(stream):
        if packet.pts is None:
            continue
        at = packet.pts * unit - shift
        if k == 0 and not (packet.is_keyframe and abs(at - expected[0]) <= 1):
            continue
        if abs(at - expected[k]) > 1.001:
            what = f"picture {span.first + k} stands at {at:.0f} ms and its timing says {expected[k]:.3f}"
            raise LiveshowError(what, where=str(part.file), todo="`liveshow verify` shows how far they agree")
        yield bytes(packet)
        k += 1
        if k == expected.size:
            return
    if not span.open:
        what = f"it holds {span.first + k} of the {part.length} pictures that its timing has"
        kind = NotThere if part.timing.end is None else LiveshowError
        raise kind(what, where=str(part.file), todo="`liveshow verify` shows which")
