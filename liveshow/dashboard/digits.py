"""Figures large enough to be read from the wings: three by five dots, two dots to a cell, or each dot two cells wide."""

from __future__ import annotations

_FONT = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ":": (" ", "#", " ", "#", " "),
    "/": ("  #", "  #", " # ", "#  ", "#  "),
    "R": ("## ", "# #", "## ", "# #", "# #"),
    "E": ("###", "#  ", "## ", "#  ", "###"),
    "C": ("###", "#  ", "#  ", "#  ", "###"),
    "-": ("   ", "   ", "###", "   ", "   "),
    "+": ("   ", " # ", "###", " # ", "   "),
}
_HALVES = {("#", "#"): "█", ("#", " "): "▀", (" ", "#"): "▄", (" ", " "): " "}


def dots(text: str) -> tuple[str, ...]:
    """Five rows of "#" and " "; characters without a shape are left out."""
    shapes = [_FONT[c] for c in text if c in _FONT]
    return tuple(" ".join(shape[row] for shape in shapes) for row in range(5))


def small(text: str) -> tuple[str, ...]:
    """Three rows of half blocks."""
    rows = (*dots(text), " " * len(dots(text)[0]))
    return tuple("".join(_HALVES[pair] for pair in zip(rows[y], rows[y + 1], strict=True)) for y in (0, 2, 4))


def large(text: str) -> tuple[str, ...]:
    """Five rows of full blocks, twice as wide."""
    return tuple("".join("██" if dot == "#" else "  " for dot in row) for row in dots(text))
