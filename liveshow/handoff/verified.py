"""A whole show read back, part by part, and what was found written down: `verified.txt` for people and `verified.json` for programs.

It takes as long as reading takes, so what was read is kept in the cache: interrupted and run again it goes on, and what did not change
since is not read twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from liveshow.errors import JournalError, LiveshowError, MachineError
from liveshow.events import JournalEvent, PartStarted
from liveshow.handoff.gaps_told import SHORTEST, Hole, holes, missing
from liveshow.handoff.reading_back import Decode, read_back
from liveshow.handoff.shortfall import allowed_to_lack
from liveshow.handoff.told import UNNOTED, Told, unnoted
from liveshow.handoff.verify import timing_of, verify_package
from liveshow.model import Feed, Setup
from liveshow.showfolder.bag import Progress, silent
from liveshow.showfolder.folder import ShowFolder, replace_text
from liveshow.showfolder.journal_lock import is_locked
from liveshow.showfolder.names import TIMING, PartName
from liveshow.showfolder.recordings import read_parts
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND

REPORT, WORDS, MEMORY = "verified.json", "verified.txt", "verified.jsonl"


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, where (relative to the show folder), and what to do."""

    where: str
    what: str
    todo: str


class PartRead(msgspec.Struct, frozen=True, kw_only=True):
    """One part that was read: its file and feed, what tells whether it changed since, and what is in it. `positions`: samples, or
    pictures; `decoded` of them; `silence`: samples of gaps that stand there as silence."""

    file: str
    feed: str
    version: tuple[int, ...]
    decode: str
    positions: int
    decoded: int
    silence: int
    faults: tuple[Fault, ...]


class HoleTold(msgspec.Struct, frozen=True, kw_only=True):
    """A hole in a recording. Times are UTC; `told`: why, by the journal, None when it has nothing of it."""

    feed: str
    start: str
    seconds: float
    told: str | None


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """The whole report. `again`: parts that were read before and did not change since."""

    show: str
    at: str
    decode: str
    growing: bool
    parts: tuple[PartRead, ...]
    again: int
    holes: tuple[HoleTold, ...]
    packages: tuple[str, ...]
    faults: tuple[Fault, ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.show}, read back on {self.at}{' while it was being recorded' if self.growing else ''}"
        yield f"{len(self.faults)} faults" if self.faults else "complete and valid"
        yield from (f"  {fault.where}: {fault.what}; {fault.todo}" for fault in self.faults)
        yield f"\nparts ({self.again} of {len(self.parts)} were read before and did not change):"
        for part in self.parts:
            noun = "samples" if part.file.endswith(".wav") else "pictures"
            silence = f", {part.silence} of them silence in gaps" if part.silence else ""
            state = f"{len(part.faults)} FAULTS" if part.faults else "good"
            yield f"  {part.file}: {part.positions} {noun}, {part.decoded} decoded{silence}: {state}"
        yield f"\nholes: {len(self.holes)}"
        for hole in self.holes:
            yield f"  {hole.feed}, {hole.start}, {hole.seconds:.3f} s: {hole.told or 'NOT IN THE JOURNAL'}"
        yield f"\npackages: {len(self.packages)}"
        yield from (f"  {name}" for name in self.packages)


@dataclass(frozen=True, slots=True)
class _Show:
    folder: ShowFolder
    setup: Setup
    events: tuple[JournalEvent, ...]
    state: ShowState
    growing: bool
    told: Told


def verify_whole(folder: ShowFolder, decode: Decode = Decode.KEY, progress: Progress = silent) -> Verified:
    """Read a show back; also while it is being recorded, when what grows is not expected to be complete.

    Raises JournalError when there is no journal that can be read, SetupError or NotFound when it is no show folder.
    """
    events, setup = folder.events(), folder.every_setup()
    show = _Show(folder, setup, events, fold(setup, events), is_locked(folder.journal_file), Told(events))
    memory = _Memory(folder)
    parts = tuple(part for feed in setup.feeds for part in _parts_read(show, feed, decode, memory, progress))
    found = [hole for feed in setup.feeds for hole in _holes(show, feed)]
    packages = sorted(folder.contributions.glob("[!.]*")) if folder.contributions.is_dir() else []
    faults = [
        *(fault for part in parts for fault in part.faults),
        *_lost_parts(show),
        *_hole_faults(show, found),
        *(_fault(folder, fault) for package in packages for fault in verify_package(package, progress)),
    ]
    return Verified(
        show=folder.id,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        decode=decode.value,
        growing=show.growing,
        parts=parts,
        again=memory.again,
        holes=tuple(_told(show, hole) for hole in found),
        packages=tuple(package.name for package in packages),
        faults=tuple(faults),
    )


def write(folder: ShowFolder, report: Verified) -> None:
    """Leave the report in the show folder. Raises MachineError."""
    try:
        replace_text(folder.path / REPORT, msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
        replace_text(folder.path / WORDS, "\n".join(report.lines()) + "\n")
    except OSError as exc:
        todo = "free some room, and check the folder's permissions"
        raise MachineError(f"the report cannot be written: {exc.strerror}", where=str(folder.path), todo=todo) from exc


def bytes_of(folder: ShowFolder) -> int:
    """How much there is to read, for a progress: parts and packages."""
    places = (folder.recordings, folder.contributions)
    return sum(path.stat().st_size for place in places for path in place.rglob("*") if path.is_file() and path.suffix != TIMING)


class _Memory:
    """What was read before, in the cache, a line a part; `again`: how many of them did not change."""

    def __init__(self, folder: ShowFolder) -> None:
        self._path = folder.cache / MEMORY
        self.again = 0
        self._known: dict[str, PartRead] = {}
        decoder = msgspec.json.Decoder(PartRead)
        for line in self._path.read_bytes().splitlines() if self._path.exists() else ():
            try:
                part = decoder.decode(line)
            except msgspec.DecodeError:
                continue  # torn by a kill, or of another version: that part is read again
            self._known[part.file] = part

    def known(self, file: str, version: tuple[int, ...], decode: Decode) -> PartRead | None:
        """The same part, read as thoroughly; one in which nothing was is looked at again."""
        part = self._known.get(file)
        if part is None or not part.positions or part.version != version or part.decode != decode.value:
            return None
        self.again += 1
        return part

    def keep(self, part: PartRead) -> None:
        """It need not be read again. It is cache: nothing is lost when that cannot be written."""
        try:
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(part) + b"\n")
        except OSError:
            return


def _parts_read(show: _Show, feed: Feed, decode: Decode, memory: _Memory, progress: Progress) -> Iterator[PartRead]:
    for name in show.folder.part_names(feed.id):
        file = show.folder.part_file(name)
        where = file.relative_to(show.folder.path).as_posix()
        version = _version(file)
        part = memory.known(where, version, decode)
        if part is not None:
            progress(file.stat().st_size)
        else:
            part = _read(show, feed, file, where, version, decode, progress)
            if not show.growing:
                memory.keep(part)
        yield _as_told(show, name, part)


def _as_told(show: _Show, name: PartName, part: PartRead) -> PartRead:
    """With what the journal says against it. That is not kept: the journal may change, and what was read does not."""
    if part.faults or show.growing or show.told.ended(name) is None:
        return part
    timing = timing_of(show.folder.part_file(name)) if show.told.lacking(name, part.positions) else None
    found = show.told.faults(show.folder, name, timing, part.positions)
    return msgspec.structs.replace(part, faults=tuple(Fault(part.file, what, todo) for what, todo in found))


def _read(
    show: _Show, feed: Feed, file: Path, where: str, version: tuple[int, ...], decode: Decode, progress: Progress
) -> PartRead:
    empty = PartRead(
        file=where, feed=feed.id, version=version, decode=decode.value, positions=0, decoded=0, silence=0, faults=()
    )
    try:
        timing = timing_of(file)
    except LiveshowError as exc:
        return msgspec.structs.replace(empty, faults=(_fault(show.folder, exc),))
    if timing is None:
        positions, what = unnoted(file, feed.kind)
        faults = (Fault(where, what, UNNOTED),) if what and not show.growing else ()
        return msgspec.structs.replace(empty, positions=positions, faults=faults)
    found = read_back(file, feed.kind, timing, allowed_to_lack(timing, show.growing), decode, progress)
    return msgspec.structs.replace(
        empty,
        positions=found.positions,
        decoded=found.decoded,
        silence=found.silence,
        faults=tuple(Fault(where, what, todo) for what, todo in found.faults),
    )


def _version(file: Path) -> tuple[int, ...]:
    """What changes when a part or its timing does."""
    stats = [path.stat() for path in (file, file.with_suffix(TIMING)) if path.exists()]
    return tuple(number for stat in stats for number in (stat.st_size, stat.st_mtime_ns))


def _holes(show: _Show, feed: Feed) -> tuple[Hole, ...]:
    return holes(feed.id, read_parts(show.folder, feed.id, show.setup)[0], show.events)


def _hole_faults(show: _Show, found: Sequence[Hole]) -> Iterator[Fault]:
    for hole in found:
        if hole.told is None and hole.end - hole.start >= SHORTEST and not show.growing:
            what = f"nothing was recorded for {(hole.end - hole.start) / SECOND:.3f} s at {_utc(show, hole.start)}"
            yield Fault(hole.feed, f"{what}, and the journal does not say so", "take that from another feed")
    for feed in show.setup.feeds:
        parts = read_parts(show.folder, feed.id, show.setup)[0]
        for at, frames in missing(feed.id, parts, show.events):
            what = f"the journal tells of a gap of {frames} samples at {_utc(show, at)}, and the files do not have it"
            yield Fault(feed.id, what, "what follows it may lie too early: compare it with another feed")


def _lost_parts(show: _Show) -> Iterator[Fault]:
    for event in show.events:
        if isinstance(event, PartStarted) and not (show.folder.path / event.file).exists():
            yield Fault(event.file, "the journal says it was recorded, but it is gone", "find it again")


def _fault(folder: ShowFolder, exc: LiveshowError) -> Fault:
    where = exc.where.removeprefix(f"{folder.path}/") or folder.id
    what = exc.what if not isinstance(exc, JournalError) else str(exc)
    return Fault(where, what, exc.todo)


def _told(show: _Show, hole: Hole) -> HoleTold:
    return HoleTold(
        feed=hole.feed, start=_utc(show, hole.start), seconds=round((hole.end - hole.start) / SECOND, 3), told=hole.told
    )


def _utc(show: _Show, at: int) -> str:
    return show.state.tie.utc(at).isoformat(timespec="milliseconds") if show.state.tie else f"{at / SECOND:.3f} s"
