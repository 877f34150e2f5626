"""The feeds: cameras with their pictures, microphones with their meters.

One widget draws all of them by lines (measured: a widget for each meter costs twice as much, a progress bar six times). What was
drawn of a feed is kept, and drawn again only when what can be seen of it changed; only its place is then sent to the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from liveshow.dashboard.board import Link
from liveshow.dashboard.feed_lines import camera_line
from liveshow.dashboard.layout import Place, Plan, plan
from liveshow.dashboard.lines import heading, strip
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.mic_line import meter_key, meter_widths, mic_strip
from liveshow.dashboard.palette import STAGE
from liveshow.dashboard.picture import Pixels, read_ppm
from liveshow.dashboard.tile import looks_old, tile
from liveshow.dashboard.view import FeedRow, View


class Feeds(Widget):
    """Every feed that fits, and those in trouble; the others are a page away."""

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

    def meters(self, meters: Mapping[str, Meter]) -> None:
        """The meters at this moment."""
        self._meters = meters
        for place in self._plan.places:
            if place.feed in meters:
                self._draw(place)

    def look(self, picture: Callable[[str], Path]) -> None:
        """Read the pictures that are new; `picture` says where a camera's lies."""
        for place in self._plan.places:
            if place.picture and self._is_new(place.feed, picture(place.feed)):
                self._draw(place)

    def page(self, pages: int) -> None:
        """Move on by pages, when not all fit."""
        self._first = self._plan.first + pages * self._plan.step
        self._arrange()

    def on_resize(self) -> None:
        """Arrange anew."""
        self._arrange()
        self.refresh()

    def _is_new(self, feed: str, path: Path) -> bool:
        try:
            made = path.stat().st_mtime
        except OSError:
            return False  # none yet
        if self._pixels.get(feed, (0.0, None))[0] == made:
            return False
        self._pixels[feed] = (made, read_ppm(path))
        return True

    # Where and how --------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        cameras = [r.id for r in self._rows.values() if r.camera]
        mics = [r.id for r in self._rows.values() if not r.camera]
        trouble = {r.id for r in self._rows.values() if r.trouble is not None}
        made = plan(cameras, mics, trouble, self.size.width, max(0, self.size.height - 1), self._first)
        head = heading("FEEDS", self.size.width, f"{len(made.hidden)} more: PgDn" if made.hidden else "")
        if made.places != self._plan.places or head != self._heading:
            self._drawn.clear()
            self.refresh()
        self._plan, self._heading, self._first = made, head, made.first
        for place in made.places:
            self._draw(place)

    def _draw(self, place: Place) -> None:
        row = self._rows[place.feed]
        meter = self._meters.get(place.feed, Meter())
        made, pixels = self._pixels.get(place.feed, (0.0, None))
        key: object
        if place.picture:
            key = (row.trouble, row.state, row.rate, row.gaps, row.performers, looks_old(row), self._live, made)
        else:
            key = (row, self._live, meter_key(meter, meter_widths(place.width)[1]))
        if self._drawn.get(place.feed, (None, []))[0] == key:
            return
        self._drawn[place.feed] = (key, self._strips(place, row, meter, pixels))
        self.refresh(Region(place.x, place.y + 1, place.width, place.height))

    def _strips(self, place: Place, row: FeedRow, meter: Meter, pixels: Pixels | None) -> list[Strip]:
        if place.picture:
            return tile(place, row, pixels, self._live)
        if row.camera:
            return [strip(camera_line(row, place.width, self._live), place.width, STAGE)]
        return [mic_strip(row, meter, place.width, self._live)]

    def render_line(self, y: int) -> Strip:
        """One line across all places."""
        if y == 0:
            return strip(self._heading, self.size.width, STAGE)
        pieces: list[Strip] = []
        x = 0
        for place in sorted((p for p in self._plan.places if p.y <= y - 1 < p.y + p.height), key=lambda p: p.x):
            if place.x > x:
                pieces.append(Strip.blank(place.x - x, STAGE))
            pieces.append(self._drawn[place.feed][1][y - 1 - place.y])
            x = place.x + place.width
        pieces.append(Strip.blank(max(0, self.size.width - x), STAGE))
        return Strip.join(pieces)
