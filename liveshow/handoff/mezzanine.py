"""A feed of a contribution as one film from in to out, for programs that want every frame whole: MOV with DNxHR or ProRes, at a
constant rate, with timecode, and with what the camera heard, as PCM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from liveshow.errors import LiveshowError, MachineError, UsageError
from liveshow.handoff.own_sound import Heard
from liveshow.handoff.pictures import NO_ROOM
from liveshow.handoff.steady import Grid, steady
from liveshow.showfolder.contribution import ClipRecord
from liveshow.timebase import SECOND

_SOUND = "pcm_s24le"
Drawn = Callable[[], None]
"""Called after every frame. It may raise to interrupt."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How it is encoded: FFmpeg's encoder, its options and pixel format, and the smallest pictures it takes."""

    encoder: str
    options: dict[str, str]
    pixels: str
    least: tuple[int, int] = (16, 16)


CODECS = {
    "dnxhr": Codec("dnxhd", {"profile": "dnxhr_hq"}, "yuv422p", (256, 120)),
    "dnxhr-sq": Codec("dnxhd", {"profile": "dnxhr_sq"}, "yuv422p", (256, 120)),
    "prores": Codec("prores_ks", {"profile": "standard", "vendor": "apl0"}, "yuv422p10le"),
}


def write_film(
    path: Path, clips: Sequence[ClipRecord], data: Path, grid: Grid, codec: Codec, timecode: str, fill: str, drawn: Drawn
) -> None:
    """Write the film of a feed's clips (ascending, below `data`); `fill`: "frozen" or "black", where pictures are missing.

    Raises UsageError when the pictures are too small for the codec, LiveshowError when a clip cannot be decoded, MachineError when the disk
    is full.
    """
    size = clips[0].width, clips[0].height
    if size[0] < codec.least[0] or size[1] < codec.least[1]:
        what = f"its pictures are {size[0]}x{size[1]}, and this codec takes {codec.least[0]}x{codec.least[1]} or more"
        raise UsageError(what, where=clips[0].feed, todo="--codec prores takes any")
    black = _missing(clips, grid) if fill == "black" else ()
    unit = round(SECOND / Fraction(clips[0].rate))
    try:
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
            stream = cast(VideoStream, out.add_stream(codec.encoder, rate=grid.rate, options=codec.options))
            stream.width, stream.height, stream.pix_fmt = *size, codec.pixels
            stream.time_base = 1 / grid.rate
            stream.metadata["timecode"] = timecode
            sound = _Sound(out, Heard(clips, data, grid.start, grid.end)) if any(c.own_sound for c in clips) else None
            for number, picture in enumerate(steady(_pictures(clips, data), grid, unit, black)):
                frame = _black(*size) if picture is None else picture
                made = frame.reformat(*size, format=codec.pixels)
                made.pts, made.time_base, made.pict_type = number, 1 / grid.rate, 0
                out.mux(stream.encode(made))
                if sound is not None:
                    sound.write(round((number + 1) * sound.rate / grid.rate))
                drawn()
            out.mux(stream.encode(None))
            if sound is not None:
                sound.close()
    except av.FFmpegError as exc:
        if exc.errno in NO_ROOM:
            raise MachineError(
                f"the film cannot be written: {exc.strerror}", where=str(path), todo="free room on this disk"
            ) from exc
        raise LiveshowError(f"cannot be made into a film: {exc}", where=clips[0].feed, todo="`liveshow verify` it") from exc


class _Sound:
    """The stream of what the camera heard."""

    def __init__(self, out: OutputContainer, heard: Heard) -> None:
        self._out, self._heard, self.rate = out, heard, heard.rate
        self._stream = cast(AudioStream, out.add_stream(_SOUND, rate=heard.rate, layout=heard.layout))

    def write(self, until: int) -> None:
        """Up to so many samples."""
        if (frame := self._heard.read(until)) is not None:
            self._out.mux(self._stream.encode(frame))

    def close(self) -> None:
        """What the encoder still has."""
        self._out.mux(self._stream.encode(None))


def _pictures(clips: Sequence[ClipRecord], data: Path) -> Iterator[tuple[int, VideoFrame]]:
    """Every picture of the clips with its time on the show clock."""
    for clip in clips:
        lasts, rate = clip.end.show_ns - clip.start.show_ns, Fraction(clip.rate)
        with av.open(str(data / clip.file)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            base = stream.time_base or Fraction(0)
            for frame in container.decode(stream):
                yield clip.start.show_ns + round((frame.pts or 0) * base * rate * lasts / clip.length), frame


def _missing(clips: Sequence[ClipRecord], grid: Grid) -> tuple[tuple[int, int], ...]:
    """Spans of the show clock without a picture: outside all clips, and what contribution.json calls gaps."""
    covered, spans = grid.start, []
    for clip in clips:
        unit = (clip.end.show_ns - clip.start.show_ns) / clip.length
        if clip.start.show_ns - covered > unit / 2:
            spans.append((covered, round(clip.start.show_ns - unit / 2)))
        for first, count in clip.gaps:
            begin = clip.start.show_ns + (first - 0.5) * unit
            spans.append((round(begin), round(begin + count * unit)))
        covered = max(covered, clip.end.show_ns)
    return (*spans, (covered, grid.end + SECOND))


def _black(width: int, height: int) -> VideoFrame:
    return VideoFrame.from_ndarray(np.zeros((height, width), np.uint8), format="gray")
