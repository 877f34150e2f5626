"""The keys at the bottom of the screen: marks above, performers below; the mouse can press them as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.text import Text

from liveshow.dashboard.board import Link
from liveshow.dashboard.keys import KEYS, Action, Mode
from liveshow.dashboard.light import Tone
from liveshow.dashboard.lines import fit, line
from liveshow.dashboard.palette import BRIGHT, CYAN, DIM, GREEN, GROUND, TEXT, badge, ink
from liveshow.dashboard.view import PerformerKey, View

MARK_KEYS = ("h", "x", "f", "n", "l", "u", "o", "?", "q")
WIDE_KEYS = ("s", "w", "v", "a", "p", "r", "z", "c", "ctrl+t")
WIDE, ROOMY = 110, 90
_NORMAL = {key.shown: key for key in KEYS if key.mode is Mode.NORMAL}


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a click does: an action, and whom or what it is about."""

    action: Action
    subject: str = ""


@dataclass(slots=True)
class _Row:
    """A line of keys: what it reads, and from which cell to which it does what."""

    text: Text = field(default_factory=Text)
    spans: list[tuple[int, int, Pressed]] = field(default_factory=list)

    def add(self, entry: Text, pressed: Pressed | None, width: int) -> bool:
        """One more key, unless there is no room for it."""
        begin = self.text.cell_len
        if begin + entry.cell_len > width:
            return False
        self.text = self.text + entry
        if pressed is not None:
            self.spans.append((begin, begin + entry.cell_len, pressed))
        return True


def keys(view: View, width: int, height: int) -> list[Text]:
    """Marks, then performers; at most so many lines."""
    return [fit(row.text, width) for row in _rows(view, width)][:height]


def performer_lines(view: View, width: int) -> list[Text]:
    """The lines of performer keys."""
    return [fit(row.text, width) for row in _performers(view, width)]


def pressed_at(view: View, width: int, x: int, y: int) -> Pressed | None:
    """What a click at a cell does; None: nothing is there."""
    rows = list(_rows(view, width))
    spans = rows[y].spans if y < len(rows) else []
    return next((pressed for begin, end, pressed in spans if begin <= x < end), None)


def _rows(view: View, width: int) -> Iterator[_Row]:
    yield _marks(view, width)
    yield from _performers(view, width)


def _marks(view: View, width: int) -> _Row:
    row = _Row()
    row.add(_first_key(view), None if view.mode is Mode.LOCKED or view.watching else Pressed(Action.GO), width)
    shown = view.bar or [(key, _NORMAL[key].label) for key in (*MARK_KEYS, *(WIDE_KEYS if width >= WIDE else ()))]
    for key, label in shown:
        words = label if width >= ROOMY or view.bar else label.partition(" ")[0]
        entry = line(" " if width < ROOMY else "   ", (key, ink(BRIGHT, bold=True)), (f" {words}", ink(DIM)))
        if not row.add(entry, _pressed(view.mode, key), width):
            break
    return row


def _pressed(mode: Mode, shown: str) -> Pressed:
    """The key of a mode, or what the same key does everywhere."""
    of_mode = next((key for key in KEYS if key.mode is mode and key.shown == shown), None)
    return Pressed((of_mode or _NORMAL[shown]).action)


def _first_key(view: View) -> Text:
    if view.mode is Mode.LOCKED or view.watching:
        return line((" LOCKED " if view.mode is Mode.LOCKED else " WATCHING ", badge(Tone.WARN)))
    return line((" SPACE GO ", badge(Tone.CALM) if view.link is not Link.LIVE else ink(GROUND, GREEN, bold=True)))


def _performers(view: View, width: int) -> list[_Row]:
    rows = [_Row()]
    for performer in view.performers:
        pressed = Pressed(Action.PERFORMER, performer.id)
        entry = _performer(performer)
        if not rows[-1].add(entry, pressed, width):
            rows.append(_Row())
            rows[-1].add(fit(entry, min(width, entry.cell_len)), pressed, width)
    return rows


def _performer(performer: PerformerKey) -> Text:
    style = ink(GROUND, CYAN, bold=True) if performer.on else ink(TEXT)
    sign = "…" if performer.pending else "●" if performer.on else " "
    return line((f" {performer.key or '-'}", ink(BRIGHT, bold=True)), " ", (f"{sign}{performer.name} ", style))
