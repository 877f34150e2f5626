"""From a segment to a finished package: whole or absent.

It is built aside on the same disk, brought to the disk in full (fsync), and renamed. What a killed hand-off left behind is
removed by the next one. The same state handed off again changes nothing; another state makes the next version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.backups import plan_with_backups
from liveshow.handoff.clips import Identity, WrittenClip, write_clips
from liveshow.handoff.credential import credential_of
from liveshow.handoff.describe import clip_record, credits, describe, identity, licence, slug_of
from liveshow.handoff.examine import Examiner, examining
from liveshow.handoff.linked_data import write_manifest
from liveshow.handoff.mhl import write_history
from liveshow.handoff.plan import Hole, Plan, digest_of, expected_bytes
from liveshow.handoff.release import refusal
from liveshow.handoff.signing import sign_clips
from liveshow.handoff.terms import write_terms
from liveshow.handoff.timelines import otio
from liveshow.handoff.timelines.of_contribution import timeline_of
from liveshow.handoff.timelines.table import write_all
from liveshow.model import HandoffSettings, Segment, Setup
from liveshow.showfolder import contribution
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import PAYLOAD, Progress, one_at_a_time, write_bag
from liveshow.showfolder.contribution import CREDITS, LICENCE, SCHEMA, TIMELINE, TIMELINES, Contribution
from liveshow.showfolder.contribution_schema import schema_text
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.state import ShowState

Share = Callable[[float], None]
"""Called with the share of the work that is done, 0 to 1, from one thread or another, never two at once. It may raise to interrupt."""


def nobody(_: float) -> None:
    """The progress nobody watches."""


@dataclass(frozen=True, slots=True)
class Made:
    """A package and what it says of itself; `new` is False when it was there already."""

    path: Path
    contribution: Contribution
    new: bool


def make(folder: ShowFolder, setup: Setup, state: ShowState, segment: Segment, *, progress: Share = nobody) -> Made:
    """Hand off a segment: the package in `folder.contributions`.

    Raises LiveshowError when the segment may not be handed off, when nothing was
    recorded of it, or when a recording is not as its timing says; MachineError when the disk does not take it.
    """
    if (why := refusal(setup, state, segment)) is not None:
        raise why
    planned = plan_with_backups(folder, setup, segment, folder.events())
    if not any(feed.parts for feed in planned.feeds):
        todo = f"its feeds are {', '.join(segment.feeds) or 'none'}: is the right performer tagged?"
        raise LiveshowError("nothing was recorded of it", where=segment.id, todo=todo)
    digest = digest_of(planned, setup, state)
    earlier = _earlier(folder, segment)
    handed = state.handed[segment.id].version if segment.id in state.handed else 0
    if (same := _same(earlier, digest, handed)) is not None:
        return same
    version = 1 + max([handed, *(made.contribution.version for made in earlier)])
    try:
        return _build(folder, planned, setup, state, version, digest, _counted(planned, progress))
    except OSError as exc:
        if (same := _same(_earlier(folder, segment), digest, handed)) is not None:
            return same  # another process was faster
        todo = "is there room on this disk? may it be written?"
        where = str(exc.filename or folder.contributions)
        raise MachineError(f"the package cannot be written: {exc.strerror or exc}", where=where, todo=todo) from exc


def _counted(planned: Plan, progress: Share) -> Progress:
    """From bytes to a share: everything is copied once and hashed once, in several threads."""
    total, done = max(1, 2 * expected_bytes(planned)), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(min(done / total, 1.0))

    return one_at_a_time(count)


def _earlier(folder: ShowFolder, segment: Segment) -> list[Made]:
    """Packages of this segment that are there."""
    found = sorted(folder.contributions.glob(f"{segment.id}-*")) if folder.contributions.is_dir() else []
    return [Made(path, contribution.read(path), new=False) for path in found if path.is_dir()]


def _same(earlier: list[Made], digest: str, handed: int) -> Made | None:
    """The newest version, when it was made from the same. An older one is not taken back to: it was superseded, and who has the newer
    one must be told by a newer one still."""
    newest = max(earlier, key=lambda made: made.contribution.version, default=None)
    if newest is None or newest.contribution.version < handed or newest.contribution.digest != digest:
        return None
    return newest


def _build(
    folder: ShowFolder, planned: Plan, setup: Setup, state: ShowState, version: int, digest: str, progress: Progress
) -> Made:
    tie = state.tie
    if tie is None:
        raise LiveshowError("its journal does not say when the show opened", where=str(folder.journal_file))
    who = identity(state, setup, planned.segment, tie)
    final = folder.contributions / slug_of(setup, planned.segment, version)
    with aside(final) as building:
        data = building / PAYLOAD
        data.mkdir()
        with examining(data, progress, measures=setup.handoff.measures) as examiner:
            clips, holes = _write_clips(folder, planned, who, data, progress, examiner)
            made = describe(folder, planned, who, state, clips, holes, version, digest)
            if setup.handoff.sign:
                made = _signed(made, data, setup.handoff, examiner)
            made = _write_timelines(made, setup.handoff.timelines, data)
            made, digests = examiner.told(made), examiner.digests()
        _write_words(made, state, building, digests)
        if setup.handoff.mhl:
            write_history(building, final.name, f"contribution {made.id}, version {made.version}")
        write_bag(building, _bag_info(made), progress, digests)
    return Made(final, made, new=True)


def _write_clips(
    folder: ShowFolder, planned: Plan, who: Identity, data: Path, progress: Progress, examiner: Examiner
) -> tuple[list[WrittenClip], list[Hole]]:
    """The clips, at least one, each examined as soon as it is written; when they are to be signed they change once more."""

    def written(clip: WrittenClip) -> None:
        if not who.setup.handoff.sign:
            examiner.take(clip_record(folder, who, clip))

    clips, holes = write_clips(planned, who, data, progress, written)
    if not clips:
        raise LiveshowError(f"none of its recordings can be read: {holes[0].why}", where=planned.segment.id)
    return clips, holes


def _signed(made: Contribution, data: Path, handoff: HandoffSettings, examiner: Examiner) -> Contribution:
    """The clips signed, and examined as they are then."""
    made = sign_clips(made, data, credential_of(handoff.certificate, handoff.key))
    for clip in made.clips:
        examiner.take(clip)
    return made


def _write_words(made: Contribution, state: ShowState, building: Path, digests: Mapping[str, str]) -> None:
    """What it says of itself, for machines and for people."""
    data = building / PAYLOAD
    contribution.write(made, building)
    write_terms(made, state, data)
    (data / SCHEMA).write_bytes(schema_text())
    write_manifest(made, data, digests)
    (data / CREDITS).write_text(credits(made), encoding="utf-8", newline="\n")
    (data / LICENCE).write_text(licence(made), encoding="utf-8", newline="\n")


def _write_timelines(made: Contribution, formats: tuple[str, ...], data: Path) -> Contribution:
    """timeline.otio, which is always there, and the formats the setup asks for; remarked where one of them cannot be written."""
    timeline = timeline_of(made, data)
    otio.write(timeline, data / TIMELINE.removesuffix(".otio"))
    if further := [name for name in formats if name != otio.WRITER.name]:
        faults = write_all(timeline, further, data / TIMELINES, made.segment.id).faults
        made = structs.replace(made, remarks=(*made.remarks, *(f"lacks a timeline: {fault.what}" for fault in faults)))
    return made


def _bag_info(made: Contribution) -> dict[str, str]:
    return {
        "Bag-Software-Agent": made.tool,
        "Bagging-Date": made.segment.end.utc.date().isoformat(),
        "External-Identifier": f"urn:uuid:{made.id}",
        "External-Description": f"{made.segment.title}, {made.show.title}: {', '.join(p.name for p in made.performers)}",
    }
