"""Small pictures in half blocks: the upper half of a cell is its ink, the lower half its ground, so a cell shows two dots.

Files are binary PPM (https://netpbm.sourceforge.net/doc/ppm.html), as the recorder leaves them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Pixels = NDArray[np.uint8]
_HEADER = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")
STEPS = 0xF8  # five bits a colour: fewer different styles, and no visible loss in pictures this small


def read_ppm(path: Path) -> Pixels | None:
    """The picture in a file, shape (height, width, 3); None when there is none or it is not whole."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    header = _HEADER.match(data)
    if header is None:
        return None
    wide, tall = int(header[1]), int(header[2])
    body = np.frombuffer(data, np.uint8, offset=header.end())
    return body[: wide * tall * 3].reshape(tall, wide, 3) if wide and tall and body.size >= wide * tall * 3 else None


def half_blocks(pixels: Pixels, width: int, height: int, *, dim: bool = False) -> list[Strip]:
    """The picture in at most `width` × `height` cells, whole, in its own proportions. `dim`: it is an old one."""
    dots = _fitted(pixels, width, height * 2)
    if dim:
        dots = (dots * 0.35).astype(np.uint8)
    packed = (dots & STEPS).astype(np.int64)
    colours = packed[..., 0] << 16 | packed[..., 1] << 8 | packed[..., 2]
    pairs = colours[0::2] << 24 | colours[1::2]
    return [Strip(_segments(row), len(row)) for row in pairs.tolist()]


def _fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    tall, wide = pixels.shape[:2]
    scale = min(width / wide, height / tall)
    new_wide, new_tall = max(1, min(width, round(wide * scale))), max(1, min(height, round(tall * scale)))
    return _scaled(pixels, new_wide, max(2, new_tall // 2 * 2))


def _scaled(pixels: Pixels, width: int, height: int) -> Pixels:
    """The mean of the dots that fall together."""
    tall, wide = pixels.shape[:2]
    rows, columns = np.arange(height) * tall // height, np.arange(width) * wide // width
    if height > tall or width > wide:
        return np.asarray(pixels[np.ix_(rows, columns)], dtype=np.uint8)
    sums = np.add.reduceat(np.add.reduceat(pixels, rows, axis=0, dtype=np.uint32), columns, axis=1, dtype=np.uint32)
    counts = np.outer(np.diff([*rows, tall]), np.diff([*columns, wide]))
    return np.asarray(sums // counts[..., None], dtype=np.uint8)


def _segments(pairs: list[int]) -> list[Segment]:
    return [Segment("▀" * sum(1 for _ in same), _style(pair)) for pair, same in groupby(pairs)]


@lru_cache(maxsize=1 << 15)
def _style(pair: int) -> Style:
    return Style.from_color(_colour(pair >> 24), _colour(pair & 0xFFFFFF))


def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 255, packed & 255)
