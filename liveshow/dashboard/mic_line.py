"""A microphone in one line: sign, name, who is on it, meter, level, clip light, rate and gaps.

Meters are looked at twenty times a second for every microphone, so only the cells that look different are drawn: between two looks that
is a handful, and what they can look like is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from liveshow.dashboard.alarms import Rank
from liveshow.dashboard.feed_lines import ROOMY, figures, label
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, line, segments
from liveshow.dashboard.meters import Meter
from liveshow.dashboard.palette import (
    AMBER,
    AMBER_DIM,
    FAINT,
    GREEN,
    GREEN_DIM,
    GROUND,
    LINE,
    RED,
    RED_DIM,
    TEXT,
    badge,
    ink,
    kept,
    stage,
)
from liveshow.dashboard.surface import Stroke, inked
from liveshow.dashboard.view import FeedRow

LOWEST = -60.0
LOUD, HOT = -18.0, -6.0
SCALE = (-48, -36, -24, -18, -12, -6, 0)
FEW = (-40, -20, 0)
FIGURE, CLIP = 5, 5
RMS, PEAK, HOLD, REST = "▆", "▄", "▎", "▁"


class Look(NamedTuple):
    """What of a meter can be seen in a bar of so many cells: how far RMS, peak and held peak reach, the held peak in dBFS, and the clip
    light. Meters of one look look the same."""

    rms: int
    peak: int
    hold: int
    level: int
    clipped: bool


def meter_widths(width: int) -> tuple[int, int, int]:
    """(label, bar, rate and gaps) of a line so wide; the level and the clip light have fixed widths."""
    named, side = (17, 0) if width < 50 else (22, 0) if width < ROOMY else (28, 8) if width < 80 else (32, 20)
    return named, width - named - side - FIGURE - CLIP - 1, side


def look(meter: Meter, bar: int) -> Look:
    """How a meter looks in a bar of `bar` cells."""
    return Look(_cell(meter.rms, bar), _cell(meter.peak, bar), _cell(meter.hold, bar), round(meter.hold), meter.clipped)


DARK = Look(0, 0, 0, round(LOWEST), False)


def mic_strip(feed: FeedRow, shown: Look, width: int, live: bool) -> Strip:
    """The whole line. A lost microphone has the reason where its meter was; without a recorder no meter is lit."""
    named, bar, side = meter_widths(width)
    seen = shown if live else DARK._replace(clipped=shown.clipped)
    lost = live and feed.trouble is Rank.FEED_LOST
    moving = _reason(feed, bar + FIGURE) if lost else (*_bar(seen, 0, bar, bar), _level(seen.level))
    return Strip([*_name(feed, named, live), *moving, *_end(feed, seen.clipped, side)]).adjust_cell_length(width, stage())


def mic_strokes(feed: FeedRow, before: Look, after: Look, x: int, y: int, width: int, colours: ColorSystem) -> Iterator[Stroke]:
    """From one look of a live meter to the next, in the line at (x, y); the clip light and a lost microphone are left to
    :func:`mic_strip`."""
    if feed.trouble is Rank.FEED_LOST:
        return
    named, bar, _ = meter_widths(width)
    first, end = _changed(before, after, bar)
    if first < end:
        text = "".join(inked(s.text, s.style, colours) for s in _bar(after, first, end, bar))
        yield Stroke(x + named + first, y, end - first, text)
    if before.level != after.level:
        segment = _level(after.level)
        yield Stroke(x + named + bar, y, FIGURE, inked(segment.text, segment.style, colours))


def scale(width: int) -> Text:
    """The scale of a microphone's line of that width."""
    named, bar, _ = meter_widths(width)
    return fit(bar_scale(bar, named), width)


def bar_scale(bar: int, before: int) -> Text:
    """The figures of the scale, in dBFS, each where a bar of `bar` cells, `before` cells from the left, reaches it."""
    row = [" "] * (before + bar + 6)
    for level in SCALE if bar >= 30 else FEW:
        words = f"{level}"
        at = before + _cell(level, bar) - len(words) // 2
        row[at : at + len(words)] = words
    row[before + bar + 2 : before + bar + 6] = "dBFS"
    return line(("".join(row), ink(FAINT)))


def bar_strip(shown: Look, bar: int) -> Strip:
    """A bar alone."""
    return Strip(_bar(shown, 0, bar, bar), bar)


def _changed(before: Look, after: Look, bar: int) -> tuple[int, int]:
    """The cells [first, end) outside of which nothing differs."""
    reached = [n for a, b in zip(before[:2], after[:2], strict=True) if a != b for n in (a, b)]
    held = [n for n in (before.hold, after.hold) if before.hold != after.hold]
    if not reached and not held:
        return 0, 0
    return min(*reached, *held, bar), min(bar, max((*reached, *(n + 1 for n in held))))


def _bar(shown: Look, first: int, end: int, bar: int) -> Iterator[Segment]:
    """The cells [first, end) of the bar; RMS, peak and held peak are told apart by height as well as by colour."""
    looks = _colours(bar)
    signs = (_sign(cell, shown) for cell in range(first, end))
    for (style, sign), same in groupby((looks[cell + first][sign], sign) for cell, sign in enumerate(signs)):
        yield Segment(sign * sum(1 for _ in same), style)


def _sign(cell: int, shown: Look) -> str:
    if cell < shown.rms:
        return RMS
    if cell < shown.peak:
        return PEAK
    return HOLD if cell == shown.hold and shown.hold > 0 else REST


@kept(maxsize=64)
def _colours(bar: int) -> list[dict[str, Style]]:
    """Of every cell: the style of each sign."""
    return [_styles(LOWEST - LOWEST * cell / bar) for cell in range(bar)]


def _styles(level: float) -> dict[str, Style]:
    lit, dark = (GREEN, GREEN_DIM) if level < LOUD else (AMBER, AMBER_DIM) if level < HOT else (RED, RED_DIM)
    return {RMS: ink(lit, GROUND), PEAK: ink(dark, GROUND), HOLD: ink(lit, GROUND), REST: ink(LINE, GROUND)}


@kept(maxsize=256)
def _level(level: int) -> Segment:
    shown = f"{level:>{FIGURE}}" if level > LOWEST else f"{'–':>{FIGURE}}"
    return Segment(shown, ink(TEXT if level > LOWEST else FAINT, GROUND))


@kept(maxsize=1024)
def _name(feed: FeedRow, width: int, live: bool) -> tuple[Segment, ...]:
    return segments(label(feed, width, live), stage())


@kept(maxsize=256)
def _reason(feed: FeedRow, width: int) -> tuple[Segment, ...]:
    words = f" {feed.state}" + (f": {feed.why}" if feed.why else "")
    return segments(fit(line((words, ink(RED, bold=True))), width), stage())


@kept(maxsize=1024)
def _end(feed: FeedRow, clipped: bool, side: int) -> tuple[Segment, ...]:
    """The clip light, and rate and gaps; when there is room for one only, the worst of them."""
    clip = line(("CLIP", badge(Tone.BAD)))
    if side:
        words = fit(clip if clipped else line(), CLIP) + figures(feed, side)
    else:
        words = fit(clip, CLIP, "right") if clipped else figures(feed, CLIP)
    return segments(line(" ") + words, stage())


def _cell(level: float, bar: int) -> int:
    return round(max(0.0, min(1.0, 1 - level / LOWEST)) * bar)
