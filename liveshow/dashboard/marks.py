"""From a key to what is said, and from what was said to words."""

from __future__ import annotations

from dataclasses import dataclass

from liveshow.dashboard.board import Board
from liveshow.dashboard.keys import Action
from liveshow.events import FalseTake, Go, Highlight, Hold, JournalEvent, Note, Off, On, Sayable, Undo
from liveshow.model import Setup


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be said, in words, and what it is about (presses about one thing are guarded together)."""

    event: Sayable
    text: str
    about: str


def intent(action: Action, board: Board, subject: str = "") -> Intent:
    """What a key says now. `subject`: a performer's id, or a note's text.

    GO names the item the crew sees as next and undo the mark they see, so that two dashboards pressed at once skip nothing.
    """
    event = _event(action, board, subject)
    about = f"{action}:{subject}" if action is Action.PERFORMER else str(action)
    return Intent(event, words(event, board), about)


def _event(action: Action, board: Board, subject: str) -> Sayable:
    state = board.state
    match action:
        case Action.GO:
            return Go(t=0, item=state.next_item.id if state.next_item else "")
        case Action.HOLD:
            return Hold(t=0)
        case Action.HIGHLIGHT:
            return Highlight(t=0)
        case Action.FALSE_TAKE:
            return FalseTake(t=0)
        case Action.NOTE:
            return Note(t=0, text=subject)
        case Action.UNDO:
            return Undo(t=0, of=state.last_mark.n if state.last_mark else 0)
        case Action.PERFORMER:
            return Off(t=0, performer=subject) if subject in state.on_stage else On(t=0, performer=subject)
        case _:
            raise ValueError(f"{action} says nothing")


def words(event: JournalEvent | Sayable, board: Board) -> str:
    """A mark in words, by the names the setup gives."""
    setup = board.setup
    match event:
        case Go():
            return f"GO {_title(setup, event.item)}".rstrip()
        case Hold():
            return "HOLD"
        case On():
            return f"{name(setup, event.performer)} on"
        case Off():
            return f"{name(setup, event.performer)} off"
        case Highlight():
            return "highlight"
        case FalseTake():
            return "false take"
        case Note():
            return f"note “{event.text}”"
        case Undo():
            undone = board.event(event.of)
            return f"undo {words(undone, board)}" if undone else "undo"
        case _:
            return type(event).__name__


def name(setup: Setup | None, performer_id: str) -> str:
    """A performer's name."""
    performer = setup.performer(performer_id) if setup else None
    return performer.name if performer else performer_id


def _title(setup: Setup | None, item_id: str) -> str:
    item = setup.item(item_id) if setup else None
    return item.title if item else item_id
