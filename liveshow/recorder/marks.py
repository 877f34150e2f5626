"""From what somebody says to what is written down: the next item, the last mark, who it was; nonsense is refused."""

from __future__ import annotations

import msgspec

from liveshow.errors import NotFound, UsageError
from liveshow.events import (
    AlarmAcknowledged,
    ConsentGiven,
    Credited,
    Go,
    HandedOff,
    HandoffFailed,
    HintDismissed,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    LinkIssued,
    LinkRevoked,
    Note,
    Off,
    On,
    PageAnswer,
    PageNote,
    PerformerAdded,
    Said,
    Sayable,
    Tag,
    TermsStated,
    TimecodeLost,
    TimecodeTied,
    Undo,
    Withdrawn,
)
from liveshow.recorder.known import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    check_text,
    known_alarm,
    known_feed,
    known_item,
    known_performer,
    known_segment,
)
from liveshow.recorder.on_pages import check_on_page, check_page_tag
from liveshow.recorder.order_changes import changed_order, check_unused
from liveshow.showfolder.state import ShowState
from liveshow.timebase.anchor import Anchor


def resolve(event: Sayable, state: ShowState, now: int, ago: int, by: str) -> Sayable:
    """The event as it goes into the journal. `now` and `ago` in ns of the show clock.

    Raises UsageError or NotFound, naming what is known, when it makes no sense in this show.
    """
    at = event.t or now - ago
    if not ago >= 0 or at > now:
        raise UsageError("a mark cannot be of the future", where=type(event).__name__.lower())
    if at < state.started:
        raise UsageError("that was before the show began", where=type(event).__name__.lower(), todo="say a shorter time ago")
    event = msgspec.structs.replace(event, t=at, by=by)
    match event:
        case Go():
            return _go(event, state)
        case On() | Off():
            known_performer(state.setup, event.performer)
        case Undo():
            return _undo(event, state)
        case ItemAdded() | ItemMoved() | ItemSkipped() | PerformerAdded():
            return changed_order(event, state)
        case Note():
            check_text(event.text, LONGEST_TEXT, "note")
        case Tag():
            _check_tag(event, state, now)
        case _:
            _check_beside(event, state)
    return event


def pressed(event: Sayable, state: ShowState) -> int | None:
    """The journal number of what was pressed on a page and has been written down already: it was sent twice."""
    return state.presses.get(event.press) if isinstance(event, Said) and event.press else None


def _check_beside(event: Sayable, state: ShowState) -> None:
    """What is neither mark nor correction."""
    match event:
        case ConsentGiven() | Credited() | PageNote() | PageAnswer() | LinkIssued() | LinkRevoked() | TermsStated():
            check_on_page(event, state)
        case HandedOff() | HandoffFailed() | Withdrawn():
            known_segment(state, event.segment)
        case AlarmAcknowledged():
            known_alarm(state, event.alarm)
        case HintDismissed():
            check_text(event.hint, LONGEST_TITLE, "hint")
        case TimecodeTied():
            Anchor.read(event.timecode, event.t, event.rate)
            known_feed(state.setup, event.feed)
        case TimecodeLost():
            known_feed(state.setup, event.feed)
        case _:
            pass


def _go(event: Go, state: ShowState) -> Go:
    if not event.item:
        if state.next_item is None:
            todo = "name an item: `liveshow mark SHOW go ITEM`" if state.setup.items else "put performers on by hand"
            raise UsageError("the running order has no next item", where="go", todo=todo)
        return msgspec.structs.replace(event, item=state.next_item.id)
    known_item(state.setup, event.item, "go")
    return event


def _undo(event: Undo, state: ShowState) -> Undo:
    if event.of in state.said:
        check_unused(event.of, state)
        return event
    if event.of:
        raise NotFound(f"no mark has the number {event.of}", where="undo", todo="undo without a number takes back the last")
    if state.last_mark is None:
        raise UsageError("there is no mark to undo", where="undo")
    check_unused(state.last_mark.n, state)
    return msgspec.structs.replace(event, of=state.last_mark.n)


def _check_tag(event: Tag, state: ShowState, now: int) -> None:
    segment = known_segment(state, event.segment)
    for performer in (*(event.performers or ()), *event.plus):
        known_performer(state.setup, performer)
    if event.page:
        check_page_tag(event, state)
    if event.title is not None:
        check_text(event.title, LONGEST_TITLE, "title")
    if event.note:
        check_text(event.note, LONGEST_TEXT, "note")
    start = segment.start if event.start is None else event.start
    end = segment.end if event.end is None else event.end
    if end is not None and end <= start:
        raise UsageError("out must come after in", where=event.segment, todo="say both `--in` and `--out`")
    if start < state.started or (end or start) > now:
        raise UsageError("in and out must lie within the show so far", where=event.segment)
