"""One small film from the clips of a package: H.264 and AAC in an MP4 whose index comes first, at most 640 × 360, 30 pictures a second
and about 600 kbit/s. Its pictures are those of the camera that all share (else the first), its sound the performers' microphones, mixed,
or what that camera heard when there is no microphone.

All pictures of that camera are decoded, some seconds for each minute: this belongs where nobody waits for it. Where a recording has a
gap, the picture before stays and sound is silent.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from liveshow.handoff.previews.mix import RATE, blocks, of_camera
from liveshow.handoff.previews.small import shrunk, small_size
from liveshow.model import FeedKind
from liveshow.showfolder.contribution import ClipRecord, Contribution
from liveshow.timebase import SECOND

_MOST = Fraction(1, 31)  # seconds from one picture to the next, at least
_BITS, _SOUND_BITS = 500_000, 96_000
_UNIT = Fraction(1, 90_000)
_ENCODER = {"preset": "veryfast", "profile": "main", "g": "60", "maxrate": "900k", "bufsize": "1800k", "threads": "1"}


def write_film(about: Contribution, data: Path, path: Path) -> None:
    """Write it to `path` (.mp4). Raises av.FFmpegError, soundfile.LibsndfileError or OSError when a clip cannot be read or the disk is
    full."""
    cameras, sounds = camera_of(about), microphones_of(about)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        pictures = _Pictures(out, cameras, data, about.segment.start.show_ns) if cameras else None
        heard = of_camera(cameras, data, about) if any(clip.own_sound for clip in cameras) else None
        sound = blocks(sounds, data, about) if sounds else heard
        voices = _Sound(out, sound) if sound else None
        for at in pictures.written() if pictures else ():
            if voices:
                voices.reach(at)
        if voices:
            voices.reach(None)


def camera_of(about: Contribution) -> list[ClipRecord]:
    """The clips of the camera to be seen: one that belongs to nobody, or else the first."""
    cameras = [clip for clip in about.clips if clip.kind == FeedKind.CAMERA.value and clip.first < clip.last and clip.track]
    owned = {feed.id for feed in about.feeds if feed.performers}
    chosen = next((clip.track for clip in cameras if clip.track not in owned), cameras[0].track if cameras else None)
    return [clip for clip in cameras if clip.track == chosen]


def microphones_of(about: Contribution) -> list[ClipRecord]:
    """The clips of the microphones to be heard: those that belong to somebody, or else all."""
    voices = [clip for clip in about.clips if clip.kind == FeedKind.MIC.value and clip.first < clip.last and clip.track]
    owned = {feed.id for feed in about.feeds if feed.performers}
    return [clip for clip in voices if clip.track in owned] or voices


class _Pictures:
    """The pictures of the film."""

    def __init__(self, out: OutputContainer, clips: list[ClipRecord], data: Path, begin: int) -> None:
        self._out, self._clips, self._data, self._begin = out, clips, data, begin
        self._stream = out.add_stream("libx264", rate=30, options=_ENCODER)
        self._size = small_size(clips[0].width, clips[0].height)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt, self._stream.bit_rate = "yuv420p", _BITS
        self._stream.time_base = self._stream.codec_context.time_base = _UNIT

    def written(self) -> Iterator[Fraction]:
        """Write one after the other; the time, in seconds since in, to which it has come."""
        last = Fraction(-1)
        for clip in self._clips:
            with closing(_shown(self._data / clip.file, clip, self._begin)) as shown:
                for at, picture in shown:
                    if at - last >= _MOST:
                        self._out.mux(self._stream.encode(self._small(picture, at)))
                        last = at
                        yield at
        self._out.mux(self._stream.encode(None))

    def _small(self, picture: VideoFrame, at: Fraction) -> VideoFrame:
        small = shrunk(picture, self._size)
        small.pts, small.time_base, small.pict_type = round(at / _UNIT), _UNIT, 0
        return small


def _shown(file: Path, clip: ClipRecord, begin: int) -> Generator[tuple[Fraction, VideoFrame], None, None]:
    """The pictures from in to out, each with its time in seconds since in (`begin` on the show clock)."""
    rate = Fraction(clip.rate)
    lead = Fraction(max(0, clip.start.show_ns - begin), SECOND)  # a part that begins after in
    with av.open(str(file)) as source:
        stream = source.streams.video[0]
        stream.thread_count = 1
        for picture in source.decode(stream):
            position = (picture.pts or 0) * (picture.time_base or Fraction(0)) * rate
            if position >= clip.last:
                return
            if position >= clip.first:
                yield lead + (position - clip.first) / rate, picture


class _Sound:
    """The sound of the film, one channel."""

    def __init__(self, out: OutputContainer, sound: Iterator[NDArray[np.float32]]) -> None:
        self._out, self._blocks = out, sound
        self._stream = out.add_stream("aac", rate=RATE, layout="mono")
        self._stream.bit_rate = _SOUND_BITS
        self._written = 0

    def reach(self, at: Fraction | None) -> None:
        """Write all up to `at` seconds since in; None: all there is."""
        while at is None or self._written < at * RATE:
            block = next(self._blocks, None)
            if block is None:
                if at is None:
                    self._out.mux(self._stream.encode(None))
                return
            frame = AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._written, Fraction(1, RATE)
            self._written += block.size
            self._out.mux(self._stream.encode(frame))
