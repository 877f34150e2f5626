"""What the journal says: segments, who is on, what comes next, consent, what was handed off.

A pure function of the setup and the events, so that the recorder, every dashboard and a reader years later see the same.

The rules of segments are in :mod:`liveshow.showfolder.segments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from liveshow.events import (
    ClockTied,
    ConsentGiven,
    FalseTake,
    FeedEvent,
    Go,
    HandedOff,
    HandoffFailed,
    Highlight,
    Hold,
    JournalEvent,
    Mark,
    Note,
    Off,
    On,
    SessionEnded,
    SessionStarted,
    ShowOpened,
    Undo,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.model import Consent, Item, Marker, Segment, Setup
from liveshow.showfolder.segments import number_of, segments_of
from liveshow.showfolder.setups import setups_over
from liveshow.timebase import Tie


@dataclass(frozen=True, slots=True)
class ShowState:
    """Everything the journal says at one moment.

    tie: show clock to wall clock, None before the show opened; running: the open segments, the item's own first; on_item: the
    item of the running segment; next_item: what GO opens (None at the end); said: numbers of all marks, undone ones too;
    last_mark: what undo takes back; ended: the last session ended cleanly.
    """

    show: str = ""
    tie: Tie | None = None
    started: int = 0
    ended: bool = False
    segments: tuple[Segment, ...] = ()
    on_item: Item | None = None
    next_item: Item | None = None
    markers: tuple[Marker, ...] = ()
    said: frozenset[int] = frozenset()
    last_mark: Mark | None = None
    answers: tuple[ConsentGiven, ...] = ()
    default_consent: Consent = Consent.HOLD
    handed: Mapping[str, HandedOff] = field(default_factory=dict)
    failed: Mapping[str, HandoffFailed] = field(default_factory=dict)

    @property
    def running(self) -> tuple[Segment, ...]:
        """The segments that are open."""
        return tuple(s for s in self.segments if s.end is None)

    @property
    def on_stage(self) -> tuple[str, ...]:
        """Ids of the performers who are on."""
        return tuple(dict.fromkeys(p for s in self.running for p in s.on_now))

    def segment(self, segment_id: str) -> Segment | None:
        """The segment of that id."""
        return next((s for s in self.segments if s.id == segment_id), None)

    def consent(self, performer: str, segment_id: str) -> Consent:
        """What holds for a performer in a segment: the answer for that segment, or else the general one; a general answer
        that came later and is stricter wins, so that a withdrawal is never overruled by an older yes."""
        general = _last(a for a in self.answers if a.performer == performer and not a.segments)
        special = _last(a for a in self.answers if a.performer == performer and segment_id in a.segments)
        if special is None:
            return Consent(general.answer) if general else self.default_consent
        if general and general.n > special.n and _STRICT[general.answer] > _STRICT[special.answer]:
            return Consent(general.answer)
        return Consent(special.answer)

    def consent_of(self, segment: Segment) -> Consent:
        """The strictest answer of everyone in a segment; HOLD while nobody is tagged."""
        answers = [self.consent(p, segment.id) for p in segment.performers] or [Consent.HOLD]
        return max(answers, key=lambda answer: _STRICT[answer])

    def releasable(self, segment: Segment) -> bool:
        """Whether it may be handed off: closed, no false take, and everyone in it said yes."""
        return segment.end is not None and not segment.false_take and self.consent_of(segment) is Consent.YES


UNDOABLE = (Go, Hold, On, Off, Highlight, FalseTake, Note)
BESIDE = (FeedEvent, WorkerStarted, WorkerEnded, ClockTied)  # most of a journal, and nothing of it is about segments
_STRICT = {"yes": 0, "hold": 1, "no": 2}


def fold(setup: Setup, events: Sequence[JournalEvent]) -> ShowState:
    """The state that a setup, which is that of the last session, and a journal's events give."""
    events = [e for e in events if not isinstance(e, BESIDE)]
    marks = _standing_marks(events)
    setup_at = setups_over(setup, events)
    segments, markers = segments_of(setup_at, events, marks)
    go = max((m for m in marks if isinstance(m, Go)), key=lambda m: (m.t, m.n), default=None)
    opened = next((e for e in events if isinstance(e, ShowOpened)), None)
    session = _last(e for e in events if isinstance(e, (SessionStarted, SessionEnded)))
    running = next((s for s in segments if s.end is None and s.item is not None), None)
    return ShowState(
        show=opened.show if opened else "",
        tie=Tie(opened.t, opened.wall) if opened else None,
        started=opened.t if opened else 0,
        ended=isinstance(session, SessionEnded),
        segments=segments,
        on_item=setup_at(number_of(running)).item(running.item) if running else None,
        next_item=_next_item(setup, go, segments),
        markers=markers,
        said=frozenset(e.n for e in events if isinstance(e, UNDOABLE)),
        last_mark=max(marks, key=lambda m: m.n, default=None),
        answers=tuple(e for e in events if isinstance(e, ConsentGiven)),
        default_consent=setup.handoff.consent,
        handed={e.segment: e for e in events if isinstance(e, HandedOff)},
        failed=_standing_failures(events),
    )


def _standing_marks(events: Iterable[JournalEvent]) -> list[Mark]:
    events = list(events)
    undone = {e.of for e in events if isinstance(e, Undo)}
    marks = (e for e in events if isinstance(e, UNDOABLE))
    return [m for m in marks if m.n not in undone]


def _standing_failures(events: Iterable[JournalEvent]) -> dict[str, HandoffFailed]:
    failed: dict[str, HandoffFailed] = {}
    for event in events:
        if isinstance(event, HandoffFailed):
            failed[event.segment] = event
        elif isinstance(event, HandedOff):
            failed.pop(event.segment, None)
    return failed


def _next_item(setup: Setup, go: Go | None, segments: Sequence[Segment]) -> Item | None:
    ids = [i.id for i in setup.items]
    if go is None or go.item not in ids:
        return setup.items[0] if setup.items else None
    again = any(s.id == f"s{go.n}" and s.false_take for s in segments)
    place = ids.index(go.item) + (0 if again else 1)
    return setup.items[place] if place < len(setup.items) else None


T = TypeVar("T")


def _last(things: Iterable[T]) -> T | None:
    every = list(things)
    return every[-1] if every else None
