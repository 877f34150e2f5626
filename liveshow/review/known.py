"""What is known of the show at a moment, and what of it is each performer's. A pure function of the journal.

The rules:
- A segment is mine when I am in it, whoever says so. When I said that it is not me, and nobody has said anything of it since, I still
  see that it is there and can take that back, and no more.
- Of a segment's feeds I may play the shared ones and my own, and none that belongs to others only. With its cameras those are heard whom
  the crew has in it: nobody gives away, by saying who was there too, what another one played.
- Its edges may be moved a minute beyond where the crew has them, and never past each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from liveshow.events import JournalEvent, Said, Tag
from liveshow.model import Consent, Feed, Segment, Setup
from liveshow.review.voices import feeds_for, voices_of
from liveshow.showfolder.segments import number_of
from liveshow.showfolder.setups import SetupAt, setups_over
from liveshow.showfolder.state import Folding, ShowState, fold
from liveshow.showfolder.state_at import NO_SETUP
from liveshow.timebase import SECOND

LEEWAY = 60 * SECOND
SHORTEST = SECOND
Range = tuple[int, int]


class Known:
    """state, events: as the journal has them. Everything else is found when it is asked for, once."""

    def __init__(
        self, setup: Setup | None, events: Sequence[JournalEvent], state: ShowState, crew: ShowState | None = None
    ) -> None:
        """`setup` as the last session was begun with (None before there is one), and the state that both fold to; `crew`: the state by
        what the crew alone said of segments, when it is at hand."""
        self.state, self.events = state, events
        self._crew = crew
        self._setup = setup
        self._playable: dict[tuple[str, str], tuple[str, ...]] = {}
        self._agreed: dict[str, Consent] = {}
        self._silent: dict[str, tuple[str, ...]] = {}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What every performer is called."""
        return {performer.id: performer.name for performer in self.state.setup.performers}

    @cached_property
    def feeds(self) -> Mapping[str, Feed]:
        """Every feed of the show, by id."""
        return {feed.id: feed for feed in self.state.setup.feeds}

    @cached_property
    def by_crew(self) -> Mapping[str, Segment]:
        """The segments without what was said on pages, by id."""
        if self._crew is None:
            self._crew = self.state if self._setup is None else fold(self._setup, by_crew(self.events))
        return {segment.id: segment for segment in self._crew.segments}

    @cached_property
    def said(self) -> Mapping[str, Sequence[Said]]:
        """What was said on each performer's page, also what was undone."""
        said: dict[str, list[Said]] = {}
        for event in self.events:
            if isinstance(event, Said) and event.page:
                said.setdefault(event.page, []).append(event)
        return said

    @cached_property
    def _seen(self) -> Mapping[str, Sequence[Segment]]:
        denied = _denied(self.events, self.state.undone)
        seen: dict[str, list[Segment]] = {}
        for segment in self.state.segments:
            for performer in {*segment.performers, *denied.get(segment.id, ())}:
                seen.setdefault(performer, []).append(segment)
        return seen

    def segments(self, performer: str) -> Sequence[Segment]:
        """Those that a performer sees, in order of in."""
        return self._seen.get(performer, ())

    def segment(self, performer: str, ident: str) -> Segment | None:
        """The one of that id, if the performer sees it."""
        return next((s for s in self.segments(performer) if s.id == ident), None)

    def has_me(self, performer: str, segment: Segment) -> bool:
        """Whether the crew has the performer in it."""
        return segment.id in self.by_crew and performer in self.by_crew[segment.id].performers

    def playable(self, performer: str, segment: Segment) -> tuple[str, ...]:
        """Ids of the feeds of a segment that the performer may play, in setup order."""
        if segment.false_take:
            return ()
        asked = performer, segment.id
        if asked not in self._playable:
            kept = feeds_for(self._setup_of(segment), segment, performer)
            self._playable[asked] = tuple(ident for ident in self.feeds if ident in kept)
        return self._playable[asked]

    def agreed(self, segment: Segment) -> Consent:
        """The strictest answer of everyone in it."""
        if segment.id not in self._agreed:
            self._agreed[segment.id] = self.state.consent_of(segment)
        return self._agreed[segment.id]

    def silent(self, segment: Segment) -> tuple[str, ...]:
        """Who in it has not said yes or no."""
        if segment.id not in self._silent:
            holding = (p for p in segment.performers if self.state.consent(p, segment.id) is Consent.HOLD)
            self._silent[segment.id] = tuple(holding)
        return self._silent[segment.id]

    def voices(self, segment: Segment) -> tuple[str, ...]:
        """Ids of the microphones that are heard with a segment's cameras: nobody is who is in it only by what a page says."""
        return voices_of(self._setup_of(segment), self.by_crew.get(segment.id, segment))

    def _setup_of(self, segment: Segment) -> Setup:
        """The one it was played by."""
        return self._setup_at(number_of(segment))

    @cached_property
    def _setup_at(self) -> SetupAt:
        written = self._setup
        return setups_over(written, self.events) if written is not None else lambda _number: self.state.setup

    def may_in(self, segment: Segment) -> Range:
        """From and to where, show-clock ns, its in may be moved while its out stays; both included."""
        first, last = self.widest_in(segment)
        return first, last if segment.end is None else min(last, segment.end - SHORTEST)

    def may_out(self, segment: Segment) -> Range | None:
        """The same of its out; None while it runs."""
        widest = self.widest_out(segment)
        return None if widest is None else (max(widest[0], segment.start + SHORTEST), widest[1])

    def widest_in(self, segment: Segment) -> Range:
        """From and to where its in may be moved, wherever its out is."""
        crew = self.by_crew.get(segment.id, segment)
        return max(self.state.started, crew.start - LEEWAY), (crew.end or crew.start) + LEEWAY

    def widest_out(self, segment: Segment) -> Range | None:
        """The same of its out; None while it runs."""
        crew = self.by_crew.get(segment.id, segment)
        return None if segment.end is None else (crew.start - LEEWAY, (crew.end or segment.end) + LEEWAY)


def by_crew(events: Iterable[JournalEvent]) -> Iterator[JournalEvent]:
    """All but what was said of segments on pages."""
    return (e for e in events if not (isinstance(e, Tag) and e.page))


class Crew:
    """Follows the journal, without what was said of segments on pages."""

    def __init__(self) -> None:
        self._setup: Setup | None = None
        self._taken: Sequence[JournalEvent] = ()
        self._folding = Folding(NO_SETUP)

    def state(self, setup: Setup, events: Sequence[JournalEvent]) -> ShowState:
        """By the whole journal as it is now."""
        known, self._taken = self._taken, ()  # nothing is, should it fail half-way
        count = len(known)
        if not count or setup != self._setup or events[:1] != known[:1] or events[count - 1 : count] != known[-1:]:
            self._setup, self._folding, count = setup, Folding(setup), 0
        state = self._folding.take(by_crew(events[count:]))
        self._taken = events
        return state


def _denied(events: Iterable[JournalEvent], undone: Collection[int]) -> dict[str, set[str]]:
    """For each segment, of whom the last word about being in it is their own, and no."""
    found: dict[str, set[str]] = {}
    for tag in events:
        if not isinstance(tag, Tag) or tag.n in undone:
            continue
        denied = found.setdefault(tag.segment, set())
        if tag.performers is not None:
            denied.clear()
        denied.difference_update(tag.plus, tag.minus)
        if tag.page in tag.minus:
            denied.add(tag.page)
    return found
