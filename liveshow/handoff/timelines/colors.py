"""A performer's colour: made from the id alone, so that it is the same in every timeline of every evening."""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

_LIGHT, _STRONG = 0.55, 0.6  # readable under black and white text


@dataclass(frozen=True, slots=True)
class Color:
    """Red, green and blue, from 0 to 255."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        """As in HTML: "#rrggbb"."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    def nearest(self, names: Mapping[str, float]) -> str:
        """Of colours known by name and hue (degrees), the one whose hue is nearest."""
        hue = colorsys.rgb_to_hls(self.red / 255, self.green / 255, self.blue / 255)[0] * 360
        return min(names, key=lambda name: min(abs(names[name] - hue), 360 - abs(names[name] - hue)))


MARKERS = {
    "segment": Color(0x4C, 0x8D, 0xD9),
    "highlight": Color(0xE8, 0xC5, 0x3A),
    "note": Color(0x3F, 0xC1, 0xC9),
    "missing": Color(0xD9, 0x3A, 0x3A),
}
PLAIN = Color(0xE0, 0xE0, 0xE0)

HUES = {
    "RED": 0.0,
    "ORANGE": 30.0,
    "YELLOW": 52.0,
    "GREEN": 120.0,
    "CYAN": 182.0,
    "BLUE": 222.0,
    "PURPLE": 265.0,
    "MAGENTA": 300.0,
    "PINK": 335.0,
}
"""The colours that OpenTimelineIO and CMX 3600 locators have names for, grey ones left out."""


def color_of(performer: str) -> Color:
    """The colour of a performer's id."""
    hue = int.from_bytes(hashlib.sha256(performer.encode()).digest()[:4], "big") / 2**32
    return Color(*(round(255 * part) for part in colorsys.hls_to_rgb(hue, _LIGHT, _STRONG)))


def marker_color(kind: str) -> Color:
    """The colour of a kind of marker."""
    return MARKERS.get(kind, PLAIN)


def marker_name(kind: str) -> str:
    """The same by name, as OpenTimelineIO and CMX 3600 locators have it."""
    return MARKERS[kind].nearest(HUES) if kind in MARKERS else "WHITE"
