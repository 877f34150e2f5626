"""The feeds: cameras with their pictures, microphones with their meters.

One widget draws all of them by lines (measured: a widget for each meter costs twice as much, a progress bar six times). What the terminal
shows of a feed is known, so that only what differs from it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual import events
from textual.strip import Strip

from liveshow.dashboard.board import Link
from liveshow.dashboard.feed_lines import camera_line
from liveshow.dashboard.graphics import Graphics
from liveshow.dashboard.keys import Action
from liveshow.dashboard.layout import Place, Plan, plan
from liveshow.dashboard.lines import heading, strip
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.mic_line import Look, look, meter_widths, mic_strip, mic_strokes, scale
from liveshow.dashboard.mouse import KeyClicked
from liveshow.dashboard.palette import stage
from liveshow.dashboard.pictures import Pictures
from liveshow.dashboard.surface import Stroke, Surface, stroke
from liveshow.dashboard.tile import looks_old, tile_lines
from liveshow.dashboard.view import FeedRow, View
from liveshow.dashboard.wall import Wall


class Feeds(Surface):
    """Every feed that fits, and those in trouble; the others are a page away."""

    def __init__(self, pictures: Pictures) -> None:
        super().__init__(id="feeds")
        self._rows: dict[str, FeedRow] = {}
        self._live = False
        self._plan = Plan()
        self._first = 0
        self._pictures, self._wall = pictures, Wall(Graphics())
        self._looks: dict[str, Look] = {}
        self._said: dict[str, object] = {}
        self._strips: dict[str, list[Strip]] = {}
        self._lines: dict[int, Strip] = {}
        self._pictured: set[str] = set()
        self._heading = Text()

    def use(self, graphics: Graphics) -> None:
        """Show cameras in the graphics that the terminal has, where that is cheap."""
        self._wall = Wall(graphics)

    def cover(self, covered: bool) -> None:
        """Something comes to lie over it, or is gone again; meanwhile pictures are half blocks."""
        self.write_raw(self._wall.gone())
        self._wall.covered = covered
        self._strips.clear()
        self._lines.clear()
        self.refresh()
        self.call_after_refresh(self._send)

    # What is shown --------------------------------------------------------------------------------------------------

    def show(self, view: View) -> None:
        """Feeds' states, rates, gaps and names."""
        self._rows = {row.id: row for row in view.feeds}
        self._live = view.link is Link.LIVE
        self._arrange()

    def meters(self, meters: Mapping[str, Meter]) -> None:
        """The meters at this moment."""
        strokes: list[Stroke] = []
        for place in self._plan.places:
            meter = meters.get(place.feed)
            if meter is not None:
                strokes += self._moved(place, meter)
        if strokes:
            self.paint(strokes)

    def pictures(self) -> None:
        """Show the pictures that are new."""
        for place in self._plan.places:
            if place.picture:
                self._picture(place)
        self._send()

    def page(self, pages: int) -> None:
        """Move on by pages, when not all fit."""
        self._first = self._plan.first + pages * self._plan.step
        self._arrange()

    def on_resize(self) -> None:
        """Arrange anew."""
        self._anew()

    def notify_style_update(self) -> None:
        """Another theme is worn: draw everything anew."""
        super().notify_style_update()
        self._anew()

    # The mouse ------------------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """A feed was clicked."""
        for place in self._plan.places:
            inside = place.x <= event.x < place.x + place.width and place.y <= event.y - 1 < place.y + place.height
            if inside:
                self.post_message(KeyClicked(Action.FULL_SCREEN, place.feed))

    def on_mouse_scroll_down(self) -> None:
        """Further feeds."""
        self.post_message(KeyClicked(Action.PAGE_DOWN))

    def on_mouse_scroll_up(self) -> None:
        """The feeds before."""
        self.post_message(KeyClicked(Action.PAGE_UP))

    # Where and how --------------------------------------------------------------------------------------------------

    def _anew(self) -> None:
        self._plan = Plan()
        self._arrange()
        self.refresh()
        self._again()

    def _arrange(self) -> None:
        cameras = [r.id for r in self._rows.values() if r.camera]
        mics = [r.id for r in self._rows.values() if not r.camera]
        trouble = {r.id for r in self._rows.values() if r.trouble is not None}
        made = plan(cameras, mics, trouble, self.size.width, max(0, self.size.height - 1), self._first)
        head = heading("FEEDS", self.size.width, f"{len(made.hidden)} more: PgDn" if made.hidden else "")
        if made.places != self._plan.places or head != self._heading:
            for kept in (self._said, self._strips, self._lines, self._looks, self._pictured):
                kept.clear()
            self.refresh()
            self.write_raw(self._wall.gone(but=[p.feed for p in made.places if p.picture]))
            self._again()
        self._plan, self._heading, self._first = made, head, made.first
        for place in made.places:
            self._say(place)
        self._send()

    def _say(self, place: Place) -> None:
        """Draw the words of a place, where they changed."""
        row = self._rows[place.feed]
        key: object = (row, self._live)
        if place.picture:
            key = (row.trouble, row.state, row.rate, row.gaps, row.performers, looks_old(row), self._live)
        if self._said.get(place.feed) == key:
            return
        self._said[place.feed] = key
        self._repaint(place)

    def _repaint(self, place: Place) -> None:
        drawn = self._drawn(place)
        before = self._strips.get(place.feed, [])
        self._strips[place.feed] = drawn
        changed = [y for y, line in enumerate(drawn) if y >= len(before) or line != before[y]]
        for y in changed:
            self._lines.pop(place.y + 1 + y, None)
        self.paint([stroke(place.x, place.y + 1 + y, drawn[y], self.colour_system) for y in changed])

    def _again(self) -> None:
        """All cells are drawn anew, and then the pictures over them."""
        self._wall.forget()
        self.call_after_refresh(self._send)

    def _send(self) -> None:
        """The pictures in the terminal's graphics, over the cells that were left for them."""
        if not self._wall.usable or not self.straight or not self.region:
            return
        for place in self._plan.places:
            made, pixels = self._pictures.pixels(place.feed)
            if place.picture and pixels is not None and place.feed in self._pictured:
                at = self.region.x + place.x, self.region.y + place.y + 1
                size, dim = (place.picture, place.height - 1), self._is_dim(self._rows[place.feed])
                self.write_raw(self._wall.over(place.feed, pixels, made, size, at, dim))

    def _picture(self, place: Place) -> None:
        row = self._rows[place.feed]
        size = place.picture, place.height - 1
        if self._wall.usable and place.feed in self._pictured:
            return
        changes = self._pictures.changes(place.feed, size, self._is_dim(row))
        if changes is None:
            return
        if place.feed not in self._pictured:
            self._pictured.add(place.feed)
            self._repaint(place)
            return
        self._strips.pop(place.feed, None)
        for y in range(place.height):
            self._lines.pop(place.y + 1 + y, None)
        strokes = (stroke(place.x + x, place.y + 1 + y, piece, self.colour_system) for x, y, piece in changes)
        self.paint(list(strokes))

    def _moved(self, place: Place, meter: Meter) -> list[Stroke]:
        after, before = look(meter, meter_widths(place.width)[1]), self._looks.get(place.feed)
        if after == before:
            return []
        self._looks[place.feed] = after
        if before is None or before.clipped != after.clipped or not self._live:
            self._repaint(place)
            return []
        self._strips.pop(place.feed, None)
        self._lines.pop(place.y + 1, None)
        row = self._rows[place.feed]
        return list(mic_strokes(row, before, after, place.x, place.y + 1, place.width, self.colour_system))

    def _is_dim(self, row: FeedRow) -> bool:
        return not self._live or looks_old(row)

    def _drawn(self, place: Place) -> list[Strip]:
        row = self._rows[place.feed]
        if place.picture:
            return tile_lines(place, row, self._pictured_as(place, self._is_dim(row)), self._live)
        if row.camera:
            return [strip(camera_line(row, place.width, self._live), place.width, stage())]
        shown = self._looks.get(place.feed) or look(Meter(), meter_widths(place.width)[1])
        return [mic_strip(row, shown, place.width, self._live)]

    def _pictured_as(self, place: Place, dim: bool) -> list[Strip] | None:
        size, (_, pixels) = (place.picture, place.height - 1), self._pictures.pixels(place.feed)
        if self._wall.usable and pixels is not None:
            return self._wall.blank(pixels, size)
        return self._pictures.strips(place.feed, size, dim)

    def line(self, y: int) -> Strip:
        """One line across all places."""
        if y not in self._lines:
            self._lines[y] = self._joined(y)
        return self._lines[y]

    def _joined(self, y: int) -> Strip:
        if y == 0:
            return strip(self._heading, self.size.width, stage())
        pieces: list[tuple[int, Strip]] = [
            (x, strip(scale(wide), wide, stage())) for x, at, wide in self._plan.scales if at == y - 1
        ]
        here = (place for place in self._plan.places if place.y <= y - 1 < place.y + place.height)
        pieces += [(place.x, self._of(place)[y - 1 - place.y]) for place in here]
        return beside_one_another(sorted(pieces, key=lambda piece: piece[0]), self.size.width)

    def _of(self, place: Place) -> list[Strip]:
        if place.feed not in self._strips:
            self._strips[place.feed] = self._drawn(place)
        return self._strips[place.feed]


def beside_one_another(pieces: list[tuple[int, Strip]], width: int) -> Strip:
    """A line of strips, each at its x, with nothing between them."""
    row: list[Strip] = []
    x = 0
    for at, piece in pieces:
        if at > x:
            row.append(Strip.blank(at - x, stage()))
        row.append(piece)
        x = at + piece.cell_length
    return Strip.join([*row, Strip.blank(max(0, width - x), stage())])
