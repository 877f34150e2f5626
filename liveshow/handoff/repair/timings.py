"""A timing that says what its file holds: no more, no less, each picture and sample at the instant that is known of it.

What a damaged timing still says is kept. A picture that it does not have is put between its neighbours, at the rate of the part; where
nothing is left of a timing, the part begins when the journal or its name says so and its clock is taken for right.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liveshow.handoff.lengths import pictures_in
from liveshow.handoff.shortfall import allowed_to_lack, pictures_are_wrong, samples_are_wrong, samples_noted
from liveshow.model import FeedKind
from liveshow.showfolder.salvage import Salvage
from liveshow.showfolder.timing import Header, PartTiming, TimingEnd, TimingGap, TimingWriter
from liveshow.showfolder.wavdata import wav_data
from liveshow.timebase import SECOND

HOW = "repaired"
_MS = 1000
_OBSERVED = 4  # observations of sound a second
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Held:
    """What a file really holds. Pictures: the time of each in ms, in the order of the file, and whether it is a key picture; sound:
    how many samples at which rate."""

    ms: Ints
    keys: Ints
    samples: int = 0
    rate: int = 0

    @property
    def count(self) -> int:
        """Pictures or samples."""
        return self.samples or int(self.ms.size)


def held(file: Path, kind: FeedKind) -> Held:
    """Look. Raises av.FFmpegError, IndexError or MachineError for what cannot be read."""
    if kind is FeedKind.MIC:
        data = wav_data(file)
        nothing = np.zeros(0, np.int64)
        return Held(nothing, nothing, data.frames, data.sample_rate)
    pictures = list(pictures_in(file))
    ms = np.array([round(at * _MS) for at, _ in pictures], np.int64)
    return Held(ms, np.array([key for _, key in pictures], np.int64))


def fault_of(timing: PartTiming, there: Held) -> str:
    """Why a timing does not say what its file holds, or "". One that does not say how its part ended may be ahead of the disk, or behind,
    by as much as a killed worker's is."""
    noted, allowed = timing.positions, allowed_to_lack(timing)
    if there.samples:
        behind = timing.end is None and there.samples - samples_noted(timing) > allowed * timing.rate
        wrong = behind or samples_are_wrong(timing, there.samples, allowed)
        return f"it holds {there.samples} samples, and its timing says {samples_noted(timing)}" if wrong else ""
    alike = min(there.count, noted.size)
    off = np.abs(_in_ms(noted[:alike], timing.rate) - there.ms[:alike]) > 1
    if off.any():
        return f"picture {int(np.argmax(off))} and all after it are not where its timing says"
    if pictures_are_wrong(timing, there.count, allowed) or there.count > noted.size + 1:  # one more may have been on its way
        return f"it holds {there.count} pictures, and its timing says {noted.size}"
    return ""


def mended(header: Header, left: Salvage, there: Held) -> Callable[[Path], None]:
    """What writes a timing for what is there, with what is left of the old one."""
    rows = _sound_rows(header, left, there) if there.samples else _picture_rows(header, left, there)
    gaps = [gap for gap in left.gaps if gap.position + gap.frames <= there.samples]

    def write(aside: Path) -> None:
        writer = TimingWriter(aside, header)
        for line in _merged(rows, gaps):
            writer.say(line) if isinstance(line, TimingGap) else writer.add(*line)
        writer.say(TimingEnd(positions=there.count, how=HOW))
        writer.close()

    return write


def last_seen(header: Header, left: Salvage, there: Held) -> int:
    """When the last of what there is was at hand, by that timing (show-clock ns)."""
    rows = _sound_rows(header, left, there) if there.samples else _picture_rows(header, left, there)
    return max((row[-1] if there.samples else row[2] for row in rows), default=header.start)


def _merged(rows: Sequence[tuple[int, ...]], gaps: Sequence[TimingGap]) -> list[tuple[int, ...] | TimingGap]:
    every: list[tuple[int, ...] | TimingGap] = [*rows, *gaps]
    return sorted(every, key=lambda line: line.position if isinstance(line, TimingGap) else line[0]) if gaps else every


def _in_ms(positions: Ints, rate: Fraction) -> Ints:
    return np.asarray(np.rint(positions * (_MS / float(rate))), np.int64)


def _picture_rows(header: Header, left: Salvage, there: Held) -> list[tuple[int, ...]]:
    """One for each picture: the old one of the same time, or one made up between its neighbours."""
    rate = Fraction(header.rate)
    old = [row for row in left.rows if len(row) > 2]
    by_ms = _by_ms(old, rate)
    found = [next((by_ms[at + off] for off in (0, 1, -1) if at + off in by_ms), None) for at in map(int, there.ms)]
    known = sorted((row[0], row[2]) for row in found if row is not None)
    rows: list[tuple[int, ...]] = []
    for at, key, row in zip(map(int, there.ms), map(int, there.keys), found, strict=True):
        if row is not None:
            rows.append((row[0], key, *row[2:]))
        else:
            position = round(at * rate / _MS)
            rows.append((position, key, _seen(position, known, header)))
    return rows


def _by_ms(rows: Sequence[tuple[int, ...]], rate: Fraction) -> dict[int, tuple[int, ...]]:
    ms = _in_ms(np.array([row[0] for row in rows], np.int64), rate)
    return {int(at): row for at, row in zip(ms, rows, strict=True)}


def _sound_rows(header: Header, left: Salvage, there: Held) -> list[tuple[int, ...]]:
    kept = [row for row in left.rows if len(row) == 2 and 0 < row[0] <= there.samples]
    if kept:
        return [*kept] if kept[-1][0] == there.samples else [*kept, (there.samples, _seen(there.samples, kept, header))]
    step = there.rate // _OBSERVED
    positions = [*range(step, there.samples, step), there.samples]
    return [(position, _seen(position, (), header)) for position in positions]


def _seen(position: int, known: Sequence[tuple[int, ...]], header: Header) -> int:
    """When a position was at hand: at the part's own rate from the known one that is nearest; none known: from its beginning."""
    after = bisect(known, position, key=lambda pair: pair[0])
    near = min(known[max(0, after - 1) : after + 1], key=lambda pair: abs(pair[0] - position), default=(0, header.start))
    return round(near[1] + (position - near[0]) * SECOND / Fraction(header.rate))
