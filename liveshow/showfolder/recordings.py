"""What a feed recorded: its parts, where each lies on the show clock, and the way between position and clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from liveshow.errors import LiveshowError, MachineError, NotFound
from liveshow.model import Feed, FeedKind, Setup
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.names import TIMING, PartName
from liveshow.showfolder.timing import Ints, PartTiming, clock_of_run, read_timing
from liveshow.showfolder.wavdata import wav_data
from liveshow.timebase import MILLISECOND
from liveshow.timebase.drift import ClockMap

STANDARD_RATES = tuple(
    map(Fraction, ("10", "15", "20", "24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60"))
)
_SAME, _NEAR = Fraction(4, 10_000), Fraction(3, 100)
_GAP, _AROUND = 0.5, 8  # so many pictures are missing; so many before and after are looked at
_STRETCH = 30  # pictures


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a recording. Positions count from its beginning in units of 1/`timing.rate` seconds.

    feed: whose it is; file: its media; clock: the map of its run; length: samples on disk, or pictures noted in the timing;
    rate: samples or (nominal) pictures a second.
    """

    feed: Feed
    file: Path
    timing: PartTiming
    clock: ClockMap
    length: int
    rate: Fraction

    @property
    def unit(self) -> Fraction:
        """Positions that one sample or one picture lasts."""
        return self.timing.rate / self.rate

    @property
    def delay(self) -> int:
        """What the feed is known to lag, in ns: already taken off wherever this class speaks of the show clock."""
        return round(self.feed.delay_ms * MILLISECOND)

    @property
    def first_position(self) -> int:
        """The earliest position: of sample 0, or of the picture that is shown first."""
        return 0 if self.feed.kind is FeedKind.MIC else int(self.timing.positions.min())

    @property
    def end_position(self) -> int:
        """The position after the last sample or picture."""
        if self.feed.kind is FeedKind.MIC:
            return self.length
        return int(self.timing.positions.max()) + round(self.unit)

    @property
    def start(self) -> int:
        """Show-clock ns of its beginning."""
        return self.to_ns(self.first_position)

    @property
    def end(self) -> int:
        """Show-clock ns of its end, as far as it is recorded now."""
        return self.to_ns(self.end_position)

    def to_ns(self, position: int | float) -> int:
        """Show-clock ns of a position."""
        return self.clock.to_ns(self.timing.header.first + position) - self.delay

    def to_position(self, show_ns: int) -> float:
        """Position at a show-clock time."""
        return self.clock.to_position(show_ns + self.delay) - self.timing.header.first

    def ppm(self) -> float:
        """Clock error of the feed over this part's middle, in parts per million; positive when its clock is fast."""
        return self.clock.ppm((self.start + self.end) // 2)


def parts(folder: ShowFolder, feed: str, setup: Setup | None = None) -> tuple[Part, ...]:
    """The parts of a feed that can be read, by number; see :func:`read_parts`."""
    return read_parts(folder, feed, setup)[0]


def read_parts(
    folder: ShowFolder, feed: str, setup: Setup | None = None, read: Callable[[Path], PartTiming] = read_timing
) -> tuple[tuple[Part, ...], tuple[LiveshowError, ...]]:
    """The parts of a feed that can be read, by number, and for each of the others what is wrong with it. Also while it records.

    `setup` is the show's, when it is at hand; `read` reads a timing. Raises NotFound for a feed that the setup does not have.
    """
    known = next((f for f in (setup or folder.every_setup()).feeds if f.id == feed), None)
    if known is None:
        raise NotFound(f"no feed {feed!r}", where=str(folder.path), todo="the feeds are in its setup.toml")
    timings: dict[str, list[tuple[PartName, PartTiming]]] = defaultdict(list)
    broken: list[LiveshowError] = []
    for name in folder.part_names(feed):
        try:
            timing = _usable(folder.part_file(name), read)
            timings[timing.header.run].append((name, timing))
        except LiveshowError as exc:
            broken.append(exc)
    found: list[tuple[int, Part]] = []
    for run in timings.values():
        clock = clock_of_run([timing for _, timing in run])
        for name, timing in run:
            try:
                found.append((name.part, _part(known, folder.part_file(name), timing, clock)))
            except LiveshowError as exc:
                broken.append(exc)
    return tuple(part for _, part in sorted(found, key=lambda numbered: numbered[0])), tuple(broken)


def _usable(file: Path, read: Callable[[Path], PartTiming]) -> PartTiming:
    timing = read(file.with_suffix(TIMING))
    if not timing.positions.size:
        raise MachineError("nothing was noted in its timing", where=str(file), todo="its worker was killed as it began")
    return timing


def _part(feed: Feed, file: Path, timing: PartTiming, clock: ClockMap) -> Part:
    if feed.kind is FeedKind.CAMERA:
        return Part(feed, file, timing, clock, timing.positions.size, picture_rate(timing))
    there = wav_data(file).frames
    length = there if timing.end is None else min(there, timing.end.positions)
    if length == 0:
        raise MachineError("no sample was written", where=str(file), todo="its worker was killed as it began")
    return Part(feed, file, timing, clock, length, timing.rate)


def picture_rate(timing: PartTiming) -> Fraction:
    """Pictures a second of a part: the announced rate when what came agrees with it, else the standard rate that does, else
    what was measured (cameras announce 25 and deliver 15)."""
    announced = Fraction(timing.header.pictures) if timing.header.pictures else None
    shown = np.sort(timing.positions)
    steps = np.diff(shown)
    if not steps.size or not steps.max():
        return announced or STANDARD_RATES[2]
    measured = timing.rate / Fraction(_typical_step(shown, steps)).limit_denominator(1000)
    return _nearest_rate(measured, announced) or measured.limit_denominator(100)


def _typical_step(shown: Ints, steps: Ints) -> float:
    """Positions from one picture to the next: the mean of those steps that are alike, which leaves losses out; or, when times
    jitter so that hardly two are alike, the median over stretches of a second or so, over which jitter cancels."""
    alike = steps[np.abs(steps - np.median(steps)) < np.median(steps) / 4]
    if alike.size >= steps.size * 0.7:
        return float(alike.mean())
    stretch = min(_STRETCH, steps.size)
    return float(np.median(shown[stretch:] - shown[:-stretch]) / stretch)


def _nearest_rate(measured: Fraction, announced: Fraction | None) -> Fraction | None:
    if announced is not None and abs(announced / measured - 1) < _SAME:
        return announced
    likely = [*STANDARD_RATES, *([announced] if announced else [])]
    best = min(likely, key=lambda rate: abs(rate - measured))
    return best if abs(best / measured - 1) < _NEAR else None


def picture_gaps(part: Part, first: int, stop: int) -> tuple[tuple[int, int], ...]:
    """Gaps among the pictures `first` to `stop` (numbers in the order of the file): (position of the last picture before the
    gap, position of the first one after it).

    A picture that comes late and is made up for by the next ones is no gap: after a gap, all that follow are behind by one
    picture or more what all before it were.
    """
    shown = np.sort(part.timing.positions[first:stop])
    behind = shown / float(part.unit) - np.arange(shown.size)
    padded = np.concatenate((np.full(_AROUND, -np.inf), behind, np.full(_AROUND, np.inf)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _AROUND)
    before, after = windows[1 : shown.size].max(axis=1), windows[_AROUND + 1 : _AROUND + shown.size].min(axis=1)
    holes = np.flatnonzero(after - before > _GAP)
    return tuple((int(shown[k]), int(shown[k + 1])) for k in holes)
