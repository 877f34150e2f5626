"""What the tag guard suggests: the line that says it, and the keys that take or dismiss what the line says.

A key acts on the suggestion that stands on the screen, not on one that came since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from liveshow.dashboard.board import Board, Link
from liveshow.dashboard.keys import Action
from liveshow.dashboard.modes import Notice
from liveshow.events import Hint, HintDismissed, Sayable

if TYPE_CHECKING:
    from liveshow.dashboard.app import Dashboard

NOTHING, GONE = "the tag guard suggests nothing", "that suggestion is not there any more"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The first suggestion: what was noticed, what the take key does about it, and how many wait behind it."""

    id: str
    what: str
    fix: str
    more: int


def suggestion(board: Board, at: int) -> Suggestion | None:
    """What the screen suggests at a moment; nothing without fresh news."""
    hints = board.pulse.hints if board.pulse and board.link_at(at) is Link.LIVE else ()
    hints = tuple(h for h in hints if h.hint not in board.state.dismissed)
    return Suggestion(hints[0].hint, hints[0].what, hints[0].fix, len(hints) - 1) if hints else None


def said_of(action: Action, board: Board, hint_id: str) -> Sayable:
    """What taking or dismissing a suggestion says."""
    if action is Action.DISMISS_HINT:
        return HintDismissed(t=0, hint=hint_id)
    return next(h.event for h in _standing(board) if h.hint == hint_id)


def take(desk: Dashboard, _subject: str, at: int) -> None:
    """Do what is suggested."""
    _answer(desk, Action.TAKE_HINT, at)


def dismiss(desk: Dashboard, _subject: str, at: int) -> None:
    """It is not wanted, and will not come again."""
    _answer(desk, Action.DISMISS_HINT, at)


def _answer(desk: Dashboard, action: Action, at: int) -> None:
    shown = desk.view.hint
    if shown is None:
        desk.notice = Notice(NOTHING, at)
    elif all(h.hint != shown.id for h in _standing(desk.board)):
        desk.notice = Notice(GONE, at)
    else:
        desk.mark(action, shown.id, at)


def _standing(board: Board) -> tuple[Hint, ...]:
    return board.pulse.hints if board.pulse else ()
