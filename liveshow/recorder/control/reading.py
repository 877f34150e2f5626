"""What can be read of a show: made from what the hub knows at one moment, the same for HTTP and WebSocket.

Times are show-clock nanoseconds; those whose names end in `_utc` are ISO 8601; lengths end in their unit. None: unknown, or nothing such.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from liveshow.events import AlarmNow, FeedHealth, Hint, Proof
from liveshow.model import Item, Segment
from liveshow.recorder.control.hub import Hub
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.rundown import ItemTimes, rundown
from liveshow.showfolder.said_on_pages import OnPage, said_on_pages
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

Outcome = Literal["handed off", "in hand", "failed", "waits", "refused", "withdrawn", "false take"]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is read."""


class PerformerNow(Read, frozen=True, kw_only=True):
    """A performer; `on`: on stage at this moment."""

    id: str
    name: str
    role: str
    feeds: tuple[str, ...]
    on: bool


class ItemNow(Read, frozen=True, kw_only=True):
    """An item of the running order. `standing`: "on", "next", "done" (it has a good take), "skipped" or "to come"; `begins_utc`: when its
    last take began, or it is expected to begin; `took_seconds`: so far."""

    id: str
    title: str
    performers: tuple[str, ...]
    standing: Literal["on", "next", "done", "skipped", "to come"]
    added: bool
    minutes: float | None
    took_seconds: float | None
    begins_utc: str | None


class ShowNow(Read, frozen=True, kw_only=True, tag_field="kind", tag="state"):
    """The show at one moment. `timecode`: of the frame that runs, and its source ("time of day", "LTC on feed x", "MTC"); `recording`:
    every feed is proven to record, from disk; `running`: the open segments; `on_stage`: ids of performers; `undoes`: what undo takes
    back, and its number; `over_seconds`: behind the plan (below 0: ahead)."""

    show: str
    title: str
    venue: str
    timezone: str
    frame_rate: str
    now: int
    now_utc: str | None
    timecode: str | None
    timecode_source: str | None
    recording: bool | None
    ended: bool
    on_item: str | None
    next_item: str | None
    running: tuple[str, ...]
    on_stage: tuple[str, ...]
    undoes: str | None
    undoes_number: int | None
    over_seconds: float | None
    ends_utc: str | None
    disk_seconds_left: float | None
    alarms: int
    alarms_not_acknowledged: int
    performers: tuple[PerformerNow, ...]
    order: tuple[ItemNow, ...]


class MarkerNow(Read, frozen=True, kw_only=True):
    """A highlight or a note."""

    n: int
    at: int
    kind: str
    text: str


class SegmentNow(Read, frozen=True, kw_only=True):
    """A segment, [start, end); `end` is None while it runs. `edited_by`: who last corrected it."""

    id: str
    title: str
    item: str | None
    take: int
    start: int
    end: int | None
    start_utc: str | None
    end_utc: str | None
    performers: tuple[str, ...]
    on_now: tuple[str, ...]
    feeds: tuple[str, ...]
    false_take: bool
    note: str
    edited_by: str
    consent: str
    markers: tuple[MarkerNow, ...]


class FeedNow(Read, frozen=True, kw_only=True):
    """A feed: how its worker sees it, and what the recorder itself read back from disk."""

    id: str
    kind: str
    device: str
    health: FeedHealth
    proof: Proof


class ContributionNow(Read, frozen=True, kw_only=True):
    """What became of a closed segment. `standing`: "handed off", "in hand", "failed", "waits" (until somebody says yes, or for its
    turn), "refused" (by a performer), "withdrawn" (after the hand-off) or "false take"; `slug`, `version`, `library`: of the
    contribution."""

    segment: str
    title: str
    performers: tuple[str, ...]
    standing: Outcome
    why: str
    slug: str | None
    version: int | None
    library: str | None


class ChangeNow(Read, frozen=True, kw_only=True):
    """What was changed: the event's field, from what to what."""

    what: str
    was: str | int | None
    now: str | int


class SaidNow(Read, frozen=True, kw_only=True):
    """Something that was said on a performer's page. `n`: its journal number, by which it is answered and undone; `kind`: the event's;
    `text`: of a note, or the answer of a consent; `segments`: it is about (none: about all, or anything); `plus`, `minus`: who is in it
    too, and who is not; `answer`: the crew's last, "" for none; `undone`: by whom it was taken back, "" while it stands."""

    n: int
    kind: str
    performer: str
    at_utc: str | None
    segments: tuple[str, ...]
    text: str
    changes: tuple[ChangeNow, ...]
    plus: tuple[str, ...]
    minus: tuple[str, ...]
    answer: str
    answered_by: str
    undone: str


def pages_now(hub: Hub) -> tuple[SaidNow, ...]:
    """See :class:`SaidNow`; the newest first."""
    said = said_on_pages(hub.setup, hub.events) if hub.setup else ()
    return tuple(_said(one, hub.state) for one in reversed(said))


def _said(said: OnPage, state: ShowState) -> SaidNow:
    event = said.event
    about = getattr(event, "segments", ()) or tuple(filter(None, (getattr(event, "segment", ""),)))
    return SaidNow(
        n=event.n,
        kind=str(event.__struct_config__.tag),
        performer=event.page,
        at_utc=_utc(state, event.t),
        segments=about,
        text=getattr(event, "text", "") or getattr(event, "answer", ""),
        changes=tuple(ChangeNow(what=c.what, was=c.was, now=c.now) for c in said.changes),
        plus=getattr(event, "plus", ()),
        minus=getattr(event, "minus", ()),
        answer=said.answer.text if said.answer else "",
        answered_by=said.answer.by if said.answer else "",
        undone=said.undone,
    )


def show_now(hub: Hub) -> ShowNow:
    """See :class:`ShowNow`."""
    state, pulse, setup = hub.state, hub.pulse, hub.state.setup
    now = pulse.now if pulse else max((e.t for e in hub.events[-1:]), default=0)
    times = rundown(state, now)
    alarms = pulse.alarms if pulse else ()
    undoes = state.last_mark
    house = house_time(state, state.tie, setup) if state.tie else None
    return ShowNow(
        show=state.show,
        title=setup.show.title,
        venue=setup.show.venue,
        timezone=setup.show.timezone,
        frame_rate=str(setup.show.frame_rate),
        now=now,
        now_utc=_utc(state, now),
        timecode=house.running(now) if house else None,
        timecode_source=house.source(now) if house else None,
        recording=all(proof.light == "proven" for proof in pulse.proofs.values()) and not state.ended if pulse else None,
        ended=state.ended,
        on_item=state.on_item.id if state.on_item else None,
        next_item=state.next_item.id if state.next_item else None,
        running=tuple(s.id for s in state.running),
        on_stage=state.on_stage,
        undoes=str(undoes.__struct_config__.tag) if undoes else None,
        undoes_number=undoes.n if undoes else None,
        over_seconds=None if times.over is None else round(times.over / SECOND, 3),
        ends_utc=_utc(state, times.ends),
        disk_seconds_left=pulse.seconds_left if pulse else None,
        alarms=len(alarms),
        alarms_not_acknowledged=sum(not a.acknowledged for a in alarms),
        performers=tuple(
            PerformerNow(id=p.id, name=p.name, role=p.role, feeds=p.feeds, on=p.id in state.on_stage) for p in setup.performers
        ),
        order=tuple(_item(item, state, times.of(item.id)) for item in setup.items),
    )


def segments_now(hub: Hub) -> tuple[SegmentNow, ...]:
    """Every segment, in order."""
    return tuple(_segment(s, hub.state) for s in hub.state.segments)


def feeds_now(hub: Hub) -> tuple[FeedNow, ...]:
    """Every feed, in setup order."""
    health, proofs = (hub.pulse.feeds, hub.pulse.proofs) if hub.pulse else ({}, {})
    return tuple(
        FeedNow(
            id=f.id, kind=f.kind.value, device=f.device, health=health.get(f.id, FeedHealth()), proof=proofs.get(f.id, Proof())
        )
        for f in hub.state.setup.feeds
    )


def alarms_now(hub: Hub) -> tuple[AlarmNow, ...]:
    """The alarms that stand, worst first."""
    return hub.pulse.alarms if hub.pulse else ()


def hints_now(hub: Hub) -> tuple[Hint, ...]:
    """What the tag guard suggests, most urgent first."""
    return hub.pulse.hints if hub.pulse else ()


def contributions_now(hub: Hub) -> tuple[ContributionNow, ...]:
    """What became of every closed segment, in order."""
    busy = hub.pulse.handing_off if hub.pulse else ()
    return tuple(_contribution(s, hub.state, s.id in busy) for s in hub.state.segments if s.end is not None)


def _item(item: Item, state: ShowState, times: ItemTimes | None) -> ItemNow:
    standing: Literal["on", "next", "done", "skipped", "to come"] = "to come"
    if state.on_item is not None and item.id == state.on_item.id:
        standing = "on"
    elif state.next_item is not None and item.id == state.next_item.id:
        standing = "next"
    elif times is not None and times.actual is not None:
        standing = "done"
    elif item.skipped:
        standing = "skipped"
    return ItemNow(
        id=item.id,
        title=item.title,
        performers=item.performers,
        standing=standing,
        added=item.added,
        minutes=item.minutes,
        took_seconds=round(times.actual / SECOND, 3) if times and times.actual is not None else None,
        begins_utc=_utc(state, times.begins) if times else None,
    )


def _segment(segment: Segment, state: ShowState) -> SegmentNow:
    return SegmentNow(
        id=segment.id,
        title=segment.title,
        item=segment.item,
        take=segment.take,
        start=segment.start,
        end=segment.end,
        start_utc=_utc(state, segment.start),
        end_utc=_utc(state, segment.end),
        performers=segment.performers,
        on_now=segment.on_now,
        feeds=segment.feeds,
        false_take=segment.false_take,
        note=segment.note,
        edited_by=segment.edited_by,
        consent=state.consent_of(segment).value,
        markers=tuple(MarkerNow(n=m.n, at=m.at, kind=m.kind, text=m.text) for m in segment.markers),
    )


def _contribution(segment: Segment, state: ShowState, busy: bool) -> ContributionNow:
    handed = state.handed.get(segment.id)
    standing, why = _standing(segment, state, busy)
    return ContributionNow(
        segment=segment.id,
        title=segment.title,
        performers=segment.performers,
        standing=standing,
        why=why,
        slug=handed.slug if handed else None,
        version=handed.version if handed else None,
        library=handed.library if handed else None,
    )


def _standing(segment: Segment, state: ShowState, busy: bool) -> tuple[Outcome, str]:
    answers = {p: state.consent(p, segment.id).value for p in segment.performers}
    said_no = [p for p, answer in answers.items() if answer == "no"]
    not_yet = [p for p, answer in answers.items() if answer == "hold"]
    if busy:
        return "in hand", ""
    if segment.id in state.failed:
        return "failed", state.failed[segment.id].why
    if segment.id in state.withdrawn:
        return "withdrawn", state.withdrawn[segment.id].why
    if segment.false_take:
        return "false take", ""
    if said_no:
        return "refused", f"no: {', '.join(said_no)}"
    if segment.id in state.handed:
        return "handed off", ""
    return "waits", f"not yet asked: {', '.join(not_yet)}" if not_yet else "" if answers else "nobody is tagged"


def _utc(state: ShowState, at: int | None) -> str | None:
    return state.tie.utc(at).isoformat() if at is not None and state.tie else None
