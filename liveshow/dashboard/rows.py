"""The running order and the segments as lines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from liveshow.dashboard.keys import KEYS, Action
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import beside, fit, heading, line, spread
from liveshow.dashboard.listing import OrderRow, SegmentRow
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, FAINT, LINE, TEXT, TONES, ink
from liveshow.dashboard.view import View

FATE, SHORT_FATE = 14, 7
_KEY = next(key.shown for key in KEYS if key.action is Action.PERFORMERS)


def order(view: View, width: int, height: int) -> list[Text]:
    """The running order, with what is on and what is next in sight."""
    if height < 2:
        return []
    room = height - 1
    first = _first_row(view.order, room)
    part = f"{first + 1}–{min(first + room, len(view.order))} of {len(view.order)}" if len(view.order) > room else ""
    rest = " · ".join(filter(None, (_ends(view), part if width >= 50 else "")))
    over = line((view.over, ink(AMBER, bold=True) if view.is_over else ink(DIM)))
    note = over + line((f"{' · ' if view.over and rest else ''}{rest}", ink(DIM)))
    rows = [_order_row(row, width) for row in view.order[first : first + room]]
    return [
        heading("RUNNING ORDER" if width >= 44 else "ORDER", width, note),
        *(rows or [_nothing("no items: put performers on by hand", width)]),
    ]


def order_at(view: View, y: int, height: int) -> str:
    """The id of the item whose row is so many lines below the heading's; "" when there is none."""
    place = _first_row(view.order, height - 1) + y - 1
    return view.order[place].id if y > 0 and place < len(view.order) else ""


def _ends(view: View) -> str:
    return f"ends {'after ' if view.ends_at_least else ''}{view.ends}" if view.ends else ""


def _first_row(rows: Sequence[OrderRow], room: int) -> int:
    here = next((n for n, row in enumerate(rows) if row.chosen), None)
    if here is None:
        here = next((n for n, row in enumerate(rows) if row.place == "on"), None)
    if here is None:
        here = next((n for n, row in enumerate(rows) if row.place == "next"), len(rows))
    return max(0, min(here - 1, len(rows) - room))


def _order_row(row: OrderRow, width: int) -> Text:
    sign, style = {
        "on": ("▶", ink(CYAN, bold=True)),
        "next": ("›", ink(BRIGHT)),
        "done": ("✓", ink(FAINT)),
        "skipped": ("⨯", ink(FAINT)),
    }.get(row.place, (" ", ink(DIM)))
    words = line((f" {sign} {row.title}", style))
    if row.place == "skipped":
        words.append("  skipped", ink(FAINT))
    if row.added:
        words.append("  added", ink(FAINT))
    if width >= 50:
        words.append(f"  {row.performers}", ink(FAINT if row.place in ("done", "later", "skipped") else DIM))
    spent = ink(AMBER) if row.over else style
    first = (f"{row.begins:>7}", ink(FAINT)) if row.begins and not row.length else (f"{row.length:>7}", spent)
    times = line(first, (" / " if row.length and row.planned else "   ", ink(FAINT)), (f"{row.planned:>5} ", style))
    return chosen(spread(words, times, width), row.chosen)


def chosen(text: Text, here: bool) -> Text:
    """A line, or the line that the cursor is on."""
    if not here:
        return text
    marked = line(("▌", ink(AMBER, bold=True))) + text[1:]
    marked.stylize(ink(BRIGHT, LINE, bold=True), 1)
    return marked


def segments(view: View, width: int, height: int) -> list[Text]:
    """The last segments, newest first."""
    if height < 2:
        return []
    first = _first_segment(view, height)
    rows = [chosen(_segment_row(row, width), row.chosen) for row in view.segments[first : first + height - 1]]
    return [
        heading("SEGMENTS", width, _unread(view, width) if view.unread else f"{len(view.segments)}" if view.segments else ""),
        *(rows or [_nothing("none yet: GO opens the first", width)]),
    ]


def _unread(view: View, width: int) -> Text:
    """What performers said, quietly: the key that opens it, and how much of it is new."""
    words = f" {view.unread} new from performers" if width >= 50 else f" {view.unread} from performers"
    return line((_KEY, ink(BRIGHT, bold=True)), (words, ink(AMBER)))


def segment_at(view: View, y: int, height: int) -> str:
    """The id of the segment whose row is so many lines below the heading's; "" when there is none."""
    place = _first_segment(view, height) + y - 1
    return view.segments[place].id if y > 0 and place < len(view.segments) else ""


def _first_segment(view: View, height: int) -> int:
    here = next((n for n, row in enumerate(view.segments) if row.chosen), 0)
    return max(0, here - (height - 2))


def _segment_row(row: SegmentRow, width: int) -> Text:
    style = ink(CYAN) if row.tone is Tone.REC else ink(DIM if row.fate == "false take" else TEXT)
    tone = ink(CYAN if row.tone is Tone.REC else TONES[row.tone])
    fate = line((f"{row.fate} ", tone))
    head, time, title = line((f" {row.id}", ink(FAINT))), line((row.start, ink(DIM))), line((row.title, style))
    long = line((f"{row.length:>6}", ink(TEXT)))
    if width < 50:
        short = line((row.fate.partition(":")[0].partition(" ")[0], tone))
        return beside(
            width, (head, 4), (title, width - 14 - SHORT_FATE), (long, 6), (fit(short, SHORT_FATE, "right"), SHORT_FATE)
        )
    title.append(f"  {row.performers}", ink(FAINT))
    if row.markers:
        title.append(f"  ★{row.markers}", ink(DIM))
    return beside(
        width, (head, 5), (time, 8), (title, width - 5 - 8 - 6 - FATE - 4), (long, 6), (fit(fate, FATE, "right"), FATE)
    )


def _nothing(words: str, width: int) -> Text:
    return fit(line((f" {words}", ink(FAINT))), width)
