"""What is to be seen in a picture, in figures, and what is usual of a camera.

Whether a camera is in focus is told from how much of the detail is fine: the power between the means of blocks of 1/240 and of 1/120 of
the picture's width, as a share of that between blocks four times as large. Photographs have about as much of the one as of the
other, however near (their spectrum falls as 1/f: Field, "Relations between the statistics of natural images and the response
properties of cortical cells", JOSA A 4(12), 1987), more light and less change both alike, and in means over 64 and more pixels hardly
anything of a camera's noise is left. The variance of the Laplacian, by which still cameras focus, is mostly noise in a stage's
light: measured at 1080p in H.264, on three stages, a picture out of focus by 8 pixels had up to 1.6 times what was usual of a sharp one.

Measured there, as a share of what is usual of the camera: out of focus by 3 pixels (standard deviation) 0.40 to 0.58, by 5 pixels
0.22 to 0.35, by 8 pixels 0.12 to 0.19, by 14 pixels 0.08 to 0.11, by 8 in a third of the light 0.17 to 0.22; in focus, held by
hand 0.98 to 1.2, panning 0.8 to 1.1, in a third of the light 0.98, in an eighth 1.1 to 1.2, shaken until it blurs 0.47 to 0.73, a spot
on a dark stage 0.28 to 0.52, nearer by 2.2 times 0.36 to 0.88 (and those two are another view).
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from liveshow.feeds.grey import grey_values

ACROSS = 480  # columns, about, of the picture made of means of blocks
FINE, BROAD = 1, 3  # halvings of it between which the detail counts as fine and as broad
NO_DETAIL = 1e-7  # power of it below which there is nothing to tell
THIN = 4  # every so many columns and rows are compared
TENTH = 0.1  # of white: below it is dark, as in FFmpeg's blackdetect
GRID = (9, 16)  # rows and columns of the coarse picture by which a view is known
LIT_CONTRAST = 0.02  # below it a picture says nothing of how sharp a camera is: a third of the light on a plain stage
KEPT, ENOUGH = 240, 20  # looks from which it is known what is usual
ODD_CONTRAST, ODD_DETAIL = 0.3, 0.3  # shares of the usual below which a look does not count as usual
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
        return self.contrast >= LIT_CONTRAST

    def change_to(self, other: Figures) -> float | None:
        """The mean difference of grey values; None for pictures of different sizes."""
        if self.thin.shape != other.thin.shape:
            return None
        return float(np.abs(self.thin - other.thin).mean())


def figures(picture: VideoFrame) -> Figures:
    """Of a decoded picture."""
    grey, (black, white) = grey_values(picture)
    means = (_means(grey, max(1, round(grey.shape[1] / ACROSS))) - np.float32(black)) / np.float32(white - black)
    dark = float(np.mean(means < TENTH))
    return Figures(float(means.mean()), float(means.std()), dark, _sharpness(means), thinned(picture), _coarse(means))


def thinned(picture: VideoFrame) -> NDArray[np.float32]:
    """Some of its grey values, from 0 to 1."""
    grey, (black, white) = grey_values(picture)
    return (grey[::THIN, ::THIN].astype(np.float32) - np.float32(black)) / np.float32(white - black)


def _means(grey: NDArray[np.uint8], by: int) -> NDArray[np.float32]:
    """The means of blocks of `by` times `by` grey values."""
    rows, columns = (size // by for size in grey.shape)
    added = np.zeros((rows, grey.shape[1]), np.uint16)
    for k in range(by):
        added += grey[k : rows * by : by]
    blocks = np.zeros((rows, columns), np.uint32)
    for k in range(by):
        blocks += added[:, k : columns * by : by]
    return blocks.astype(np.float32) / np.float32(by * by)


def _sharpness(means: NDArray[np.float32]) -> float:
    """The power of the fine detail as a share of that of the broad; 0 where there is none of either."""
    fine = 0.0
    for halving in range(BROAD + 1):
        if min(means.shape) < 2:
            return 0.0
        lower = _halved(means)
        if halving in (FINE, BROAD):
            inner = means[: 2 * lower.shape[0], : 2 * lower.shape[1]].reshape(lower.shape[0], 2, lower.shape[1], 2)
            power = float(np.mean((inner - lower[:, None, :, None]) ** 2))
            if halving == BROAD:
                return fine / power if power > NO_DETAIL else 0.0
            fine = power
        means = lower
    return 0.0


def _halved(means: NDArray[np.float32]) -> NDArray[np.float32]:
    even = means[: means.shape[0] // 2 * 2, : means.shape[1] // 2 * 2]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(4)


def _coarse(means: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = (max(1, size // cells) for size, cells in zip(means.shape, GRID, strict=True))
    whole = means[: rows * (means.shape[0] // rows), : columns * (means.shape[1] // columns)]
    cells: NDArray[np.float32] = whole.reshape(whole.shape[0] // rows, rows, -1, columns).mean(axis=(1, 3))
    return cells


@dataclass(frozen=True, slots=True)
class Compared:
    """A picture as shares of what is usual of its camera: `plain`, its contrast; `focus`, its sharpness; `view`: how much it correlates
    with the usual picture, as seen from afar. None: unknown."""

    plain: float | None = None
    focus: float | None = None
    view: float | None = None


class Usual:
    """What is usual of a camera, from the looks at which there was light. A camera that is turned elsewhere begins anew."""

    def __init__(self) -> None:
        self._contrasts: deque[float] = deque(maxlen=KEPT)
        self._sharp: deque[float] = deque(maxlen=KEPT)
        self._view: NDArray[np.float32] | None = None
        self._elsewhere = 0

    def compare(self, seen: Figures) -> Compared:
        """A picture with what is usual; it counts from now on."""
        found = Compared(_share(seen.contrast, self._contrasts), _share(seen.sharpness, self._sharp), self._correlation(seen))
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
            self._sharp.clear()
            self._view, self._elsewhere = None, 0
        return away

    def _keep(self, seen: Figures) -> None:
        self._contrasts.append(seen.contrast)
        self._sharp.append(seen.sharpness)
        known = self._view is not None and self._view.shape == seen.coarse.shape
        self._view = self._view + ADAPTING * (seen.coarse - self._view) if known and self._view is not None else seen.coarse

    def _correlation(self, seen: Figures) -> float | None:
        if self._view is None or self._view.shape != seen.coarse.shape or len(self._sharp) < ENOUGH:
            return None
        one, other = seen.coarse - seen.coarse.mean(), self._view - self._view.mean()
        whole = float(np.sqrt((one**2).sum() * (other**2).sum()))
        return float((one * other).sum()) / whole if whole else 0.0


def _share(value: float, before: deque[float]) -> float | None:
    return value / max(statistics.median(before), 1e-9) if len(before) >= ENOUGH else None
