"""The running order and the segments, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liveshow.dashboard import figures
from liveshow.dashboard.light import Tone
from liveshow.dashboard.marks import name
from liveshow.events import Pulse
from liveshow.model import Consent, Item, Segment, Setup
from liveshow.showfolder.rundown import ItemTimes, Rundown
from liveshow.showfolder.state import ShowState


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One item. `place`: "done", "on", "next", "skipped" or "later"; `length` of what ran, against `planned`; `begins`: the time of day
    at which it is expected to ("" for what began, or will not). `added`: nobody planned it; `chosen`: the cursor is on it."""

    title: str
    performers: str
    place: str
    length: str
    planned: str
    over: bool
    id: str = ""
    begins: str = ""
    added: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment; `fate` says how far it is on its way to a contribution; `chosen`: the cursor is on it."""

    id: str
    title: str
    performers: str
    start: str
    length: str
    fate: str
    tone: Tone
    markers: int
    chosen: bool = False


def order_rows(state: ShowState, times: Rundown, chosen: str = "") -> Iterator[OrderRow]:
    """Every item; the cursor is on `chosen`."""
    setup = state.setup
    for item, run in zip(setup.items, times.items, strict=True):
        place = _place(item, state, run)
        shown = run.actual if place in ("on", "done") else None
        yield OrderRow(
            id=item.id,
            title=item.title,
            performers=names(setup, item.performers),
            place=place,
            length=figures.length(shown) if shown is not None else "",
            planned=figures.length(run.planned) if run.planned else "",
            over=shown is not None and run.planned is not None and shown > run.planned,
            begins=_begins(run, state) if place in ("next", "later") else "",
            added=item.added,
            chosen=item.id == chosen,
        )


def _begins(run: ItemTimes, state: ShowState) -> str:
    if run.begins is None or state.tie is None:
        return ""
    return figures.time_of_day(state.tie, run.begins, state.setup.show.timezone)[:5]


def _place(item: Item, state: ShowState, run: ItemTimes) -> str:
    if state.on_item is not None and item.id == state.on_item.id:
        return "on"
    if state.next_item is not None and item.id == state.next_item.id:
        return "next"
    if item.skipped:
        return "skipped"
    return "done" if run.actual is not None else "later"


def _length(segment: Segment, now: int | None) -> int:
    end = segment.end if segment.end is not None else (now or segment.start)
    return max(0, end - segment.start)


def segment_rows(state: ShowState, pulse: Pulse | None, now: int | None, chosen: str = "") -> Iterator[SegmentRow]:
    """Every segment, newest first, at show-clock time `now`; the cursor is on `chosen`."""
    setup = state.setup
    for segment in reversed(state.segments):
        fate, tone = _fate(segment, state, pulse)
        yield SegmentRow(
            id=segment.id,
            title=segment.title + (f" (take {segment.take})" if segment.take > 1 else ""),
            performers=names(setup, segment.performers) or "nobody tagged",
            start=figures.time_of_day(state.tie, segment.start, setup.show.timezone) if state.tie else "",
            length=figures.length(_length(segment, now)),
            fate=fate,
            tone=tone,
            markers=len(segment.markers),
            chosen=segment.id == chosen,
        )


def _fate(segment: Segment, state: ShowState, pulse: Pulse | None) -> tuple[str, Tone]:
    if segment.end is None:
        return "on", Tone.REC
    if segment.false_take:
        return "false take", Tone.CALM
    if segment.id in state.failed:
        return "failed", Tone.BAD
    if pulse is not None and segment.id in pulse.handing_off:
        return "handing off", Tone.WARN
    if segment.id in state.withdrawn:
        return "withdrawn", Tone.CALM
    if segment.id in state.handed:
        return "handed off", Tone.GOOD
    consent = state.consent_of(segment)
    if consent is Consent.YES:
        return "waiting", Tone.CALM
    return ("consent: no", Tone.BAD) if consent is Consent.NO else ("held: consent", Tone.WARN)


def names(setup: Setup, performers: tuple[str, ...]) -> str:
    """Performers' names, one after another."""
    return ", ".join(name(setup, p) for p in performers)
