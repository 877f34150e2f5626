"""What is to be seen in a picture, in figures, and what is usual of a camera."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from liveshow.feeds.grey import grey_values, sharpness

THIN = 4  # every so many columns and rows are compared
TENTH = 0.1  # of white: below it is dark, as in FFmpeg's blackdetect
STILL = 0.2 / 255  # mean difference of grey values: the noise of a camera is more, a still that is encoded anew is less
LIT_BRIGHTNESS, LIT_CONTRAST = 0.06, 0.04  # below them a picture says nothing of how sharp a camera is
KEPT, ENOUGH = 240, 20  # looks from which it is known what is usual


@dataclass(frozen=True, slots=True)
class Figures:
    """See :class:`liveshow.events.wire.Look`; `thin`: some of the grey values, from 0 to 1."""

    brightness: float
    contrast: float
    dark: float
    sharpness: float
    thin: NDArray[np.float32]

    @property
    def lit(self) -> bool:
        """Whether there is light enough to judge the camera by."""
        return self.brightness >= LIT_BRIGHTNESS and self.contrast >= LIT_CONTRAST

    @property
    def detail(self) -> float:
        """Sharpness for the contrast that there is: the same in more light and in less, which change both alike."""
        return self.sharpness / max(self.contrast * 255, 0.5) ** 2

    def change_to(self, other: Figures) -> float | None:
        """The mean difference of grey values; None for pictures of different sizes."""
        if self.thin.shape != other.thin.shape:
            return None
        return float(np.abs(self.thin - other.thin).mean())


def figures(picture: VideoFrame) -> Figures:
    """Of a decoded picture."""
    grey, (black, white) = grey_values(picture)
    thin = (grey[::THIN, ::THIN].astype(np.float32) - np.float32(black)) / np.float32(white - black)
    dark = float(np.mean(thin < TENTH))
    return Figures(float(thin.mean()), float(thin.std()), dark, sharpness(grey), thin)


class Usual:
    """What is usual of a camera: the medians over the looks at which there was light."""

    def __init__(self) -> None:
        self._contrasts: deque[float] = deque(maxlen=KEPT)
        self._details: deque[float] = deque(maxlen=KEPT)

    def compare(self, seen: Figures) -> tuple[float | None, float | None]:
        """(contrast, detail) of a picture as shares of the usual ones; None while those are not known. It counts from now on."""
        plain, focus = _share(seen.contrast, self._contrasts), _share(seen.detail, self._details)
        if seen.lit:
            self._contrasts.append(seen.contrast)
            self._details.append(seen.detail)
        return plain, focus


def _share(value: float, before: deque[float]) -> float | None:
    return value / max(statistics.median(before), 1e-9) if len(before) >= ENOUGH else None
