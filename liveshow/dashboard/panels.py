"""The widgets: a band of lines that redraws only what changed, and the feeds with their meters and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.segment import Segment
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from liveshow.dashboard.alarms import Rank
from liveshow.dashboard.board import Link
from liveshow.dashboard.feed_lines import (
    FIGURE,
    camera_line,
    caption,
    card,
    label,
    meter_key,
    meter_segments,
    meter_widths,
    mic_end,
    mic_lost,
)
from liveshow.dashboard.layout import CARD, Place, Plan, plan
from liveshow.dashboard.lines import heading
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.palette import DIM, ink
from liveshow.dashboard.picture import Pixels, half_blocks, read_ppm
from liveshow.dashboard.view import FeedRow, View

Draw = Callable[[View, int, int], Sequence[Text]]
OLD_PICTURE = 4


class Band(Widget):
    """Lines drawn from the view."""

    def __init__(self, draw: Draw, name: str) -> None:
        super().__init__(id=name)
        self._draw = draw
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
        """One line as segments."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        return strip(self._lines[y], self.size.width, self)


def strip(text: Text, width: int, widget: Widget) -> Strip:
    """A text as a strip of a widget's width, on its ground."""
    made = Strip(list(text.render(widget.app.console, end=""))).adjust_cell_length(width)
    return made.apply_style(widget.rich_style)


class Feeds(Widget):
    """Every feed: cameras with their pictures, microphones with their meters. One widget draws all; a line is drawn again only
    when what can be seen of it changed."""

    def __init__(self) -> None:
        super().__init__(id="feeds")
        self._rows: dict[str, FeedRow] = {}
        self._live = False
        self._plan = Plan((), (), 0, 1)
        self._first = 0
        self._drawn: dict[str, tuple[object, list[Strip]]] = {}
        self._pixels: dict[str, tuple[float, Pixels | None]] = {}
        self._meters: Mapping[str, Meter] = {}
        self._heading = Text()

    # What is shown --------------------------------------------------------------------------------------------------

    def show(self, view: View) -> None:
        """Feeds' states, rates, gaps and names."""
        self._rows = {row.id: row for row in view.feeds}
        self._live = view.link is Link.LIVE
        self._arrange()
        self._draw_all()

    def meters(self, meters: Mapping[str, Meter]) -> None:
        """The meters at this moment."""
        self._meters = meters
        for place in self._plan.places:
            if place.feed in meters:
                self._draw(place)

    def look(self, picture: Callable[[str], Path]) -> None:
        """Read the pictures that are new; `picture` says where a camera's lies."""
        for place in self._plan.places:
            if place.picture:
                try:
                    made = picture(place.feed).stat().st_mtime
                except OSError:
                    continue
                if self._pixels.get(place.feed, (0.0, None))[0] != made:
                    self._pixels[place.feed] = (made, read_ppm(picture(place.feed)))
                    self._draw(place)

    def page(self, pages: int) -> None:
        """Move on by pages, when not all fit."""
        self._first = self._plan.first + pages * self._plan.step
        self._arrange()
        self._draw_all()

    def on_resize(self) -> None:
        """Arrange anew."""
        self._arrange()
        self._draw_all()
        self.refresh()

    # Where and how --------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        cameras = [r.id for r in self._rows.values() if r.camera]
        mics = [r.id for r in self._rows.values() if not r.camera]
        trouble = {r.id for r in self._rows.values() if r.trouble is not None}
        made = plan(cameras, mics, trouble, self.size.width, max(0, self.size.height - 1), self._first)
        self._first = made.first
        note = f"{len(made.hidden)} more: PgDn" if made.hidden else ""
        head = heading("FEEDS", self.size.width, note)
        if made.places != self._plan.places or head != self._heading:
            self._drawn.clear()
            self.refresh()
        self._plan, self._heading = made, head

    def _draw_all(self) -> None:
        for place in self._plan.places:
            self._draw(place)

    def _draw(self, place: Place) -> None:
        row = self._rows[place.feed]
        meter = self._meters.get(place.feed, Meter())
        pixels = self._pixels.get(place.feed, (0.0, None))
        seen = meter_key(meter, meter_widths(place.width)[1]) if not row.camera else pixels[0] if place.picture else 0
        aged = row.age > OLD_PICTURE
        key = (
            row if not place.picture else (row.trouble, row.state, row.rate, row.gaps, row.performers, aged),
            self._live,
            seen,
        )
        if self._drawn.get(place.feed, (None, []))[0] == key:
            return
        self._drawn[place.feed] = (key, self._strips(place, row, meter, pixels[1]))
        self.refresh(Region(place.x, place.y + 1, place.width, place.height))

    def _strips(self, place: Place, row: FeedRow, meter: Meter, pixels: Pixels | None) -> list[Strip]:
        width = place.width
        if place.picture:
            return self._tile(place, row, pixels)
        if row.camera:
            return [strip(camera_line(row, width, self._live), width, self)]
        named, bar, side = meter_widths(width)
        console = self.app.console
        lost = self._live and row.trouble is Rank.FEED_LOST
        segments: list[Segment] = [
            *label(row, named, self._live).render(console, end=""),
            *(mic_lost(row, bar + FIGURE).render(console, end="") if lost else meter_segments(meter, bar, self._live)),
            *mic_end(row, meter, side).render(console, end=""),
        ]
        return [Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)]

    def _tile(self, place: Place, row: FeedRow, pixels: Pixels | None) -> list[Strip]:
        height, beside = place.height - 1, place.width - place.picture
        if beside < CARD:
            shown = self._picture(row, pixels, place.width, height)
            return [*shown, strip(caption(row, place.width, self._live), place.width, self)]
        shown = self._picture(row, pixels, place.picture, height)
        words = [strip(text, beside, self) for text in card(row, beside, height, self._live)]
        joined = [Strip.join(pair) for pair in zip(shown, words, strict=True)]
        return [*joined, Strip.blank(place.width, self.rich_style)]

    def _picture(self, row: FeedRow, pixels: Pixels | None, width: int, height: int) -> list[Strip]:
        if pixels is not None:
            shown = half_blocks(pixels, width, height, dim=not self._live or row.age > OLD_PICTURE)
            drawn = [s.adjust_cell_length(width, self.rich_style) for s in shown]
            return [*[Strip.blank(width, self.rich_style)] * (height - len(drawn)), *drawn]
        words = strip(Text("no picture yet".center(width)[:width], ink(DIM)), width, self)
        blank = Strip.blank(width, self.rich_style)
        return [words if y == height // 2 else blank for y in range(height)]

    def render_line(self, y: int) -> Strip:
        """One line across all places."""
        if y == 0:
            return strip(self._heading, self.size.width, self)
        pieces: list[Strip] = []
        x = 0
        for place in sorted((p for p in self._plan.places if p.y <= y - 1 < p.y + p.height), key=lambda p: p.x):
            if place.x > x:
                pieces.append(Strip.blank(place.x - x, self.rich_style))
            pieces.append(self._drawn[place.feed][1][y - 1 - place.y])
            x = place.x + place.width
        return Strip.join(pieces).adjust_cell_length(self.size.width, self.rich_style)
