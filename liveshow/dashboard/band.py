"""A band of the screen: lines drawn from the view, of which only those that changed are sent to the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.strip import Strip

from liveshow.dashboard.lines import strip
from liveshow.dashboard.surface import Surface, stroke
from liveshow.dashboard.view import View

Draw = Callable[[View, int, int], Sequence[Text]]
Aim = Callable[[View, tuple[int, int], tuple[int, int]], Message | None]
"""What a click means: the view, the cell that was clicked, the band's size."""
Wheel = Callable[[int], Message]


class Band(Surface):
    """Draws a view by a function of view, width and height; `ground` gives the style below it all; `aim` says what a click means, `wheel`
    what it means to turn it one further (1) or back (-1)."""

    def __init__(
        self, draw: Draw, name: str, ground: Callable[[], Style], aim: Aim | None = None, wheel: Wheel | None = None
    ) -> None:
        super().__init__(id=name)
        self._draw, self._ground, self._aim, self._wheel = draw, ground, aim, wheel
        self._view = View()
        self._lines: list[Text] = []
        self._strips: dict[int, Strip] = {}

    def show(self, view: View) -> None:
        """Draw a view; lines that read the same are left alone."""
        if view != self._view:
            self._view = view
            self._redraw()

    def use(self, draw: Draw) -> None:
        """Draw by another function from now on."""
        if draw != self._draw:
            self._draw = draw
            self._anew()

    def on_click(self, event: events.Click) -> None:
        """A click, where it means something."""
        message = self._aim(self._view, (event.x, event.y), self.size) if self._aim else None
        if message is not None:
            event.stop()
            self.post_message(message)

    def on_mouse_scroll_down(self) -> None:
        """The wheel, towards its user."""
        if self._wheel is not None:
            self.post_message(self._wheel(1))

    def on_mouse_scroll_up(self) -> None:
        """The wheel, away."""
        if self._wheel is not None:
            self.post_message(self._wheel(-1))

    def on_resize(self) -> None:
        """Draw anew at the new size."""
        self._anew()

    def notify_style_update(self) -> None:
        """Another theme is worn: draw everything anew."""
        super().notify_style_update()
        self._anew()

    def line(self, y: int) -> Strip:
        """One line."""
        if y not in self._strips:
            text = self._lines[y] if y < len(self._lines) else Text()
            self._strips[y] = strip(text, self.size.width, self._ground())
        return self._strips[y]

    def _anew(self) -> None:
        self._lines = self._drawn()
        self._strips.clear()
        self.refresh()

    def _redraw(self) -> None:
        before, self._lines = self._lines, self._drawn()
        changed = [
            y
            for y in range(max(len(self._lines), len(before)))
            if y >= len(self._lines) or y >= len(before) or self._lines[y] != before[y]
        ]
        for y in changed:
            self._strips.pop(y, None)
        self.paint([stroke(0, y, self.line(y), self.colour_system) for y in changed if y < self.size.height])

    def _drawn(self) -> list[Text]:
        return list(self._draw(self._view, self.size.width, self.size.height)) if self.size else []
