"""Pictures in sixels, which xterm, foot, mlterm, Windows Terminal and others draw (DEC STD 070, chapter 9; VT330/VT340 Programmer
Reference, chapter 14).

A line of sixels is six dots high. The dots of a preview are larger than the terminal's, so a line shows one, two, three or six rows of
them, and is drawn row by row over itself: as many runs as there are runs of one colour.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from liveshow.dashboard.picture import Pixels, scaled

COLOURS, COMMON = 255, 192
"""How many colours a picture has at most, which every terminal can show, and how many of them are those that are seen most; the others are
spread over the rest, so that a small light keeps its colour."""
STEPS = 0xF8  # colours that differ by less than that are one
TOGETHER = (1, 2, 3, 6)
"""How many of the terminal's rows a row of the picture may take."""


def shown(pixels: Pixels, width: int, height: int) -> Iterator[str]:
    """What puts a picture, shape (height, width, 3), over `width` × `height` of the terminal's dots at the cursor."""
    rows_as_one = next((n for n in TOGETHER if height // n <= pixels.shape[0]), TOGETHER[-1])
    wide, tall = min(width, pixels.shape[1]), max(1, height // rows_as_one)
    colours, palette = _colours(scaled(pixels, wide, tall))
    edges = np.arange(wide + 1) * width // wide
    yield f'\x1bP0;1;0q"1;1;{width};{tall * rows_as_one}{_defined(palette)}'
    in_line = 6 // rows_as_one
    for top in range(0, tall, in_line):
        rows = range(top, min(tall, top + in_line))
        yield "$".join(_row(colours[y], edges, (y - top) * rows_as_one, rows_as_one) for y in rows) + "-"
    yield "\x1b\\"


def _colours(pixels: Pixels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of the colour of every dot, and those colours, shape (colours, 3)."""
    coarse = (pixels & np.uint8(STEPS)).astype(np.int64)
    packed = coarse @ (1 << np.array([16, 8, 0]))
    found, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    by_count = np.argsort(-counts, kind="stable")
    rest = np.sort(by_count[COMMON:])
    spread = rest[np.linspace(0, len(rest) - 1, COLOURS - COMMON).astype(np.int64)] if len(rest) else rest
    palette = _unpacked(found[np.unique([*by_count[:COMMON], *spread])])
    far = ((_unpacked(found)[:, None] - palette[None]) ** 2).sum(axis=2)
    return far.argmin(axis=1)[where.reshape(packed.shape)], palette


def _unpacked(packed: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=-1)


def _row(colours: NDArray[np.int64], edges: NDArray[np.int64], first: int, rows: int) -> str:
    """A row of the picture as runs of the sixel whose bits from `first` on, `rows` of them, are set."""
    sign = chr(63 + (((1 << rows) - 1) << first))
    begins = np.flatnonzero(np.diff(colours, prepend=-1))
    lengths = np.diff(edges[[*begins, len(colours)]])
    return "".join(f"#{c}!{n}{sign}" for c, n in zip(colours[begins].tolist(), lengths.tolist(), strict=True))


def _defined(palette: NDArray[np.int64]) -> str:
    """The colours, in percent of red, green and blue."""
    return "".join(f"#{n};2;{r};{g};{b}" for n, (r, g, b) in enumerate((palette * 100 // 255).tolist()))
