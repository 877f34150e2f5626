"""What the journal says: segments, who is on, what comes next, consent, what was handed off.

A pure function of the setup and the events, so that the recorder, every dashboard and a reader years later see the same. Who follows a
journal while it grows keeps a :class:`Folding`, to which an event more costs no more when there were thousands before.

The rules of segments are in :mod:`liveshow.showfolder.segments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from liveshow.events import (
    ClockTied,
    Credited,
    FalseTake,
    FeedEvent,
    Go,
    Highlight,
    Hold,
    JournalEvent,
    MirrorState,
    Note,
    Off,
    On,
    PageNote,
    Said,
    SessionEnded,
    SessionStarted,
    ShowOpened,
    Tag,
    Undo,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.model import Item, Segment, Setup
from liveshow.showfolder.amendments import CHANGES
from liveshow.showfolder.segments import TAKEN, Course, number_of
from liveshow.showfolder.setups import Setups, setups_over
from liveshow.showfolder.state_at import ShowState, Undoable
from liveshow.showfolder.state_plain import MOST_LINKS, Plain
from liveshow.timebase import Tie

__all__ = ["BESIDE", "MOST_LINKS", "UNDOABLE", "Folding", "ShowState", "Undoable", "fold"]
UNDOABLE = (Go, Hold, On, Off, Highlight, FalseTake, Note, *CHANGES, Tag, Credited, PageNote)
BESIDE = (FeedEvent, WorkerStarted, WorkerEnded, MirrorState, ClockTied)
"""Most of a journal, and nothing of it is about segments."""
_LATEST = 2**62


def fold(setup: Setup, events: Iterable[JournalEvent]) -> ShowState:
    """The state that a setup, which is that of the last session as it was written, and a journal's events give."""
    return Folding(setup).take(events)


class Folding:
    """The state of a journal that grows: `state`, as it was after what was taken last."""

    def __init__(self, setup: Setup) -> None:
        """`setup`: that of the last session, as it was written."""
        self.state = ShowState()
        self._written = setup
        self._plain = Plain()
        self._frame: list[JournalEvent] = []  # the show's beginning, and that and the end of its sessions
        self._standing: dict[int, Undoable] = {}
        self._setups: Setups | None = None  # None: to be found anew, from all that stands
        self._course: Course | None = None

    def take(self, events: Iterable[JournalEvent]) -> ShowState:
        """The state with these, which come after all others."""
        moved = False
        for event in events:
            moved = self._take(event) or moved
        if moved or self._course is None:
            self.state = self._along()
        changed = self._plain.changed()
        self.state = replace(self.state, **changed) if changed else self.state
        return self.state

    def _take(self, event: JournalEvent) -> bool:
        """Whether it is about segments, the setup, or what stands."""
        if isinstance(event, Said) and event.page:
            self._plain.on_page(event)
        match event:
            case Undo():
                self._undo(event.of)
            case ShowOpened() | SessionStarted():
                self._frame.append(event)
                self._setups = self._course = None
            case SessionEnded():
                self._frame.append(event)
                self._go_on(event)
            case PageNote() if event.page:
                self._say(event)
                return False
            case _ if isinstance(event, UNDOABLE):
                self._say(event)
            case _:
                self._plain.take(event)
                return False
        return True

    def _say(self, event: Undoable) -> None:
        self._plain.add("said", event.n)
        if event.n in self._plain.undone:
            return
        self._standing[event.n] = event
        if isinstance(event, CHANGES):
            self._setups = self._course = None
        elif isinstance(event, Credited):
            if self._setups is not None:
                self._setups.change(event)
            if self._course is not None and self._course.names(event.performer):
                self._course = None
        elif isinstance(event, TAKEN):
            self._go_on(event)

    def _go_on(self, event: Any) -> None:
        if self._course is not None and not self._course.goes_on(event):
            self._course = None

    def _undo(self, number: int) -> None:
        self._plain.undo(number)
        event = self._standing.pop(number, None)
        if event is None or isinstance(event, PageNote):
            return
        if isinstance(event, (*CHANGES, Credited)):
            self._setups = self._course = None
        elif self._course is not None and not (isinstance(event, Tag) and self._course.forgets(event)):
            self._course = None

    def _along(self) -> ShowState:
        """What depends on the order of things."""
        standing = self._standing.values()
        if self._setups is None:
            self._setups = setups_over(self._written, [*self._frame, *standing])
        if self._course is None:
            self._course = Course.of(self._setups, [*standing, *self._frame])
        setup = self._setups(_LATEST)
        segments, markers = self._course.found()
        opened = next((e for e in self._frame if isinstance(e, ShowOpened)), None)
        session = next((e for e in reversed(self._frame) if isinstance(e, (SessionStarted, SessionEnded))), None)
        running = next((s for s in segments if s.end is None and s.item is not None), None)
        go = max((m for m in standing if isinstance(m, Go)), key=lambda m: (m.t, m.n), default=None)
        return replace(
            self.state,
            setup=setup,
            show=opened.show if opened else "",
            tie=Tie(opened.t, opened.wall) if opened else None,
            started=opened.t if opened else 0,
            ended=isinstance(session, SessionEnded),
            segments=segments,
            on_item=self._setups(number_of(running)).item(running.item) if running else None,
            next_item=_next_item(setup, go, segments),
            markers=markers,
            changes=tuple(e for e in standing if isinstance(e, CHANGES)),
            last_mark=next((m for m in reversed(standing) if not (isinstance(m, Said) and m.page)), None),
            default_consent=setup.handoff.consent,
        )


def _next_item(setup: Setup, go: Go | None, segments: Sequence[Segment]) -> Item | None:
    ids = [i.id for i in setup.items]
    if go is None or go.item not in ids:
        return next((i for i in setup.items if not i.skipped), None)
    again = setup.item(go.item)
    if again is not None and not again.skipped and any(s.id == f"s{go.n}" and s.false_take for s in segments):
        return again
    return next((i for i in setup.items[ids.index(go.item) + 1 :] if not i.skipped), None)
