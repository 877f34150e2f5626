"""A frame counter that a machine reads back from the picture, after encoding and scaling.

A strip along the lower edge, 40 cells of equal width, two thirds as high as a cell is wide. Dark is 0, light is 1,
from left to right:

===== ==========================================================================
1010  a ruler: it tells where light and dark lie, and that there is a strip at all
24    the number of the picture modulo 2²⁴, highest bit first
8     check bits: CRC-8 of the three bytes, highest bit first
0101  the ruler's other end
===== ==========================================================================

Sixteen bits of forty are fixed by the others, and a cell that is neither light nor dark is refused: a picture without a strip,
or with a torn one, reads as None and hardly ever (once in 65 536 random strips) as a wrong number.

Source: CRC-8 with polynomial x⁸ + x² + x + 1, as CRC-8/SMBUS but begun with 0xFF.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELLS = 40
NUMBERS = 1 << 24
DARK, LIGHT = 24, 176  # luma; the strip is no brighter than it must be
LEAST_CONTRAST = 40.0
RULER = np.array([1, 0, 1, 0, 0, 1, 0, 1], dtype=np.uint8)

Luma = NDArray[np.uint8]


def strip_height(width: int) -> int:
    """How many rows the strip takes in a picture `width` pixels wide."""
    return max(1, round(width * 2 / 3 / CELLS))


def draw_counter(number: int, width: int) -> Luma:
    """The strip's luma for a number (taken modulo 2²⁴), shape (`width`,): every row of the strip is the same."""
    number %= NUMBERS
    data = number.to_bytes(3, "big")
    bits = np.unpackbits(np.frombuffer(data + bytes([_crc8(data)]), dtype=np.uint8))
    cells = np.concatenate((RULER[:4], bits, RULER[4:]))
    return np.where(cells, LIGHT, DARK).astype(np.uint8)[np.arange(width) * CELLS // width]


def read_counter(picture: Luma) -> int | None:
    """The number in a grey picture of shape (height, width), at any size at which its cells are still apart; else None."""
    height, width = picture.shape
    if width < 2 * CELLS or height < strip_height(width):
        return None
    cells = _cell_means(picture[height - strip_height(width) :])
    ruler = np.concatenate((cells[:4], cells[-4:]))
    light, dark = ruler[RULER == 1], ruler[RULER == 0]
    contrast = float(light.min() - dark.max())
    level = (cells - dark.mean()) / max(1.0, float(light.mean() - dark.mean()))
    if contrast < LEAST_CONTRAST or bool(np.any(np.abs(level - 0.5) < 0.2)):
        return None
    data = np.packbits(level[4:-4] > 0.5).tobytes()
    return int.from_bytes(data[:3], "big") if _crc8(data[:3]) == data[3] else None


def _cell_means(strip: Luma) -> NDArray[np.float64]:
    """The mean of the middle of each cell; its edges are blurred by the encoder."""
    height, width = strip.shape
    edge = height // 4
    row = strip[edge : height - edge].mean(axis=0)
    size = width / CELLS
    starts = np.arange(CELLS) * size
    return np.array([row[round(s + size / 4) : max(round(s + size / 4) + 1, round(s + size * 3 / 4))].mean() for s in starts])


def _crc8(data: bytes) -> int:
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ 0x07 if crc & 0x80 else crc << 1
            crc &= 0xFF
    return crc
