"""What the dashboard knows, and how news changes it. No screen, no connection: news in, a new board out.

The crew's marks are kept as they were said until the recorder answered; what it journaled is folded exactly as the recorder
folds it. `at` is always the host's monotonic clock in nanoseconds, when the news came in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from liveshow.dashboard.meters import Meter
from liveshow.events import Journaled, JournalEvent, PageNote, Pulse, SessionStarted, Welcome
from liveshow.events import Said as SaidOnPage
from liveshow.model import FeedKind, Setup
from liveshow.showfolder.setups import setup_as_run
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND, ShowClock

SILENT_AFTER = 3 * SECOND
KEPT = 12


class Link(StrEnum):
    """How the connection to the recorder stands. SILENT: open, but no pulse for three seconds."""

    CONNECTING = "connecting"
    LIVE = "live"
    SILENT = "silent"
    LOST = "lost"


class Answer(StrEnum):
    """What became of something said. UNKNOWN: the connection was lost before the answer."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """Something this dashboard said, or refused to say. `number` counts from 1; `about` tells presses of one key apart from
    others; `event` is its journal number once done, `why` the reason when it was refused."""

    number: int
    text: str
    about: str
    at: int
    answer: Answer = Answer.PENDING
    event: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Everything known at one moment. `boot`: this host's, so that the show clock of a recorder on it is known exactly; `clock`:
    that show clock, None for a recorder elsewhere; `written`: the setup as the recorder began with it.
    `changed`: when the link last changed; `pulse`: the newest of this connection, and
    `pulse_at` when it (or the welcome) came; `tick`: the show clock at some instant of the host's, from the last pulse of all.
    `seen`: the dashboard's own alarms that were acknowledged on it. `read`: up to which journal number what performers said on their pages
    was read here; `began`: the number of the last line when this dashboard came, 0 before."""

    boot: str = ""
    clock: ShowClock | None = None
    link: Link = Link.CONNECTING
    changed: int = 0
    written: Setup | None = None
    events: tuple[JournalEvent, ...] = ()
    state: ShowState = field(default_factory=ShowState)
    speed: int = 1
    pulse: Pulse | None = None
    pulse_at: int = 0
    tick: tuple[int, int] | None = None
    meters: Mapping[str, Meter] = field(default_factory=dict)
    said: tuple[Said, ...] = ()
    count: int = 0
    seen: frozenset[str] = frozenset()
    read: int = 0
    began: int = 0

    @property
    def setup(self) -> Setup | None:
        """The setup of this session, with the running order as it stands; None while unknown."""
        return self.state.setup if self.written is not None and self.events else self.written

    # News -----------------------------------------------------------------------------------------------------------

    def welcomed(self, welcome: Welcome, at: int) -> Board:
        """Let in by a recorder, the first or a later one. Raises SetupError when its setup cannot be read."""
        setup = setup_as_run(welcome.setup, "setup.toml", welcome.events)
        began = self.began or max((e.n for e in welcome.events), default=0)
        fresh = replace(self, link=Link.LIVE, changed=at, written=setup, events=(), pulse=None, pulse_at=at, began=began)
        return fresh._with_events(welcome.events)

    def journaled(self, news: Journaled) -> Board:
        """New journal lines; those already known are not taken twice."""
        return self._with_events(news.events)

    def pulsed(self, pulse: Pulse, at: int) -> Board:
        """The recorder's health."""
        mics = [f.id for f in self.setup.feeds if f.kind is FeedKind.MIC] if self.setup else []
        heard = {m: self.meters.get(m, Meter()).heard(pulse.feeds[m], at) for m in mics if m in pulse.feeds}
        return replace(self, pulse=pulse, pulse_at=at, tick=(pulse.now, at), meters={**self.meters, **heard})

    def lost(self, at: int) -> Board:
        """The recorder is gone. What was said and not answered may or may not stand."""
        if self.link is Link.LOST:
            return self
        said = tuple(replace(s, answer=Answer.UNKNOWN) if s.answer is Answer.PENDING else s for s in self.said)
        return replace(self, link=Link.LOST, changed=at, said=said)

    # What was said --------------------------------------------------------------------------------------------------

    def saying(self, text: str, about: str, at: int) -> tuple[Board, Said]:
        """Something goes out to the recorder."""
        said = Said(self.count + 1, text, about, at)
        return replace(self, count=self.count + 1, said=(*self.said, said)[-KEPT:]), said

    def answered(self, number: int, events: Sequence[int]) -> Board:
        """The recorder has it on disk."""
        return self._said(number, answer=Answer.DONE, event=events[0] if events else 0)

    def refused(self, number: int, why: str) -> Board:
        """It was not written down, and why."""
        return self._said(number, answer=Answer.REFUSED, why=why)

    def unknown(self, number: int) -> Board:
        """The connection was lost before the answer."""
        return self._said(number, answer=Answer.UNKNOWN)

    def forgotten(self) -> Board:
        """What was refused or lost has been seen."""
        return replace(self, said=tuple(s for s in self.said if s.answer in (Answer.PENDING, Answer.DONE)))

    def acknowledged(self, alarm: str) -> Board:
        """An alarm of this dashboard's own has been seen."""
        return replace(self, seen=self.seen | {alarm})

    def all_read(self) -> Board:
        """What performers said so far has been read."""
        return replace(self, read=max((e.n for e in self.state.from_pages), default=self.read))

    @property
    def unread(self) -> tuple[SaidOnPage, ...]:
        """What performers said on their pages and nobody read here: since this dashboard came, and notes from before that nobody
        answered."""
        return tuple(e for e in self.state.from_pages if e.n > self.read and (e.n > self.began or self._waits(e)))

    def _waits(self, said: SaidOnPage) -> bool:
        return isinstance(said, PageNote) and said.n not in self.state.answers_to

    def cleared(self) -> Board:
        """Clip lights off."""
        return replace(self, meters={feed: meter.clear() for feed, meter in self.meters.items()})

    # At one moment --------------------------------------------------------------------------------------------------

    def link_at(self, at: int) -> Link:
        """The link as it stands at a moment: a live one falls silent by itself, and news that were held up are no news."""
        silent = self.link is Link.LIVE and max(at - self.pulse_at, self._age(at)) > SILENT_AFTER
        return Link.SILENT if silent else self.link

    def _age(self, at: int) -> int:
        return 0 if self.clock is None or self.pulse is None else (self.clock.at(at) - self.pulse.now) // self.clock.speed

    def now(self, at: int) -> int | None:
        """The show clock at a moment. It runs on while the recorder is away, as the recordings do; None while unknown."""
        if self.clock is not None:
            return self.clock.at(at)
        return None if self.tick is None else self.tick[0] + (at - self.tick[1]) * self.speed

    def event(self, number: int) -> JournalEvent | None:
        """The journal line of that number."""
        return next((e for e in reversed(self.events) if e.n == number), None)

    @property
    def pending(self) -> tuple[Said, ...]:
        """What the recorder has not answered yet."""
        return tuple(s for s in self.said if s.answer is Answer.PENDING)

    def _with_events(self, new: Sequence[JournalEvent]) -> Board:
        last = self.events[-1].n if self.events else 0
        events = (*self.events, *(e for e in new if e.n > last))
        if self.written is None or len(events) == len(self.events):
            return replace(self, events=events)
        session = next((e for e in reversed(events) if isinstance(e, SessionStarted)), None)
        known = session is not None and self.boot != "" and session.boot == self.boot
        clock = ShowClock(session.offset, session.speed, session.epoch) if session is not None and known else None
        speed = session.speed if session else 1
        return replace(self, events=events, state=fold(self.written, events), speed=speed, clock=clock)

    def _said(self, number: int, *, answer: Answer, event: int = 0, why: str = "") -> Board:
        said = (replace(s, answer=answer, event=event, why=why) if s.number == number else s for s in self.said)
        return replace(self, said=tuple(said))
