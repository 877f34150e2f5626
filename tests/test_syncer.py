"""What a disk refuses once is lost, and is told: as an alarm at once, by the journal with the end of the part, and another part begins."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from liveshow.events import PartEnded
from liveshow.recorder import syncer as syncer_module
from liveshow.recorder.link import WorkerLink
from liveshow.recorder.series import PartSeries
from liveshow.recorder.sound_part import SoundPart
from liveshow.recorder.syncer import Syncer
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing import TimingWriter
from tests.running_show import wait_for

REFUSED = "the disk does not take it: Input/output error"


class Disk:
    """Refuses as Linux does: each time that it could not write is told to one fsync, and the next one goes well. `rounds`: fsyncs of the
    syncer's thread that went well since."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses, self.rounds = 0, 0
        self._fsync: Callable[[int], None] = os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        """What the system does, or an error that it tells once."""
        if self.refuses:
            self.refuses -= 1
            self.rounds = 0
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._fsync(descriptor)
        self.rounds += threading.current_thread().name == "syncer"


class Said:
    """Keeps what a worker reports."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def report(self, event: object, _run: str = "") -> None:
        """One more."""
        self.events.append(event)

    @property
    def ends(self) -> list[tuple[str, str]]:
        """How parts ended."""
        return [(event.how, event.refused) for event in self.events if isinstance(event, PartEnded)]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk of everything here; parts may be as short as they like."""
    monkeypatch.setattr(syncer_module, "BEGUN_ANEW", 0.0)
    return Disk(monkeypatch)


@pytest.fixture
def syncer() -> Iterator[Syncer]:
    """A thread that brings it what is written."""
    made = Syncer()
    yield made
    made.stop()


@pytest.fixture
def said() -> Said:
    """What the worker reported."""
    return Said()


@pytest.fixture
def series(tmp_path: Path, said: Said, syncer: Syncer) -> PartSeries:
    """The parts of one microphone."""
    folder = ShowFolder(tmp_path)
    (folder.recordings / "vox").mkdir(parents=True)
    return PartSeries(folder, "vox", ".wav", cast(WorkerLink, said), syncer)


def begin(series: PartSeries) -> tuple[SoundPart, TimingWriter]:
    """A part with a second of sound."""
    part, timing = series.begin(partial(SoundPart, sample_rate=48_000), 0, "", "sound", Fraction(48_000), "", 0)
    part.write(np.zeros(48_000, np.int32))
    timing.add(part.frames, 1)
    return part, timing


def test_what_was_refused_once_is_told_until_the_part_ends(disk: Disk, syncer: Syncer, tmp_path: Path) -> None:
    """However often the disk takes what is written later: what it refused is gone, and its last sync says so, though that went well."""
    path = tmp_path / "part"
    with path.open("wb") as file:
        syncer.add(file.fileno(), path=path)
        wait_for("a sync that goes well", lambda: disk.rounds > 0)
        assert (syncer.failed, syncer.spoilt) == ("", frozenset())
        disk.refuses = 1
        wait_for("its word", lambda: bool(syncer.failed))
        wait_for("syncs that go well", lambda: disk.rounds > 2)
        assert (syncer.failed, syncer.spoilt) == (REFUSED, frozenset({path}))
        assert syncer.finish(file.fileno(), close=lambda: None) == REFUSED
        assert (syncer.failed, syncer.spoilt) == (REFUSED, frozenset()), "a part may end a moment after it"


def test_another_part_begins_and_the_journal_says_why(disk: Disk, syncer: Syncer, series: PartSeries, said: Said) -> None:
    """The part of which the disk refused some is over as soon as it takes what is written; its end says what was refused, and that of the
    next one nothing."""
    part = begin(series)
    wait_for("a sync that goes well", lambda: disk.rounds > 0)
    assert not series.over
    disk.refuses = 1
    wait_for("its end", lambda: series.over)
    series.end(1, "next part", 48_000, *part)
    part = begin(series)
    assert not series.over
    series.end(2, "stopped", 48_000, *part)
    wait_for("both to be told", lambda: len(said.ends) == 2)
    assert said.ends == [("next part", REFUSED), ("stopped", "")]


def test_a_disk_that_refuses_everything_gets_no_heap_of_parts(disk: Disk, syncer: Syncer, series: PartSeries) -> None:
    """While nothing is kept another part would not be either: the alarm stands, and the part goes on."""
    part = begin(series)
    disk.refuses = 10**6
    wait_for("its word", lambda: bool(syncer.failed))
    seen = disk.refuses
    wait_for("another round", lambda: disk.refuses < seen - 3)
    assert not series.over
    disk.refuses = 0
    wait_for("its end", lambda: series.over)
    series.end(1, "stopped", 48_000, *part)


def test_the_last_bytes_of_a_part_that_are_refused_are_told(disk: Disk, series: PartSeries, said: Said) -> None:
    """The sync at the end of a part, after which it is closed, is no sync into the void."""
    part = begin(series)
    wait_for("a sync that goes well", lambda: disk.rounds > 0)
    disk.refuses = 2
    series.end(1, "stopped", 48_000, *part)
    wait_for("it to be told", lambda: bool(said.ends))
    assert said.ends == [("stopped", REFUSED)]
