"""What the journal says: segments, who is on, what comes next, consent, what was handed off.

A pure function of the setup and the events, so that the recorder, every dashboard and a reader years later see the same.

The rules of segments are in :mod:`liveshow.showfolder.segments`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TypeVar

from liveshow.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    ClockTied,
    ConsentGiven,
    Credited,
    Event,
    FalseTake,
    FeedEvent,
    Go,
    HandedOff,
    HandoffFailed,
    Highlight,
    HintDismissed,
    Hold,
    JournalEvent,
    LinkIssued,
    LinkRevoked,
    Mark,
    MirrorState,
    Note,
    Off,
    On,
    OrderChange,
    PageAnswer,
    PageNote,
    Said,
    SessionEnded,
    SessionStarted,
    ShowOpened,
    Tag,
    TermsStated,
    TimecodeLost,
    TimecodeTied,
    Undo,
    Withdrawn,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.model import Consent, HandoffSettings, Item, Marker, RecordingSettings, Segment, Setup, Show
from liveshow.showfolder.amendments import CHANGES, amended
from liveshow.showfolder.segments import number_of, segments_of
from liveshow.showfolder.setups import setups_over
from liveshow.timebase import Tie

NO_SETUP = Setup(Show("", "", date.min, "UTC", Fraction(30)), RecordingSettings(), HandoffSettings(), (), (), ())
Undoable = Mark | OrderChange | Tag | Credited | PageNote


@dataclass(frozen=True, slots=True)
class ShowState:
    """Everything the journal says at one moment.

    setup: that of the last session with the changes the crew made to the running order, and walk-ons; tie: show clock to wall
    clock, None before the show opened; ended: the last session ended cleanly.
    running: the open segments, the item's own first; on_item: the item of the running segment; next_item: what GO opens (None at
    the end); said: numbers of all that can be undone, and of what was; undone: of what was; last_mark: what undo takes
    back, which is never what was said on a performer's page; changes: those to the running
    order that stand.
    handed, failed, withdrawn: what became of segments, by id.
    alarms: those that stand; acknowledged: by whom; dismissed: hints that are not wanted; timecodes: what was heard of the house's.
    from_pages: what was said on performers' pages and not undone, as it was said; presses: by the name of each press of a finger there, the
    journal number it has; answers_to: the crew's last answer to what has a journal number; links: the newest of each performer
    that were not revoked, by name (some may have expired); terms: all that were ever stated, by digest.
    """

    setup: Setup = NO_SETUP
    show: str = ""
    tie: Tie | None = None
    started: int = 0
    ended: bool = False
    segments: tuple[Segment, ...] = ()
    on_item: Item | None = None
    next_item: Item | None = None
    markers: tuple[Marker, ...] = ()
    said: frozenset[int] = frozenset()
    last_mark: Undoable | None = None
    changes: tuple[OrderChange, ...] = ()
    answers: tuple[ConsentGiven, ...] = ()
    default_consent: Consent = Consent.HOLD
    handed: Mapping[str, HandedOff] = field(default_factory=dict)
    failed: Mapping[str, HandoffFailed] = field(default_factory=dict)
    withdrawn: Mapping[str, Withdrawn] = field(default_factory=dict)
    alarms: Mapping[str, AlarmRaised] = field(default_factory=dict)
    acknowledged: Mapping[str, str] = field(default_factory=dict)
    dismissed: frozenset[str] = frozenset()
    timecodes: tuple[TimecodeTied | TimecodeLost, ...] = ()
    undone: frozenset[int] = frozenset()
    from_pages: tuple[Said, ...] = ()
    presses: Mapping[str, int] = field(default_factory=dict)
    answers_to: Mapping[int, PageAnswer] = field(default_factory=dict)
    links: Mapping[str, LinkIssued] = field(default_factory=dict)
    terms: Mapping[str, TermsStated] = field(default_factory=dict)

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

    def to_withdraw(self, segment: Segment) -> bool:
        """Whether it was handed off and somebody in it does not agree any more."""
        handed = segment.id in self.handed and segment.id not in self.withdrawn
        return handed and self.consent_of(segment) is not Consent.YES

    def releasable(self, segment: Segment) -> bool:
        """Whether it may be handed off: closed, no false take, and everyone in it said yes."""
        return segment.end is not None and not segment.false_take and self.consent_of(segment) is Consent.YES


MOST_LINKS = 32  # of one performer
_MARKS = (Go, Hold, On, Off, Highlight, FalseTake, Note)
UNDOABLE = (*_MARKS, *CHANGES, Tag, Credited, PageNote)
BESIDE = (
    FeedEvent,
    WorkerStarted,
    WorkerEnded,
    MirrorState,
    ClockTied,
)  # most of a journal, and nothing of it is about segments
_STRICT = {"yes": 0, "hold": 1, "no": 2}


def fold(setup: Setup, events: Sequence[JournalEvent]) -> ShowState:
    """The state that a setup, which is that of the last session as it was written, and a journal's events give."""
    timecodes = tuple(e for e in events if isinstance(e, (TimecodeTied, TimecodeLost)))
    events = [e for e in events if not isinstance(e, BESIDE)]
    undone = frozenset(e.of for e in events if isinstance(e, Undo))
    standing = [e for e in events if isinstance(e, UNDOABLE) and e.n not in undone]
    on_pages = [e for e in events if isinstance(e, Said) and e.page]
    marks = [m for m in standing if isinstance(m, _MARKS)]
    setup_at = setups_over(setup, events)
    setup = amended(setup, events)
    segments, markers = segments_of(setup_at, events, standing)
    alarms = _standing_by(events, AlarmRaised, AlarmCleared, lambda e: e.alarm)
    go = max((m for m in marks if isinstance(m, Go)), key=lambda m: (m.t, m.n), default=None)
    opened = next((e for e in events if isinstance(e, ShowOpened)), None)
    session = _last(e for e in events if isinstance(e, (SessionStarted, SessionEnded)))
    running = next((s for s in segments if s.end is None and s.item is not None), None)
    return ShowState(
        setup=setup,
        show=opened.show if opened else "",
        tie=Tie(opened.t, opened.wall) if opened else None,
        started=opened.t if opened else 0,
        ended=isinstance(session, SessionEnded),
        segments=segments,
        on_item=setup_at(number_of(running)).item(running.item) if running else None,
        next_item=_next_item(setup, go, segments),
        markers=markers,
        said=frozenset(e.n for e in events if isinstance(e, UNDOABLE)),
        changes=tuple(e for e in standing if isinstance(e, CHANGES)),
        last_mark=max((m for m in standing if not (isinstance(m, Said) and m.page)), key=lambda m: m.n, default=None),
        answers=tuple(e for e in events if isinstance(e, ConsentGiven)),
        default_consent=setup.handoff.consent,
        handed={e.segment: e for e in events if isinstance(e, HandedOff)},
        failed=_standing_by(events, HandoffFailed, HandedOff, lambda e: e.segment),
        withdrawn=_standing_by(events, Withdrawn, HandedOff, lambda e: e.segment),
        alarms=alarms,
        acknowledged=_acknowledged(events, alarms),
        dismissed=frozenset(e.hint for e in events if isinstance(e, HintDismissed)),
        timecodes=timecodes,
        undone=undone,
        from_pages=tuple(e for e in on_pages if e.n not in undone),
        presses={e.press: e.n for e in on_pages if e.press},
        answers_to={e.of: e for e in events if isinstance(e, PageAnswer)},
        links=_links(events),
        terms={e.digest: e for e in events if isinstance(e, TermsStated)},
    )


Opening = TypeVar("Opening", bound=Event)
Closing = TypeVar("Closing", bound=Event)


def _standing_by(
    events: Iterable[JournalEvent],
    opens: type[Opening],
    closes: type[Closing],
    about: Callable[[Opening | Closing], str],
) -> dict[str, Opening]:
    """What was opened and not closed since, by what it is about; opened anew, the newest."""
    standing: dict[str, Opening] = {}
    for event in events:
        if isinstance(event, opens):
            standing[about(event)] = event
        elif isinstance(event, closes):
            standing.pop(about(event), None)
    return standing


def _links(events: Iterable[JournalEvent]) -> dict[str, LinkIssued]:
    """The newest of each performer; a hand that has more issued than anybody needs lets the oldest go."""
    standing = _standing_by(events, LinkIssued, LinkRevoked, lambda e: e.link)
    kept: dict[str, list[LinkIssued]] = {}
    for issued in standing.values():
        kept.setdefault(issued.performer, []).append(issued)
    return {issued.link: issued for every in kept.values() for issued in every[-MOST_LINKS:]}


def _acknowledged(events: Iterable[JournalEvent], alarms: Mapping[str, AlarmRaised]) -> dict[str, str]:
    """By whom, of those that stand; what was seen before an alarm was raised anew does not count."""
    seen = (e for e in events if isinstance(e, AlarmAcknowledged) and e.alarm in alarms)
    return {e.alarm: e.by for e in seen if e.n > alarms[e.alarm].n}


def _next_item(setup: Setup, go: Go | None, segments: Sequence[Segment]) -> Item | None:
    ids = [i.id for i in setup.items]
    if go is None or go.item not in ids:
        return next((i for i in setup.items if not i.skipped), None)
    again = setup.item(go.item)
    if again is not None and not again.skipped and any(s.id == f"s{go.n}" and s.false_take for s in segments):
        return again
    return next((i for i in setup.items[ids.index(go.item) + 1 :] if not i.skipped), None)


T = TypeVar("T")


def _last(things: Iterable[T]) -> T | None:
    every = list(things)
    return every[-1] if every else None
