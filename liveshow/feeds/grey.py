"""The grey values of a decoded picture, and how sharp they are."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

_PLANAR = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray")
_ROWS = 5  # odd, so that no grid of the picture falls in step with it


def grey_values(picture: VideoFrame) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Its grey values, which a camera's picture has as a plane of its own, and those that black and white have there."""
    full = picture.format.name.startswith("yuvj") or picture.color_range == 2
    if picture.format.name in _PLANAR:
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return rows[: picture.height, : picture.width], (0, 255) if full else (16, 235)
    return np.asarray(picture.reformat(format="gray").to_ndarray(), np.uint8), (0, 255)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian, in every fifth row (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a
    comparative study", ICPR 2000)."""
    rows = range(1, grey.shape[0] - 1, _ROWS)
    above, row, below = (grey[rows.start + k : rows.stop + k : _ROWS].astype(np.int16) for k in (-1, 0, 1))
    inner = above[:, 1:-1] + below[:, 1:-1] + row[:, :-2] + row[:, 2:] - 4 * row[:, 1:-1]
    return float(inner.var(dtype=np.float32)) if inner.size else 0.0
