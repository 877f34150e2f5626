"""Raw pictures → H.264, once: for a local camera that delivers none, and for the simulated one.

No B-frames (a key picture is where a copied clip can begin, and decoding order is time order) and a key picture every second.
A hardware encoder is taken when it proves itself by encoding a few pictures that decode again; otherwise x264.
``LIVESHOW_ENCODER`` names the encoder to use instead, by FFmpeg's name ("libx264", "h264_nvenc"), or "software".

Sources: FFmpeg's codec documentation, sections libx264, NVENC, QSV, AMF, VideoToolbox; ITU-R BT.709 for the colours.
"""

from __future__ import annotations

import io
import os
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from liveshow.errors import MachineError
from liveshow.feeds.base import StreamFormat

TIME_BASE = Fraction(1, 90_000)
KEY_EVERY = 90_000
SOFTWARE = "libx264"
ENCODER = "LIVESHOW_ENCODER"
BT709 = 1  # AVCOL_PRI_BT709, AVCOL_TRC_BT709 and AVCOL_SPC_BT709 are all 1
MAX_SOFTWARE_THREADS = 4

# 640×360: ultrafast takes 1.7 ms a picture, superfast 2.8, veryfast 3.4, for 100, 80 and 63 kB: the show needs the time more
X264 = {"preset": "ultrafast", "tune": "zerolatency", "crf": "18", "forced-idr": "1"}

Picture = NDArray[np.uint8]

# FFmpeg's name → the pixel format it takes, and what keeps it from holding pictures back. Not h264_v4l2m2m: with FFmpeg 8.1
# a v4l2loopback device that is in use (a virtual camera) crashes the process that tries it.
HARDWARE: dict[str, tuple[str, dict[str, str]]] = {
    "h264_videotoolbox": ("nv12", {"realtime": "1", "allow_sw": "0"}),
    "h264_nvenc": ("nv12", {"zerolatency": "1", "delay": "0", "forced-idr": "1"}),
    "h264_qsv": ("nv12", {"async_depth": "1", "forced_idr": "1"}),
    "h264_amf": ("nv12", {"usage": "lowlatency", "forced_idr": "1"}),
}


class PictureEncoder:
    """Encodes the pictures of one camera.

    width, height: of the pictures given, in pixels (an odd one is scaled to the even one below: 4:2:0 has no half pixel);
    rate: pictures a second as announced, pts may come at any other; pixel_format: FFmpeg's name of what ndarrays given to
    `encode` hold. `hardware`: whether a hardware encoder may be taken. Raises MachineError when there is no encoder.
    """

    def __init__(self, width: int, height: int, rate: Fraction, pixel_format: str = "bgr24", *, hardware: bool = True) -> None:
        self._given = pixel_format
        self._size = (width & ~1, height & ~1)
        self.codec = choose_encoder(*self._size, rate, hardware)
        self._scratch, self._stream = _open(self.codec, *self._size, rate)
        self._pixel_format = self._stream.pix_fmt or ""
        self._next_key: int | None = None
        self.format = StreamFormat(
            kind="video",
            encoded=True,
            codec="h264",
            time_base=TIME_BASE,
            add_to=self._add_to,
            width=self._size[0],
            height=self._size[1],
            rate=rate,
        )

    def encode(self, picture: Picture | VideoFrame, pts: int) -> list[av.Packet[Stream]]:
        """The packets of a picture taken at `pts` (1/90000 s, ascending). x264 always gives one; hardware may lag a little."""
        frame = picture if isinstance(picture, VideoFrame) else VideoFrame.from_ndarray(picture, format=self._given)
        frame = self._converted(frame)
        frame.pts, frame.time_base = pts, TIME_BASE
        # A picture that was decoded from something else brings its own type, which would make every one a key picture.
        frame.pict_type = PictureType.I if self._key_is_due(pts) else PictureType.NONE
        packets: list[Any] = self._stream.encode(frame)
        return packets

    def close(self) -> None:
        """Let go of the encoder. Harmless when it is closed."""
        self._scratch.close()

    def _add_to(self, container: OutputContainer) -> VideoStream:
        return container.add_stream_from_template(self._stream)

    def _key_is_due(self, pts: int) -> bool:
        due = self._next_key is None or pts >= self._next_key
        if due:
            self._next_key = pts + KEY_EVERY
        return due

    def _converted(self, frame: VideoFrame) -> VideoFrame:
        if frame.format.name == self._pixel_format and (frame.width, frame.height) == self._size:
            return frame
        width, height = self._size
        return frame.reformat(
            width, height, self._pixel_format, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )


def choose_encoder(width: int, height: int, rate: Fraction, hardware: bool = True) -> str:
    """FFmpeg's name of the encoder to use for pictures of this size. Raises MachineError when there is none."""
    wanted = os.environ.get(ENCODER, "") if hardware else SOFTWARE
    if wanted and wanted != "software":
        if wanted != SOFTWARE and not (wanted in HARDWARE and proves_itself(wanted, width, height, rate)):
            known = ", ".join([SOFTWARE, *HARDWARE])
            raise MachineError(
                f"the encoder {wanted!r} does not work here",
                where=ENCODER,
                todo=f'leave it out, or use "software" or one of {known}',
            )
        return wanted
    tried = {} if wanted else HARDWARE
    found = next((name for name in tried if proves_itself(name, width, height, rate)), SOFTWARE)
    if found not in av.codecs_available:
        raise MachineError(
            "the installed av has no H.264 encoder", todo="install PyAV from its wheel: pip install --force-reinstall av"
        )
    return found


@cache
def proves_itself(codec: str, width: int, height: int, rate: Fraction) -> bool:
    """Whether an encoder really works on this machine: three pictures go in, and what comes out decodes to their size."""
    if codec not in av.codecs_available:
        return False
    try:
        return _decoded_sizes(codec, width, height, rate) == {(width, height)}
    except (av.FFmpegError, ValueError, OSError):
        return False


def _decoded_sizes(codec: str, width: int, height: int, rate: Fraction) -> set[tuple[int, int]]:
    scratch, stream = _open(codec, width, height, rate)
    try:
        packets = []
        for k in range(3):
            frame = VideoFrame(width, height, stream.pix_fmt or "")
            frame.pts, frame.time_base = round(k / (rate * TIME_BASE)), TIME_BASE
            packets += stream.encode(frame)
        packets += stream.encode(None)
        decoder = av.CodecContext.create("h264", "r")
        decoder.extradata = stream.codec_context.extradata
        pictures = [picture for packet in [*packets, None] for picture in decoder.decode(packet)]
        return {(picture.width, picture.height) for picture in pictures}
    finally:
        scratch.close()


def _open(codec: str, width: int, height: int, rate: Fraction) -> tuple[OutputContainer, VideoStream]:
    """An opened encoder, as a stream of a container that is never written: only so can PyAV use it as a template later."""
    scratch = av.open(io.BytesIO(), "w", format="matroska")
    options = X264 if codec == SOFTWARE else HARDWARE[codec][1]
    stream = scratch.add_stream(codec, rate=rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = width, height
    stream.pix_fmt = "yuv420p" if codec == SOFTWARE else HARDWARE[codec][0]
    context = stream.codec_context
    context.time_base, context.max_b_frames, context.gop_size = TIME_BASE, 0, max(1, round(rate))
    context.color_range, context.colorspace = int(ColorRange.MPEG), BT709
    context.color_primaries, context.color_trc = BT709, BT709
    if codec == SOFTWARE:
        context.thread_count = _threads(width * height * rate)
    else:
        context.bit_rate = int(width * height * rate / 8)
    scratch.start_encoding()
    return scratch, stream


def _threads(pixels_a_second: Fraction) -> int:
    """One for small pictures, whose threads cost more than they bring; never the whole of a big machine."""
    return 1 if pixels_a_second <= 1280 * 720 * 30 else min(MAX_SOFTWARE_THREADS, os.cpu_count() or 1)
