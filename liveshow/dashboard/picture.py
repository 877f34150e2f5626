"""Small pictures in half blocks: the upper half of a cell is its ink, the lower half its ground, so a cell shows two dots.

Files are binary PPM (https://netpbm.sourceforge.net/doc/ppm.html), as the recorder leaves them. A picture is kept as the colours of
its cells, so that of the next one only the cells that look different are drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
Cells = NDArray[np.uint8]
"""Shape (height, width, 6): red, green and blue of the upper half of each cell, then of the lower."""
Tint = tuple[float, float, float]
_HEADER = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")
STEPS = 0xF8  # five bits a colour: fewer different styles, and no visible loss in pictures this small
NOISE = 7  # what a camera's noise moves a colour by, at most
SEEN_TOGETHER = 3  # cells; to draw so few once more costs less than to move past them
OLD = 0.35
DOTS_ENOUGH = 4  # a cell's colour is the mean of so many dots across
LUMA = np.array([0.2126, 0.7152, 0.0722])  # ITU-R BT.709


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


def cells_of(pixels: Pixels, width: int, height: int, *, dim: bool = False, tint: Tint | None = None) -> Cells:
    """The picture in at most `width` × `height` cells, whole, in its own proportions; see :func:`coloured`."""
    wide, tall = fitted(pixels, width, height)
    dots = coloured(scaled(pixels, wide, tall * 2), dim=dim, tint=tint)
    cells: Cells = np.concatenate([dots[0::2], dots[1::2]], axis=2)
    return cells


def steadied(cells: Cells, before: Cells | None) -> Cells:
    """In few colours; what differs from `before` by no more than a camera's noise stays as it was."""
    coarse: Cells = cells & np.uint8(STEPS)
    if before is None or before.shape != cells.shape:
        return coarse
    moved = np.abs(cells.astype(np.int16) - before - (~STEPS & 0xFF) // 2).max(axis=2) > NOISE
    return np.where(moved[..., None], coarse, before)


def differing(cells: Cells, before: Cells | None) -> Iterator[tuple[int, int, int]]:
    """Where two pictures of one size differ: (line, first cell, after the last)."""
    if before is None or before.shape != cells.shape:
        yield from ((y, 0, cells.shape[1]) for y in range(cells.shape[0]))
        return
    changed = (cells != before).any(axis=2)
    for y in np.flatnonzero(changed.any(axis=1)).tolist():
        places = np.flatnonzero(changed[y])
        ends = np.flatnonzero(np.diff(places) > SEEN_TOGETHER)
        firsts, lasts = [0, *(ends + 1).tolist()], [*ends.tolist(), len(places) - 1]
        yield from ((y, int(places[a]), int(places[b]) + 1) for a, b in zip(firsts, lasts, strict=True))


def drawn(row: Cells) -> Strip:
    """A line of cells, shape (width, 6)."""
    packed = row.astype(np.int64) @ (1 << np.array([40, 32, 24, 16, 8, 0]))
    return Strip([_segment(pair, sum(1 for _ in same)) for pair, same in groupby(packed.tolist())], len(row))


def coloured(pixels: Pixels, *, dim: bool = False, tint: Tint | None = None) -> Pixels:
    """A picture as it is to be seen. `dim`: it is an old one; `tint`: in shades of this colour only."""
    if tint is not None:
        pixels = ((pixels @ LUMA)[..., None] * np.array(tint)).astype(np.uint8)
    return (pixels * OLD).astype(np.uint8) if dim else pixels


def fitted(pixels: Pixels, width: int, height: int) -> tuple[int, int]:
    """How many of `width` × `height` cells, each twice as high as wide, the whole picture takes in its own proportions."""
    tall, wide = pixels.shape[:2]
    scale = min(width / wide, height * 2 / tall)
    return max(1, min(width, round(wide * scale))), max(1, min(height * 2, round(tall * scale)) // 2)


def scaled(pixels: Pixels, width: int, height: int) -> Pixels:
    """The mean of the dots that fall together; of very many, of every second or third."""
    finer = max(1, pixels.shape[1] // (width * DOTS_ENOUGH))
    pixels = pixels[::finer, ::finer]
    tall, wide = pixels.shape[:2]
    rows, columns = np.arange(height) * tall // height, np.arange(width) * wide // width
    if height > tall or width > wide:
        return np.asarray(pixels[np.ix_(rows, columns)], dtype=np.uint8)
    sums = np.add.reduceat(np.add.reduceat(pixels, rows, axis=0, dtype=np.uint32), columns, axis=1, dtype=np.uint32)
    counts = np.outer(np.diff([*rows, tall]), np.diff([*columns, wide]))
    return np.asarray(sums // counts[..., None], dtype=np.uint8)


def _segment(pair: int, count: int) -> Segment:
    upper, lower = pair >> 24, pair & 0xFFFFFF
    return Segment(" " * count, _plain(lower)) if upper == lower else Segment("▀" * count, _style(pair))


@lru_cache(maxsize=1 << 15)
def _style(pair: int) -> Style:
    return Style.from_color(_colour(pair >> 24), _colour(pair & 0xFFFFFF))


@lru_cache(maxsize=1 << 12)
def _plain(colour: int) -> Style:
    return Style.from_color(None, _colour(colour))


def _colour(packed: int) -> Color:
    return Color.from_rgb(packed >> 16, packed >> 8 & 255, packed & 255)
