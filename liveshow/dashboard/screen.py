"""The main screen: where the bands lie, how high they are, and how often they are drawn."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from liveshow.dashboard import alarm_rows, draw, rows
from liveshow.dashboard.band import Band, Draw
from liveshow.dashboard.board import Board
from liveshow.dashboard.feeds_panel import Feeds
from liveshow.dashboard.palette import desk, stage
from liveshow.dashboard.pictures import Pictures
from liveshow.dashboard.previews import Previews
from liveshow.dashboard.view import View

ROOMY = 30
LARGE = (150, 42)


class MainScreen(Screen[None]):
    """Everything the crew needs, at any size from 80×24 up."""

    def __init__(self, previews: Previews) -> None:
        super().__init__()
        self._pictures = Pictures(previews.preview)
        self._feeds = Feeds(self._pictures)
        self._view = View()
        self._right = Vertical(id="right")
        draws: dict[str, Draw] = {
            "top": draw.top,
            "now": draw.now,
            "order": rows.order,
            "segments": rows.segments,
            "said": draw.said,
            "alarms": alarm_rows.alarms,
            "keys": draw.keys,
        }
        self._bands = {name: Band(drawn, name, desk if name in ("top", "keys") else stage) for name, drawn in draws.items()}

    def compose(self) -> ComposeResult:
        """Bands from the top down."""
        band = self._bands
        yield from (band["top"], band["now"])
        with Horizontal(id="middle"):
            yield self._feeds
            with self._right:
                yield from (band["order"], band["segments"])
        yield from (band["said"], band["alarms"], band["keys"])

    @property
    def open(self) -> bool:
        """Whether it can be drawn on: false before it is there and once it is being taken down."""
        return self._feeds.is_attached and self._bands["segments"].is_attached

    def show(self, view: View) -> None:
        """Draw all words, where they changed."""
        if self.open:
            self._view = view
            self._fit(view)
            for band in self._bands.values():
                band.show(view)
            self._feeds.show(view)

    def show_meters(self, board: Board, at: int) -> None:
        """Draw the meters as they stand at a moment (host's monotonic ns)."""
        if self.open:
            self._feeds.meters({feed: meter.at_time(at) for feed, meter in board.meters.items()})

    def show_pictures(self) -> None:
        """Read and draw the previews that are new."""
        if self.open:
            self._pictures.read(row.id for row in self._view.feeds if row.camera)
            self._feeds.pictures()

    def page(self, pages: int) -> None:
        """Other feeds, when not all fit."""
        self._feeds.page(pages)

    def _fit(self, view: View) -> None:
        """Heights that follow the size of the terminal and what there is to say."""
        width, height = self.app.size
        big = width >= LARGE[0] and height >= LARGE[1]
        wanted = {
            "top": 5 if big else 3,
            "now": 6 if big else 4 if height >= ROOMY else 3,
            "alarms": alarm_rows.alarm_lines(height),
            "keys": 1 + min(len(draw.performer_lines(view, width)), 2 if height < ROOMY else 3),
            "order": min(1 + max(1, len(view.order)), max(2, self._right.size.height * 6 // 10)),
        }
        for name, lines in wanted.items():
            self._bands[name].styles.height = lines
        self.set_class(height >= ROOMY, "roomy")
