"""The peer of the dashboard's benchmark: a Textual application and nothing else, with one widget whose lines are ready made.

Fifteen times a second it refreshes 32 pieces of lines, as long as a meter and at their places, each of which reads a little otherwise
than before: what Textual itself takes for as much to draw as the dashboard has.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

METERS, COLUMNS, LENGTH, EVERY = 32, 2, 54, 1 / 15
DARK = Style(color="#2a323b", bgcolor="#0b0d10")
LIT = Style(color="#3fb950", bgcolor="#0b0d10")


class Lines(Widget):
    """Meters that only move."""

    DEFAULT_CSS = "Lines { width: 1fr; height: 1fr; }"
    step = 0

    def on_mount(self) -> None:
        """Move."""
        self.lines = [Strip([Segment("▆" * n, LIT), Segment("▁" * (LENGTH - n), DARK)], LENGTH) for n in range(LENGTH)]
        self.set_interval(EVERY, self.move)

    def move(self) -> None:
        """All a little further."""
        self.step += 1
        rows = METERS // COLUMNS
        for meter in range(METERS):
            self.refresh(Region(meter // rows * LENGTH, meter % rows, LENGTH, 1))

    def render_line(self, y: int) -> Strip:
        """Two meters beside one another."""
        rows = METERS // COLUMNS
        if y >= rows:
            return Strip.blank(self.size.width, DARK)
        pieces = [self.lines[(self.step + 3 * (y + rows * c)) % LENGTH] for c in range(COLUMNS)]
        return Strip.join([*pieces, Strip.blank(self.size.width - COLUMNS * LENGTH, DARK)])


class Bare(App[None]):
    """One widget."""

    def compose(self) -> ComposeResult:
        """That."""
        yield Lines()


if __name__ == "__main__":
    Bare().run()
