"""A microphone in one line: sign, name, who is on it, meter, level, clip light, rate and gaps.

It is drawn up to fifteen times a second for every microphone, so its pieces are kept for the few looks that they can have.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from liveshow.dashboard.alarms import Rank
from liveshow.dashboard.feed_lines import ROOMY, figures, label
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, line, segments
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.palette import AMBER, FAINT, GREEN, GROUND, LINE, RED, STAGE, TEXT, badge, ink
from liveshow.dashboard.view import FeedRow

LOWEST = -60.0
LOUD, HOT = -18.0, -6.0
DARK = {GREEN: "#245c3c", AMBER: "#7a5418", RED: "#7a1622"}
FIGURE, CLIP = 5, 5


def meter_widths(width: int) -> tuple[int, int, int]:
    """(label, bar, rate and gaps) of a line so wide; the level and the clip light have fixed widths."""
    if width < ROOMY:
        return 17, width - 17 - FIGURE - CLIP - 1, 0
    named, side = (24, 14) if width < 80 else (30, 20)
    return named, width - named - side - FIGURE - CLIP - 1, side


def meter_key(meter: Meter, bar: int) -> tuple[int, int, int, int, bool]:
    """What of a meter can be seen in a bar of `bar` cells: meters with the same key look the same."""
    return _cell(meter.rms, bar), _cell(meter.peak, bar), _cell(meter.hold, bar), round(meter.hold), meter.clipped


def mic_strip(feed: FeedRow, meter: Meter, width: int, live: bool) -> Strip:
    """The whole line. A lost microphone has the reason where its meter was."""
    named, bar, side = meter_widths(width)
    rms, peak, hold, level, clipped = meter_key(meter, bar)
    if live and feed.trouble is Rank.FEED_LOST:
        moving = _reason(feed, bar + FIGURE)
    elif live:
        moving = (*_bar(rms, peak, hold, bar), *_level(level))
    else:
        moving = (*_bar(0, 0, 0, bar), *_level(round(LOWEST)))
    return Strip([*_name(feed, named, live), *moving, *_end(feed, clipped, side)]).adjust_cell_length(width, STAGE)


@lru_cache(maxsize=4096)
def _bar(rms: int, peak: int, hold: int, bar: int) -> tuple[Segment, ...]:
    """RMS, peak and held peak reach so many of the cells; told apart by height as well as by colour."""
    looks = (_look(cell, bar, rms, peak, hold) for cell in range(bar))
    return tuple(Segment(sign * sum(1 for _ in same), style) for (sign, style), same in groupby(looks))


def _look(cell: int, bar: int, rms: int, peak: int, hold: int) -> tuple[str, Style]:
    level = LOWEST - LOWEST * cell / bar
    colour = GREEN if level < LOUD else AMBER if level < HOT else RED
    if cell < rms:
        return "▆", ink(colour, GROUND)
    if cell < peak:
        return "▄", ink(DARK[colour], GROUND)
    return ("▎", ink(colour, GROUND)) if cell == hold and hold > 0 else ("▁", ink(LINE, GROUND))


@lru_cache(maxsize=256)
def _level(level: int) -> tuple[Segment, ...]:
    shown = f"{level:>{FIGURE}}" if level > LOWEST else f"{'–':>{FIGURE}}"
    return (Segment(shown, ink(TEXT if level > LOWEST else FAINT, GROUND)),)


@lru_cache(maxsize=1024)
def _name(feed: FeedRow, width: int, live: bool) -> tuple[Segment, ...]:
    return segments(label(feed, width, live), STAGE)


@lru_cache(maxsize=256)
def _reason(feed: FeedRow, width: int) -> tuple[Segment, ...]:
    words = f" {feed.state}" + (f": {feed.why}" if feed.why else "")
    return segments(fit(line((words, ink(RED, bold=True))), width), STAGE)


@lru_cache(maxsize=1024)
def _end(feed: FeedRow, clipped: bool, side: int) -> tuple[Segment, ...]:
    """The clip light, and rate and gaps; when there is room for one only, the worst of them."""
    clip = line(("CLIP", badge(Tone.BAD)))
    if side:
        words = fit(clip if clipped else line(), CLIP) + figures(feed, side)
    else:
        words = fit(clip, CLIP, "right") if clipped else figures(feed, CLIP)
    return segments(line(" ") + words, STAGE)


def _cell(level: float, bar: int) -> int:
    return round(max(0.0, min(1.0, 1 - level / LOWEST)) * bar)
