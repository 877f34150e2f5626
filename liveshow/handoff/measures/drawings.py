"""Small pictures of clips: a poster, a contact strip, a waveform."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from liveshow.handoff.measures.looking import Look

_QUALITY = "4"  # of FFmpeg's MJPEG quantisers, 2 to 31, the lowest the best
_STRIP, _STRIP_WIDE = 10, 160
_COLUMNS, _HIGH = 800, 120
_INK, _LOUD = "#767676", "#d0021b"  # both more than 3:1 on black and on white (WCAG 2.2, 1.4.11)


def poster(looks: Sequence[Look]) -> bytes | None:
    """The sharpest of those near the first third, as a JPEG; a black one only when all are."""
    lit = [look for look in looks if not look.black] or list(looks)
    near = lit[len(lit) // 6 : max(1, (len(lit) + 1) // 2)]
    return jpeg(max(near, key=lambda look: look.sharpness).small) if near else None


def strip(looks: Sequence[Look]) -> bytes | None:
    """Ten of them side by side, in the order of time, as a JPEG."""
    if not looks:
        return None
    chosen = [looks[round(k)] for k in np.linspace(0, len(looks) - 1, min(_STRIP, len(looks)))]
    shape = looks[0].small
    high = max(2, round(_STRIP_WIDE * shape.height / shape.width / 2) * 2)
    pictures = [look.small.reformat(width=_STRIP_WIDE, height=high, format="rgb24").to_ndarray() for look in chosen]
    return jpeg(VideoFrame.from_ndarray(np.ascontiguousarray(np.hstack(pictures)), format="rgb24"))


def jpeg(picture: VideoFrame) -> bytes:
    """A picture as a JPEG."""
    context = av.CodecContext.create("mjpeg", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = picture.width, picture.height, "yuvj420p"
    context.time_base, context.thread_count = Fraction(1, 25), 1
    context.options = {"qmin": _QUALITY, "qmax": _QUALITY}
    frame = picture.reformat(format="yuvj420p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def waveform(peaks: NDArray[np.float32], clipped: Sequence[float] = ()) -> str:
    """Peaks over time as an SVG that is readable on light and on dark ground; `clipped`: where (0 to 1) it was, drawn in red."""
    middle = _HIGH / 2
    edges = np.linspace(0, peaks.size, min(_COLUMNS, max(1, peaks.size)) + 1).astype(int)
    highs = np.maximum.reduceat(peaks, edges[:-1]) if peaks.size else np.zeros(1, np.float32)
    wide = _COLUMNS / highs.size
    lines = " ".join(
        f"M{(k + 0.5) * wide:.1f} {middle - h:.1f}V{middle + h:.1f}"
        for k, h in enumerate(np.maximum(0.5, highs * (middle - 1)))
    )
    marks = "".join(f'<path d="M{at * _COLUMNS:.1f} 0v{_HIGH}" stroke="{_LOUD}"/>' for at in clipped)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_COLUMNS} {_HIGH}" preserveAspectRatio="none">'
        f'<path d="{lines}" stroke="{_INK}" stroke-width="{wide:.2f}"/>{marks}</svg>\n'
    )
