"""What draws its own lines: a widget whose small changes go straight to the terminal, past Textual's compositor.

The compositor puts a whole screen together anew for every change (measured at 200×50 with 32 meters at 15 Hz: 8 % of a core; written
straight: 1 %). So what changed is written where it stands, and is also what :meth:`Surface.line` gives from then on, so that a picture
of the whole screen is always the same. Whenever something else may lie over it (a dialog, a message), it is left to the compositor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

WRITTEN_AT_ONCE = 8000  # characters; Windows loses what is longer


class Stroke(NamedTuple):
    """A change in one line: `width` cells from (x, y) of the surface on, and what a terminal is sent for them."""

    x: int
    y: int
    width: int
    text: str


class Surface(Widget):
    """Gives its lines by :meth:`line`, each exactly as wide as it is."""

    def line(self, y: int) -> Strip:
        """One line as it stands now."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """The same, as Textual calls it."""
        return self.line(y)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines for the compositor. There are no borders here, nor anything else that Textual would add."""
        strips = [self.line(y) for y in crop.line_range]
        for filtered in self._filters():
            strips = [strip.apply_filter(filtered, self.background_colors[1]) for strip in strips]
        left, right = crop.column_span
        return strips if (left, right) == (0, self.size.width) else [strip.crop(left, right) for strip in strips]

    def paint(self, strokes: Sequence[Stroke]) -> None:
        """Show what changed."""
        if not strokes:
            return
        if not self.straight:
            self.refresh(*(Region(s.x, s.y, s.width, 1) for s in strokes))
            return
        if not self.region:
            return  # out of sight: it is drawn whole when it comes back
        left, top = self.region.offset
        self.write_raw(f"\x1b[{top + s.y + 1};{left + s.x + 1}H{s.text}" for s in strokes)

    def write_raw(self, pieces: Iterable[str]) -> None:
        """Send the terminal what it understands as it is."""
        driver = self.app._driver  # Textual has no other way past its compositor
        if driver is None or not self.app.is_running:
            return
        text = "".join(pieces)
        for at in range(0, len(text), WRITTEN_AT_ONCE):
            driver.write(text[at : at + WRITTEN_AT_ONCE])

    @property
    def straight(self) -> bool:
        """Whether what is written straight to the terminal stays where it belongs: nothing lies over it, nothing changes colours."""
        app = self.app
        alone = self.is_attached and self.screen is app.screen and not app._notifications and not app._batch_count
        return alone and app.is_running and not self.screen._layout_required and not self._filters()

    def _filters(self) -> list[LineFilter]:
        """What Textual would have done to colours: nothing, but where the terminal or its user wants none."""
        return [one for one in self.app.get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    @property
    def colour_system(self) -> ColorSystem:
        """How many colours the terminal has."""
        return COLOR_SYSTEMS.get(self.app.console.color_system or "truecolor", ColorSystem.TRUECOLOR)


def stroke(x: int, y: int, strip: Strip, colours: ColorSystem) -> Stroke:
    """A stroke that draws a strip."""
    text = "".join(inked(s.text, s.style, colours) for s in strip)
    return Stroke(x, y, strip.cell_length, text)


def inked(text: str, style: Style | None, colours: ColorSystem) -> str:
    """A text in a style, for the terminal."""
    return style.render(text, color_system=colours) if style else text
