"""From a key to what is said, and from what was said to words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liveshow.dashboard.board import Board
from liveshow.dashboard.keys import Action
from liveshow.dashboard.suggesting import said_of
from liveshow.events import (
    AlarmAcknowledged,
    ConsentGiven,
    Credited,
    FalseTake,
    Go,
    Highlight,
    HintDismissed,
    Hold,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    JournalEvent,
    LinkIssued,
    Note,
    Off,
    On,
    PageAnswer,
    PageNote,
    PerformerAdded,
    Said,
    Sayable,
    Tag,
    Undo,
)
from liveshow.model import Setup
from liveshow.showfolder.state import UNDOABLE

SHORT = 24


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be said, in words, and what it is about (presses about one thing are guarded together)."""

    event: Sayable
    text: str
    about: str


def intent(action: Action, board: Board, subject: str = "") -> Intent:
    """What a key says now. `subject`: a performer's, item's or hint's id, a note's text, or the journal number that is to be undone.

    GO names the item the crew sees as next and undo the mark they see, so that two dashboards pressed at once skip nothing.
    """
    event = _event(action, board, subject)
    about = "go" if action is Action.GO_TO else f"{action}:{subject}" if action in _ABOUT_SUBJECT else str(action)
    return Intent(event, words(event, board), about)


_ABOUT_SUBJECT = (Action.NOTE, Action.PERFORMER, Action.SKIP, Action.MOVE_UP, Action.MOVE_DOWN)


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
            return Undo(t=0, of=int(subject) if subject else state.last_mark.n if state.last_mark else 0)
        case Action.ACKNOWLEDGE:
            return AlarmAcknowledged(t=0, alarm=subject)
        case Action.TAKE_HINT | Action.DISMISS_HINT:
            return said_of(action, board, subject)
        case Action.PERFORMER:
            return Off(t=0, performer=subject) if subject in state.on_stage else On(t=0, performer=subject)
        case _:
            return _of_item(action, board, subject)


def _of_item(action: Action, board: Board, item_id: str) -> Sayable:
    setup = board.state.setup
    ids = [i.id for i in setup.items]
    place = ids.index(item_id)
    match action:
        case Action.GO_TO:
            return Go(t=0, item=item_id)
        case Action.SKIP:
            return ItemSkipped(t=0, item=item_id, skipped=not setup.items[place].skipped)
        case Action.MOVE_UP if place > 0:
            return ItemMoved(t=0, item=item_id, before=ids[place - 1])
        case Action.MOVE_DOWN if place < len(ids) - 1:
            return ItemMoved(t=0, item=item_id, before=(*ids, "")[place + 2])
        case _:
            raise ValueError(f"{action} says nothing of {item_id!r}")


def standing(board: Board) -> Iterator[JournalEvent]:
    """What the crew said and can be undone, newest first: marks, changes of the running order and corrections that nobody took back."""
    undone = {e.of for e in board.events if isinstance(e, Undo)}
    return (e for e in reversed(board.events) if isinstance(e, UNDOABLE) and e.n not in undone and not on_page(e))


def on_page(event: JournalEvent) -> bool:
    """Whether a performer said it on their page: that is not the crew's, and has a page of its own."""
    return isinstance(event, Said) and bool(event.page)


def words(event: JournalEvent | Sayable, board: Board) -> str:
    """A mark in words, by the names the setup gives."""
    setup = board.setup
    match event:
        case Go():
            return f"GO {title(setup, event.item)}".rstrip()
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
            return _change_words(event, board)


def _change_words(event: JournalEvent | Sayable, board: Board) -> str:
    setup = board.setup
    match event:
        case ItemAdded():
            return f"insert “{event.title}”{_before(setup, event.before)}"
        case ItemMoved():
            return f"move {title(setup, event.item)}{_before(setup, event.before) or ' to the end'}"
        case ItemSkipped():
            return f"{'skip' if event.skipped else 'do not skip'} {title(setup, event.item)}"
        case PerformerAdded():
            return f"walk-on {event.name}"
        case Tag():
            segment = board.state.segment(event.segment)
            called = segment.title if segment else event.segment
            return f"change of {_short(called)}: {', '.join(changed(event))}"
        case AlarmAcknowledged():
            return f"acknowledge {event.alarm}"
        case HintDismissed():
            return "hint dismissed"
        case _:
            return _page_words(event, board)


def _page_words(event: JournalEvent | Sayable, board: Board) -> str:
    """What has to do with performers' pages."""
    match event:
        case Credited():
            fields = (event.name, event.role, event.pronunciation, event.note)
            new = next((text for text in fields if text), "")
            return f"credit of {name(board.setup, event.performer)}" + (f": {_short(new)}" if new else "")
        case PageNote():
            return f"{name(board.setup, event.performer)}: “{_short(event.text)}”"
        case PageAnswer():
            return f"answer “{_short(event.text)}”"
        case ConsentGiven():
            return f"{name(board.setup, event.performer)} said {event.answer}"
        case LinkIssued():
            return f"code for {name(board.setup, event.performer)}"
        case _:
            return type(event).__name__


def _short(text: str) -> str:
    return text if len(text) <= SHORT else text[:SHORT].rstrip() + "…"


def changed(tag: Tag) -> list[str]:
    """What a correction changes, as the crew calls it."""
    fields = {
        "title": tag.title,
        "performers": tag.performers if tag.performers is not None else tag.plus or tag.minus or None,
        "in": tag.start,
        "out": tag.end,
        "note": tag.note,
        "false take": tag.false_take,
    }
    return [word for word, value in fields.items() if value is not None]


def name(setup: Setup | None, performer_id: str) -> str:
    """A performer's name."""
    performer = setup.performer(performer_id) if setup else None
    return performer.name if performer else performer_id


def title(setup: Setup | None, item_id: str) -> str:
    """An item's title."""
    item = setup.item(item_id) if setup else None
    return item.title if item else item_id


def _before(setup: Setup | None, item_id: str) -> str:
    return f" before {title(setup, item_id)}" if item_id else ""
