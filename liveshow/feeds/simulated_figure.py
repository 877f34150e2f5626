"""The performer that a simulated camera sees: a figure with a microphone, in its own colour, in some poses."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from liveshow.feeds.drawing import Coverage, capsule

POSES = 8
WIDTH = 0.7  # of a figure's height
MICROPHONE = (0.16, 0.16, 0.18)
GOLDEN = 0.618034

Rgb = tuple[float, float, float]
Pixels = NDArray[np.float32]
Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]


def colour_of(index: int) -> Rgb:
    """The colour of a performer, 0 to 1; neighbours in the setup are far apart in hue."""
    return colorsys.hsv_to_rgb((0.54 + index * GOLDEN) % 1, 0.62, 0.95)


def to_yuv420(rgb: Pixels) -> Planes:
    """Y, U and V planes (4:2:0, limited range, ITU-R BT.709) of pixels of shape (height, width, 3), 0 to 1, even sizes."""
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    small = halved(np.stack((rgb[..., 2] - luma, rgb[..., 0] - luma), axis=-1))
    u, v = 128 + 224 * small[..., 0] / 1.8556, 128 + 224 * small[..., 1] / 1.5748
    return _bytes(16 + 219 * luma), _bytes(u), _bytes(v)


def halved(values: Pixels) -> Pixels:
    """Every two by two pixels become their mean; shape (height, width, …), even sizes."""
    mean = (values[0::2, 0::2] + values[1::2, 0::2] + values[0::2, 1::2] + values[1::2, 1::2]) / 4
    return mean.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Sprite:
    """Something drawn beforehand that is laid over planes: `keep` of what is there (0 to 256), and `paint`, already × 256."""

    keep: tuple[NDArray[np.uint16], ...]
    paint: tuple[NDArray[np.uint16], ...]

    @classmethod
    def of(cls, rgb: Pixels, covered: Coverage) -> Sprite:
        """From pixels of shape (height, width, 3) and how far they cover what is below, (height, width); even sizes."""
        covers = (covered, halved(covered), halved(covered))
        paint = tuple((p * c * 256).astype(np.uint16) for p, c in zip(to_yuv420(rgb), covers, strict=True))
        return cls(tuple((256 - c * 256).astype(np.uint16) for c in covers), paint)

    def lay_over(self, planes: Planes, x: int, y: int) -> None:
        """Onto the planes with its corner at (x, y), even numbers; it must lie within the picture."""
        for plane, keep, paint, part in zip(planes, self.keep, self.paint, (1, 2, 2), strict=True):
            top, left = y // part, x // part
            region = plane[top : top + keep.shape[0], left : left + keep.shape[1]]
            region[:] = (region * keep + paint) >> 8


def figure_size(height: int) -> tuple[int, int]:
    """(height, width) in pixels, both even, of a figure about `height` pixels high."""
    return height & ~1, round(height * WIDTH) & ~1


def figure(height: int, pose: int, colour: Rgb, light: float = 1.0) -> tuple[Pixels, Coverage]:
    """A figure's pixels and coverage, of `figure_size(height)`; `light` from 0 (black) to 1."""
    body, skin, microphone = _coverages(height, pose)
    rgb = np.empty((*body.shape, 3), np.float32)
    rgb[:] = np.array(colour, np.float32) * _shade(body.shape)
    pale = np.array([0.35 * c + 0.65 * s for c, s in zip(colour, (1.0, 0.86, 0.76), strict=True)], np.float32)
    rgb += skin[..., None] * (pale - rgb)
    rgb += microphone[..., None] * (np.array(MICROPHONE, np.float32) - rgb)
    return rgb * np.float32(light), np.maximum(np.maximum(body, skin), microphone)


def sprites(height: int, colour: Rgb) -> tuple[Sprite, ...]:
    """A figure in full light, in every pose."""
    return tuple(Sprite.of(*figure(height, pose, colour)) for pose in range(POSES))


def _shade(shape: tuple[int, int]) -> Pixels:
    """Light from above: the shoulders bright, the feet darker. Shape (height, 1, 1)."""
    return np.linspace(1.0, 0.55, shape[0], dtype=np.float32)[:, None, None]


@cache
def _coverages(height: int, pose: int) -> tuple[Coverage, Coverage, Coverage]:
    """Body, head and hands, microphone. All lengths below are in figure heights, x from its middle line."""
    shape = figure_size(height)
    swing = np.sin(np.pi * (pose / (POSES - 1) - 0.5))  # -1 to 1

    def limb(ax: float, ay: float, bx: float, by: float, radius: float, end: float | None = None) -> Coverage:
        a, b = (shape[1] / 2 + ax * height, ay * height), (shape[1] / 2 + bx * height, by * height)
        return capsule(shape, a, b, radius * height, None if end is None else end * height)

    lean = 0.015 * swing
    elbow = (-0.19 - 0.03 * swing, 0.375 - 0.05 * swing)
    hand = (-0.24 - 0.05 * swing, 0.43 - 0.21 * swing)
    body = [
        limb(lean - 0.055, 0.255, lean * 0.5 - 0.03, 0.53, 0.075, 0.055),
        limb(lean + 0.055, 0.255, lean * 0.5 + 0.03, 0.53, 0.075, 0.055),
        limb(-0.035, 0.54, -0.075, 0.94, 0.048, 0.034),
        limb(0.035, 0.54, 0.075, 0.94, 0.048, 0.034),
        limb(-0.075, 0.955, -0.12, 0.965, 0.03),
        limb(0.075, 0.955, 0.12, 0.965, 0.03),
        limb(lean - 0.10, 0.235, *elbow, 0.034, 0.03),
        limb(*elbow, *hand, 0.03, 0.025),
        limb(lean + 0.10, 0.235, 0.17, 0.36, 0.034, 0.03),
        limb(0.17, 0.36, lean + 0.085, 0.225, 0.03, 0.025),
    ]
    skin = [
        limb(lean, 0.095, lean, 0.105, 0.078),
        limb(*hand, *hand, 0.032),
        limb(lean + 0.075, 0.215, lean + 0.075, 0.215, 0.03),
    ]
    microphone = [limb(lean + 0.085, 0.225, lean + 0.045, 0.16, 0.012), limb(lean + 0.04, 0.15, lean + 0.04, 0.15, 0.026)]
    return _union(body), _union(skin), _union(microphone)


def _union(parts: list[Coverage]) -> Coverage:
    whole: Coverage = np.maximum.reduce(parts)
    return whole


def _bytes(values: Pixels) -> Plane:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
