"""The parts of a show's feeds as far as they are recorded, read again no more often than it is cheap."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import LiveshowError
from liveshow.handoff.reach import reached
from liveshow.model import Setup
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.recordings import Part, read_parts
from liveshow.showfolder.timing import PartTiming, TimingReader

_SHARE = 20  # of the time, reading takes one part in so many
_AT_WORK = 3.0  # seconds
FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts of a feed when it was looked at; `growing`: somebody wrote into the last one within the last seconds."""

    parts: tuple[Part, ...]
    growing: bool

    @property
    def until(self) -> int:
        """Up to where all is recorded that ever will be, show-clock ns."""
        return self.last if self.growing else FOREVER

    @property
    def last(self) -> int:
        """The end of what is recorded, show-clock ns; 0 when nothing is."""
        return self.parts[-1].end if self.parts else 0


class Growing:
    """A show's recordings. Not thread-safe."""

    def __init__(self, folder: ShowFolder) -> None:
        self._folder = folder
        self._setup: Setup | None = None
        self._seen: dict[str, tuple[float, Seen]] = {}
        self._timings: dict[Path, TimingReader] = {}

    def look(self, feed: str, wanted: int = 0) -> Seen:
        """Its parts; read now, unless they reached as far as `wanted` (show-clock ns) before, or were read just now.

        Raises NotFound for a feed that the setup does not have, SetupError.
        """
        due, seen = self._seen.get(feed, (0.0, None))
        if seen is not None and (seen.until >= wanted or time.monotonic() < due):
            return seen
        began = time.monotonic()
        if self._setup is None or all(f.id != feed for f in self._setup.feeds):  # or one that came with a later setup
            self._setup = self._folder.every_setup()
        growing = self._is_written(feed)
        known, _ = read_parts(self._folder, feed, self._setup, self._timing)
        seen = Seen(known if growing else tuple(_as_far_as_it_goes(known)), growing)
        now = time.monotonic()
        self._seen[feed] = (now + _SHARE * (now - began), seen)
        return seen

    def _timing(self, path: Path) -> PartTiming:
        return self._timings.setdefault(path, TimingReader(path)).read()

    def _is_written(self, feed: str) -> bool:
        """Whether somebody wrote into its newest part just now: what a killed worker left is not waited for."""
        names = self._folder.part_names(feed)
        return bool(names) and time.time() - self._folder.part_file(names[-1]).stat().st_mtime < _AT_WORK


def _as_far_as_it_goes(parts: Sequence[Part]) -> Iterator[Part]:
    """Of a killed worker's part, what can be read."""
    for part in parts:
        try:
            yield reached(part, FOREVER)
        except LiveshowError:
            continue  # there is nothing in it
