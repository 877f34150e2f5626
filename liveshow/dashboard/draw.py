"""The bands of the screen as lines: what is on, how long, what is next, what is wrong, which keys there are.

Every function takes a view and the size of its place in cells and gives at most that many lines of at most that width.
"""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from liveshow.dashboard.board import Link
from liveshow.dashboard.digits import large, small
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, heading, line, spread
from liveshow.dashboard.palette import AMBER, BRIGHT, CYAN, DIM, FAINT, GREEN, LINE, TEXT, VIOLET, badge, ink
from liveshow.dashboard.view import OnNow, View

LEAST_ROOM = 7
SIGNS = {Tone.REC: "●", Tone.GOOD: "●", Tone.WARN: "◐", Tone.BAD: "✖", Tone.CALM: "○"}


def top(view: View, width: int, height: int) -> list[Text]:
    """REC light, clock, disk; beside a clock that shows the house's timecode its name, and the time of day. The whole band turns red
    when the recorder is gone."""
    digits = large(view.clock) if height >= 5 else small(view.clock)
    lost = view.link in (Link.LOST, Link.SILENT)
    ground = badge(Tone.WARN) if view.flash else badge(view.light.tone) if lost else ink(TEXT)
    figure = ground if lost or view.flash else ink(BRIGHT)
    side = min(40 if height >= 5 else 34, max(18, (width - len(digits[0])) // 2 - 1))
    left = _light(view, side, height)
    right = _disk(view, height, ground if lost or view.flash else None)
    wide = len(digits[0])
    before = max(1, (width - wide) // 2 - side)
    room = max(0, width - side - before - wide)
    return [
        _on(left[y] + Text(" " * before) + line((digits[y], figure)) + fit(right[y], room, "right"), ground)
        for y in range(height)
    ]


def _light(view: View, width: int, height: int) -> list[Text]:
    style = badge(view.light.tone)
    big = _big(view.light.big, height)
    head = view.light.head
    if big[0] and width - len(big[0]) - 6 < LEAST_ROOM:
        big, head = ("",) * 5, f"{view.light.big} {head}"
    edge = "  " if big[0] else f"  {SIGNS[view.light.tone]} "
    room = width - len(big[0]) - 2 * len(edge)
    words = [head, *_wrapped(view.light.detail, room, height - 1)]
    above = 1 if height > len(words) + 1 else 0
    rows = [*[""] * above, *words, *[""] * height][:height]
    heads = [edge if y == above or big[0] else " " * len(edge) for y in range(height)]
    return [_on(fit(line(heads[y], big[y], "  " if big[0] else "", rows[y]), width), style) for y in range(height)]


def _big(text: str, height: int) -> tuple[str, ...]:
    return (large(text) if height >= 5 and len(text) <= 3 else small(text) + ("",) * 2) if text else ("",) * 5


def _disk(view: View, height: int, style: Style | None) -> list[Text]:
    low = badge(Tone.BAD) if view.disk_low else ink(BRIGHT, bold=True)
    faint = style or ink(DIM)
    rows = [
        line(("since start ", faint), (view.elapsed, style or ink(BRIGHT, bold=True)), " "),
        line(("disk lasts ", faint), (view.disk, style or low), " "),
        line(
            (view.house, style or ink(CYAN, bold=True)), (f"  it is {view.day} " if view.day else f"{view.disk_detail} ", faint)
        ),
    ]
    return [*([Text()] if height >= 5 else []), *rows, *[Text()] * height][:height]


def now(view: View, width: int, height: int) -> list[Text]:
    """What is on, for how long, and what comes next; above it the show's title when there is a line to spare."""
    if height in (4, 6):
        return [heading(view.title, width), *now(view, width, height - 1)]
    figures, notes, style = _figures(view)
    digits = (large(figures) if height >= 5 else small(figures)) if figures else ()
    note_width = max((n.cell_len for n in notes), default=0)
    wide = (len(digits[0]) if digits else 0) + note_width + 2
    words = _words(view, height)
    rows = []
    for y in range(height):
        digit = digits[y] if y < len(digits) else ""
        note = notes[y] if y < len(notes) else Text()
        right = line((digit, style)) + Text("  ") + fit(note, note_width)
        rows.append(spread(words[y], right, width - 1) + Text(" ") if wide < width - 20 else fit(words[y], width))
    return rows


def _figures(view: View) -> tuple[str, list[Text], Style]:
    if view.late:
        notes = [
            line(("LATE", ink(VIOLET, bold=True)), ("  Esc clears", ink(DIM))),
            line(("the next mark", ink(DIM))),
            line((f"was at {view.late_at}" if view.late_at else f"was {view.late} ago", ink(VIOLET))),
        ]
        return f"-{view.late}", notes, ink(VIOLET)
    on = view.on
    if on is None:
        return "", [], ink(DIM)
    style = ink(AMBER) if on.over else ink(BRIGHT)
    if not on.planned:
        return on.elapsed, [line(("on", ink(DIM)))], style
    late = ink(AMBER, bold=True) if on.over else ink(DIM)
    return on.elapsed, [line((f"of {on.planned}", ink(DIM))), line((on.left, late)), _bar(on, 12)], style


def _bar(on: OnNow, width: int) -> Text:
    full = min(width, round(min(1.0, on.share or 0) * width))
    return line(("━" * full, ink(AMBER if on.over else GREEN)), ("━" * (width - full), ink(LINE)))


def _words(view: View, height: int) -> list[Text]:
    if not view.title:
        return [Text()] * height
    if view.on:
        first = line((" ON    ", ink(CYAN, bold=True)), (view.on.title, ink(BRIGHT, bold=True)))
        second = line("       ", (" · ".join(view.on.performers) or "nobody tagged", ink(CYAN)))
    else:
        first = line((" ON    ", ink(DIM, bold=True)), ("nothing", ink(DIM)))
        second = Text()
    who = f"  {view.next_performers}" if view.next_performers else ""
    upcoming = line((" NEXT  ", ink(DIM, bold=True)), (view.next or "the running order is over", ink(TEXT)), (who, ink(DIM)))
    rows = [first, second, upcoming] if height < 5 else [Text(), first, second, Text(), upcoming]
    return [*rows, *[Text()] * height][:height]


def said(view: View, width: int, height: int) -> list[Text]:
    """The last mark and what became of it; one line."""
    del height
    if view.notice:
        return [_on(fit(line(f" ◦ {view.notice}"), width), badge(Tone.WARN))]
    if view.said is None:
        return [fit(line((" no mark yet", ink(FAINT))), width)]
    tone = view.said.tone
    text = f" {view.said.sign} {view.said.text}"
    if tone is Tone.BAD:
        return [_on(fit(line(text), width), badge(Tone.BAD))]
    style = {Tone.GOOD: ink(GREEN, bold=True), Tone.WARN: ink(AMBER, bold=True)}.get(tone, ink(DIM))
    undo = line(("u undoes ", ink(FAINT)), (f"{view.undo} ", ink(DIM))) if view.undo else Text()
    words = line((text, style))
    room = max(width // 3, width - words.cell_len - 2)
    return [spread(words, fit(undo, room) if undo.cell_len > room else undo, width)]


def said_or_hint(view: View, width: int, height: int) -> list[Text]:
    """The same where there is one line for both: what the tag guard suggests, unless something was just said that is not well yet."""
    calm = not view.notice and (view.said is None or view.said.tone in (Tone.CALM, Tone.GOOD))
    return hint(view, width, height) if calm and view.hint is not None else said(view, width, height)


def hint(view: View, width: int, height: int) -> list[Text]:
    """What the tag guard suggests, and the keys that take or dismiss it; one line, empty when it suggests nothing."""
    if view.hint is None or not height:
        return [Text()] * height
    more = f" +{view.hint.more}" if view.hint.more else ""
    what = line((" ? ", badge(Tone.WARN)), (f" {view.hint.what}", ink(AMBER)), (more, ink(DIM)))
    take = line(
        ("t", ink(BRIGHT, bold=True)), (f" {view.hint.fix}  ", ink(TEXT)), ("⌫", ink(BRIGHT, bold=True)), (" no ", ink(DIM))
    )
    return [spread(what, take, width)]


def _wrapped(text: str, width: int, rows: int) -> list[str]:
    lines: list[str] = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > width and lines[-1] and len(lines) < rows:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _on(text: Text, style: Style) -> Text:
    """A line on a ground; its own styles win."""
    grounded = text.copy()
    grounded.stylize_before(style)
    return grounded
