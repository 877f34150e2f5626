"""The main screen: where the bands lie, how high they are, and how often they are drawn."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from liveshow.dashboard import alarm_rows, draw, key_bar, mouse, rows
from liveshow.dashboard.band import Band
from liveshow.dashboard.board import Board
from liveshow.dashboard.feeds_panel import Feeds
from liveshow.dashboard.graphics import Graphics
from liveshow.dashboard.keys import Mode
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.palette import desk, stage
from liveshow.dashboard.past import Past
from liveshow.dashboard.pictures import Pictures
from liveshow.dashboard.previews import Previews
from liveshow.dashboard.single import Single
from liveshow.dashboard.view import FeedRow, View

ROOMY = 30
LARGE = (150, 42)


class MainScreen(Screen[None]):
    """Everything the crew needs, at any size from 80×24 up."""

    def __init__(self, previews: Previews) -> None:
        super().__init__()
        self._pictures, self._past = Pictures(previews.preview), Past()
        self._feeds = Feeds(self._pictures)
        self._single = Single(self._pictures, self._past)
        self._view = View()
        self._right = Vertical(id="right")
        self._bands = {
            "top": Band(draw.top, "top", desk),
            "now": Band(draw.now, "now", stage),
            "order": Band(rows.order, "order", stage, mouse.at_item, mouse.scroll_order),
            "segments": Band(rows.segments, "segments", stage, mouse.at_segment, mouse.scroll_segments),
            "hint": Band(draw.hint, "hint", stage),
            "said": Band(draw.said, "said", stage),
            "alarms": Band(alarm_rows.alarms, "alarms", stage, mouse.at_alarm),
            "keys": Band(key_bar.keys, "keys", desk, mouse.at_key),
        }

    def compose(self) -> ComposeResult:
        """Bands from the top down."""
        band = self._bands
        yield from (band["top"], band["now"])
        with Horizontal(id="middle"):
            yield self._feeds
            with self._right:
                yield from (band["order"], band["segments"])
        yield self._single
        yield from (band["hint"], band["said"], band["alarms"], band["keys"])

    @property
    def open(self) -> bool:
        """Whether it can be drawn on: false before it is there and once it is being taken down."""
        return self._feeds.is_attached and self._bands["segments"].is_attached

    def show(self, view: View) -> None:
        """Draw all words, where they changed."""
        if self.open:
            self._view = view
            if view.mode in (Mode.ORDER, Mode.SEGMENTS):
                self.full_screen("")  # the lists are wanted
            self._fit(view)
            for band in self._bands.values():
                band.show(view)
            self._single.show(view) if self._single.feed else self._feeds.show(view)

    def show_meters(self, board: Board, at: int) -> None:
        """Draw the meters as they stand at a moment (host's monotonic ns)."""
        if not self.open:
            return
        meters = {feed: meter.at_time(at) for feed, meter in board.meters.items()}
        older = self._past.heard(meters, at)
        if self._single.feed:
            self._single.meter(meters.get(self._single.feed, Meter()), older)
        else:
            self._feeds.meters(meters)

    def show_pictures(self) -> None:
        """Read and draw the previews that are new."""
        if self.open:
            self._pictures.read(row.id for row in self._view.feeds if row.camera)
            self._single.pictures() if self._single.feed else self._feeds.pictures()

    def page(self, pages: int) -> None:
        """Other feeds, when not all fit; another one when there is only one."""
        self.other_feed(pages) if self._single.feed else self._feeds.page(pages)

    def use(self, graphics: Graphics) -> None:
        """Show pictures in the graphics that the terminal has."""
        self._single.use(graphics)
        self._feeds.use(graphics)

    def on_screen_suspend(self) -> None:
        """A dialog opens over it."""
        self._single.cover(True)
        self._feeds.cover(True)

    def on_screen_resume(self) -> None:
        """It is closed."""
        self._single.cover(False)
        self._feeds.cover(bool(self.alone))

    # One feed full-screen -------------------------------------------------------------------------------------------

    @property
    def alone(self) -> str:
        """The id of the feed that is full-screen, "" for none."""
        return self._single.feed

    def full_screen(self, feed: str) -> None:
        """Show one feed only, or ("") all of them again."""
        if feed != self._single.feed:
            self._single.turn_to(feed, self._view)
            self.set_class(bool(feed), "single")
            self._feeds.cover(bool(feed))
            if not feed:
                self._feeds.show(self._view)

    def other_feed(self, by: int) -> None:
        """While one feed is full-screen: the one after it (1) or before (-1), in the order of the setup, around."""
        feeds = [row.id for row in self._view.feeds]
        if self._single.feed in feeds:
            self.full_screen(feeds[(feeds.index(self._single.feed) + by) % len(feeds)])

    def first_feed(self) -> str:
        """Which one to begin with: one in trouble, or whose performer is on, or the first."""
        return min(self._view.feeds, key=_interest).id if self._view.feeds else ""

    # Sizes ----------------------------------------------------------------------------------------------------------

    def _fit(self, view: View) -> None:
        """Heights that follow the size of the terminal and what there is to say."""
        width, height = self.app.size
        big, roomy = width >= LARGE[0] and height >= LARGE[1], height >= ROOMY
        wanted = {
            "top": 5 if big else 3,
            "now": 6 if big else 4 if roomy else 3,
            "alarms": alarm_rows.alarm_lines(height),
            "hint": 1 if roomy else 0,
            "keys": 1 + min(len(key_bar.performer_lines(view, width)), 3 if roomy else 2),
            "order": min(1 + max(1, len(view.order)), max(2, self._right.size.height * 6 // 10)),
        }
        for name, lines in wanted.items():
            self._bands[name].styles.height = lines
        self._bands["said"].use(draw.said if roomy else draw.said_or_hint)
        self.set_class(roomy, "roomy")


def _interest(row: FeedRow) -> tuple[bool, bool]:
    return row.trouble is None, not row.performers
