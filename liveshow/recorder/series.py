"""The parts of one feed, one after another: their numbers and names, their timing, and the gap before each."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Literal

from liveshow.errors import MachineError
from liveshow.events import FeedState, Gap, PartEnded, PartStarted
from liveshow.recorder.link import WorkerLink
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.names import TIMING, PartName
from liveshow.showfolder.timing import Header, PartTiming, TimingEnd, TimingWriter, read_timing
from liveshow.timebase import SECOND


class PartSeries:
    """Names the next part of a feed and tells the journal. `file`: the part being written, relative to the show folder."""

    def __init__(self, folder: ShowFolder, feed: str, suffix: str, link: WorkerLink) -> None:
        self.feed, self.file, self.run = feed, "", ""
        self.gaps = 0
        self.lost = 0
        self._folder, self._suffix, self._link = folder, suffix, link
        names = folder.part_names(feed)
        self.number = names[-1].part if names else 0
        self._end, self._why = _end_on_disk(folder, names) if names else (0, "")
        self._state = ("", "")

    def begin(
        self, start: int, what: str, media: Literal["pictures", "sound"], rate: Fraction, pictures: str, first: int
    ) -> tuple[Path, TimingWriter]:
        """The place of the next part and its timing, begun; the gap since the last one goes into the journal.

        start: show-clock ns; rate: positions a second; first: device position of its beginning.
        """
        self.number += 1
        name = PartName(self.feed, datetime.now(UTC), self.number, self._suffix)
        path = self._folder.part_file(name)
        header = Header(
            feed=self.feed,
            part=self.number,
            run=self.run,
            media=media,
            rate=str(rate),
            pictures=pictures,
            first=first,
            start=start,
        )
        try:
            timing = TimingWriter(path.with_suffix(TIMING), header)
            timing.flush()
        except OSError as exc:
            raise MachineError(
                f"the timing cannot be written: {exc.strerror}", where=str(path), todo="is the disk full?"
            ) from exc
        self.file = path.relative_to(self._folder.path).as_posix()
        if self._why:
            self.gap(self._end, start, self._why)
        self._link.report(PartStarted(t=start, feed=self.feed, part=self.number, file=self.file, what=what), self.run)
        return path, timing

    def end(self, at: int, how: str, positions: int, size: int, timing: TimingWriter) -> None:
        """The part that was begun is whole, up to show-clock ns `at`."""
        timing.say(TimingEnd(positions=positions, how=how))
        timing.flush()
        self._end, self._why = at, "" if how == "next part" else how
        event = PartEnded(t=at, feed=self.feed, part=self.number, how=how, positions=positions, bytes=size)
        self._link.report(event, self.run)

    def gap(self, start: int, until: int, why: str, frames: int = 0) -> None:
        """Nothing was recorded between two instants (show-clock ns)."""
        if until <= start:
            return
        self.gaps += 1
        self.lost += until - start
        self._link.report(Gap(t=start, feed=self.feed, until=until, why=why, frames=frames), self.run)

    def state(self, state: str, why: str, at: int) -> None:
        """The feed's state, journaled when it changes."""
        if (state, why) != self._state:
            self._state = (state, why)
            self._link.report(FeedState(t=at, feed=self.feed, state=state, why=why), self.run)


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
    return "the worker was killed" if timing.end is None else f"the recording was {timing.end.how}"
