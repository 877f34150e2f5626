"""Everything the journal says at one moment, and what follows from it. How it comes about is in :mod:`liveshow.showfolder.state`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from liveshow.events import (
    AlarmRaised,
    ConsentGiven,
    Credited,
    HandedOff,
    HandoffFailed,
    LinkIssued,
    Mark,
    OrderChange,
    PageAnswer,
    PageNote,
    Said,
    Tag,
    TermsStated,
    TimecodeLost,
    TimecodeTied,
    Withdrawn,
)
from liveshow.model import Consent, HandoffSettings, Item, Marker, RecordingSettings, Segment, Setup, Show
from liveshow.timebase import Tie

NO_SETUP = Setup(Show("", "", date.min, "UTC", Fraction(30)), RecordingSettings(), HandoffSettings(), (), (), ())
_STRICT = {"yes": 0, "hold": 1, "no": 2}
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
    answers: all that were given; general, special: the last of each performer for everything, and for a segment.
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
    general: Mapping[str, ConsentGiven] = field(default_factory=dict)
    special: Mapping[tuple[str, str], ConsentGiven] = field(default_factory=dict)
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
        general, special = self.general.get(performer), self.special.get((performer, segment_id))
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
