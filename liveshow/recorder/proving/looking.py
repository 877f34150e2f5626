"""Looks at one feed again and again: what its kind of media has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import soundfile

from liveshow.errors import MachineError
from liveshow.events import Look
from liveshow.recorder.proving.clock import RunningClock
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mirror import Places
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.timing import Header
from liveshow.showfolder.timing_tail import TimingTail
from liveshow.timebase import SECOND

YOUNG = 3 * SECOND  # a part that began so lately may have nothing in it yet
Rows = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Growing:
    """A part that is being written, and its timing as far as it was read."""

    file: Path
    timing: TimingTail
    header: Header


class Looking(ABC):
    """Follows the newest part of one feed."""

    def __init__(self, folder: ShowFolder, feed: str, speed: int) -> None:
        """speed: that of the show clock."""
        self._places, self._feed, self._speed = Places(folder, None), feed, speed
        self._file: Path | None = None
        self._timing: TimingTail | None = None
        self._clock: RunningClock | None = None
        self._run = ""
        self._over = False

    def read_at(self, places: Places) -> None:
        """Where the show has a mirror: on the disk that has the newest of the feed."""
        self._places = places

    def look(self, now: int) -> Look | None:
        """Decode the end of what is on disk at show-clock ns `now`; None when there is nothing new to look at."""
        try:
            return self._see(now)
        except (OSError, ValueError, IndexError, MachineError, av.FFmpegError, soundfile.LibsndfileError) as exc:
            header = self._timing.header if self._timing else None
            young = header is not None and now - header.start < YOUNG * self._speed
            return None if young else Look(at=now, why=f"its end cannot be decoded: {_words(exc)}")

    def _see(self, now: int) -> Look | None:
        timing, file = self._newest()
        if timing is None or file is None or self._over:
            return None
        rows = timing.more()
        if timing.header is None:
            return None
        self._over = timing.end is not None
        clock = self._clock_of(timing.header, rows)
        look = self._read(Growing(file, timing, timing.header), rows, now)
        running = clock.running()
        of_clock = {name: getattr(running, name) for name in ("ppm", "measured", "unsure", "drift", "jump")}
        return msgspec.structs.replace(look, **of_clock)

    @abstractmethod
    def _begin(self, file: Path, same: bool) -> None:
        """Another part is the newest one, or the `same` is read on the other disk."""

    @abstractmethod
    def _read(self, part: Growing, rows: Rows, now: int) -> Look:
        """Read its end; `rows`: what its timing has more. Raises ValueError and what the reader raises."""

    def _newest(self) -> tuple[TimingTail | None, Path | None]:
        folder = self._places.of(self._feed)
        names = folder.part_names(self._feed)
        file = folder.part_file(names[-1]) if names else None
        if file != self._file and file is not None:
            same = self._file is not None and file.name == self._file.name
            self._file, self._timing, self._over = file, TimingTail(file.with_suffix(TIMING)), False
            self._begin(file, same)
        return self._timing, self._file

    def _clock_of(self, header: Header, rows: Rows) -> RunningClock:
        if self._clock is None or self._run != header.run:
            self._clock, self._run = RunningClock(Fraction(header.rate)), header.run
        seen_at = 2 if header.media == "pictures" else 1
        self._clock.observe((header.first + row[0], row[seen_at]) for row in rows)
        return self._clock


def _words(exc: Exception) -> str:
    if isinstance(exc, av.FFmpegError):
        return exc.strerror or str(exc)
    return exc.what if isinstance(exc, MachineError) else str(exc)
