"""A camera's picture with what is known of it: beside the picture when there is room, else below."""

from __future__ import annotations

from textual.strip import Strip

from liveshow.dashboard.feed_lines import caption, card
from liveshow.dashboard.layout import CARD, Place
from liveshow.dashboard.lines import fit, line, strip
from liveshow.dashboard.palette import DIM, STAGE, ink
from liveshow.dashboard.picture import Pixels, half_blocks
from liveshow.dashboard.view import FeedRow

OLD_PICTURE = 4  # seconds


def looks_old(feed: FeedRow) -> bool:
    """Whether a camera's newest picture is so old that showing it as live would be a lie."""
    return feed.age > OLD_PICTURE


def tile(place: Place, feed: FeedRow, pixels: Pixels | None, live: bool) -> list[Strip]:
    """The lines of a place; the last one is the caption, or empty."""
    height, beside = place.height - 1, place.width - place.picture
    if beside < CARD:
        below = strip(caption(feed, place.width, live), place.width, STAGE)
        return [*_picture(feed, pixels, place.width, height, live), below]
    shown = _picture(feed, pixels, place.picture, height, live)
    words = (strip(text, beside, STAGE) for text in card(feed, beside, height, live))
    return [*(Strip.join(pair) for pair in zip(shown, words, strict=True)), Strip.blank(place.width, STAGE)]


def _picture(feed: FeedRow, pixels: Pixels | None, width: int, height: int, live: bool) -> list[Strip]:
    blank = Strip.blank(width, STAGE)
    if pixels is None:
        words = strip(fit(line(("no picture yet", ink(DIM))), width, "centre"), width, STAGE)
        return [words if y == height // 2 else blank for y in range(height)]
    shown = half_blocks(pixels, width, height, dim=not live or looks_old(feed))
    drawn = [s.adjust_cell_length(width, STAGE) for s in shown]
    return [*[blank] * (height - len(drawn)), *drawn]
