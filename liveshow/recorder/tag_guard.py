"""The tag guard: points out who is heard and not on, who is on and not heard, and where a segment's in and out may rather be.

It only points out; nothing happens until somebody takes a hint. What is pointed out, and when, is in
:mod:`liveshow.recorder.heard_not_on`, :mod:`liveshow.recorder.on_not_heard` and :mod:`liveshow.recorder.boundaries`; how voices are
told from bleed and from the room in :mod:`liveshow.recorder.hearing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from liveshow.events import FeedHealth, Hint
from liveshow.model import FeedKind, Setup
from liveshow.recorder.boundaries import boundaries
from liveshow.recorder.heard_not_on import heard_not_on
from liveshow.recorder.hearing import Hearing
from liveshow.recorder.hint_book import HintBook, Reason
from liveshow.recorder.moment import Moment, Would
from liveshow.recorder.on_not_heard import on_not_heard
from liveshow.recorder.whose import Whose, whose
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

THINK_EVERY = 0.5
SETTLING = 10.0  # seconds that it takes to know the noise
KEPT = 120 * SECOND


class TagGuard:
    """One recorder's guard. `hints` are those that stand."""

    def __init__(self, setup: Setup) -> None:
        mics = [f for f in setup.feeds if f.kind is FeedKind.MIC and f.id != setup.timecode.ltc]  # timecode is no sound
        self.hearing = Hearing([f.id for f in mics])
        self.book = HintBook()
        self._shared = np.array([f.shared for f in mics], dtype=bool)
        self._state: ShowState | None = None
        self._whose = Whose({}, {}, (), {})
        self._thought = 0.0

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What it suggests, the most urgent first."""
        return self.book.hints

    def look(self, now: int, feeds: Mapping[str, FeedHealth], state: ShowState, would: Would) -> None:
        """The feeds' health at show-clock ns `now`, and what the journal says by then."""
        if not self.hearing.mics:
            return
        changed = state is not self._state
        if changed:
            self._state, self._whose = state, whose(state)
            self.hearing.rivals = self._whose.rivals(self.hearing.mics)
        self.hearing.hear(now, feeds)
        if changed or self.hearing.now - self._thought >= THINK_EVERY:
            self._thought = self.hearing.now
            self.book.forget(_live(state, now))
            moment = Moment(now, state, self._whose, self.hearing, self._shared, would, self.book.standing)
            self.book.update(now, list(self._reasons(moment)), state)

    def _reasons(self, moment: Moment) -> Iterator[Reason]:
        if self.hearing.now >= SETTLING and moment.state.segments and not moment.state.ended:
            yield from heard_not_on(moment)
            yield from on_not_heard(moment)
            yield from boundaries(moment)


def _live(state: ShowState, now: int) -> set[str]:
    """Segments about which something may still be said."""
    last = max(state.segments, key=lambda s: s.end or now, default=None)
    return {s.id for s in state.segments if s.end is None or now - s.end < KEPT or s is last}
