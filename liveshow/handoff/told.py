"""How parts ended, as the journal tells it, against what is in their files: a media and a timing that were cut short alike agree."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import soundfile

from liveshow.errors import LiveshowError
from liveshow.events import Gap, JournalEvent, PartEnded, PartStarted
from liveshow.handoff.repair.timings import HOW, held
from liveshow.handoff.shortfall import SETTLING
from liveshow.model import FeedKind
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mending import BROKEN
from liveshow.showfolder.names import PartName
from liveshow.showfolder.timing import PartTiming
from liveshow.timebase import SECOND

TODO = "`liveshow repair --from` the mirror takes it from there; else take that from another feed"
REFUSED = (
    "what it lacks may only show once the machine was started anew: compare it with the mirror, or take that from another feed"
)
UNNOTED = "`liveshow repair` mends what can be"
_A_BEGINNING = 1 << 20
"""Bytes of what no reader opens that a worker may have written before it noted anything: the rest of its first quarter of a second."""


class Told:
    """What the journal tells of parts."""

    def __init__(self, events: Iterable[JournalEvent]) -> None:
        every = tuple(events)
        self._began = {(e.feed, e.part): e.t for e in every if isinstance(e, PartStarted)}
        self._ended = {(e.feed, e.part): e for e in every if isinstance(e, PartEnded)}
        self._noted = {e.run for e in every if isinstance(e, Gap)}

    def ended(self, name: PartName) -> PartEnded | None:
        """How it ended; None for a part whose worker was killed, or that goes on."""
        return self._ended.get((name.feed, name.part))

    def lacking(self, name: PartName, there: int) -> int:
        """How many pictures or samples fewer are in it than there were at its end."""
        ended = self.ended(name)
        return max(0, ended.positions - there) if ended is not None else 0

    def short(self, name: PartName, file: Path, timing: PartTiming | None, there: int) -> str:
        """In words, when it is more than the last moments that a full disk did not take, and not written down as a gap already."""
        lacking, ended = self.lacking(name, there), self.ended(name)
        if not lacking or ended is None:
            return ""
        if timing is not None and timing.end is not None:
            if timing.end.how == HOW and run_of_repair(file) in self._noted:
                return ""
        elif self._seconds(ended, lacking) <= SETTLING:
            return ""
        unit = "samples" if file.suffix == ".wav" else "pictures"
        return f"holds {there} {unit}, and the journal says that it ended with {ended.positions}"

    def _seconds(self, ended: PartEnded, lacking: int) -> Fraction:
        """How long that is, as long as the part was by the journal."""
        began = self._began.get((ended.feed, ended.part), ended.t)
        return Fraction(ended.t - began, SECOND) * lacking / ended.positions

    def faults(self, folder: ShowFolder, name: PartName, timing: PartTiming | None, there: int) -> tuple[tuple[str, str], ...]:
        """What is wrong with a part that is like its timing, each with what to do."""
        file, ended = folder.part_file(name), self.ended(name)
        if short := self.short(name, file, timing, there):
            return ((short, TODO),)
        refused = ended.refused if ended is not None else ""
        if refused and not (folder.path / BROKEN / file.relative_to(folder.path)).exists():
            return ((f"some of it was not kept as it was recorded: {refused}", REFUSED),)
        return ()


def run_of_repair(file: Path) -> str:
    """By which the gap is named that a repair writes down for a part."""
    return f"repaired-{file.stem}"


def unnoted(file: Path, kind: FeedKind) -> tuple[int, str]:
    """How many pictures or samples are in a part of which nothing was noted, and what is wrong with that: nothing, when its worker was
    killed as it began."""
    size = file.stat().st_size
    try:
        there = held(file, kind) if size else None
    except (av.FFmpegError, soundfile.LibsndfileError, IndexError, OSError, LiveshowError) as exc:
        return 0, f"nothing was noted of it, and it cannot be read: {exc}" if size > _A_BEGINNING else ""
    if there is None:
        return 0, ""
    seconds = Fraction(there.samples, there.rate) if there.rate else Fraction(int(there.ms.max(initial=0)), 1000)
    long = seconds > SETTLING
    return there.count, f"nothing was noted of when the {float(seconds):.1f} s in it were recorded" if long else ""
