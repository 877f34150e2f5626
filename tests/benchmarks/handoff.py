"""How long a segment takes to become a package that is verified, beside copying and hashing the same bytes in the same run.

    python -m tests.benchmarks handoff [--minutes 5] [--cameras 4] [--mics 8] [--runs 3]

The cameras are 1080p30 H.264 at 6 Mbit/s, the microphones 24 bit at 48 kHz, with noise: of it no sample can be left out when the true
peak is looked for. The setup is the default: with measures. These are timed in turn, so that a busy machine is busy for each:

- the peer, which copies every file of the package's payload to the same disk (fsync) and takes its SHA-256;
- the hand-off, from nothing: clips, measures, small pictures, timeline, manifests, all of it on the disk; nothing was done before out;
- the check of the finished package against its manifests, which reads and hashes everything once more;
- the hand-off with `measures = false`.

First with the recordings in memory, as just after out; then read from the disk, as on the next morning, for the peer and the hand-off
alike (where the system can be asked to forget them). CPU seconds are of the whole process, all threads. The film for phones is made after a
hand-off, by a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liveshow.handoff.package import make
from liveshow.model import Segment
from liveshow.showfolder.bag import PAYLOAD, check_bag
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_camera, record_mic

PICTURES = Wanted(1920, 1080, gop=2.0, seconds=8.0, bitrate=6_000_000)
SPARE = 5.0  # seconds recorded before in and after out
LIMIT = 1.5
PEER, MADE, CHECKED, VERIFIED, BARE = (
    "copied and hashed",
    "handed off",
    "checked",
    "a verified package",
    "handed off without measures",
)


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds: of the clock on the wall, and of all cores."""

    wall: float
    cpu: float

    def __add__(self, other: Took) -> Took:
        return Took(self.wall + other.wall, self.cpu + other.cpu)


def main(arguments: Sequence[str]) -> None:
    """Record, time, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks handoff")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--mics", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="liveshow-handoff-") as folder:
        show, segment = _recorded(Path(folder), asked.minutes * 60, asked.cameras, asked.mics)
        print(
            f"{asked.cameras} cameras and {asked.mics} microphones for {asked.minutes:g} minutes, median of {asked.runs}, {_load()}"
        )
        bench = Bench(show, segment)
        bench.table("recordings in memory", asked.runs, lambda: None)
        if hasattr(os, "posix_fadvise"):
            bench.table("recordings on the disk", asked.runs, bench.forget)


def _load() -> str:
    return (
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else f"{os.cpu_count()} cores"
    )


def _setup(cameras: int, mics: int) -> str:
    feeds = [*(f"cam{k}" for k in range(1, cameras + 1)), *(f"mic{k}" for k in range(1, mics + 1))]
    show = '[show]\ntitle = "Benchmark"\nframe_rate = "30"\n[handoff]\nhandles = 2.0\n'
    views = "".join(f'[[camera]]\nid = "cam{k}"\nsource = "simulated:"\n' for k in range(1, cameras + 1))
    sounds = "".join(f'[[audio.mic]]\nid = "mic{k}"\nchannel = {k}\n' for k in range(1, mics + 1))
    people = f'[[performer]]\nid = "first"\nname = "First"\nfeeds = {feeds!r}\n[[performer]]\nid = "second"\nname = "Second"\n'
    item = '[[item]]\nid = "tiny"\ntitle = "x"\nperformers = ["first"]\n'
    return f'{show}{views}[[audio]]\nid = "box"\nsource = "simulated:"\n{sounds}{people}{item}'


def _recorded(folder: Path, seconds: float, cameras: int, mics: int) -> tuple[SyntheticShow, Segment]:
    show = SyntheticShow.begun(folder, _setup(cameras, mics))
    clip, whole = media(PICTURES), seconds + 2 * SPARE
    for k in range(1, cameras + 1):
        record_camera(show, f"cam{k}", clip, ClockOf(at(0), Fraction(90_000), ppm=10 * k), range(round(whole * 30)))
    for k in range(1, mics + 1):
        record_mic(show, f"mic{k}", ClockOf(at(0), Fraction(48_000), ppm=10), 0, round(whole * 48_000), signal=_noise)
    return show, show.segment(SPARE, SPARE + seconds)


def _noise(first: int, count: int) -> NDArray[np.int32]:
    return np.random.default_rng(first).integers(-(1 << 30), 1 << 30, count, np.int32) & np.int32(-256)


class Bench:
    """A segment that is handed off over and over."""

    def __init__(self, show: SyntheticShow, segment: Segment) -> None:
        self.show, self.segment, self.setup = show, segment, show.setup
        self.package = self._make()  # everything is in memory and loaded from now on
        self.payload = [path for path in (self.package / PAYLOAD).rglob("*") if path.is_file()]
        self.size = sum(path.stat().st_size for path in self.payload)

    def _make(self, *, measures: bool = True) -> Path:
        handoff = replace(self.setup.handoff, measures=measures)
        return make(self.show.folder, replace(self.setup, handoff=handoff), self.show.state, self.segment).path

    def _again(self, *, measures: bool = True) -> Callable[[], object]:
        """The hand-off, of which nothing is there."""
        shutil.rmtree(self.package)
        return lambda: self._make(measures=measures)

    def forget(self) -> None:
        """The system forgets what it holds of the recordings and of the package."""
        recordings = [path for path in (self.show.folder.path / "recordings").rglob("*") if path.is_file()]
        _forget([*recordings, *(path for path in self.payload if path.is_file())])

    def table(self, what: str, runs: int, before: Callable[[], None]) -> None:
        """The median of each, the ratios, and whether the hand-off keeps to its limit."""
        took: dict[str, list[Took]] = {PEER: [], MADE: [], CHECKED: [], VERIFIED: [], BARE: []}
        for _ in range(runs):
            took[PEER].append(_timed(before, lambda: _copied_and_hashed(self.payload, self.show.folder.path / "peer")))
            took[MADE].append(_timed(before, self._again()))
            took[CHECKED].append(_timed(lambda: None, lambda: _whole(self.package)))
            took[VERIFIED].append(took[MADE][-1] + took[CHECKED][-1])
            took[BARE].append(_timed(before, self._again(measures=False)))
            self._again()()
        middle = {name: sorted(each, key=lambda one: one.wall)[len(each) // 2] for name, each in took.items()}
        peer, verified = middle[PEER].wall, middle[VERIFIED].wall
        print(
            f"\n{f'{what}: {len(self.payload)} files, {self.size / 1e6:.0f} MB':<44}{'wall s':>9}{'x peer':>9}{'CPU s':>9}{'MB/s':>9}"
        )
        for name, one in middle.items():
            print(f"{name:<44}{one.wall:>9.2f}{one.wall / peer:>9.2f}{one.cpu:>9.2f}{self.size / one.wall / 1e6:>9.0f}")
        print(
            f"a verified package: {verified / peer:.2f} x, {'within' if verified <= LIMIT * peer else 'NOT within'} {LIMIT} x"
        )


def _timed(before: Callable[[], None], work: Callable[[], object]) -> Took:
    before()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def _forget(files: Iterable[Path]) -> None:
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _copied_and_hashed(files: Sequence[Path], place: Path) -> None:
    place.mkdir()
    for number, path in enumerate(files):
        copy = place / str(number)
        shutil.copyfile(path, copy)
        with copy.open("rb") as file:
            hashlib.file_digest(file, "sha256")
            os.fsync(file.fileno())
    shutil.rmtree(place)


def _whole(package: Path) -> None:
    faults = check_bag(package)
    assert faults == [], faults
