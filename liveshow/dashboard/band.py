"""A band of the screen: lines drawn from the view, of which only those that changed are sent to the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from liveshow.dashboard.lines import strip
from liveshow.dashboard.view import View

Draw = Callable[[View, int, int], Sequence[Text]]


class Band(Widget):
    """Draws a view by a function of view, width and height; `ground` is the style below it all."""

    def __init__(self, draw: Draw, name: str, ground: Style) -> None:
        super().__init__(id=name)
        self._draw, self._ground = draw, ground
        self._view = View()
        self._lines: list[Text] = []

    def show(self, view: View) -> None:
        """Draw a view; lines that read the same are left alone."""
        self._view = view
        self._redraw()

    def on_resize(self) -> None:
        """Draw anew at the new size."""
        self._lines = []
        self._redraw()
        self.refresh()

    def _redraw(self) -> None:
        lines = list(self._draw(self._view, self.size.width, self.size.height)) if self.size else []
        for y in range(max(len(lines), len(self._lines))):
            if y >= len(lines) or y >= len(self._lines) or lines[y] != self._lines[y]:
                self.refresh(Region(0, y, self.size.width, 1))
        self._lines = lines

    def render_line(self, y: int) -> Strip:
        """One line."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self._ground)
        return strip(self._lines[y], self.size.width, self._ground)
