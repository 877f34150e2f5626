"""The parts of a feed while its disk goes and comes back: their numbers, and the gaps that the journal is told."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from liveshow.errors import MachineError
from liveshow.events import Gap, PartEnded, PartStarted, WorkerEvent
from liveshow.model import Feed, FeedKind
from liveshow.recorder.link import WorkerLink
from liveshow.recorder.proof import Prover
from liveshow.recorder.series import KILLED, NEXT, PartSeries
from liveshow.recorder.sound_part import SoundPart
from liveshow.recorder.syncer import Syncer
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.showfolder.timing import TimingWriter
from liveshow.timebase import SECOND
from tests.disks import Disk, disks
from tests.running_show import wait_for

FEED = "vox"
RATE = 48_000
NEVER = 60.0  # seconds: who waits for that fails the test


@dataclass
class Told:
    """What a worker has to tell the journal."""

    events: list[WorkerEvent] = field(default_factory=list)

    def report(self, event: WorkerEvent, run: str) -> None:
        """As a WorkerLink."""
        del run
        self.events.append(event)

    @property
    def ends(self) -> list[str]:
        """How parts ended."""
        return [e.how for e in self.events if isinstance(e, PartEnded)]

    @property
    def gaps(self) -> list[tuple[float, float, str]]:
        """From where to where, in seconds, and why."""
        return [(e.t / SECOND, e.until / SECOND, e.why) for e in self.events if isinstance(e, Gap)]

    @property
    def numbers(self) -> list[int]:
        """Those of the parts that began."""
        return [e.part for e in self.events if isinstance(e, PartStarted)]


class Worker:
    """The series of a microphone, whose parts are begun and ended by hand."""

    def __init__(self, folder: ShowFolder) -> None:
        self.told = Told()
        self.syncer = Syncer()
        self.series = PartSeries(folder, FEED, ".wav", cast(WorkerLink, self.told), self.syncer)
        self._open: tuple[SoundPart, TimingWriter] | None = None

    def begin(self, start: float) -> None:
        """Begin a part, and record a second."""
        make = partial(SoundPart, sample_rate=RATE)
        at = round(start * SECOND)
        part, timing = self._open = self.series.begin(make, at, "", "sound", Fraction(RATE), "", 0)
        part.write(np.ones(RATE, np.int32) << 8)
        timing.add(RATE, at + SECOND)
        timing.flush()

    def end(self, at: float, how: str) -> None:
        """End it, and wait until nothing of it is open any more."""
        told = len(self.told.ends)
        try:
            self.hand_over(at, how)
        finally:
            wait_for("its end to be told", lambda: len(self.told.ends) > told)

    def hand_over(self, at: float, how: str) -> None:
        """End it."""
        assert self._open is not None
        part, timing = self._open
        self._open = None
        self.series.end(round(at * SECOND), how, part.frames, part, timing)

    def die(self) -> None:
        """Let go of everything, ending nothing."""
        self.syncer.stop()
        if self._open is not None:
            part, timing = self._open
            self._open = None
            timing.close()
            part.finish()
            part.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with disks(tmp_path, tmp_path / "shows", megabytes=100) as (disk,):
        yield disk


@pytest.fixture
def folder(disk: Disk) -> ShowFolder:
    return make(disk.place / "show", "", [FEED])


@pytest.fixture
def start(folder: ShowFolder) -> Iterator[Callable[[], Worker]]:
    """Starts a worker."""
    workers: list[Worker] = []

    def start() -> Worker:
        workers.append(Worker(folder))
        return workers[-1]

    yield start
    for worker in workers:
        worker.die()


# What keeps the next part from beginning ---------------------------------------------------------------------------


@contextmanager
def away(disk: Disk) -> Iterator[None]:
    disk.unplug()
    yield
    disk.mount()


@contextmanager
def read_only(disk: Disk) -> Iterator[None]:
    disk.read_only()
    yield
    disk.read_write()


@contextmanager
def full(disk: Disk) -> Iterator[None]:
    hog = disk.place / "hog"
    with hog.open("wb", buffering=0) as file:
        for size in (1 << 20, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass
    yield
    hog.unlink()


@contextmanager
def no_more_files(disk: Disk) -> Iterator[None]:
    del disk
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Path(os.devnull).open("rb") as newest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (newest.fileno() + 1, hard))
        yield
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("fault", [away, read_only, full, no_more_files])
def test_a_part_that_cannot_be_begun_is_a_gap(
    disk: Disk, start: Callable[[], Worker], fault: Callable[[Disk], AbstractContextManager[None]]
) -> None:
    """When the disk does not take the next part at a change of parts, what is lost until it does is journaled, with the reason that was
    shown meanwhile, and the numbers go on."""
    worker = start()
    worker.begin(0)
    worker.end(1, NEXT)
    with fault(disk):
        for _ in range(2):
            with pytest.raises(MachineError) as caught:
                worker.begin(1)
            worker.series.state("failed", str(caught.value), 2 * SECOND)
    worker.begin(61)
    assert worker.told.gaps == [(1, 61, worker.told.gaps[0][2])]
    assert "cannot be" in worker.told.gaps[0][2]
    assert (worker.told.numbers, worker.series.gaps, worker.series.lost) == ([1, 2], 1, 60 * SECOND)


def test_a_part_whose_end_is_not_taken_is_followed_by_a_gap(disk: Disk, start: Callable[[], Worker]) -> None:
    """When the disk dies and the part that ends is not taken whole, the next one, begun when it is back, tells of a gap."""
    worker = start()
    worker.begin(0)
    disk.die()
    with pytest.raises(MachineError):
        worker.end(1, NEXT)
    disk.revive()
    worker.begin(31)
    assert [(start, until) for start, until, _ in worker.told.gaps] == [(1, 31)]


def test_parts_that_follow_each_other_have_no_gap(start: Callable[[], Worker]) -> None:
    """At a change of parts nothing is said to be lost."""
    worker = start()
    for second in range(3):
        worker.begin(second)
        worker.end(second + 0.99, NEXT)
    assert (worker.told.numbers, worker.told.gaps) == ([1, 2, 3], [])


def test_who_is_started_while_the_disk_is_away_goes_on_where_it_ended(
    disk: Disk, folder: ShowFolder, start: Callable[[], Worker]
) -> None:
    """A worker that finds no folder knows nothing of what was recorded, and asks again: once the disk is back its part has the next number,
    the gap is journaled, and the light is proven."""
    prover = Prover(folder, Feed(FEED, FeedKind.MIC, "box"))
    killed = start()
    killed.begin(0)
    prover.look(SECOND)
    killed.die()
    disk.unplug()
    later = start()
    for _ in range(2):
        with pytest.raises(MachineError, match="No such file"):
            later.begin(50)
        prover.look(50 * SECOND)
    disk.mount()
    later.begin(100)
    assert (later.told.numbers, later.told.gaps) == ([2], [(1, 100, KILLED)])
    assert prover.look(101 * SECOND).light == "proven"


def test_another_disk_in_its_place_has_its_own_numbers(folder: ShowFolder, start: Callable[[], Worker]) -> None:
    """When another disk takes the place of the one that is written on, and has more of the feed, the next part comes after those."""
    worker = start()
    worker.begin(0)
    folder.path.rename(folder.path.with_name("before"))
    make(folder.path, "", [FEED])
    other = start()
    for second in range(3):
        other.begin(second)
        other.end(second + 1, NEXT)
    wait_for("that it sees it", lambda: worker.series.over)
    worker.end(10, NEXT)
    worker.begin(10)
    assert (worker.told.numbers, worker.told.gaps) == ([1, 4], [])


def test_who_records_waits_for_no_disk_at_the_end_of_a_part(
    start: Callable[[], Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk takes its time for a part that ended, the next one begins and is written; the first is told when the disk has it."""
    worker = start()
    disk_goes_on, fsync, waiting = threading.Event(), os.fsync, threading.Event()

    def slow(descriptor: int) -> None:
        waiting.set()
        assert disk_goes_on.wait(NEVER)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    worker.begin(0)
    worker.hand_over(1, NEXT)
    wait_for("a disk that is busy with it", waiting.is_set)
    worker.begin(1)
    worker.hand_over(2, "stopped")
    assert (worker.told.numbers, worker.told.ends) == ([1, 2], [])
    disk_goes_on.set()
    worker.die()
    assert worker.told.ends == [NEXT, "stopped"]
