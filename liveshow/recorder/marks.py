"""From what somebody says to what is written down: the next item, the last mark, who it was; nonsense is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import msgspec

from liveshow.errors import NotFound, UsageError
from liveshow.events import ConsentGiven, Go, HandedOff, HandoffFailed, Note, Off, On, Sayable, Tag, Undo
from liveshow.model import Segment, Setup
from liveshow.showfolder.state import ShowState

LONGEST_TEXT, LONGEST_TITLE = 2000, 200


def resolve(event: Sayable, setup: Setup, state: ShowState, now: int, ago: int, by: str) -> Sayable:
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
            return _go(event, setup, state)
        case On() | Off():
            known_performer(setup, event.performer)
        case Undo():
            return _undo(event, state)
        case Note():
            check_text(event.text, LONGEST_TEXT, "note")
        case Tag():
            _check_tag(event, setup, state, now)
        case ConsentGiven():
            if not any(event.performer in s.performers for s in state.segments):  # one the setup has no more may still say no
                known_performer(setup, event.performer)
            for segment in event.segments:
                known_segment(state, segment)
        case HandedOff() | HandoffFailed():
            known_segment(state, event.segment)
        case _:
            pass
    return event


def _go(event: Go, setup: Setup, state: ShowState) -> Go:
    if not event.item:
        if state.next_item is None:
            todo = "name an item: `liveshow mark SHOW go ITEM`" if setup.items else "put performers on by hand"
            raise UsageError("the running order has no next item", where="go", todo=todo)
        return msgspec.structs.replace(event, item=state.next_item.id)
    if setup.item(event.item) is None:
        known = ", ".join(i.id for i in setup.items) or "none"
        raise NotFound(f"no item {event.item!r} in the running order", where="go", todo=f"there are: {known}")
    return event


def _undo(event: Undo, state: ShowState) -> Undo:
    if event.of in state.said:
        return event
    if event.of:
        raise NotFound(f"no mark has the number {event.of}", where="undo", todo="undo without a number takes back the last")
    if state.last_mark is None:
        raise UsageError("there is no mark to undo", where="undo")
    return msgspec.structs.replace(event, of=state.last_mark.n)


def _check_tag(event: Tag, setup: Setup, state: ShowState, now: int) -> None:
    segment = known_segment(state, event.segment)
    for performer in event.performers or ():
        known_performer(setup, performer)
    if event.title is not None:
        check_text(event.title, LONGEST_TITLE, "title")
    start = segment.start if event.start is None else event.start
    end = segment.end if event.end is None else event.end
    if end is not None and end <= start:
        raise UsageError("out must come after in", where=event.segment, todo="say both `--in` and `--out`")
    if start < state.started or (end or start) > now:
        raise UsageError("in and out must lie within the show so far", where=event.segment)


def check_text(text: str, longest: int, what: str) -> None:
    """Raises UsageError for a text that is blank or too long, or that does things to whoever shows it: control characters (a
    terminal obeys them), and what a shell gave that is no UTF-8 (lone surrogates: no JSON can hold them)."""
    if not text.strip() or len(text) > longest:
        raise UsageError(f"a {what} has 1 to {longest} characters, this one has {len(text.strip())}", where=what)
    odd = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs")), None)
    if odd is not None:
        raise UsageError(f"{odd!r} cannot stand in a {what}", where=what, todo="write it in plain UTF-8, on one line")


def known_performer(setup: Setup, performer: str) -> None:
    """Raises NotFound unless the setup has that performer."""
    if setup.performer(performer) is None:
        known = ", ".join(p.id for p in setup.performers) or "none"
        raise NotFound(f"no performer {performer!r} in this show", where="performer", todo=f"there are: {known}")


def known_segment(state: ShowState, segment: str) -> Segment:
    """The segment of that id. Raises NotFound."""
    found = state.segment(segment)
    if found is None:
        known = _some([s.id for s in state.segments]) or "none yet"
        raise NotFound(f"no segment {segment!r} in this show", where="segment", todo=f"there are: {known}")
    return found


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids) if len(ids) <= 12 else ", ".join((*ids[:3], "…", *ids[-6:]))
