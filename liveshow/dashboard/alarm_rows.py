"""The alarms at the bottom of the screen: those nobody has acknowledged first, the others dimmed and with a sign, none hidden."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from liveshow.dashboard.alarms import in_danger, urgent
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, line, spread
from liveshow.dashboard.palette import BRIGHT, DIM, FAINT, GROUND, badge, ink
from liveshow.dashboard.view import View
from liveshow.events import AlarmNow

WIDE = 110
NEW, SEEN = "!", "✓"


def alarms(view: View, width: int, height: int) -> list[Text]:
    """What is wrong, worst first; the last line says how much more there is."""
    found = urgent(view.alarms)
    if not found:
        off = line(("the bell is off ", ink(DIM))) if view.silent else line()
        return [spread(line((" no alarms", ink(FAINT))), off, width)]
    if height == 1:
        return [_summary(found, width, view.flash)]
    shown = found if len(found) <= height else found[: height - 1]
    rows = [_row(alarm, width, view.flash, first=alarm is found[0]) for alarm in shown]
    if len(shown) < len(found):
        rest = found[len(shown) :]
        words = f" {_sign(rest[0])} {len(rest)} more (a): {_abouts(rest)}"
        rows.append(_on(fit(line(words), width), _style(rest[0], view.flash)))
    return rows


def alarm_lines(screen_height: int) -> int:
    """How many lines the alarms get: always the same, so that nothing jumps when one comes."""
    return 1 if screen_height < 30 else 2 if screen_height < 45 else 3


def tone(alarm: AlarmNow) -> Tone:
    """What an alarm's colour says."""
    return Tone.BAD if in_danger(alarm) else Tone.WARN


def _row(alarm: AlarmNow, width: int, flash: bool, first: bool) -> Text:
    words = line(f" {_sign(alarm)} {alarm.about}: {alarm.what}")
    if alarm.acknowledged:
        after = f"acknowledged by {alarm.acknowledged} "
    else:
        after = f"{alarm.todo}  k acknowledges " if first else f"{alarm.todo} "
    row = spread(words, fit(line(after), min(len(after), width * 3 // 5)), width) if width >= WIDE else fit(words, width)
    return _on(row, _style(alarm, flash))


def _summary(found: tuple[AlarmNow, ...], width: int, flash: bool) -> Text:
    """All of them in one line: the first in words, of the others what they are about."""
    first = found[0]
    rest = [a for a in found[1:] if a.about != first.about]
    more = f"+{len(found) - 1}: {_abouts(rest)} " if rest else ""
    style = _style(first, flash)
    tail = fit(line((more, style)), min(len(more), width // 2)) if more else Text()
    return _on(spread(line(f" {_sign(first)} {first.about}: {first.what}"), tail, width), style)


def _abouts(found: tuple[AlarmNow, ...] | list[AlarmNow]) -> str:
    return ", ".join(dict.fromkeys(a.about for a in found))


def _sign(alarm: AlarmNow) -> str:
    return SEEN if alarm.acknowledged else NEW


def _style(alarm: AlarmNow, flash: bool) -> Style:
    if alarm.acknowledged:
        return ink(DIM)
    return ink(GROUND, BRIGHT, bold=True) if flash else badge(tone(alarm))


def _on(text: Text, style: Style) -> Text:
    """A line on a ground; its own styles win."""
    grounded = text.copy()
    grounded.stylize_before(style)
    return grounded
