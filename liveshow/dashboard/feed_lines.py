"""One feed in one line: sign, name, who is on it, meter, level, rate and gaps."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from liveshow.dashboard.alarms import Rank
from liveshow.dashboard.lines import fit, line
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, FAINT, GREEN, LINE, REC_DIM, RED, TEXT, badge, ink
from liveshow.dashboard.view import FeedRow, Tone

LOWEST = -60.0
LOUD, HOT = -18.0, -6.0
DARK = {GREEN: "#245c3c", AMBER: "#7a5418", RED: "#7a1622"}
LABEL, FIGURE, CLIP = 10, 5, 5
ROOMY = 64


def signed(feed: FeedRow, live: bool) -> Text:
    """The sign of a feed's condition: ● recording and proven, ◐ not proven, ✖ lost; ○ when the recorder is gone."""
    if not live:
        return line(("○", ink(DIM)))
    if feed.trouble is None:
        return line(("●", ink(REC_DIM)))
    return line(("✖", ink(RED, bold=True))) if feed.trouble is Rank.FEED_LOST else line(("◐", ink(AMBER)))


def label(feed: FeedRow, width: int, live: bool) -> Text:
    """Sign, id, and the performers on it."""
    style = badge(Tone.BAD) if live and feed.trouble is Rank.FEED_LOST else ink(BRIGHT if feed.performers else TEXT)
    head = line(" ") + signed(feed, live) + Text(" ")
    if not feed.performers or width < len(feed.id) + 8:
        return fit(head + line((feed.id, style)), width)
    ident = fit(line((feed.id, style)), min(LABEL, width - 3)) if width >= 24 else line((feed.id, style))
    return fit(head + ident + line((" " + ", ".join(feed.performers), ink(CYAN))), width)


def figures(feed: FeedRow, width: int) -> Text:
    """Rate and gaps; the gaps win when there is little room."""
    gaps = line((_gaps(feed), ink(AMBER, bold=True) if feed.gaps else ink(FAINT)))
    if width < 8:
        return fit(
            line((f"{feed.gaps}g", ink(AMBER, bold=True))) if feed.gaps else line((feed.rate, ink(FAINT))), width, "right"
        )
    lost = line((f" {feed.lost}", ink(AMBER))) if feed.gaps and width >= 24 else Text()
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
        return fit(label(feed, min(width, LABEL + 3), live) + line((f" {feed.state}", ink(RED, bold=True))), width)
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


def meter_widths(width: int) -> tuple[int, int, int]:
    """(label, bar, figures) of a line so wide."""
    if width < ROOMY:
        return 17, width - 17 - FIGURE - CLIP - 1, 0
    named, side = (24, 14) if width < 80 else (30, 20)
    return named, width - named - side - FIGURE - CLIP - 1, side


def meter_key(meter: Meter, bar: int) -> tuple[int, int, int, int, bool]:
    """What of a meter can be seen in a bar of `bar` cells: lines with the same key look the same."""
    return _cell(meter.rms, bar), _cell(meter.peak, bar), _cell(meter.hold, bar), round(meter.hold), meter.clipped


def meter_segments(meter: Meter, bar: int, live: bool) -> list[Segment]:
    """The bar, the held peak in dBFS, and the clip light."""
    rms, peak, hold, level, _ = meter_key(meter, bar)
    cells = (_cell_look(cell, bar, (rms, peak, hold), live) for cell in range(bar))
    bars = [Segment(sign * sum(1 for _ in same), style) for (sign, style), same in groupby(cells)]
    shown = f"{level:>{FIGURE}}" if live and level > LOWEST else f"{'–':>{FIGURE}}"
    return [*bars, Segment(shown, ink(TEXT if live else FAINT))]


def mic_lost(feed: FeedRow, width: int) -> Text:
    """What stands in the place of the meter of a microphone that is lost."""
    return fit(line((f" {feed.state}" + (f": {feed.why}" if feed.why else ""), ink(RED, bold=True))), width)


def mic_end(feed: FeedRow, meter: Meter, side: int) -> Text:
    """The clip light, and rate and gaps; when there is room for one only, the worst of them."""
    clip = line(("CLIP", badge(Tone.BAD)))
    if side:
        return Text(" ") + (fit(clip, CLIP) if meter.clipped else Text(" " * CLIP)) + figures(feed, side)
    return Text(" ") + (fit(clip, CLIP, "right") if meter.clipped else figures(feed, CLIP))


def _cell_look(cell: int, bar: int, seen: tuple[int, int, int], live: bool) -> tuple[str, Style]:
    """Sign and style of one cell of a bar; `seen`: the cells that RMS, peak and held peak reach. Told apart by height too."""
    rms, peak, hold = seen
    level = LOWEST - LOWEST * cell / bar
    colour = GREEN if level < LOUD else AMBER if level < HOT else RED
    if live and cell < rms:
        return "▆", ink(colour)
    if live and cell < peak:
        return "▄", ink(DARK[colour])
    if live and cell == hold and hold > 0:
        return "▎", ink(colour)
    return "▁", ink(LINE)


def _cell(level: float, bar: int) -> int:
    return round(max(0.0, min(1.0, 1 - level / LOWEST)) * bar)
