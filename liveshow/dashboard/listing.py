"""The running order and the segments, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liveshow.dashboard import figures
from liveshow.dashboard.light import Tone
from liveshow.dashboard.marks import name
from liveshow.events import Pulse
from liveshow.model import Consent, Item, Segment, Setup
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One item. `place`: "done", "on", "next" or "later"; `length` of what ran, against `planned`."""

    title: str
    performers: str
    place: str
    length: str
    planned: str
    over: bool


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment; `fate` says how far it is on its way to a contribution."""

    id: str
    title: str
    performers: str
    start: str
    length: str
    fate: str
    tone: Tone
    markers: int


def planned_ns(item: Item | None) -> int | None:
    """How long an item is planned to be, in ns."""
    return round(item.minutes * MINUTE) if item is not None and item.minutes else None


def order_rows(setup: Setup, state: ShowState, now: int | None) -> Iterator[OrderRow]:
    """Every item, at show-clock time `now`."""
    for item in setup.items:
        takes = [s for s in state.segments if s.item == item.id and not s.false_take]
        place = _place(item, state, takes)
        ran = next((s for s in takes if s.take == takes[-1].take), None) if place in ("on", "done") else None
        length = _length(ran, now) if ran else None
        plan = planned_ns(item)
        yield OrderRow(
            title=item.title,
            performers=names(setup, item.performers),
            place=place,
            length=figures.length(length) if length is not None else "",
            planned=figures.length(plan) if plan else "",
            over=length is not None and plan is not None and length > plan,
        )


def _place(item: Item, state: ShowState, takes: list[Segment]) -> str:
    if state.on_item is not None and item.id == state.on_item.id:
        return "on"
    if state.next_item is not None and item.id == state.next_item.id:
        return "next"
    return "done" if any(s.end is not None for s in takes) else "later"


def _length(segment: Segment, now: int | None) -> int:
    end = segment.end if segment.end is not None else (now or segment.start)
    return max(0, end - segment.start)


def segment_rows(setup: Setup, state: ShowState, pulse: Pulse | None, now: int | None) -> Iterator[SegmentRow]:
    """Every segment, newest first, at show-clock time `now`."""
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
    if segment.id in state.handed:
        return "handed off", Tone.GOOD
    consent = state.consent_of(segment)
    if consent is Consent.YES:
        return "waiting", Tone.CALM
    return ("consent: no", Tone.BAD) if consent is Consent.NO else ("held: consent", Tone.WARN)


def names(setup: Setup, performers: tuple[str, ...]) -> str:
    """Performers' names, one after another."""
    return ", ".join(name(setup, p) for p in performers)
