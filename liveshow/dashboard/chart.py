"""A microphone's half minute as a chart: RMS as solid blocks, peaks above it as shade, against a scale in dBFS."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from liveshow.dashboard.lines import line
from liveshow.dashboard.mic_line import HOT, LOUD, LOWEST
from liveshow.dashboard.palette import AMBER, AMBER_DIM, FAINT, GREEN, GREEN_DIM, RED, RED_DIM, ink
from liveshow.dashboard.past import Loudest

MARGIN = 5
EIGHTHS = " ▁▂▃▄▅▆▇█"
SHADE = "░"
STEP = 12


def chart(past: Sequence[Loudest], height: int) -> list[Text]:
    """`height` lines of MARGIN cells of scale and one cell for each of `past`; the last line says how long ago that was."""
    rows = height - 1
    return [*(_row(past, y, rows) for y in range(rows)), _ago(len(past))]


def _row(past: Sequence[Loudest], y: int, rows: int) -> Text:
    """The row shows the levels between `low` and `high`."""
    high, low = LOWEST * y / rows, LOWEST * (y + 1) / rows
    lit, dark = (GREEN, GREEN_DIM) if high <= LOUD else (AMBER, AMBER_DIM) if high <= HOT else (RED, RED_DIM)
    row = line((f"{_label(y, rows):>{MARGIN - 1}} ", ink(FAINT)))
    for sign, same in groupby(_sign(one, low, high) for one in past):
        row.append(sign * sum(1 for _ in same), ink(dark if sign == SHADE else lit))
    return row


def _sign(one: Loudest, low: float, high: float) -> str:
    eighths = max(0, min(8, round((one.rms - low) / (high - low) * 8)))
    if eighths:
        return EIGHTHS[eighths]
    return SHADE if one.peak > (low + high) / 2 else " "


def _label(y: int, rows: int) -> str:
    """The figure of the scale that begins in this row, if one does."""
    first, last = -LOWEST * y / rows, -LOWEST * (y + 1) / rows
    level = next((n for n in range(0, int(-LOWEST), STEP) if first <= n < last), None)
    return "" if level is None else f"{-level}"


def _ago(columns: int) -> Text:
    ends = "30 s ago", "now"
    return line((" " * MARGIN + ends[0] + " " * max(1, columns - len(ends[0]) - len(ends[1])) + ends[1], ink(FAINT)))
