"""A camera's picture with what is known of it: beside the picture when there is room, else below."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from liveshow.dashboard.feed_lines import caption, card
from liveshow.dashboard.layout import CARD, Place
from liveshow.dashboard.lines import fit, line, strip
from liveshow.dashboard.palette import DIM, ink, stage
from liveshow.dashboard.view import FeedRow

OLD_PICTURE = 4  # seconds


def looks_old(feed: FeedRow) -> bool:
    """Whether a camera's newest picture is so old that showing it as live would be a lie."""
    return feed.age > OLD_PICTURE


def tile_lines(place: Place, feed: FeedRow, picture: Sequence[Strip] | None, live: bool) -> list[Strip]:
    """The lines of a place; the last one is the caption, or empty."""
    height, beside = place.height - 1, place.width - place.picture
    if beside < CARD:
        below = strip(caption(feed, place.width, live), place.width, stage())
        return [*framed(picture, place.width, height), below]
    words = (strip(text, beside, stage()) for text in card(feed, beside, height, live))
    pairs = zip(framed(picture, place.picture, height), words, strict=True)
    return [*(Strip.join(pair) for pair in pairs), Strip.blank(place.width, stage())]


def framed(picture: Sequence[Strip] | None, width: int, height: int) -> list[Strip]:
    """A picture at the left and the bottom of `width` × `height` cells; words where there is none yet."""
    blank = Strip.blank(width, stage())
    if picture is None:
        words = strip(fit(line(("no picture yet", ink(DIM))), width, "centre"), width, stage())
        return [words if y == height // 2 else blank for y in range(height)]
    return [*[blank] * (height - len(picture)), *(s.adjust_cell_length(width, stage()) for s in picture)]
