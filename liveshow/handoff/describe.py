"""What a contribution says of itself, for machines (contribution.json) and for people (CREDITS.txt, LICENCE.txt)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence

import liveshow
from liveshow.handoff.clips import Identity, WrittenClip, media_start
from liveshow.handoff.plan import Hole, Plan
from liveshow.handoff.release import deciding_answer
from liveshow.handoff.terms import terms_of
from liveshow.model import FeedKind, Performer, Segment, Setup
from liveshow.setupfile.slugs import slug
from liveshow.showfolder.contribution import (
    AboutSegment,
    AboutShow,
    ClipRecord,
    ConsentRecord,
    Contribution,
    Credit,
    FeedRecord,
    Instant,
    MarkerRecord,
    Missing,
)
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.house_time import house_time
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND, Tie
from liveshow.timebase.anchor import in_step

_OURS = uuid.uuid5(uuid.NAMESPACE_URL, "https://liveshow.example/contribution")
_TITLE, _NAMES = 36, 36


def identity(state: ShowState, setup: Setup, segment: Segment, tie: Tie) -> Identity:
    """Id and names. The id is the same for every version, and differs for two shows of one name: it is of the show's id, the
    instant it opened, and the segment's id."""
    contribution = str(uuid.uuid5(_OURS, f"{state.show}/{tie.wall}/{segment.id}"))
    names = ", ".join(p.name for p in people(setup, segment))
    notes = "; ".join(m.text for m in segment.markers if m.text)
    house = house_time(state, tie, setup)
    jumps = house.jumps(segment.start, segment.start if segment.end is None else segment.end)
    return Identity(contribution, state.show, tie, setup, names, notes, house.counted_from(segment.start), jumps)


def people(setup: Setup, segment: Segment) -> tuple[Performer, ...]:
    """Everyone in a segment, also one whom the setup no longer names."""
    return tuple(setup.performer(p) or Performer(p, p) for p in segment.performers)


def slug_of(setup: Setup, segment: Segment, version: int) -> str:
    """The package's folder: "s12-the-tiny-book-first-reader", later versions with "-v2"."""
    names = slug(" ".join(p.name for p in people(setup, segment)), _NAMES)
    words = [segment.id, *([slug(segment.title, _TITLE)] if segment.title else []), names]
    return "-".join(dict.fromkeys(words)) + (f"-v{version}" if version > 1 else "")


def describe(
    folder: ShowFolder,
    plan: Plan,
    who: Identity,
    state: ShowState,
    clips: Sequence[WrittenClip],
    holes: Sequence[Hole],
    version: int,
    digest: str,
) -> Contribution:
    """contribution.json. `holes`: those found while the clips were written, beside the plan's."""
    return Contribution(
        id=who.id,
        version=version,
        digest=digest,
        tool=f"liveshow {liveshow.__version__}",
        show=_about_show(who),
        segment=_about_segment(who, plan),
        performers=tuple(_credit(who, state, plan, performer) for performer in people(who.setup, plan.segment)),
        licence=who.setup.handoff.licence,
        feeds=tuple(
            FeedRecord(
                id=f.stands_in_for or f.feed.id,
                kind=f.feed.kind.value,
                performers=tuple(p.id for p in f.performers),
                delay_ms=f.feed.delay_ms,
            )
            for f in plan.feeds
            if not f.spare
        ),
        clips=tuple(clip_record(folder, who, clip) for clip in clips),
        missing=tuple(
            _missing(who, hole) for hole in (*(h for feed in plan.feeds if not feed.spare for h in feed.holes), *holes)
        ),
        markers=tuple(MarkerRecord(kind=m.kind, text=m.text, at=_instant(who, m.at)) for m in plan.segment.markers),
        timecode_source=who.house.source(plan.start),
        timecode_rate=str(who.house.rate_at(plan.start)),
        terms=terms_of(state, plan.segment),
        remarks=(*_remarks(who, plan), *_stand_ins(plan), *(_inexact(clip) for clip in clips if clip.inexact)),
    )


def _about_show(who: Identity) -> AboutShow:
    show = who.setup.show
    return AboutShow(
        id=who.show,
        title=show.title,
        venue=show.venue,
        date=show.date.isoformat(),
        timezone=show.timezone,
        frame_rate=str(show.frame_rate),
    )


def _about_segment(who: Identity, plan: Plan) -> AboutSegment:
    segment = plan.segment
    return AboutSegment(
        id=segment.id,
        title=segment.title,
        item=segment.item,
        take=segment.take,
        start=_instant(who, plan.start),
        end=_instant(who, plan.end),
        start_frame=media_start(who, plan.start, who.setup.show.frame_rate),
        edited_by=segment.edited_by,
        note=segment.note,
    )


def _instant(who: Identity, show_ns: int) -> Instant:
    return Instant(show_ns=show_ns, utc=who.tie.utc(show_ns), timecode=who.house.timecode(show_ns))


def _credit(who: Identity, state: ShowState, plan: Plan, performer: Performer) -> Credit:
    segment = plan.segment
    answer = deciding_answer(state, performer.id, segment.id)
    on = tuple((p.start, plan.end if p.end is None else p.end) for p in segment.presence if p.performer == performer.id)
    return Credit(
        id=performer.id,
        name=performer.name,
        role=performer.role,
        feeds=who.setup.patched(performer.id, who.setup.item(segment.item)),
        on=on,
        consent=ConsentRecord(
            answer=state.consent(performer.id, segment.id).value,
            by=(answer.by or "somebody") if answer else "setup",
            at=who.tie.utc(answer.t) if answer else None,
            segments=answer.segments if answer else (),
            on_page=bool(answer and answer.page),
            terms=answer.terms if answer else "",
        ),
        pronunciation=performer.pronunciation,
        note=performer.note,
    )


def clip_record(folder: ShowFolder, who: Identity, written: WrittenClip) -> ClipRecord:
    """What contribution.json says of a clip before it is signed and measured."""
    clip = written.clip
    return ClipRecord(
        feed=clip.feed,
        kind=clip.kind.value,
        file=clip.file,
        codec=written.codec,
        rate=str(clip.rate),
        first=clip.first,
        last=clip.last,
        length=clip.length,
        pictures=written.pictures,
        width=written.size[0],
        height=written.size[1],
        media_start=written.media_start,
        start=_instant(who, clip.start),
        end=_instant(who, clip.end),
        ppm=clip.ppm,
        gaps=clip.gaps,
        bytes=written.bytes,
        made_from=written.part.file.relative_to(folder.path).as_posix(),
        encoded=written.encoded,
        inexact=written.inexact,
        resampled_ppm=written.corrected,
        own_sound=written.sound,
        stands_in_for=written.plan.stands_in_for,
        spare=written.plan.spare,
        gaps_are=("silent" if clip.kind is FeedKind.MIC else "frozen") if clip.gaps else "",
    )


def _missing(who: Identity, hole: Hole) -> Missing:
    return Missing(feed=hole.feed, start=_instant(who, hole.start), end=_instant(who, hole.end), why=hole.why)


def credits(made: Contribution) -> str:
    """CREDITS.txt: to be shown with whatever is made of this."""
    width = max((len(p.role) for p in made.performers), default=0)
    names = [line for performer in made.performers for line in _credit_lines(performer, width)]
    spoken = [f"{p.name}: {p.pronunciation}" for p in made.performers if p.pronunciation]
    where = ", ".join(filter(None, (made.show.title, made.show.venue, made.show.date)))
    title = made.segment.title or made.show.title
    said = ["How the names are said:", *spoken, ""] if spoken else []
    return "\n".join([title, where, "", *names, "", *said, made.licence, f"Contribution {made.id}, version {made.version}", ""])


def _credit_lines(performer: Credit, width: int) -> Iterator[str]:
    """Role and name, and below it what they want to have said of them."""
    yield f"{performer.role:{width}}  {performer.name}".strip() if width else performer.name
    if performer.note:
        yield f"{' ' * width}  {performer.note}" if width else f"  {performer.note}"


def licence(made: Contribution) -> str:
    """LICENCE.txt: on what terms, and who agreed to them."""
    files = {terms.digest: f"{terms.file} ({terms.language})" for terms in made.terms}
    agreed = [f"{p.name}: {p.consent.answer}, {_agreed(p.consent, files)}" for p in made.performers]
    terms = ["The performers made this available under", made.licence, "", "Who agreed:", *agreed, ""]
    return "\n".join([*terms, "When you use it, give the credits in CREDITS.txt.", ""])


def _agreed(consent: ConsentRecord, files: Mapping[str, str]) -> str:
    if consent.by == "setup":
        return "agreed beforehand (setup)"
    when = f", {consent.at:%Y-%m-%d %H:%M} UTC" if consent.at else ""
    how = "agreed on their own page" if consent.on_page else f"written down by {consent.by}"
    return f"{how}{when}" + (f", to {files[consent.terms]}" if consent.terms in files else "")


def _remarks(who: Identity, plan: Plan) -> Iterator[str]:
    """What is odd about the timecode."""
    rate, source, wanted = who.house.rate_at(plan.start), who.house.source(plan.start), who.setup.show.frame_rate
    if not in_step(wanted, rate):
        yield f"timecode ({source}) counts {rate} frames a second, and the setup's frame_rate is {wanted}: labels are the house's"
    for at in who.jumps:
        yield f"the house's timecode changed {(at - plan.start) / SECOND:.1f} s after in: labels count on from in, where it is {source}"


def _stand_ins(plan: Plan) -> Iterator[str]:
    """Which feed stands in for which."""
    for feed in plan.feeds:
        if feed.stands_in_for:
            other = f"what there is of {feed.stands_in_for} is in the package, in no track"
            yield f"{feed.feed.id}, its backup, stands in for {feed.stands_in_for}, which {feed.why}; {other}"


def _inexact(written: WrittenClip) -> str:
    return f"{written.clip.feed} begins at the key picture before, not at the very frame: {written.inexact}"


def lacking(made: Contribution) -> tuple[str, ...]:
    """What is missing or odd, a line for each: "lacks wide for 3.2 s: the worker was killed"."""
    spans = ((m, (m.end.show_ns - m.start.show_ns) / SECOND) for m in made.missing)
    lacks = (f"lacks {m.feed} for {seconds:.1f} s from {m.start.timecode}: {m.why}" for m, seconds in spans)
    return (*lacks, *made.remarks)
