"""The stage that a simulated camera looks at: curtain, floor, a spot on everyone who is on, and a clock burnt in.

What does not move is drawn when somebody comes on or goes off; a picture is then a copy of it, a figure in one of its poses for
each performer who is on, the clock's digits and the frame counter's strip.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import pi, sin

import numpy as np
from numpy.typing import NDArray

from liveshow.feeds.drawing import Coverage, glyph, text, text_width
from liveshow.feeds.frame_counter import draw_counter, strip_height
from liveshow.feeds.simulated_figure import (
    POSES,
    Pixels,
    Plane,
    Planes,
    colour_of,
    figure,
    figure_size,
    sprites,
    to_yuv420,
)
from liveshow.timebase import MILLISECOND, SECOND

CURTAIN, FLOOR, PLATE = (0.42, 0.07, 0.12), (0.46, 0.30, 0.19), (0.035, 0.035, 0.045)
AMBIENT, SPOT = 0.36, 1.25
HAZE = np.array((0.10, 0.085, 0.07), np.float32)
HORIZON, FEET, NAMES = 0.70, 0.815, 0.845  # of the picture's height, from above
WHITE, BLACK = 235, 16
BLINK = "00:00:00.000"


@dataclass(frozen=True, slots=True)
class Role:
    """A performer in the picture: id, name, and the number that gives the colour."""

    id: str
    name: str
    index: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a performer stands: middle line and top left corner of the figure, its height, how far it sways, in pixels."""

    middle: int
    left: int
    top: int
    height: int
    sway: int


class StagePicture:
    """The pictures of one camera, in yuv420p (limited range, BT.709). Width and height are even; `label` is burnt in."""

    def __init__(self, width: int, height: int, label: str, roles: Sequence[Role]) -> None:
        self.width, self.height, self.roles = width, height, tuple(roles)
        self._whole = np.empty((height * 3 // 2, width), np.uint8)
        self._planes = _planes_of(self._whole)
        self._background = np.empty_like(self._whole)
        self._strip = strip_height(width)
        self._letters = max(8, min(height // 15, width // 13))
        self._label = label
        self._places = [self._place(k) for k in range(len(self.roles))]
        self._scene = self._empty_stage()
        self._is_air = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] < HORIZON
        self._sprites = {
            role.id: sprites(place.height, colour_of(role.index)) for role, place in zip(self.roles, self._places, strict=True)
        }
        self._on: list[tuple[Role, Place]] = []
        self.light(())

    def light(self, on: Collection[str]) -> None:
        """Who is on: these performers (ids) move and are lit, the others stand in the dark."""
        cast = list(zip(self.roles, self._places, strict=True))
        self._on = [(role, place) for role, place in cast if role.id in on]
        light = self._light([place for _, place in self._on])[..., None]
        lit = self._scene * light + HAZE * np.maximum(light - AMBIENT, 0) * self._is_air
        for (role, place), name in zip(cast, self._names(), strict=True):
            self._write_name(lit, name, place.middle, 1.0 if role.id in on else 0.38)
            if role.id not in on:
                pixels, covered = figure(place.height, POSES // 2, colour_of(role.index), AMBIENT)
                _blend(lit, pixels, covered, place.left, place.top)
        self._burn_in_label(lit)
        for plane, drawn in zip(_planes_of(self._background), to_yuv420(lit), strict=True):
            plane[:] = drawn

    def draw(self, number: int, show_ns: int, flash: bool) -> Plane:
        """The picture of an instant, shape (height · 3/2, width); valid until the next one. `flash`: white, for a clap."""
        np.copyto(self._whole, self._background)
        if flash:
            self._flash()
        else:
            for role, place in self._on:
                self._perform(role, place, show_ns / SECOND)
        self._burn_in_clock(show_ns, BLACK if flash else WHITE)
        self._planes[0][self.height - self._strip :] = draw_counter(number, self.width)
        return self._whole

    def _flash(self) -> None:
        y, u, v = self._planes
        y[: self.height - self._strip] = WHITE
        u[:], v[:] = 128, 128

    def _perform(self, role: Role, place: Place, seconds: float) -> None:
        phase = role.index * 2.4
        pose = int((0.5 + 0.5 * sin(2 * pi * seconds / 1.7 + phase)) * (POSES - 0.01))
        x = place.left + round(place.sway * sin(2 * pi * seconds / 4.3 + phase))
        y = place.top - round(0.02 * place.height * abs(sin(2 * pi * seconds / 1.1 + phase)))
        self._sprites[role.id][pose].lay_over(self._planes, x & ~1, y & ~1)

    def _burn_in_clock(self, show_ns: int, ink: int) -> None:
        x, y = self._clock_corner()
        covered = np.concatenate([glyph(c, self._letters) for c in clock_text(show_ns)], axis=1)
        region = self._planes[0][y : y + covered.shape[0], x : x + covered.shape[1]]
        region[:] = region + covered * (ink - region.astype(np.float32))

    def _clock_corner(self) -> tuple[int, int]:
        return self._letters, self._letters * 3 // 4

    # What does not move, as pixels of shape (height, width, 3), 0 to 1

    def _place(self, k: int) -> Place:
        slot = self.width / len(self.roles)
        height, width = figure_size(max(6, int(min(0.6 * self.height, 1.25 * slot))))
        middle = int((k + 0.5) * slot)
        left, top = min(max(0, middle - width // 2), self.width - width) & ~1, (int(FEET * self.height) - height) & ~1
        sway = min(int(slot - width) // 2, height // 6, left, self.width - width - left)
        return Place(middle, left, top, height, max(0, sway))

    def _empty_stage(self) -> Pixels:
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        y, x = y / self.height, x / self.width
        folds = 0.72 + 0.2 * np.cos(x * 2 * pi * 17 + 0.6 * np.sin(x * 40)) + 0.08 * np.cos(x * 2 * pi * 41)
        hem = np.clip((HORIZON - y) / 0.06, 0, 1) * 0.35 + 0.65
        boards = 0.9 + 0.1 * np.cos((x - 0.5) / (0.2 + np.abs(y - HORIZON)) * 60)
        depth = np.clip(0.55 + (y - HORIZON) * 1.6, 0, 1)
        on_floor = (y > HORIZON)[..., None]
        vignette: Pixels = (1 - 0.45 * ((x - 0.5) ** 2 + (y - 0.55) ** 2))[..., None]
        return vignette * np.where(on_floor, _tinted(FLOOR, boards * depth), _tinted(CURTAIN, folds * hem))

    def _light(self, places: Sequence[Place]) -> Coverage:
        """How light every pixel is: the house's dim light, a cone and a pool for everyone who is on."""
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        light = np.full(y.shape, AMBIENT, np.float32)
        for place in places:
            floor = FEET * self.height
            half = place.height * (0.10 + 0.42 * np.clip(y / floor, 0, 1))
            cone = np.clip(1.5 - 1.5 * np.abs(x - place.middle) / half, 0, 1) * (y < floor) * (0.35 + 0.5 * y / floor)
            pool = np.hypot((x - place.middle) / (place.height * 0.52), (y - floor) / (place.height * 0.11))
            light = np.maximum(light, AMBIENT + SPOT * np.maximum(cone * 0.8, np.clip(1.6 - 1.5 * pool, 0, 1)))
        return light

    def _names(self) -> list[Coverage]:
        """Everybody's name in letters of one size; where one does not fit even in small ones, as many of its words as do."""
        large = max(7, self.height // 20)
        small = max(7, large * 3 // 4)
        room = int(self.width / max(1, len(self.roles))) - large // 2
        if all(text_width(role.name, large) <= room for role in self.roles):
            return [text(role.name, large) for role in self.roles]
        return [text(_fitting(role.name, small, room), small) for role in self.roles]

    def _write_name(self, lit: Pixels, name: Coverage, middle: int, light: float) -> None:
        x, y = middle - name.shape[1] // 2, int(NAMES * self.height)
        _blend(lit, np.full((*name.shape, 3), light, np.float32), name, x, y)

    def _burn_in_label(self, lit: Pixels) -> None:
        x, y = self._clock_corner()
        letter, clock = self._letters, text_width(BLINK, self._letters)
        label = text(self._label, letter)[:, : max(0, self.width - clock - 4 * x)]
        end = x + clock + (letter + label.shape[1] if label.shape[1] else 0)
        lit[y - letter // 2 : y + letter + letter // 2, x - letter // 2 : end + letter // 2] = PLATE
        _blend(lit, np.full((*label.shape, 3), (0.95, 0.72, 0.30), np.float32), label, x + clock + letter, y)
        lit[self.height - self._strip :] = PLATE


def _fitting(name: str, height: int, room: int) -> str:
    words = name.split(" ")
    shorter = (" ".join(words[:k]) for k in range(len(words), 0, -1))
    return next((name for name in shorter if text_width(name, height) <= room), "")


def clock_text(show_ns: int) -> str:
    """HH:MM:SS.mmm of the show clock, the milliseconds floored; the hours begin again at 100."""
    seconds, rest = divmod(show_ns, SECOND)
    minutes, hours = seconds // 60 % 60, seconds // 3600 % 100
    return f"{hours:02}:{minutes:02}:{seconds % 60:02}.{rest // MILLISECOND:03}"


def _planes_of(whole: Plane) -> Planes:
    rows, width = whole.shape
    height = rows * 2 // 3
    flat, luma, chroma = whole.reshape(-1), width * height, width * height // 4
    small = (height // 2, width // 2)
    u, v = flat[luma : luma + chroma].reshape(small), flat[luma + chroma :].reshape(small)
    return whole[:height], u, v


def _tinted(colour: tuple[float, float, float], light: NDArray[np.float32]) -> Pixels:
    return np.stack([light * np.float32(part) for part in colour], axis=-1)


def _blend(onto: Pixels, pixels: Pixels, covered: Coverage, x: int, y: int) -> None:
    region = onto[y : y + covered.shape[0], x : x + covered.shape[1]]
    part = (slice(region.shape[0]), slice(region.shape[1]))
    region += covered[part][..., None] * (pixels[part] - region)
