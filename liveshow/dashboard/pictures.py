"""The cameras' newest pictures: read when the recorder has left a new one, kept as the cells that the terminal shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from textual.strip import Strip

from liveshow.dashboard.palette import worn
from liveshow.dashboard.picture import Cells, Pixels, cells_of, differing, drawn, read_ppm, steadied

Size = tuple[int, int]


@dataclass(slots=True)
class _Shown:
    """What is on screen of one camera: which picture (`made`: when it was left), for which look, as cells."""

    look: object = None
    made: float = 0.0
    cells: Cells | None = None


@dataclass(slots=True)
class _Left:
    made: float = 0.0
    pixels: Pixels | None = None


class Pictures:
    """`place` says where a camera's picture lies."""

    def __init__(self, place: Callable[[str], Path]) -> None:
        self._place = place
        self._left: dict[str, _Left] = {}
        self._shown: dict[tuple[str, Size], _Shown] = {}

    def read(self, cameras: Iterable[str]) -> None:
        """Read those that are new."""
        for camera in cameras:
            path = self._place(camera)
            left = self._left.setdefault(camera, _Left())
            try:
                made = path.stat().st_mtime
            except OSError:
                continue  # none yet
            if made != left.made:
                left.made, left.pixels = made, read_ppm(path)

    def pixels(self, camera: str) -> tuple[float, Pixels | None]:
        """A camera's newest picture, and when it was left there (seconds; 0.0: never)."""
        left = self._left.get(camera, _Left())
        return left.made, left.pixels

    def changes(self, camera: str, size: Size, dim: bool) -> list[tuple[int, int, Strip]] | None:
        """What of a picture of `size` cells is not on the screen yet, as (x, y, cells); None when all of it is."""
        made, pixels = self.pixels(camera)
        shown = self._shown.setdefault((camera, size), _Shown())
        look = (dim, worn().name)
        if pixels is None or (made == shown.made and look == shown.look):
            return None
        fresh = cells_of(pixels, *size, dim=dim, tint=worn().tint)
        before = shown.cells if look == shown.look else None
        cells = steadied(fresh, before)
        self._shown[camera, size] = _Shown(look, made, cells)
        top = size[1] - len(cells)
        return [(x, top + y, drawn(cells[y, x:end])) for y, x, end in differing(cells, before)]

    def strips(self, camera: str, size: Size, dim: bool, *, newest: bool = False) -> list[Strip] | None:
        """The whole picture as it stands on the screen (or the `newest`), its lines from its own top one on; None when there is none
        yet."""
        shown = self._shown.get((camera, size))
        if newest or shown is None or shown.look != (dim, worn().name):
            self.changes(camera, size, dim)
            shown = self._shown[camera, size]
        return None if shown.cells is None else [drawn(row) for row in shown.cells]
