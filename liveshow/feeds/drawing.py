"""Smooth shapes and words for simulated pictures, in numpy alone.

Everything is a coverage: float32, 0 to 1, one value a pixel, edges smoothed over one pixel. The letters are drawn with a round
pen along a 5 × 7 bitmap, so that they look right at any height.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

Coverage = NDArray[np.float32]
Point = tuple[float, float]

COLUMNS, ROWS, ADVANCE = 5, 7, 6
_ALPHABET = """
A.... B.... C.... D.... E.... F.... G.... H.... I.... J.... K.... L.... M.... N.... O....
.###. ####. .###. ####. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###.
#...# #...# #...# #...# #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## ##..# #...#
#...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# #.#.# #...#
##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #..## #...#
#...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #...# #...#
#...# #...# #...# #...# #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #...# #...#
#...# ####. .###. ####. ##### #.... .###. #...# .###. .##.. #...# ##### #...# #...# .###.

P.... Q.... R.... S.... T.... U.... V.... W.... X.... Y.... Z.... 0.... 1.... 2.... 3....
####. .###. ####. .#### ##### #...# #...# #...# #...# #...# ##### .###. ..#.. .###. .###.
#...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# #...# .##.. #...# #...#
#...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. #...# ..#.. ....# ....#
####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. #...# ..#.. ...#. ..##.
#.... #.#.# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#... #...# ..#.. ..#.. ....#
#.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... #...# ..#.. .#... #...#
#.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. ##### .###. .###. ##### .###.

4.... 5.... 6.... 7.... 8.... 9.... :.... ..... -.... _.... /.... '.... &.... !.... ?....
#..#. ##### .###. ##### .###. .###. ..... ..... ..... ..... ....# ..#.. .##.. ..#.. .###.
#..#. #.... #.... ....# #...# #...# ..#.. ..... ..... ..... ....# ..#.. #..#. ..#.. #...#
#..#. #.... #.... ...#. #...# #...# ..... ..... ..... ..... ...#. ..... #.#.. ..#.. ....#
##### ####. ####. ...#. .###. .#### ..... ..... .###. ..... ..#.. ..... .#... ..#.. ..##.
...#. ....# #...# ..#.. #...# ....# ..... ..... ..... ..... .#... ..... #.#.# ..#.. ..#..
...#. #...# #...# ..#.. #...# ....# ..#.. ..... ..... ..... #.... ..... #..#. ..... .....
...#. .###. .###. ..#.. .###. .###. ..... ..#.. ..... ##### #.... ..... .##.# ..#.. ..#..
"""


def capsule(shape: tuple[int, int], a: Point, b: Point, radius: float, radius_b: float | None = None) -> Coverage:
    """A line from `a` to `b` (x, y in pixels) drawn with a round pen of `radius`, narrowing or widening to `radius_b`.

    shape: (height, width) of the result. A disc is a line from a point to itself.
    """
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) + np.float32(0.5)
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    distance = np.hypot(x - a[0] - along * dx, y - a[1] - along * dy)
    pen = radius + along * ((radius if radius_b is None else radius_b) - radius)
    covered: Coverage = np.clip(pen - distance + 0.5, 0, 1).astype(np.float32)
    return covered


def glyph_size(height: int) -> tuple[int, int]:
    """(height, width) of one letter's box, its space included, when letters are `height` pixels high."""
    return height, max(1, round(height * ADVANCE / ROWS))


def text_width(words: str, height: int) -> int:
    """Width in pixels of a line of text."""
    return len(plain(words)) * glyph_size(height)[1]


def plain(words: str) -> str:
    """Words in the letters there are: upper case, without accents; what is unknown is a question mark."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", words.upper()) if not unicodedata.combining(c))
    return "".join(c if c == " " or c in _bitmaps() else "?" for c in bare)


def text(words: str, height: int) -> Coverage:
    """A line of text, shape (`height`, `text_width`)."""
    letters = [glyph(letter, height) for letter in plain(words)]
    return np.concatenate(letters, axis=1) if letters else np.zeros((height, 0), np.float32)


@cache
def glyph(letter: str, height: int) -> Coverage:
    """One letter of `plain`'s, shape `glyph_size(height)`."""
    shape = glyph_size(height)
    step = height / ROWS
    covered: Coverage = np.zeros(shape, np.float32)
    for (x0, y0), (x1, y1) in _strokes(_bitmaps().get(letter, frozenset())):
        a, b = ((x0 + 0.5) * step, (y0 + 0.5) * step), ((x1 + 0.5) * step, (y1 + 0.5) * step)
        covered = np.maximum(covered, capsule(shape, a, b, step * 0.42))
    return covered


@cache
def _bitmaps() -> dict[str, frozenset[tuple[int, int]]]:
    """Letter → its dots as (column, row)."""
    found = {}
    for band in _ALPHABET.strip().split("\n\n"):
        names, *rows = (line.split(" ") for line in band.splitlines())
        for k, name in enumerate(names):
            found[name[0]] = frozenset((x, y) for y, row in enumerate(rows) for x, dot in enumerate(row[k]) if dot == "#")
    return found


def _strokes(dots: frozenset[tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of dots to join: neighbours, and diagonal ones that have no common neighbour; every dot also with itself."""
    strokes = [(dot, dot) for dot in dots]
    for x, y in dots:
        strokes += [((x, y), near) for near in ((x + 1, y), (x, y + 1)) if near in dots]
        for side in (-1, 1):
            if (x + side, y + 1) in dots and not {(x + side, y), (x, y + 1)} & dots:
                strokes.append(((x, y), (x + side, y + 1)))
    return strokes
