"""What is said of a feed, in pieces: its sign, its name and who is on it, its rate and gaps."""

from __future__ import annotations

from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text

from liveshow.dashboard.alarms import Rank
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, line
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, FAINT, RED, RED_DIM, TEXT, badge, ink
from liveshow.dashboard.view import FeedRow

LABEL = 10
ROOMY = 64


def signed(feed: FeedRow, live: bool) -> Text:
    """The sign of a feed's condition: ● recording and proven, ◐ not proven, ✖ lost; ○ when the recorder is gone."""
    if not live:
        return line(("○", ink(DIM)))
    if feed.trouble is None:
        return line(("●", ink(RED_DIM)))
    return line(("✖", ink(RED, bold=True))) if feed.trouble is Rank.FEED_LOST else line(("◐", ink(AMBER)))


def label(feed: FeedRow, width: int, live: bool) -> Text:
    """Sign, id, and the performers on it, or else the timecode."""
    style = badge(Tone.BAD) if live and feed.trouble is Rank.FEED_LOST else ink(BRIGHT if feed.performers else TEXT)
    head = line(" ") + signed(feed, live) + Text(" ")
    words = ", ".join(feed.performers) or feed.timecode
    if not words or width < len(feed.id) + 8:
        return fit(head + line((feed.id, style)), width)
    ident = fit(line((feed.id, style)), min(LABEL, width - 3)) if width >= 24 else line((feed.id, style))
    return fit(head + ident + line((" " + words, ink(CYAN))), width)


def figures(feed: FeedRow, width: int) -> Text:
    """Rate and gaps; the gaps win when there is little room."""
    if width < 8:
        return fit(
            line((f"{feed.gaps}g", ink(AMBER, bold=True))) if feed.gaps else line((feed.rate, ink(FAINT))), width, "right"
        )
    gaps = line((_gaps(feed), ink(AMBER, bold=True) if feed.gaps else ink(FAINT)))
    if width < 14:
        return fit(gaps if feed.gaps else line((feed.rate, ink(FAINT))), width, "right")
    lost = line((f" {feed.lost}", ink(AMBER))) if feed.gaps and width >= 20 else Text()
    return fit(fit(line((feed.rate, ink(DIM))), 7, "right") + Text(" ") + gaps + lost, width)


def _gaps(feed: FeedRow) -> str:
    return f"{feed.gaps} gap{'s' if feed.gaps != 1 else ''}"


def camera_line(feed: FeedRow, width: int, live: bool) -> Text:
    """A camera for which there is no room to show its picture."""
    note = line((f"{feed.state} {feed.what}", ink(DIM)))
    side = 6 if width < ROOMY else 14 if width < 80 else 20
    named = min(24, width // 2)
    return label(feed, named, live) + fit(note, width - named - side) + figures(feed, side)


def caption(feed: FeedRow, width: int, live: bool) -> Text:
    """The line below a picture."""
    side = 0 if width < 18 else 7 if width < 34 else 16
    if live and feed.trouble is not None:
        return fit(
            label(replace(feed, performers=()), min(width, cell_len(feed.id) + 3), live)
            + line((f" {feed.state}", ink(RED, bold=True))),
            width,
        )
    return label(feed, width - side, live) + (figures(feed, side) if side else Text())


def card(feed: FeedRow, width: int, height: int, live: bool) -> list[Text]:
    """What stands beside a picture when there is room for it."""
    state = feed.state if live and feed.trouble is not None else feed.rate
    trouble = ink(RED if feed.trouble is Rank.FEED_LOST else AMBER, bold=True)
    rows = [
        label(replace(feed, performers=()), width, live),
        *(line("   ", (who, ink(CYAN))) for who in feed.performers),
        line("   ", (state, trouble if live and feed.trouble is not None else ink(DIM))),
        line("   ", (_gaps(feed), ink(AMBER, bold=True) if feed.gaps else ink(FAINT))),
        line("   ", (feed.what, ink(FAINT))),
    ]
    return [fit(row, width) for row in [*rows, *[Text()] * height][:height]]
