"""From what is known to what one performer sees of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from liveshow.events import ConsentGiven, Credited, PageNote, Said, Tag, TermsStated
from liveshow.model import Consent, FeedKind, Segment, Setup
from liveshow.review.known import Known, Range
from liveshow.review.served import Excerpts
from liveshow.review.view import (
    Became,
    ConsentSeen,
    MediaSeen,
    MeSeen,
    PageState,
    Person,
    PressKind,
    SaidSeen,
    SegmentSeen,
    ShowSeen,
    TermsSeen,
)
from liveshow.timebase import MILLISECOND

MOST_SAID = 200  # of what was said on a page, the newest


def page_state(known: Known, performer: str, terms: Iterable[TermsStated], excerpts: Excerpts) -> PageState:
    """What a performer sees. `terms`: the present ones."""
    state, setup = known.state, known.state.setup
    show = setup.show
    return PageState(
        show=ShowSeen(
            title=show.title,
            venue=show.venue,
            date=show.date.isoformat(),
            timezone=show.timezone,
            ended=state.ended,
        ),
        me=_me(setup, performer),
        performers=tuple(Person(id=p.id, name=p.name) for p in setup.performers),
        terms=tuple(TermsSeen(digest=t.digest, language=t.language, text=t.text) for t in terms),
        consent=_general(known, performer),
        segments=tuple(_segment(known, performer, s, excerpts) for s in known.segments(performer)),
        said=tuple(_said(known, e) for e in known.said.get(performer, ())[-MOST_SAID:]),
    )


def _me(setup: Setup, performer: str) -> MeSeen:
    found = setup.performer(performer)
    if found is None:  # an earlier setup had them
        return MeSeen(id=performer, name=performer, role="", pronunciation="", note="")
    return MeSeen(id=found.id, name=found.name, role=found.role, pronunciation=found.pronunciation, note=found.note)


def _segment(known: Known, me: str, segment: Segment, excerpts: Excerpts) -> SegmentSeen:
    state = known.state
    item, mine = state.setup.item(segment.item), me in segment.performers
    handed = state.handed.get(segment.id) if segment.id not in state.withdrawn else None
    poster = excerpts.poster(segment.id) if mine and known.has_me(me, segment) else None
    return SegmentSeen(
        id=segment.id,
        title=segment.title,
        item=item.title if item else "",
        take=segment.take,
        in_ms=segment.start // MILLISECOND,
        out_ms=None if segment.end is None else segment.end // MILLISECOND,
        in_=_utc(known, segment.start),
        out=None if segment.end is None else _utc(known, segment.end),
        running=segment.end is None,
        mine=mine,
        with_=_people(known, (p for p in segment.performers if p != me)),
        consent=_consent(known, me, segment),
        became=_became(known, me, segment),
        waiting=_waiting(known, segment),
        version=handed.version if handed else 0,
        edited=bool(segment.edited_by),
        may_in=_ms(known.may_in(segment)) if mine else None,
        may_out=_ms(known.may_out(segment)) if mine else None,
        poster=f"poster/{segment.id}?v={poster.version}" if poster else "",
        media=tuple(_media(known, segment, feed, excerpts) for feed in known.playable(me, segment)),
    )


def _media(known: Known, segment: Segment, ident: str, excerpts: Excerpts) -> MediaSeen:
    kind: Literal["camera", "mic"] = "camera" if known.feeds[ident].kind is FeedKind.CAMERA else "mic"
    found = excerpts.playable(segment.id, ident) if segment.end is not None else None
    if found is None:
        return MediaSeen(feed=ident, kind=kind, label=ident, ready=False)
    return MediaSeen(
        feed=ident,
        kind=kind,
        label=ident,
        ready=True,
        url=f"media/{segment.id}/{ident}?v={found.version}",
        start_ms=found.start // MILLISECOND,
        end_ms=found.end // MILLISECOND,
    )


def _became(known: Known, me: str, segment: Segment) -> Became:
    state = known.state
    if segment.end is None:
        return "running"
    if segment.false_take:
        return "false-take"
    agreed = known.agreed(segment)
    if agreed is not Consent.YES:
        return _not_agreed(known, me, segment, agreed)
    if segment.id in state.failed:
        return "failed"
    return "handed-off" if segment.id in state.handed and segment.id not in state.withdrawn else "making"


def _not_agreed(known: Known, me: str, segment: Segment, agreed: Consent) -> Became:
    """Withdrawn when it was handed off, else why it is not."""
    if segment.id in known.state.withdrawn:
        return "withdrawn"
    if agreed is Consent.NO:
        return "refused"
    return "waiting" if known.state.consent(me, segment.id) is Consent.YES else "held"


def _waiting(known: Known, segment: Segment) -> tuple[Person, ...]:
    """Of whom a yes is missing; nobody when it would change nothing."""
    if segment.false_take:
        return ()
    return _people(known, known.silent(segment))


def _consent(known: Known, me: str, segment: Segment) -> ConsentSeen:
    holds = known.state.consent(me, segment.id)
    special = known.state.special.get((me, segment.id))
    if special is not None and special.answer == holds:
        return _answered(special, me)
    return ConsentSeen(answer=holds.value)


def _general(known: Known, me: str) -> ConsentSeen:
    general = known.state.general.get(me)
    return _answered(general, me) if general is not None else ConsentSeen(answer=known.state.default_consent.value)


def _answered(given: ConsentGiven, me: str) -> ConsentSeen:
    return ConsentSeen(answer=given.answer, answered=True, by_me=given.page == me, terms=given.terms)


def _said(known: Known, event: Said) -> SaidSeen:
    kind, segment, performer, text = _pressed(event)
    answer = known.state.answers_to.get(event.n)
    return SaidSeen(
        n=event.n,
        at=_utc(known, event.t),
        kind=kind,
        segment=segment,
        performer=performer,
        text=text,
        answer=answer.text if answer else "",
        undone=event.n in known.state.undone,
    )


def _pressed(event: Said) -> tuple[PressKind, str, str, str]:
    """What was pressed: its kind, segment, who was missing (or was not), and words."""
    match event:
        case ConsentGiven():
            return "consent", event.segments[0] if len(event.segments) == 1 else "", "", event.answer
        case Credited():
            given = (event.name, event.role, event.pronunciation, event.note)
            return "credit", "", "", " · ".join(text for text in given if text)
        case PageNote():
            return "note", event.segment, "", event.text
        case Tag() if event.page in event.minus:
            return "not-me", event.segment, "", ""
        case Tag() if event.page in event.plus:
            return "me", event.segment, "", ""
        case Tag() if event.plus:
            return "missing", event.segment, event.plus[0], ""
        case Tag() if event.minus:
            return "not-missing", event.segment, event.minus[0], ""
        case _:
            return "edges", getattr(event, "segment", ""), "", ""


def _people(known: Known, performers: Iterable[str]) -> tuple[Person, ...]:
    return tuple(Person(id=p, name=known.names.get(p, p)) for p in performers)


def _ms(span: Range | None) -> tuple[int, int] | None:
    """Both ends within it: the first rounded up, the last down."""
    return None if span is None else (-(-span[0] // MILLISECOND), span[1] // MILLISECOND)


def _utc(known: Known, at: int) -> datetime:
    """Of a show-clock time; a show without a tie to the wall clock has no segments."""
    tie = known.state.tie
    return tie.utc(at) if tie else datetime.min
