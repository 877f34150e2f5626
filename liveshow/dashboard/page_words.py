"""What was said on performers' pages, in words."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.dashboard import figures
from liveshow.dashboard.marks import name
from liveshow.events import ConsentGiven, Credited, PageNote, Tag
from liveshow.showfolder.said_on_pages import Change, OnPage
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

CREDITS = {"name": "name", "role": "role", "pronunciation": "said", "note": "for the credits"}
_EDGES = {"start": "in", "end": "out"}


def page_words(said: OnPage, state: ShowState) -> str:
    """One thing that was said, without who said it: "name “Mara Quil” → “Mara Quill”", "not me in “Rain, Mostly” (s12)"."""
    match said.event:
        case Credited():
            return ", ".join(_credit(change) for change in said.changes) or "credits as they were"
        case Tag():
            return f"{_tag(said.event, said.changes, state)} {segment_words(said.event.segment, state)}"
        case ConsentGiven():
            return _consent(said.event, state)
        case PageNote():
            about = f", about {segment_words(said.event.segment, state)}" if said.event.segment else ""
            return f"“{said.event.text}”{about}"
        case _:
            return type(said.event).__name__


def segment_words(segment_id: str, state: ShowState) -> str:
    """A segment as the crew knows it."""
    segment = state.segment(segment_id)
    return f"“{segment.title}” ({segment.id})" if segment is not None and segment.title else segment_id


def _credit(change: Change) -> str:
    return f"{CREDITS[change.what]} {_quoted(change.was)} → {_quoted(change.now)}"


def _quoted(text: object) -> str:
    return f"“{text}”" if text else "nothing"


def _tag(event: Tag, changes: tuple[Change, ...], state: ShowState) -> str:
    who = ", ".join(_who(event, state))
    moves = ", ".join(_moves(changes, state))
    if who:
        return f"{who} in" + (f", and {moves}" if moves else "")
    return f"{moves or 'edges as they were'}, of"


def _who(event: Tag, state: ShowState) -> Iterator[str]:
    if event.page in event.minus:
        yield "not me"
    if event.page in event.plus:
        yield "me after all"
    others = [name(state.setup, p) for p in event.plus if p != event.page]
    if others:
        yield f"{', '.join(others)} too"


def _moves(changes: tuple[Change, ...], state: ShowState) -> Iterator[str]:
    """In and out by how much, and to when."""
    for change in changes:
        by = f" {(int(change.now) - int(change.was)) / SECOND:+.1f} s" if change.was is not None else ""
        yield f"{_EDGES[change.what]}{by} to {_clock(int(change.now), state)}"


def _consent(event: ConsentGiven, state: ShowState) -> str:
    what = ", ".join(segment_words(s, state) for s in event.segments) or "everything"
    return f"{event.answer} to {what}"


def _clock(at: int, state: ShowState) -> str:
    return figures.time_of_day(state.tie, at, state.setup.show.timezone) if state.tie else "--:--:--"
