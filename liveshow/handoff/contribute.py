"""A remix becomes a contribution like any other: the file as it is, who made it, on what terms, and of what.

Its id comes from the file's content, so that the same file contributed again is the same contribution; said otherwise (another title,
other sources), it is its next version.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import msgspec

from liveshow import __version__
from liveshow.errors import LiveshowError, MachineError, UsageError
from liveshow.handoff.credential import Credential
from liveshow.handoff.describe import credits, licence
from liveshow.handoff.edit import Cited, read_edit
from liveshow.handoff.lengths import pictures_in, samples_in
from liveshow.handoff.linked_data import write_manifest
from liveshow.handoff.mhl import write_history
from liveshow.handoff.pictures import own_sound
from liveshow.handoff.signing import sign_remix
from liveshow.handoff.timelines import otio
from liveshow.handoff.timelines.of_contribution import timeline_of
from liveshow.model import Consent, FeedKind
from liveshow.setupfile import slug
from liveshow.showfolder import contribution
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import CHUNK, PAYLOAD, Progress, digest_of, silent, write_bag
from liveshow.showfolder.contribution import (
    CLIPS,
    CREDITS,
    LICENCE,
    SCHEMA,
    TIMELINE,
    AboutSegment,
    AboutShow,
    ClipRecord,
    ConsentRecord,
    Contribution,
    Credit,
    FeedRecord,
    Instant,
    OwnSound,
    Source,
)
from liveshow.showfolder.contribution_schema import schema_text
from liveshow.timebase import SECOND, timecode

SHELF, FEED, EDIT = "remixes", "remix", "edit"
_OURS = uuid.uuid5(uuid.NAMESPACE_URL, "https://liveshow.example/remix")


@dataclass(frozen=True, slots=True)
class Remix:
    """What somebody contributes. `by`: who made it, a name and what they did each; `licence`: "" for that of the sources, when they
    agree; `timeline`: the edit, from which is read what was used; `credential`: with what it is signed; `mhl`: whether its package has an
    ASC MHL history."""

    file: Path
    title: str
    by: tuple[tuple[str, str], ...]
    sources: tuple[Cited, ...]
    timeline: Path | None = None
    licence: str = ""
    credential: Credential | None = None
    mhl: bool = False


@dataclass(frozen=True, slots=True)
class Contributed:
    """The package of a remix, made in a folder of its own, and the names of media in the edit that are of no source."""

    package: Path
    about: Contribution
    strange: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Media:
    """What a file holds: pictures or sound, how many positions at which rate; `sound`: what is beside its pictures."""

    kind: FeedKind
    codec: str
    rate: Fraction
    length: int
    pictures: int
    size: tuple[int, int]
    sound: OwnSound | None = None


def contribute(remix: Remix, folder: Path, version: int = 1, progress: Progress = silent) -> Contributed:
    """Make the package of a remix in `folder` (it is made when missing).

    Raises UsageError for what is no medium, no timeline, or has no licence; LiveshowError when a source may not be used;
    MachineError when the disk does not take it.
    """
    _check_sources(remix.sources)
    media = _probe(remix.file)
    edit = read_edit(remix.timeline, remix.sources) if remix.timeline else None
    used = edit.used if edit else (None,) * len(remix.sources)
    sources = tuple(_source(cited, pieces) for cited, pieces in zip(remix.sources, used, strict=True))
    made = _describe(remix, media, sources, _id_of(remix.file, progress), version)
    final = folder / f"{slug(remix.title)}-{made.id[:8]}{f'-v{version}' if version > 1 else ''}"
    try:
        with aside(final) as building:
            made = _fill(building, remix, made, final.name, progress)
    except OSError as exc:
        todo = "is there room on this disk? may it be written?"
        raise MachineError(f"the package cannot be written: {exc.strerror or exc}", where=str(final), todo=todo) from exc
    return Contributed(final, made, edit.strange if edit else ())


def id_of(file: Path) -> str:
    """The contribution's id that a file gets. Raises UsageError when it cannot be read."""
    return _id_of(file, silent)


def _id_of(file: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while chunk := opened.read(CHUNK):
                digest.update(chunk)
                progress(len(chunk))
    except OSError as exc:
        raise UsageError(f"cannot be read: {exc.strerror}", where=str(file), todo="name a sound or film file") from exc
    return str(uuid.uuid5(_OURS, digest.hexdigest()))


def _check_sources(sources: Sequence[Cited]) -> None:
    if not sources:
        raise UsageError("a remix is made of something", where="--from", todo="name the contributions that it uses")
    for cited in sources:
        without = [p.name for p in cited.about.performers if p.consent.answer != Consent.YES.value]
        if without:
            todo = "leave it out, or ask them"
            raise LiveshowError(f"may not be used: {', '.join(without)} did not agree", where=cited.about.id, todo=todo)


def _probe(file: Path) -> _Media:
    try:
        with av.open(str(file)) as container:
            if container.streams.video:
                return _film(container)
            if container.streams.audio:
                return _sound(container)
    except (av.FFmpegError, OSError) as exc:
        raise UsageError(f"cannot be read: {exc}", where=str(file), todo="name a sound or film file") from exc
    raise UsageError("there is neither picture nor sound in it", where=str(file), todo="name a sound or film file")


def _film(container: av.container.InputContainer) -> _Media:
    video = container.streams.video[0]
    count = sum(1 for _ in pictures_in(Path(container.name)))
    rate = Fraction(video.average_rate or video.guessed_rate or 25)
    size = (video.width, video.height)
    return _Media(FeedKind.CAMERA, video.codec_context.name, rate, count, count, size, own_sound(container))


def _sound(container: av.container.InputContainer) -> _Media:
    audio = container.streams.audio[0]
    rate = Fraction(audio.rate)
    return _Media(FeedKind.MIC, audio.codec_context.name, rate, samples_in(Path(container.name)), 0, (0, 0))


def _source(cited: Cited, used: tuple[contribution.Used, ...] | None) -> Source:
    about = cited.about
    names = tuple(f"{p.name}, {p.role}" if p.role else p.name for p in about.performers)
    return Source(
        id=about.id,
        version=about.version,
        title=about.segment.title,
        show=about.show.title,
        performers=names,
        licence=about.licence,
        used=used,
    )


def _describe(remix: Remix, media: _Media, sources: tuple[Source, ...], ident: str, version: int) -> Contribution:
    made_at = datetime.fromtimestamp(remix.file.stat().st_mtime, UTC)
    rate = media.rate if media.kind is FeedKind.CAMERA else Fraction(25)
    end = round(media.length / media.rate * SECOND)
    begins, ends = (
        Instant(show_ns=ns, utc=made_at, timecode=timecode(int(Fraction(ns, SECOND) * rate), _labelled(rate)))
        for ns in (0, end)
    )
    consent = ConsentRecord(answer=Consent.YES.value, by="its maker", at=made_at)
    made = Contribution(
        id=ident,
        version=version,
        digest="",
        tool=f"liveshow {__version__}",
        show=AboutShow(
            id=SHELF,
            title="Remixes",
            venue="",
            date=made_at.date().isoformat(),
            timezone="UTC",
            frame_rate=str(_labelled(rate)),
        ),
        segment=AboutSegment(id=FEED, title=remix.title, item=None, take=1, start=begins, end=ends, edited_by=""),
        performers=tuple(
            Credit(id=slug(name), name=name, role=role, feeds=(FEED,), on=((0, end),), consent=consent)
            for name, role in remix.by
        ),
        licence=_licence(remix),
        feeds=(FeedRecord(id=FEED, kind=media.kind.value, performers=tuple(slug(name) for name, _ in remix.by)),),
        clips=(_clip(remix, media, begins, ends),),
        sources=sources,
    )
    asked = "".join(name for name, wanted in (("mhl", remix.mhl), ("sign", remix.credential is not None)) if wanted)
    digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(made, version=0)) + asked.encode()).hexdigest()
    return msgspec.structs.replace(made, digest=digest)


def _labelled(rate: Fraction) -> Fraction:
    """A rate that timecode has labels for; an odd one (of a phone) is labelled by 25."""
    return rate if rate in {Fraction(r) for r in (24, 25, 30, 50, 60)} or rate.denominator == 1001 else Fraction(25)


def _licence(remix: Remix) -> str:
    if remix.licence:
        return remix.licence
    terms = {cited.about.licence for cited in remix.sources}
    if len(terms) > 1:
        todo = "say --licence URL, and mind what each of them asks"
        raise UsageError(f"its sources have different licences: {', '.join(sorted(terms))}", where="--licence", todo=todo)
    return terms.pop()


def _clip(remix: Remix, media: _Media, begins: Instant, ends: Instant) -> ClipRecord:
    return ClipRecord(
        feed=FEED,
        kind=media.kind.value,
        file=f"{CLIPS}/{slug(remix.file.stem)}{remix.file.suffix.lower()}",
        codec=media.codec,
        rate=str(media.rate),
        first=0,
        last=media.length,
        length=media.length,
        pictures=media.pictures,
        width=media.size[0],
        height=media.size[1],
        start=begins,
        end=ends,
        ppm=0.0,
        gaps=(),
        bytes=remix.file.stat().st_size,
        made_from=remix.file.name,
        own_sound=media.sound,
    )


def _fill(building: Path, remix: Remix, made: Contribution, name: str, progress: Progress) -> Contribution:
    data = building / PAYLOAD
    (data / CLIPS).mkdir(parents=True)
    shutil.copyfile(remix.file, data / made.clips[0].file)
    if remix.timeline is not None:
        shutil.copyfile(remix.timeline, data / f"{EDIT}{remix.timeline.suffix.lower()}")
    if remix.credential is not None:
        made = sign_remix(made, data, remix.credential, [(cited.about, cited.package) for cited in remix.sources])
    otio.write(timeline_of(made, data), data / TIMELINE.removesuffix(".otio"))
    contribution.write(made, building)
    (data / SCHEMA).write_bytes(schema_text())
    digests = {f"{PAYLOAD}/{clip.file}": digest_of(data / clip.file, progress) for clip in made.clips}
    write_manifest(made, data, digests)
    (data / CREDITS).write_text(credits(made) + _sources_text(made), encoding="utf-8", newline="\n")
    (data / LICENCE).write_text(licence(made), encoding="utf-8", newline="\n")
    about = f"{made.segment.title}, a remix: {', '.join(p.name for p in made.performers)}"
    info = {
        "Bag-Software-Agent": made.tool,
        "Bagging-Date": made.show.date,
        "External-Identifier": f"urn:uuid:{made.id}",
        "External-Description": about,
    }
    if remix.mhl:
        write_history(building, name, f"contribution {made.id}, version {made.version}")
    write_bag(building, info, progress, digests)
    return made


def _sources_text(made: Contribution) -> str:
    lines = [
        f"  {s.title} ({s.show}): {'; '.join(s.performers)}. Contribution {s.id}, version {s.version}. {s.licence}"
        for s in made.sources
    ]
    return "\n".join(["", "Made of:", *lines, ""])
