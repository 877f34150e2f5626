"""The parts of one feed, one after another: their numbers and names, their timing, and the gap before each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from liveshow.errors import MachineError
from liveshow.events import FeedState, Gap, MirrorHealth, PartEnded, PartStarted
from liveshow.recorder.first_disk import ROOM_TO_GO_ON, unlink
from liveshow.recorder.link import WorkerLink
from liveshow.recorder.mirroring import Mirroring
from liveshow.recorder.syncer import GONE, Syncer
from liveshow.recorder.twofold import Twofold
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.names import TIMING, PartName
from liveshow.showfolder.timing import Header, PartTiming, TimingEnd, TimingWriter, read_timing
from liveshow.timebase import SECOND

LOST = "lost"
NEXT = "next part"
KILLED = "the worker was killed"


class Part(Protocol):
    """The media file of a part. `short`: its disk did not take all of what it was said to hold."""

    path: Path
    short: bool

    @property
    def bytes(self) -> int:
        """Bytes of media written."""

    def finish(self) -> None:
        """Write what completes it. Raises MachineError."""

    def fileno(self) -> int:
        """For fsync."""

    def close(self) -> None:
        """Let go of the file."""


P = TypeVar("P", bound=Part)
P_co = TypeVar("P_co", bound=Part, covariant=True)


class Make(Protocol[P_co]):
    """Makes the media file of a part."""

    def __call__(self, path: Path, *, file: Twofold | None) -> P_co:
        """At a path, or of a file that is there and is written twice."""


class PartSeries:
    """Names the next part of a feed and tells the journal. `file`: the part being written, relative to the show folder."""

    def __init__(
        self, folder: ShowFolder, feed: str, suffix: str, link: WorkerLink, syncer: Syncer, mirroring: Mirroring | None = None
    ) -> None:
        self.feed, self.file, self.run = feed, "", ""
        self.gaps = 0
        self.lost = 0
        self._folder, self._suffix, self._link, self._syncer = folder, suffix, link, syncer
        self._mirroring, self._turns = mirroring, 0
        self._twice: tuple[Twofold, ...] = ()
        self.number, self._end, self._why = 0, 0, ""
        self._state = ("", "")
        self._known = False
        with suppress(MachineError):  # its disk is away: it is asked again before each part
            self._look()

    def begin(
        self,
        make: Make[P],
        start: int,
        what: str,
        media: Literal["pictures", "sound"],
        rate: Fraction,
        pictures: str,
        first: int,
    ) -> tuple[P, TimingWriter]:
        """The next part, by `make`, and its timing, begun; the gap since the last one goes into the journal.

        start: show-clock ns; rate: positions a second; first: device position of its beginning. Raises MachineError; then
        nothing is begun.
        """
        with self._lost_unless_begun():
            if self._why and self._mirroring is None:
                self._check_room()
            name = PartName(self.feed, datetime.now(UTC), self.number + 1, self._suffix)
            path = self._folder.part_file(name)
            header = Header(
                feed=self.feed,
                part=name.part,
                run=self.run,
                media=media,
                rate=str(rate),
                pictures=pictures,
                first=first,
                start=start,
            )
            self._turns = self._mirroring.disk.turns if self._mirroring else 0
            if self._mirroring:
                part, timing, self._twice = _begun_twice(path, header, make, self._mirroring, self._syncer)
            else:
                part, timing = _begun(path, header, make)
                self._syncer.add(part.fileno(), timing.fileno(), path=path)
        self.number = name.part
        self.file = path.relative_to(self._folder.path).as_posix()
        if self._why:
            self.gap(self._end, start, self._why)
        self._why = ""
        self._link.report(PartStarted(t=start, feed=self.feed, part=self.number, file=self.file, what=what), self.run)
        return part, timing

    def end(self, at: int, how: str, positions: int, part: Part, timing: TimingWriter) -> None:
        """The part that was begun is over at show-clock ns `at`: it is finished, on the disk, closed, and told to the journal.

        Raises MachineError when its last bytes were not written; it is over and told all the same. What the disk refused to keep of what
        was written is told with it. It is told when it is whole on the disk, or on one of both, and nobody waits for that.
        """
        self._end, self._why = at, LOST if how == NEXT else how
        if self._mirroring is None and self._folder.path / self.file in self._syncer.moved:
            self._known = False
        twice, number, run = self._twice, self.number, self.run

        def tell(refused: str = "") -> None:
            size = twice[-1].size if twice else _size_of(part)
            event = PartEnded(t=at, feed=self.feed, part=number, how=how, positions=positions, bytes=size, refused=refused)
            self._link.report(event, run)

        def close() -> None:
            part.close()
            with suppress(MachineError):  # of lines that were refused at the last flush, which said so
                timing.close()

        def end() -> None:
            if not part.short:  # else it is read as far as it goes, as that of a worker that was killed
                timing.say(TimingEnd(positions=positions, how=how))

        with ExitStack() as last:  # from the last to the first, each whatever became of the others
            if self._mirroring:  # its threads bring it to the disks
                last.callback(self._mirroring.when_kept, twice, tell)
                last.callback(close)
            else:
                last.callback(self._syncer.finish_soon, part.fileno(), timing.fileno(), close=close, tell=tell)
            last.callback(timing.flush)
            last.callback(end)
            part.finish()
        if how == NEXT:  # not when its disk took not even its end: then it is lost
            self._why = ""

    @property
    def over(self) -> bool:
        """Whether the present part is to end as soon as the next can begin: the first disk is back and has none of it, or is left; or
        nobody finds the part there any more; or the disk refused some of it, which no later word of it brings back."""
        if self._mirroring is not None:
            if self._syncer.gone and not self._mirroring.first:
                self._mirroring.disk.part_from(GONE)
            if self._mirroring.disk.turns != self._turns:
                return True
        file, not_good = self._folder.path / self.file, self._syncer.moved | self._syncer.spoilt
        return bool(not_good) and not not_good.isdisjoint((file, file.with_suffix(TIMING)))

    def why_not_first(self) -> str:
        """Why nothing is written on the first disk, though it is on the mirror."""
        first = self._mirroring.first if self._mirroring else ""
        return f"on the mirror only: {first}" if first else ""

    def mirror(self) -> MirrorHealth | None:
        """How it is written a second time; None when it is not."""
        return self._mirroring.health(self.feed) if self._mirroring else None

    @contextmanager
    def _lost_unless_begun(self) -> Iterator[None]:
        """When the next part cannot be begun, what comes is a gap, whatever the part before ended for; and its disk may be another one
        when it can."""
        known, self._known = self._known, False
        try:
            if not known:
                self._look()
            yield
        except MachineError:
            self._why = self._why or (LOST if self.number else "")
            raise
        self._known = True

    def _look(self) -> None:
        """What was recorded before. Who recorded knows better than the disk, but for the number: another disk may have taken its place.
        Raises MachineError when that is away and there is no mirror."""
        newest = partial(_newest, feed=self.feed)
        try:
            number, end, why = max(self._mirroring.both(newest, (0, 0, ""))) if self._mirroring else newest(self._folder)
        except OSError as exc:
            raise _not_begun(self._folder.recordings / self.feed, exc) from exc
        if not self.number:
            self._end, self._why = end, why
        self.number = max(number, self.number)
        self._known = True

    def _check_room(self) -> None:
        folder = self._folder.recordings
        try:
            free = shutil.disk_usage(folder).free
        except OSError as exc:
            raise _not_begun(folder, exc) from exc
        if free < ROOM_TO_GO_ON:
            todo = f"free {ROOM_TO_GO_ON >> 20} MiB: recording then goes on by itself"
            raise MachineError("the disk is full", where=str(folder), todo=todo)

    def gap(self, start: int, until: int, why: str, frames: int = 0) -> None:
        """Nothing was recorded between two instants (show-clock ns)."""
        if until <= start:
            return
        self.gaps += 1
        self.lost += until - start
        self._link.report(Gap(t=start, feed=self.feed, until=until, why=why, frames=frames), self.run)

    def state(self, state: str, why: str, at: int) -> None:
        """The feed's state, journaled when it changes; why it is lost is why of the gap that begins."""
        if self._why == LOST and why:
            self._why = why
        if (state, why) != self._state:
            self._state = (state, why)
            self._link.report(FeedState(t=at, feed=self.feed, state=state, why=why), self.run)


def recorded_until(folder: ShowFolder) -> int:
    """Show-clock ns up to which anything was recorded, as the timings of each feed's newest part say; 0 when nothing was."""
    feeds = [place.name for place in folder.recordings.iterdir()]
    return max((_end_on_disk(folder, names)[0] for feed in feeds if (names := folder.part_names(feed))), default=0)


def _begun(path: Path, header: Header, make: Make[P]) -> tuple[P, TimingWriter]:
    """A part and its timing; when one of them cannot be begun, neither is there. Raises MachineError."""
    place = path.with_suffix(TIMING)
    try:
        if path.exists():
            raise MachineError("the part is there already", where=str(path), todo="does another recorder write here?")
        timing = TimingWriter(place, header)
    except OSError as exc:
        raise _not_begun(path, exc) from exc
    try:
        timing.flush()
        return make(path, file=None), timing
    except MachineError:
        with suppress(MachineError, OSError):
            timing.close()
        unlink(place)
        unlink(path)
        raise


def _begun_twice(
    path: Path, header: Header, make: Make[P], mirroring: Mirroring, syncer: Syncer
) -> tuple[P, TimingWriter, tuple[Twofold, ...]]:
    """The same on both disks, or on that which takes it; the files in which they are, the part's last."""
    made: list[Twofold] = []
    try:
        made = [mirroring.create(path.with_suffix(TIMING), syncer)]
        made.append(mirroring.create(path, syncer))
        timing = TimingWriter(made[0].first, header, made[0])
        timing.flush()
        return make(path, file=made[1]), timing, tuple(made)
    except (OSError, MachineError) as exc:
        for file in made:
            mirroring.forget(file)
        raise (_not_begun(path, exc) if isinstance(exc, OSError) else exc) from exc


def _not_begun(path: Path, exc: OSError) -> MachineError:
    todo = "is the disk full, read-only, unmounted?"
    return MachineError(f"the part cannot be begun: {exc.strerror or exc}", where=str(path), todo=todo)


def _size_of(part: Part) -> int:
    try:
        return part.path.stat().st_size
    except OSError:  # its disk is gone
        return part.bytes


def _newest(folder: ShowFolder, feed: str) -> tuple[int, int, str]:
    """The number of a feed's newest part, show-clock ns where it ends, and why nothing followed; zeros when there is none. Raises OSError
    when its disk is away: the feed has not even a folder there."""
    (folder.recordings / feed).stat()
    names = folder.part_names(feed)
    return (names[-1].part, *_end_on_disk(folder, names)) if names else (0, 0, "")


def _end_on_disk(folder: ShowFolder, names: tuple[PartName, ...]) -> tuple[int, str]:
    """Show-clock ns where the newest part with a usable timing ends, and why nothing followed."""
    for name in reversed(names):
        try:
            timing = read_timing(folder.part_file(name).with_suffix(TIMING))
        except MachineError:
            continue  # a part whose worker was killed as it began; the one before it tells
        return _end_of(timing), _why(timing)
    return 0, ""


def _end_of(timing: PartTiming) -> int:
    if not timing.seen.size:
        return timing.header.start
    step = Fraction(1) / Fraction(timing.header.pictures) if timing.header.pictures else Fraction(0)
    return int(timing.seen[-1]) + int(step * SECOND)


def _why(timing: PartTiming) -> str:
    return KILLED if timing.end is None else f"the recording was {timing.end.how}"
