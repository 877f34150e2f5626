"""The keys: one table from which presses, the key bar, the help and the command palette are made.

Space is GO, as on other cue consoles: the largest key, found without looking. Nothing else lies on a key that is pressed by
leaning on the keyboard, and a key that is pressed twice in haste or held down counts once (:class:`Guard`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from liveshow.model import Setup
from liveshow.timebase import MILLISECOND, SECOND


class Action(StrEnum):
    """What a key does."""

    GO = "go"
    HOLD = "hold"
    HIGHLIGHT = "highlight"
    FALSE_TAKE = "false take"
    NOTE = "note"
    UNDO = "undo"
    LATE = "late"
    PERFORMER = "performer"
    ESCAPE = "escape"
    CLIPS = "clips"
    PAGE_DOWN = "page down"
    PAGE_UP = "page up"
    ALARMS = "alarms"
    HELP = "help"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Key:
    """`key` as Textual names it, `shown` as it stands on the keyboard, `label` for the key bar, `meaning` for the help."""

    key: str
    shown: str
    action: Action
    label: str
    meaning: str


KEYS = (
    Key("space", "SPACE", Action.GO, "GO", "Opens the next item; two presses in haste are one."),
    Key("h", "h", Action.HOLD, "HOLD", "Ends what runs, opens nothing: applause, a break."),
    Key("x", "x", Action.HIGHLIGHT, "highlight", "This moment is worth finding again."),
    Key("f", "f", Action.FALSE_TAKE, "false take", "Not to be handed off; its item comes again."),
    Key("n", "n", Action.NOTE, "note", "Words about the moment at which you pressed n."),
    Key("l", "l", Action.LATE, "late", "The next mark was 5 s ago; again: 10 s, 15 s."),
    Key("u", "u", Action.UNDO, "undo", "Takes back the last mark; the screen says which."),
    Key("escape", "Esc", Action.ESCAPE, "clear", "Clears a late setting, and what was refused."),
    Key("c", "c", Action.CLIPS, "clips off", "Puts the clip lights out until it clips again."),
    Key("pagedown", "PgDn", Action.PAGE_DOWN, "more feeds", "The next feeds, when not all fit."),
    Key("pageup", "PgUp", Action.PAGE_UP, "feeds back", "The feeds before."),
    Key("a", "a", Action.ALARMS, "alarms", "Everything that is wrong, and what to do about it."),
    Key("question_mark", "?", Action.HELP, "help", "This page."),
    Key("q", "q", Action.QUIT, "quit", "Asks: keep recording and leave, or end the show."),
)
FIXED: Mapping[str, Key] = {key.key: key for key in KEYS}
PERFORMER_KEYS = "1234567890" + "".join(c for c in "bdegijkmoprstvwyz" if c not in FIXED)
GUARD = {Action.GO: 700 * MILLISECOND, Action.UNDO: 700 * MILLISECOND}
OTHER_GUARD = 300 * MILLISECOND
LATE_STEP = 5 * SECOND
LONGEST_LATE = 600 * SECOND
LATE_FORGOTTEN = 20 * SECOND


def performer_keys(setup: Setup) -> dict[str, str]:
    """Key → performer id, in the order of the setup, as far as keys go; the command palette has everyone."""
    return dict(zip(PERFORMER_KEYS, (p.id for p in setup.performers), strict=False))


class Guard:
    """Whether a press counts. Every press, counted or not, begins the wait anew, so that a key held down counts once."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def counts(self, action: Action, about: str, at: int) -> bool:
        """A press of what `about` names, at host's monotonic ns."""
        last = self._last.get(about)
        self._last[about] = at
        return last is None or at - last >= GUARD.get(action, OTHER_GUARD)


@dataclass(frozen=True, slots=True)
class Late:
    """How long ago the next mark was: `ago` in ns, 0 for now; set at `at` and forgotten after twenty seconds."""

    ago: int = 0
    at: int = 0

    def more(self, at: int) -> Late:
        """Five seconds more."""
        return Late(min(self.as_of(at).ago + LATE_STEP, LONGEST_LATE), at)

    def as_of(self, at: int) -> Late:
        """What still holds."""
        return Late() if at - self.at > LATE_FORGOTTEN else self
