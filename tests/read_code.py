"""Reads a QR code back from a terminal's screen as a phone would: from pixels, with ZXing, which many of them have.

OpenCV's reader fails at some codes that phones read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

CELL = 8  # pixels that half a cell is high, and a cell wide


def pixels_of(strips: Sequence[Strip]) -> NDArray[np.uint8]:
    """The screen in grey, one line of text two squares high, as far as it is of blocks and blanks; of words only the ground."""
    rows = [[half for segment in strip for half in _halves(segment)] for strip in strips]
    wide = max(map(len, rows))
    small = np.zeros((2 * len(rows), wide), np.uint8)
    for y, row in enumerate(rows):
        for x, (upper, lower) in enumerate(row):
            small[2 * y, x], small[2 * y + 1, x] = upper, lower
    return np.kron(small, np.ones((CELL, CELL), np.uint8))


def _halves(segment: Segment) -> list[tuple[int, int]]:
    style = segment.style or Style()
    ground, ink = _grey(style.bgcolor), _grey(style.color)
    halves = {"▀": (ink, ground), "▄": (ground, ink), "█": (ink, ink)}
    return [halves.get(character, (ground, ground)) for character in segment.text]


def _grey(color: Color | None) -> int:
    if color is None or color.is_default:
        return 0
    red, green, blue = color.get_truecolor()
    return round(0.299 * red + 0.587 * green + 0.114 * blue)


def read_code(pixels: NDArray[np.uint8]) -> str:
    """What the code in a picture says, "" when there is none that can be read."""
    found = zxingcpp.read_barcodes(pixels)
    return found[0].text if len(found) == 1 else ""
