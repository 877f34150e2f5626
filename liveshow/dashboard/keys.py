"""The keys: one table from which presses, the key bar, the help and the command palette are made.

Space is GO, as on other cue consoles: the largest key, found without looking. Nothing else lies on a key that is pressed by
leaning on the keyboard, and a key that is pressed twice in haste or held down counts once (:class:`Guard`). Nothing is destroyed by
one key: all that a key says can be undone, and ending the show must be typed.

In a mode (:mod:`liveshow.dashboard.modes`) its keys come first; all the others do what they always do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from liveshow.model import Setup
from liveshow.recorder.haste import WAITS
from liveshow.timebase import SECOND


class Mode(StrEnum):
    """What the cursor is in, if anywhere."""

    NORMAL = "normal"
    ORDER = "running order"
    SEGMENTS = "segments"
    LOCKED = "locked"


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
    WALK_ON = "walk-on"
    ORDER = "order"
    SEGMENTS = "segments"
    ESCAPE = "escape"
    CLIPS = "clips"
    PAGE_DOWN = "page down"
    PAGE_UP = "page up"
    ALARMS = "alarms"
    ACKNOWLEDGE = "acknowledge"
    TAKE_HINT = "take hint"
    DISMISS_HINT = "dismiss hint"
    FULL_SCREEN = "full screen"
    FEED_BEFORE = "feed before"
    FEED_AFTER = "feed after"
    CONTRIBUTIONS = "contributions"
    PERFORMERS = "performers"
    CODE = "code"
    LOCK = "lock"
    ARM_UNLOCK = "arm unlock"
    UNLOCK = "unlock"
    THEME = "theme"
    HELP = "help"
    QUIT = "quit"
    CURSOR_UP = "cursor up"
    CURSOR_DOWN = "cursor down"
    LEAVE_MODE = "leave mode"
    GO_TO = "go to"
    SKIP = "skip"
    MOVE_UP = "move up"
    MOVE_DOWN = "move down"
    INSERT = "insert"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Key:
    """`key` as Textual names it, `shown` as it stands on the keyboard, `label` for the key bar, `meaning` for the help; `mode` is
    where it holds."""

    key: str
    shown: str
    action: Action
    label: str
    meaning: str
    mode: Mode = Mode.NORMAL


_ORDER, _SEGMENTS, _LOCKED = Mode.ORDER, Mode.SEGMENTS, Mode.LOCKED
KEYS = (
    Key("space", "SPACE", Action.GO, "GO", "Opens the next item; twice in haste is once."),
    Key("h", "h", Action.HOLD, "HOLD", "Ends what runs, opens nothing: applause, a break."),
    Key("x", "x", Action.HIGHLIGHT, "highlight", "This moment is worth finding again."),
    Key("f", "f", Action.FALSE_TAKE, "false take", "Not to be handed off; its item comes again."),
    Key("n", "n", Action.NOTE, "note", "Words about the moment at which you pressed n."),
    Key("w", "w", Action.WALK_ON, "walk-on", "Somebody on or off by name, known or not."),
    Key("l", "l", Action.LATE, "late", "The next mark was 5 s ago; again: 10 s, 15 s."),
    Key("u", "u", Action.UNDO, "undo", "Takes back the last; the screen says what."),
    Key("o", "o", Action.ORDER, "order", "The running order: go to, skip, move, insert."),
    Key("s", "s", Action.SEGMENTS, "segments", "The segments: who, title, in and out, note."),
    Key("t", "t", Action.TAKE_HINT, "take hint", "Does what the tag guard suggests."),
    Key("backspace", "⌫", Action.DISMISS_HINT, "dismiss hint", "The suggestion is not wanted."),
    Key("a", "a", Action.ALARMS, "alarms", "What is wrong, and what to do about it."),
    Key("k", "k", Action.ACKNOWLEDGE, "acknowledge", "You have seen the worst alarm; it stays in sight."),
    Key("p", "p", Action.CONTRIBUTIONS, "contributions", "What was handed off, what waits, what failed."),
    Key("r", "r", Action.PERFORMERS, "performers", "What performers said on their pages: answer, undo, a code."),
    Key("v", "v", Action.FULL_SCREEN, "full screen", "One feed, large; ←→ others, Esc back."),
    Key("left", "←", Action.FEED_BEFORE, "feed before", "While one feed is full-screen: the one before."),
    Key("right", "→", Action.FEED_AFTER, "feed after", "While one feed is full-screen: the next."),
    Key("c", "c", Action.CLIPS, "clips off", "Puts the clip lights out until it clips again."),
    Key("pagedown", "PgDn", Action.PAGE_DOWN, "more feeds", "The next feeds, when not all fit."),
    Key("pageup", "PgUp", Action.PAGE_UP, "feeds back", "The feeds before."),
    Key("escape", "Esc", Action.ESCAPE, "clear", "Clears a late setting, and what was refused."),
    Key("z", "z", Action.LOCK, "lock", "No key says anything until z, then Enter."),
    Key("ctrl+t", "ctrl+t", Action.THEME, "next theme", "Dark stage, dim red, high contrast."),
    Key("question_mark", "?", Action.HELP, "help", "This page."),
    Key("q", "q", Action.QUIT, "quit", "Asks: keep recording and leave, or end the show."),
    Key("up", "↑", Action.CURSOR_UP, "up", "The item before.", _ORDER),
    Key("down", "↓", Action.CURSOR_DOWN, "down", "The item after.", _ORDER),
    Key("enter", "Enter", Action.GO_TO, "GO to it", "Opens the chosen item now.", _ORDER),
    Key("s", "s", Action.SKIP, "skip", "GO passes the item over; again: it does not.", _ORDER),
    Key("left_square_bracket", "[", Action.MOVE_UP, "move up", "The item comes one place sooner.", _ORDER),
    Key("right_square_bracket", "]", Action.MOVE_DOWN, "move down", "The item comes one place later.", _ORDER),
    Key("i", "i", Action.INSERT, "insert", "An item nobody planned, before the chosen one.", _ORDER),
    Key("o", "o", Action.LEAVE_MODE, "leave", "Back; so does Esc, and 20 s without a key.", _ORDER),
    Key("escape", "Esc", Action.LEAVE_MODE, "leave", "Back to what keys do otherwise.", _ORDER),
    Key("up", "↑", Action.CURSOR_UP, "newer", "The segment above.", _SEGMENTS),
    Key("down", "↓", Action.CURSOR_DOWN, "older", "The segment below.", _SEGMENTS),
    Key("enter", "Enter", Action.EDIT, "edit", "Who was in it, title, in, out, note; its history.", _SEGMENTS),
    Key("s", "s", Action.LEAVE_MODE, "leave", "Back; so does Esc, and 20 s without a key.", _SEGMENTS),
    Key("escape", "Esc", Action.LEAVE_MODE, "leave", "Back to what keys do otherwise.", _SEGMENTS),
    Key("z", "z", Action.ARM_UNLOCK, "unlock", "Press Enter after it.", _LOCKED),
    Key("enter", "Enter", Action.UNLOCK, "yes, unlock", "The keys work again.", _LOCKED),
)
FIXED: Mapping[str, Key] = {key.key: key for key in KEYS if key.mode is Mode.NORMAL}
IN_MODE: Mapping[tuple[Mode, str], Key] = {(key.mode, key.key): key for key in KEYS}
_TAKEN = {key.key for key in KEYS}
PERFORMER_KEYS = "1234567890" + "".join(c for c in "bdegijkmoprstvwyz" if c not in _TAKEN)
READING = frozenset(
    {
        Action.ALARMS,
        Action.HELP,
        Action.PAGE_DOWN,
        Action.PAGE_UP,
        Action.FULL_SCREEN,
        Action.FEED_BEFORE,
        Action.FEED_AFTER,
        Action.ARM_UNLOCK,
        Action.UNLOCK,
    }
)
"""What works while the keys are locked."""
WATCHING = READING | {
    Action.CLIPS,
    Action.CONTRIBUTIONS,
    Action.PERFORMERS,
    Action.THEME,
    Action.QUIT,
    Action.ESCAPE,
    Action.SEGMENTS,
    Action.CURSOR_UP,
    Action.CURSOR_DOWN,
    Action.LEAVE_MODE,
    Action.LOCK,
}
"""What works on a screen that only watches."""
GUARD = {action: WAITS[action] for action in Action if action in WAITS}
LATE_STEP = 5 * SECOND
LONGEST_LATE = 600 * SECOND
LATE_FORGOTTEN = 20 * SECOND


def performer_keys(setup: Setup) -> dict[str, str]:
    """Key → performer id, in the order of the setup, as far as keys go; the command palette has everyone."""
    return dict(zip(PERFORMER_KEYS, (p.id for p in setup.performers), strict=False))


def pressed(key: str, mode: Mode) -> Key | None:
    """What a key (as Textual names it, Caps Lock or not) means in a mode; None: nothing, or a performer."""
    return IN_MODE.get((mode, key.lower())) or FIXED.get(key.lower())


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
