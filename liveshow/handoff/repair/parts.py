"""What is wrong with the parts of a feed, and what of it can be mended."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import msgspec
import soundfile

from liveshow.errors import LiveshowError
from liveshow.events import Gap, JournalEvent, PartStarted
from liveshow.handoff.repair.headers import opens, with_beginning_of, with_right_lengths
from liveshow.handoff.repair.timings import Held, fault_of, held, last_seen, mended
from liveshow.handoff.told import Told, run_of_repair
from liveshow.model import Feed, FeedKind
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mending import Finding, Mend, replace_file
from liveshow.showfolder.names import TIMING, PartName, decode_part
from liveshow.showfolder.salvage import Salvage, salvage
from liveshow.showfolder.timing import Header, PartTiming, clock_of_run, read_timing
from liveshow.showfolder.wavdata import wav_data
from liveshow.timebase import SECOND, Tie

UNREADABLE = (av.FFmpegError, soundfile.LibsndfileError, IndexError, OSError, LiveshowError)
_OTHER_PARTS = "the other parts are not concerned"


@dataclass(frozen=True, slots=True)
class Case:
    """A part in a show folder; `other`: the same show on another disk; `events`: the journal; `told`: what that says of how parts ended;
    `siblings`: the feed's other parts."""

    folder: ShowFolder
    feed: Feed
    name: PartName
    siblings: tuple[Path, ...]
    events: Sequence[JournalEvent]
    tie: Tie | None
    told: Told
    other: ShowFolder | None = None

    @property
    def file(self) -> Path:
        """Its media."""
        return self.folder.part_file(self.name)

    @property
    def timing(self) -> Path:
        """Its timing."""
        return self.file.with_suffix(TIMING)

    def spare(self, least: int = 1) -> ShowFolder | None:
        """The other disk, when the part is whole there and has at least so many pictures or samples."""
        if self.other is None or not (there := self.other.part_file(self.name)).exists():
            return None
        good = whole(there, self.feed.kind) and held(there, self.feed.kind).count >= least
        return self.other if good else None


def whole(file: Path, kind: FeedKind) -> bool:
    """Whether a part can be read and is as its timing says."""
    try:
        return not fault_of(read_timing(file.with_suffix(TIMING)), held(file, kind)) and opens(file, kind)
    except UNREADABLE:
        return False


def part_findings(case: Case) -> Iterator[Finding]:
    """What is wrong with one part. What is mended is looked at again before its timing is."""
    if _nothing_in_it(case):
        yield from _empty_findings(case)
        return
    if not opens(case.file, case.feed.kind):
        mend = _from_other(case, "no reader opens it") or _beginning(case)
        if mend is None:
            todo = f"repair with `--from` the mirror; {_OTHER_PARTS}"
            yield LiveshowError("no reader opens it, and nothing can be told of it", where=str(case.file), todo=todo)
            return
        yield mend
        if not opens(case.file, case.feed.kind):
            return  # it was only asked what would be done
    elif case.feed.kind is FeedKind.MIC and (mend := _lengths(case)) is not None:
        yield mend
    yield from _timing_findings(case)


def gone_findings(
    folder: ShowFolder, feed: Feed, events: Sequence[JournalEvent], other: ShowFolder | None
) -> Iterator[Finding]:
    """Parts that the journal has and the folder has not."""
    for event in events:
        if not isinstance(event, PartStarted) or event.feed != feed.id or (file := folder.path / event.file).exists():
            continue
        there = other.path / event.file if other is not None else None
        if there is not None and whole(there, feed.kind):
            yield Mend(str(file), "it is gone", "copied from the other disk", partial(_copy, folder, there, file))
        else:
            todo = "repair with `--from` the mirror, or find it again"
            yield LiveshowError("the journal says it was recorded, but it is gone", where=str(file), todo=todo)


def _nothing_in_it(case: Case) -> bool:
    """Nothing is in it and nothing was noted, as when its worker was killed as it began."""
    size = case.file.stat().st_size
    empty = case.feed.kind is FeedKind.MIC and _no_samples(case.file)
    return (size == 0 or empty) and not salvage(case.timing).rows


def _empty_findings(case: Case) -> Iterator[Finding]:
    """That is no fault, unless something was in it by the journal, or is by the other disk."""
    if (mend := _from_other(case, "nothing is in it")) is not None:
        yield mend
    elif found := case.told.short(case.name, case.file, None, 0):
        yield LiveshowError(found, where=str(case.file), todo=f"repair with `--from` the mirror; {_OTHER_PARTS}")


def _no_samples(file: Path) -> bool:
    try:
        return wav_data(file).frames == 0
    except LiveshowError:
        return False


def _from_other(case: Case, found: str, least: int = 1) -> Mend | None:
    spare = case.spare(least)
    if spare is None:
        return None
    there = spare.part_file(case.name)
    return Mend(str(case.file), found, "copied from the other disk", partial(_copy, case.folder, there, case.file))


def _copy(folder: ShowFolder, there: Path, file: Path) -> None:
    """The part and its timing; the timing first, for without its media it is nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for source, target in ((there.with_suffix(TIMING), file.with_suffix(TIMING)), (there, file)):

        def write(aside: Path, source: Path = source) -> None:
            shutil.copyfile(source, aside)

        replace_file(folder, target, write)


def _beginning(case: Case) -> Mend | None:
    """With the beginning of another part of this feed, if that makes it readable."""
    for sibling in case.siblings:
        if not opens(sibling, case.feed.kind):
            continue
        write = with_beginning_of(sibling, case.file, case.feed.kind)
        if write is not None and _would_open(case, write):
            done = f"given the beginning of {sibling.name}"
            return Mend(str(case.file), "no reader opens it", done, partial(replace_file, case.folder, case.file, write))
    return None


def _would_open(case: Case, write: Callable[[Path], None]) -> bool:
    with _beside(case.file.parent) as place:
        trial = place / f".{case.file.stem}.trial{case.file.suffix}"
        try:
            write(trial)
            return opens(trial, case.feed.kind)
        finally:
            trial.unlink(missing_ok=True)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Where something may be tried: there, or elsewhere when nothing may be written there, for looking alone is possible on any disk."""
    if os.access(folder, os.W_OK):
        yield folder
        return
    with tempfile.TemporaryDirectory() as elsewhere:
        yield Path(elsewhere)


def _lengths(case: Case) -> Mend | None:
    """A WAV whose header says less, or more, than there is: the worker was killed, or the file was cut."""
    said, there = int(soundfile.info(case.file).frames), wav_data(case.file)
    if said == there.frames and there.declared <= there.there:
        return None
    found = f"its header says {there.declared // there.frame} samples, and there are {there.frames}"
    if (mend := _from_other(case, found, there.frames + 1)) is not None:
        return mend
    act = partial(replace_file, case.folder, case.file, with_right_lengths(case.file))
    return Mend(str(case.file), found, "the header is put right", act)


# The timing ------------------------------------------------------------------------------------------------------


def _timing_findings(case: Case) -> Iterator[Finding]:
    try:
        there = held(case.file, case.feed.kind)
    except UNREADABLE as exc:
        yield LiveshowError(f"cannot be read: {exc}", where=str(case.file), todo=_OTHER_PARTS)
        return
    timing, found = _read(case, there)
    may_lack = found or timing is None or timing.end is None or case.told.lacking(case.name, there.count)
    least = there.count if found else there.count + 1
    if may_lack and (mend := _from_other(case, found or "the other disk has more of it", least)) is not None:
        yield mend
        return
    found = found or case.told.short(case.name, case.file, timing, there.count)
    if not found:
        return
    left = salvage(case.timing)
    header = left.header or _header(case)
    if header is None:
        todo = "the journal does not say when it began either: it can be played, but not cut"
        yield LiveshowError(found, where=str(case.timing), todo=todo)
        return
    done = f"its timing is now that of the {there.count} {'samples' if there.samples else 'pictures'} there are"
    gap = _gone(case, timing, there, last_seen(header, _usable(left), there))
    act = partial(replace_file, case.folder, case.timing, mended(header, _usable(left), there))
    yield Mend(str(case.file), found, done, act, gap)
    if gap is not None:
        what = f"{(gap.until - gap.t) / SECOND:.2f} s at its end are gone"
        yield LiveshowError(what, where=str(case.file), todo="they are written down as a gap")


def _usable(left: Salvage) -> Salvage:
    """Rows without a header are numbers of a unit that nobody knows."""
    return left if left.header is not None else Salvage(None, (), (), left.bad)


def _read(case: Case, there: Held) -> tuple[PartTiming | None, str]:
    """The timing, when it can be read, and what is wrong with it ("": nothing)."""
    if not case.timing.exists():
        return None, "its timing is missing"
    try:
        timing = read_timing(case.timing)
    except LiveshowError as exc:
        return None, f"its timing cannot be read ({exc.what})"
    return timing, fault_of(timing, there)


def _header(case: Case) -> Header | None:
    """For a timing whose own header is gone: that of its neighbour's run, where sound goes on without a break; else a run of its own,
    whose clock is taken for right."""
    if (header := _continued(case)) is not None:
        return header
    start = _began(case)
    if start is None:
        return None
    like = next((h for s in case.siblings if (h := salvage(s.with_suffix(TIMING)).header)), None)
    sound = case.feed.kind is FeedKind.MIC
    rate = like.rate if like else str(wav_data(case.file).sample_rate) if sound else "1000"
    return Header(
        feed=case.feed.id,
        part=case.name.part,
        run=f"repaired-{case.name.part}",
        media="sound" if sound else "pictures",
        rate=rate,
        pictures=like.pictures if like else "",
        first=0,
        start=start,
    )


def _continued(case: Case) -> Header | None:
    """The header of a part of sound that the journal has as of the same run as the part before or after it."""
    run = next((e.run for e in _started(case)), "")
    for step in (-1, 1) if case.feed.kind is FeedKind.MIC else ():
        path = next((s for s in case.siblings if (n := decode_part(s.name)) and n.part == case.name.part + step), None)
        near = _timing_of(path.with_suffix(TIMING)) if path else None
        if near is None or near.header.run != run or (step < 0 and near.end is None):
            continue
        length = near.end.positions if near.end and step < 0 else -wav_data(case.file).frames
        first = near.header.first + length
        start = clock_of_run([near]).to_ns(first)
        return msgspec.structs.replace(near.header, part=case.name.part, first=first, start=start)
    return None


def _timing_of(path: Path) -> PartTiming | None:
    try:
        found = read_timing(path)
    except LiveshowError:
        return None
    return found if found.positions.size else None


def _started(case: Case) -> list[PartStarted]:
    file = case.file.relative_to(case.folder.path).as_posix()
    return [e for e in case.events if isinstance(e, PartStarted) and e.file == file]


def _began(case: Case) -> int | None:
    """Show-clock ns: as the journal says, or by the wall clock in its name."""
    said = next((e.t for e in _started(case)), None)
    if said is not None or case.tie is None:
        return said
    return case.tie.show + round(case.name.start.timestamp() * 1000) * 1_000_000 - case.tie.wall


def _gone(case: Case, timing: PartTiming | None, there: Held, start: int) -> Gap | None:
    """What the timing had, or the journal says that there was, and the file has not after its last at `start`, roughly; named so that it is
    written down once."""
    ended = case.told.ended(case.name) if case.told.lacking(case.name, there.count) else None
    until = max(int(timing.seen.max(initial=0)) if timing is not None else 0, ended.t if ended is not None else 0)
    if until <= start:
        return None
    run = run_of_repair(case.file)
    return Gap(t=start, until=until, feed=case.feed.id, run=run, seq=1, why="cut short on the disk", by="repair")
