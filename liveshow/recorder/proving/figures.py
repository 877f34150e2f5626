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
STILL = 0.25 / 255  # mean difference of grey values: the noise of a camera is more, a still that is encoded anew is less
GRID = (9, 16)  # rows and columns of the coarse picture by which a view is known
LIT_BRIGHTNESS, LIT_CONTRAST = 0.06, 0.04  # below them a picture says nothing of how sharp a camera is
KEPT, ENOUGH = 240, 20  # looks from which it is known what is usual
ODD_CONTRAST, ODD_DETAIL = 0.25, 0.2  # shares of the usual below which a look does not count as usual
ELSEWHERE, SURELY = 0.6, 4  # correlation with the usual view; looks after which the camera was turned elsewhere
ADAPTING = 0.05  # of the usual view, at each look


@dataclass(frozen=True, slots=True)
class Figures:
    """See :class:`liveshow.events.health.Look`; `thin`: some of the grey values, from 0 to 1; `coarse`: their means in a grid."""

    brightness: float
    contrast: float
    dark: float
    sharpness: float
    thin: NDArray[np.float32]
    coarse: NDArray[np.float32]

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
    return Figures(float(thin.mean()), float(thin.std()), dark, sharpness(grey), thin, _coarse(thin))


def _coarse(thin: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = (max(1, size // cells) for size, cells in zip(thin.shape, GRID, strict=True))
    whole = thin[: rows * (thin.shape[0] // rows), : columns * (thin.shape[1] // columns)]
    cells: NDArray[np.float32] = whole.reshape(whole.shape[0] // rows, rows, -1, columns).mean(axis=(1, 3))
    return cells


@dataclass(frozen=True, slots=True)
class Compared:
    """A picture as shares of what is usual of its camera: `plain`, its contrast; `focus`, the sharpness for its contrast; `view`: how much
    it correlates with the usual picture, as seen from afar. None: unknown."""

    plain: float | None = None
    focus: float | None = None
    view: float | None = None


class Usual:
    """What is usual of a camera, from the looks at which there was light. A camera that is turned elsewhere begins anew."""

    def __init__(self) -> None:
        self._contrasts: deque[float] = deque(maxlen=KEPT)
        self._details: deque[float] = deque(maxlen=KEPT)
        self._view: NDArray[np.float32] | None = None
        self._elsewhere = 0

    def compare(self, seen: Figures) -> Compared:
        """A picture with what is usual; it counts from now on."""
        found = Compared(_share(seen.contrast, self._contrasts), _share(seen.detail, self._details), self._correlation(seen))
        odd = (found.plain or 1) <= ODD_CONTRAST or (found.focus or 1) <= ODD_DETAIL
        if seen.lit and not self._turned(found) and not odd:
            self._keep(seen)
        return found

    def _turned(self, found: Compared) -> bool:
        """Whether it looks elsewhere; once that is sure, all is forgotten."""
        away = found.view is not None and found.view < ELSEWHERE and (found.plain or 0) > ODD_CONTRAST
        self._elsewhere = self._elsewhere + 1 if away else 0
        if self._elsewhere >= SURELY:
            self._contrasts.clear()
            self._details.clear()
            self._view, self._elsewhere = None, 0
        return away

    def _keep(self, seen: Figures) -> None:
        self._contrasts.append(seen.contrast)
        self._details.append(seen.detail)
        known = self._view is not None and self._view.shape == seen.coarse.shape
        self._view = self._view + ADAPTING * (seen.coarse - self._view) if known and self._view is not None else seen.coarse

    def _correlation(self, seen: Figures) -> float | None:
        if self._view is None or self._view.shape != seen.coarse.shape or len(self._details) < ENOUGH:
            return None
        one, other = seen.coarse - seen.coarse.mean(), self._view - self._view.mean()
        whole = float(np.sqrt((one**2).sum() * (other**2).sum()))
        return float((one * other).sum()) / whole if whole else 0.0


def _share(value: float, before: deque[float]) -> float | None:
    return value / max(statistics.median(before), 1e-9) if len(before) >= ENOUGH else None
