"""What the screen says, as words and figures: a board at one moment, ready to be drawn at any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from liveshow.dashboard import figures
from liveshow.dashboard.alarms import AlarmNow, Rank, alarms
from liveshow.dashboard.board import Answer, Board, Link, Said
from liveshow.dashboard.house_clock import house_clock
from liveshow.dashboard.keys import KEYS, Late, Mode
from liveshow.dashboard.light import CONNECTING, Light, Tone, light, trouble
from liveshow.dashboard.listing import OrderRow, SegmentRow, names, order_rows, segment_rows
from liveshow.dashboard.marks import name, on_page, words
from liveshow.dashboard.modes import NO_HAND, Hand
from liveshow.dashboard.suggesting import Suggestion, suggestion
from liveshow.events import FeedHealth, JournalEvent, Proof, Pulse, Undo
from liveshow.model import Feed, FeedKind, Setup
from liveshow.recorder.proof_words import clock, proven
from liveshow.showfolder.rundown import Rundown, planned_ns, rundown
from liveshow.showfolder.state import UNDOABLE, ShowState
from liveshow.timebase import SECOND

SAID_FOR, BAD_FOR = 12 * SECOND, 60 * SECOND


@dataclass(frozen=True, slots=True)
class OnNow:
    """What runs: `planned` is "" when nothing was planned; `share` of the plan that is used up (above 1: over)."""

    title: str
    performers: tuple[str, ...]
    elapsed: str
    planned: str
    left: str
    share: float | None
    over: bool


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One feed. `trouble` is None while it is recording and proven, else `why` says why not; `age`: seconds since the newest
    picture; `performers`: who of those that are on is on it, `patched`: everyone whose it is; `timecode`: the newest that
    was read from it; `proven` and `clock`: how long ago it was proven, and how its clock runs, in words."""

    id: str
    camera: bool
    state: str
    trouble: Rank | None
    why: str
    rate: str
    gaps: int
    lost: str
    what: str
    performers: tuple[str, ...]
    age: int
    patched: tuple[str, ...] = ()
    timecode: str = ""
    proven: str = field(default="", compare=False)  # shown by the single feed alone: lines need not be drawn anew for it
    clock: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PerformerKey:
    """One performer: their key ("" when there are no more keys), name, and whether they are on."""

    key: str
    id: str
    name: str
    on: bool
    pending: bool


@dataclass(frozen=True, slots=True)
class SaidLine:
    """The last mark and what became of it. `event`: its journal number, 0 while it has none."""

    sign: str
    text: str
    tone: Tone
    event: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """The whole screen.

    `undo`: what the undo key takes back, with its time of day; `late`: how long ago the next mark was, "" for now, and `late_at` the
    time of day it is then dated. `over`: how far the show is behind its plan ("2:10 over", "0:40 under", "on time", "" before the
    first item), and `is_over` whether that is late; `ends`: the time of day at which it is expected to end, or to end at the earliest
    (`ends_at_least`). `mode`: where the cursor is, and `bar` that mode's keys (as on the keyboard, label), empty in the normal mode.
    `house`: which timecode the clock shows ("LTC", "no LTC" when it is not heard any more), and `day` the time of day then; "" when the
    clock shows that.
    `notice`: why the last key did nothing; `watching`: this screen says nothing whatever is pressed. `flash`: the
    bell is being shown at this moment; `silent`: a new alarm does not call. `unread`: how much performers said on their pages that nobody
    read here.
    """

    title: str = ""
    light: Light = CONNECTING
    clock: str = "--:--:--"
    house: str = ""
    day: str = ""
    elapsed: str = ""
    disk: str = ""
    disk_detail: str = ""
    disk_low: bool = False
    on: OnNow | None = None
    next: str = ""
    next_performers: str = ""
    feeds: tuple[FeedRow, ...] = ()
    order: tuple[OrderRow, ...] = ()
    segments: tuple[SegmentRow, ...] = ()
    performers: tuple[PerformerKey, ...] = ()
    alarms: tuple[AlarmNow, ...] = ()
    flash: bool = False
    silent: bool = False
    said: SaidLine | None = None
    undo: str = ""
    late: str = ""
    late_at: str = ""
    over: str = ""
    is_over: bool = False
    ends: str = ""
    ends_at_least: bool = False
    mode: Mode = Mode.NORMAL
    bar: tuple[tuple[str, str], ...] = ()
    hint: Suggestion | None = None
    notice: str = ""
    watching: bool = False
    unread: int = 0
    link: Link = Link.CONNECTING


def view(board: Board, at: int, late: Late, keys: dict[str, str], hand: Hand = NO_HAND) -> View:
    """What the screen says at a moment (`at`: host's monotonic ns); `keys`: key → performer id; `hand`: where the cursor is."""
    setup, state, now = board.setup, board.state, board.now(at)
    found = alarms(board, at)
    if setup is None:
        return View(light=light(board, at), alarms=found, notice=hand.notice, watching=hand.watching, link=board.link_at(at))
    times = rundown(state, now if now is not None else state.started)
    ago = late.as_of(at).ago
    disk = board.pulse if board.link_at(at) is Link.LIVE else None
    upcoming = state.next_item
    said = _said(board, at)
    clock, house, day = house_clock(state, now)
    return View(
        title=" · ".join(filter(None, (setup.show.title, setup.show.venue, setup.show.date.isoformat()))),
        light=light(board, at),
        clock=clock,
        house=house,
        day=day,
        elapsed=figures.clock(now - state.started) if now is not None else "",
        disk=figures.hours(disk.seconds_left) if disk else "?",
        disk_detail=f"{figures.size(disk.disk_free)} free, {figures.size(disk.bytes_per_second)}/s" if disk else "",
        disk_low=any(a.rank in (Rank.DISK, Rank.DISK_LOW) for a in found),
        on=_on_now(setup, state, now),
        next=upcoming.title if upcoming else "",
        next_performers=names(setup, upcoming.performers) if upcoming else "",
        feeds=tuple(_feed(feed, setup, state, board.pulse, now) for feed in setup.feeds),
        order=tuple(order_rows(state, times, hand.cursor.row if hand.cursor.mode is Mode.ORDER else "")),
        segments=tuple(segment_rows(state, board.pulse, now, hand.cursor.row if hand.cursor.mode is Mode.SEGMENTS else "")),
        performers=tuple(_performers(board, keys)),
        alarms=found,
        said=said,
        undo=_undo(board, said),
        late=figures.length(ago) if ago else "",
        late_at=_when(now - ago, board) if ago and now is not None else "",
        over=_over(times),
        is_over=times.over is not None and times.over >= SECOND,
        ends=_when(times.ends, board)[:5] if state.setup.items and not state.ended else "",
        ends_at_least=times.at_least,
        mode=hand.cursor.mode,
        bar=tuple(_bar(hand)),
        hint=suggestion(board, at),
        notice=hand.notice,
        watching=hand.watching,
        unread=len(board.unread),
        link=board.link_at(at),
    )


def _on_now(setup: Setup, state: ShowState, now: int | None) -> OnNow | None:
    if not state.running or now is None:
        return None
    main = next((s for s in state.running if s.item is not None), state.running[0])
    item = state.on_item if main.item is not None else None
    elapsed = max(0, now - main.start)
    planned = planned_ns(item)
    spare = (planned or 0) - elapsed
    return OnNow(
        title=main.title + (f"  (take {main.take})" if main.take > 1 else ""),
        performers=tuple(name(setup, p) for p in state.on_stage),
        elapsed=figures.length(elapsed),
        planned=figures.length(planned) if planned else "",
        left="" if planned is None else f"{figures.length(abs(spare))} {'left' if spare >= 0 else 'OVER'}",
        share=elapsed / planned if planned else None,
        over=planned is not None and spare < 0,
    )


def _feed(feed: Feed, setup: Setup, state: ShowState, pulse: Pulse | None, now: int | None) -> FeedRow:
    health = pulse.feeds.get(feed.id, FeedHealth()) if pulse else FeedHealth()
    proof = pulse.proofs.get(feed.id, Proof()) if pulse else Proof()
    wrong = trouble(feed, pulse) if pulse else Rank.FEED_UNPROVEN
    camera = feed.kind is FeedKind.CAMERA
    patched = (p for p in state.on_stage if feed.id in setup.patched(p, state.on_item))
    return FeedRow(
        id=feed.id,
        camera=camera,
        state=health.state if wrong is not Rank.FEED_UNPROVEN or health.state != "recording" else "unproven",
        trouble=wrong,
        why="" if wrong is None else health.why,
        rate=figures.rate(health.rate, camera),
        gaps=health.gaps,
        lost=f"{health.lost / SECOND:.1f} s",
        what=health.what,
        performers=() if feed.shared else tuple(name(setup, p) for p in patched),
        age=max(0, now - health.picture) // SECOND if now is not None and health.picture else 0,
        patched=tuple(p.name for p in setup.performers if feed.id in setup.patched(p.id, state.on_item)),
        timecode=health.timecode,
        proven=proven(proof, now) if now is not None else "",
        clock=clock(proof),
    )


def _performers(board: Board, keys: dict[str, str]) -> Iterator[PerformerKey]:
    by_performer = {performer: key for key, performer in keys.items()}
    pending = {said.about for said in board.pending}
    for performer in board.setup.performers if board.setup else ():
        on = performer.id in board.state.on_stage
        waiting = f"performer:{performer.id}" in pending
        yield PerformerKey(by_performer.get(performer.id, ""), performer.id, performer.name, on, waiting)


def _said(board: Board, at: int) -> SaidLine | None:
    """The newest of what this dashboard said and what anybody's marks the journal took."""
    mine = board.said[-1] if board.said else None
    bad = mine is not None and mine.answer in (Answer.REFUSED, Answer.UNKNOWN)
    if mine is not None and (mine.answer is Answer.PENDING or at - mine.at < (BAD_FOR if bad else SAID_FOR)):
        return _mine(mine, board)
    mark = next((e for e in reversed(board.events) if isinstance(e, (*UNDOABLE, Undo)) and not on_page(e)), None)
    if mark is None:
        return None
    return SaidLine(
        "✓", f"{_when(mark.t, board)}  {words(mark, board)}{f'  by {mark.by}' if mark.by else ''}", Tone.CALM, mark.n
    )


def _mine(said: Said, board: Board) -> SaidLine:
    match said.answer:
        case Answer.PENDING:
            return SaidLine("…", f"{said.text}  saying", Tone.WARN)
        case Answer.REFUSED:
            return SaidLine("✗", f"REFUSED {said.text}: {said.why}", Tone.BAD)
        case Answer.UNKNOWN:
            return SaidLine("?", f"{said.text}: connection lost before the answer; look before you say it again", Tone.BAD)
        case Answer.DONE:
            event = board.event(said.event)
            return SaidLine("✓", f"{_when(event.t, board) if event else ''}  {said.text}".strip(), Tone.GOOD, said.event)


def _undo(board: Board, said: SaidLine | None) -> str:
    mark = board.state.last_mark
    if mark is None:
        return ""
    return "this" if said is not None and said.event == mark.n else undo_words(mark, board)


def undo_words(mark: JournalEvent, board: Board) -> str:
    """Something that can be undone, by name and time of day: "GO Rain, Mostly (20:14:03)"."""
    return f"{words(mark, board)} ({_when(mark.t, board)})"


def _over(times: Rundown) -> str:
    if times.over is None:
        return ""
    if abs(times.over) < SECOND:
        return "on time"
    return f"{figures.length(abs(times.over))} {'over' if times.over > 0 else 'under'}"


def _bar(hand: Hand) -> Iterator[tuple[str, str]]:
    """The keys of a mode; Esc stands for every way out of it."""
    for key in KEYS if hand.cursor.mode is not Mode.NORMAL else ():
        if key.mode is hand.cursor.mode and not (key.label == "leave" and key.key != "escape"):
            yield key.shown, key.label


def _when(t: int, board: Board) -> str:
    tie, setup = board.state.tie, board.setup
    return figures.time_of_day(tie, t, setup.show.timezone) if tie and setup else ""
