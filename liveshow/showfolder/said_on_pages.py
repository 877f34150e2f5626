"""What was said on performers' pages, and what it changed: from what to what.

A pure function of the setup and the events, as the state is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from liveshow.events import Credited, JournalEvent, PageAnswer, Said, Tag, Undo
from liveshow.model import Performer, Setup
from liveshow.showfolder.amendments import amended
from liveshow.showfolder.segments import segments_of
from liveshow.showfolder.setups import setups_over
from liveshow.showfolder.state import UNDOABLE

CREDITS = ("name", "role", "pronunciation", "note")
EDGES = ("start", "end")


@dataclass(frozen=True, slots=True)
class Change:
    """`what` is the field of the event. `was` and `now`: words, or of an edge show-clock ns; `was` of an out is None while it ran."""

    what: str
    was: str | int | None
    now: str | int


@dataclass(frozen=True, slots=True)
class OnPage:
    """One thing that was said. `changes`: of a credit or of edges; `answer`: the crew's last; `undone`: who took it back, "" while it
    stands."""

    event: Said
    changes: tuple[Change, ...] = ()
    answer: PageAnswer | None = None
    undone: str = ""


def said_on_pages(setup: Setup, events: Sequence[JournalEvent]) -> tuple[OnPage, ...]:
    """Everything, in the order it was said. `setup`: that of the last session, as it was written."""
    undone = {e.of: e.by or "somebody" for e in events if isinstance(e, Undo)}
    answers = {e.of: e for e in events if isinstance(e, PageAnswer)}
    credits, edges = _Credits(setup, events), _Edges(setup, events, undone)
    found: list[OnPage] = []
    for event in events:
        changes = (
            *(credits.changed(event, event.n not in undone) if isinstance(event, Credited) else ()),
            *(edges.changed(event, event.n not in undone) if isinstance(event, Tag) else ()),
        )
        if isinstance(event, Said) and event.page:
            found.append(OnPage(event, changes, answers.get(event.n), undone.get(event.n, "")))
    return tuple(found)


class _Credits:
    """How everybody is credited, up to an event."""

    def __init__(self, setup: Setup, events: Sequence[JournalEvent]) -> None:
        before = amended(setup, [e for e in events if not isinstance(e, Credited)])
        self._known = {p.id: {field: getattr(p, field) for field in CREDITS} for p in before.performers}

    def changed(self, event: Credited, stands: bool) -> Iterator[Change]:
        person = Performer(event.performer, event.performer)
        known = self._known.setdefault(event.performer, {field: getattr(person, field) for field in CREDITS})
        said = {field: value for field in CREDITS if (value := getattr(event, field)) is not None}
        yield from (Change(field, known[field], value) for field, value in said.items() if known[field] != value)
        if stands:
            known |= said


class _Edges:
    """Where every segment begins and ends, up to an event."""

    def __init__(self, setup: Setup, events: Sequence[JournalEvent], undone: dict[int, str]) -> None:
        marks = [e for e in events if isinstance(e, UNDOABLE) and e.n not in undone and not isinstance(e, Tag)]
        segments, _ = segments_of(setups_over(setup, events), events, marks)
        self._known: dict[str, dict[str, int | None]] = {s.id: {"start": s.start, "end": s.end} for s in segments}

    def changed(self, event: Tag, stands: bool) -> Iterator[Change]:
        known = self._known.setdefault(event.segment, dict.fromkeys(EDGES))
        said = {field: value for field in EDGES if (value := getattr(event, field)) is not None}
        yield from (Change(field, known[field], value) for field, value in said.items() if known[field] != value)
        if stands:
            known |= said
