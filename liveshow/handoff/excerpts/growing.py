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
from liveshow.timebase import SECOND

_SHARE = 20  # of the time, reading takes one part in so many: of the work it is, however long a busy machine takes for it
_AT_WORK, _GONE = 3.0, 30.0  # seconds without a write after which a feed is not waited for, and is taken to be over
_PAUSE = 1.0  # seconds between two looks at one that is not written
Stamp = tuple[str, int, int]
FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts of a feed when it was looked at; `growing`: somebody wrote into the last one within the last seconds; `over`: nothing more
    comes, unless the feed comes back with a new part."""

    parts: tuple[Part, ...]
    growing: bool
    over: bool

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
        self._seen: dict[str, tuple[float, Stamp | None, Seen]] = {}
        self._timings: dict[Path, TimingReader] = {}

    def look(self, feed: str, wanted: int = 0) -> Seen:
        """Its parts; read now, unless they reached as far as `wanted` (show-clock ns) before, or were read just now.

        Raises NotFound for a feed that the setup does not have, SetupError.
        """
        due, stamp, seen = self._seen.get(feed, (0.0, None, None))
        if seen is not None and (time.monotonic() < due or (seen.growing and seen.until >= wanted)):
            return seen
        newest = self._newest(feed)
        if seen is not None and seen.over and newest == stamp:
            return seen
        began = time.thread_time()
        seen = self._read(feed, newest)
        now, pause = time.monotonic(), _SHARE * (time.thread_time() - began)
        self._seen[feed] = (now + (pause if seen.growing else max(_PAUSE, pause)), newest, seen)
        return seen

    def _read(self, feed: str, newest: Stamp | None) -> Seen:
        if self._setup is None or all(f.id != feed for f in self._setup.feeds):  # or one that came with a later setup
            self._setup = self._folder.every_setup()
        quiet = time.time() - newest[1] / SECOND if newest else _GONE
        known, _ = read_parts(self._folder, feed, self._setup, self._timing)
        if quiet < _AT_WORK:
            return Seen(known, growing=True, over=False)
        ended = bool(known) and known[-1].timing.end is not None
        return Seen(tuple(_as_far_as_it_goes(known)), growing=False, over=ended or quiet >= _GONE)

    def _timing(self, path: Path) -> PartTiming:
        return self._timings.setdefault(path, TimingReader(path)).read()

    def _newest(self, feed: str) -> Stamp | None:
        """The newest part of a feed: name, when somebody wrote into it (ns, wall clock) and its size."""
        names = self._folder.part_names(feed)
        if not names:
            return None
        stat = self._folder.part_file(names[-1]).stat()
        return str(names[-1]), stat.st_mtime_ns, stat.st_size


def _as_far_as_it_goes(parts: Sequence[Part]) -> Iterator[Part]:
    """Of a killed worker's part, what can be read."""
    for part in parts:
        try:
            yield reached(part, FOREVER)
        except LiveshowError:
            continue  # there is nothing in it
