"""Lines of a given width, from pieces: cut with an ellipsis where they do not fit, never wrapped, wide characters counted."""

from __future__ import annotations

import io
import unicodedata

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from liveshow.dashboard.palette import DIM, LINE, ink

_CONSOLE = Console(file=io.StringIO(), legacy_windows=False)  # Rich wants one to look named styles up; there are none
Piece = tuple[str, Style] | str


_HARMFUL = frozenset({"Cc", "Cs", "Zl", "Zp"})  # Unicode's general categories: control, surrogate, line and paragraph separator
_TURNING = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))  # UAX #9: they turn round what follows as well


def line(*pieces: Piece) -> Text:
    """Pieces one after another. What a terminal would obey, or what would spill out of its place, is shown as a replacement character:
    the recorder takes no such text, but a journal may be older than that rule, or not its own. Line breaks are left to dialogs."""
    text = Text(no_wrap=True, end="")
    for piece in pieces:
        text.append(harmless(piece)) if isinstance(piece, str) else text.append(harmless(piece[0]), piece[1])
    return text


def harmless(text: str) -> str:
    """A text that is shown, and does nothing else."""
    if text.isprintable():  # nearly always
        return text
    return "".join("\ufffd" if c in _TURNING or (c != "\n" and unicodedata.category(c) in _HARMFUL) else c for c in text)


def segments(text: Text, ground: Style) -> tuple[Segment, ...]:
    """A text as segments on a ground."""
    return tuple(Segment.apply_style(text.render(_CONSOLE, end=""), ground))


def strip(text: Text, width: int, ground: Style) -> Strip:
    """A text as a line of exactly `width` cells on a ground."""
    return Strip(segments(text, ground)).adjust_cell_length(width, ground)


def fit(text: Text, width: int, align: str = "left") -> Text:
    """Exactly `width` cells: cut or filled up."""
    if width <= 0:
        return Text(no_wrap=True, end="")
    fitted = text.copy()
    fitted.truncate(width, overflow="ellipsis")
    missing = width - fitted.cell_len
    if missing > 0:
        left = missing if align == "right" else missing // 2 if align == "centre" else 0
        fitted.pad_left(left)
        fitted.pad_right(missing - left)
    return fitted


def spread(left: Text, right: Text, width: int) -> Text:
    """`left` and `right` at the two ends; what is too long of `left` is cut."""
    room = width - right.cell_len
    if room <= 1:
        return fit(right, width)
    return fit(left, room - 1) + Text(" ") + right


def beside(width: int, *columns: tuple[Text, int]) -> Text:
    """Columns of given widths with one space between; together cut or filled to `width`."""
    text = Text(no_wrap=True, end="")
    for number, (column, wide) in enumerate(columns):
        text.append_text(fit(column, wide))
        if number < len(columns) - 1:
            text.append(" ")
    return fit(text, width)


def heading(title: str, width: int, note: Text | str = "") -> Text:
    """A section's name and a rule, with a note at its end."""
    head = line((f" {title} ", ink(DIM, bold=True)))
    noted = line((note, ink(DIM))) if isinstance(note, str) else note
    tail = Text(" ") + noted + Text(" ") if note else Text()
    rule = max(0, width - head.cell_len - tail.cell_len)
    return fit(head + line(("─" * rule, ink(LINE))) + tail, width)
