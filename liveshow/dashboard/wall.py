"""All cameras' pictures in the terminal's own graphics, where that is cheap.

That is so with kitty's, which scale what they are sent (a millisecond a picture), on a terminal of this machine: a picture is some tens of
kilobytes, so that over SSH the previews stay half blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.strip import Strip

from liveshow.dashboard.graphics import Graphics, Kind
from liveshow.dashboard.large_picture import LargePicture
from liveshow.dashboard.palette import stage
from liveshow.dashboard.picture import Pixels, fitted

Size = tuple[int, int]


class Wall:
    """Knows which pictures are on the screen. `graphics` is what the terminal has."""

    def __init__(self, graphics: Graphics) -> None:
        self.covered = False
        self._can = graphics.kind is Kind.KITTY and graphics.near
        self._graphics = graphics
        self._pictures: dict[str, LargePicture] = {}

    @property
    def usable(self) -> bool:
        """Whether pictures are shown so now; while something lies over the screen (`covered`), they would lie over that."""
        return self._can and not self.covered

    def blank(self, pixels: Pixels, size: Size) -> list[Strip]:
        """The cells that are left for a picture of at most `size` cells."""
        wide, tall = fitted(pixels, *size)
        return [Strip.blank(wide, stage())] * tall

    def over(self, camera: str, pixels: Pixels, made: float, size: Size, at: Size, dim: bool) -> Iterator[str]:
        """What shows a camera's picture at the bottom left of `size` cells from the cell `at` (column, row) of the terminal on."""
        picture = self._pictures.setdefault(camera, LargePicture(self._graphics, len(self._pictures) + 1))
        wide, tall = fitted(pixels, *size)
        return picture.over(pixels, made, (wide, tall), (at[0], at[1] + size[1] - tall), dim)

    def forget(self) -> None:
        """Everything was drawn over."""
        for picture in self._pictures.values():
            picture.forget()

    def gone(self, but: Iterable[str] = ()) -> Iterator[str]:
        """What takes all pictures away, but those of the cameras named."""
        for camera in self._pictures.keys() - set(but):
            yield from self._pictures[camera].gone()
