"""What can be read of a show: made from what the hub knows at one moment, the same for HTTP and WebSocket."""

from __future__ import annotations

from typing import Literal

from liveshow.events import AlarmNow, FeedHealth, Hint, Proof
from liveshow.model import Item, Segment
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.shapes import (
    ChangeNow,
    ContributionNow,
    FeedNow,
    ItemNow,
    MarkerNow,
    Outcome,
    PerformerNow,
    SaidNow,
    SegmentNow,
    ShowNow,
)
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.rundown import ItemTimes, rundown
from liveshow.showfolder.said_on_pages import OnPage, said_on_pages
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND


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
