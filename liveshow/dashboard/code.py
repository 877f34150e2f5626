"""A QR code (ISO/IEC 18004) in cells of the terminal: dark on light whatever the theme, for that is what every phone reads.

A cell is about twice as high as wide, so that half a cell is a module; where there is room, two cells side by side are one, which is read
from farther away. Around it lies the quiet zone of four modules, or of two where it would not fit otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest

import segno
from rich.style import Style
from rich.text import Text

DARK, LIGHT = "#000000", "#ffffff"
BESIDE = 26  # cells that the words beside it need
_WAYS = ((True, 4), (False, 4), (False, 2))  # whether a module is a whole cell high, and the quiet zone


@lru_cache(maxsize=2)  # the screen asks for it ten times a second
def code_lines(url: str, width: int, height: int) -> tuple[Text, ...]:
    """The code of a URL as lines, as large as there is room for in so many cells beside its words; nothing where it does not fit."""
    code = segno.make(url, error="l", micro=False)  # as small as can be; what that size leaves over goes into correcting errors
    for whole, border in _WAYS:
        modules = [[bool(module) for module in row] for row in code.matrix_iter(border=border)]
        lines = _whole(modules) if whole else _halves(modules)
        if len(lines) <= height and lines[0].cell_len + BESIDE <= width:
            return tuple(lines)
    return ()


def _whole(modules: Sequence[Sequence[bool]]) -> list[Text]:
    return [_line([("  ", module, module) for module in row]) for row in modules]


def _halves(modules: Sequence[Sequence[bool]]) -> list[Text]:
    """Two rows a line; below the last of an odd number it is light."""
    pairs = zip_longest(modules[::2], modules[1::2], fillvalue=())
    return [
        _line([(" " if upper == lower else "▀", upper, lower) for upper, lower in zip_longest(*pair, fillvalue=False)])
        for pair in pairs
    ]


def _line(cells: Sequence[tuple[str, bool, bool]]) -> Text:
    """Cells of which each has an upper and a lower half."""
    text = Text(no_wrap=True, end="")
    for character, upper, lower in cells:
        text.append(character, _STYLES[upper, lower])
    return text


_STYLES = {
    (upper, lower): Style(color=DARK if upper else LIGHT, bgcolor=DARK if lower else LIGHT)
    for upper in (True, False)
    for lower in (True, False)
}
