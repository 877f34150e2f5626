"""A camera's picture in the terminal's own graphics, over cells that are left blank for it."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.dashboard import kitty, sixel
from liveshow.dashboard.graphics import Graphics, Kind
from liveshow.dashboard.palette import worn
from liveshow.dashboard.picture import Pixels, coloured


class LargePicture:
    """Knows which picture is on the screen, so that it is sent once. `graphics` is what the terminal has; `number` tells it from others
    that are on the screen at the same time."""

    def __init__(self, graphics: Graphics, number: int = 0) -> None:
        self._graphics, self._number = graphics, number
        self._shown: object = None
        self._there = self.covered = False

    @property
    def usable(self) -> bool:
        """Whether the terminal has graphics, and nothing lies over the screen (`covered`)."""
        return self._graphics.kind is not Kind.BLOCKS and not self.covered

    def over(self, pixels: Pixels, which: object, size: tuple[int, int], at: tuple[int, int], dim: bool) -> Iterator[str]:
        """What puts a picture over `size` cells from the cell `at` (column, row) of the terminal on; nothing when it, which `which` tells
        from others, is there already."""
        wanted = (which, size, at, dim, worn().name)
        if wanted == self._shown:
            return
        self._shown, self._there = wanted, True
        dots = coloured(pixels, dim=dim, tint=worn().tint)
        yield f"\x1b[{at[1] + 1};{at[0] + 1}H"
        if self._graphics.kind is Kind.KITTY:
            yield from kitty.shown(dots, *size, self._number)
        else:
            wide, tall = self._graphics.cell
            yield from sixel.shown(dots, size[0] * wide, size[1] * tall)

    def forget(self) -> None:
        """The cells below were drawn: it has to be sent again."""
        self._shown = None

    def gone(self) -> Iterator[str]:
        """What takes it away; sixels go when the cells below are drawn."""
        if self._there and self._graphics.kind is Kind.KITTY:
            yield kitty.gone(self._number)
        self._shown, self._there = None, False
