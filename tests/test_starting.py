"""How a show is begun where its first disk is slow, or does not answer: what is waited for, what is said, and where it is recorded."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from liveshow.cli import starting
from liveshow.errors import MachineError
from liveshow.model import Setup
from liveshow.recorder import address, spawn
from liveshow.showfolder.going_on import Chosen, folder_for
from tests.disks import disks
from tests.running_show import SETUP


def written(place: Path) -> Path:
    """A setup whose mirror is in `place`."""
    text = SETUP.replace("[handoff]", f'mirror = "{(place / "mirror").as_posix()}"\n\n[handoff]', 1)
    file = place / "setup.toml"
    file.write_text(text.format(part_minutes=30, library=(place / "library").as_posix()), encoding="utf-8")
    return file


@contextmanager
def later(seconds: float, work: Callable[[], None]) -> Iterator[None]:
    """Something is done meanwhile."""
    timer = threading.Timer(seconds, work)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_a_first_disk_that_is_slow_is_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It answers after some seconds, as one that spins up: that it is waited for is said, and it is recorded to."""
    with disks(tmp_path, tmp_path / "show") as (first,):
        first.freeze()
        with later(5, first.thaw):
            started = starting.prepare(written(tmp_path), tmp_path / "show" / "tonight")
    said = capsys.readouterr().err
    assert started.folder.path == tmp_path / "show" / "tonight"
    assert "waiting for the first disk" in said
    assert "TAKES NOTHING" not in said
    assert not (tmp_path / "mirror").exists()


def test_a_long_journal_is_not_a_disk_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the show lies is found out in longer than a disk may take to answer: it is that place all the same."""
    found = threading.Event()

    def slowly(setup: Setup, slug: str, into: Path | None) -> Chosen:
        found.wait()
        return folder_for(setup, slug, into)

    monkeypatch.setattr(starting, "folder_for", slowly)
    monkeypatch.setattr(starting, "TAKES_WITHIN", 1.0)
    with later(3, found.set):
        started = starting.prepare(written(tmp_path), tmp_path / "tonight")
    assert started.folder.path == tmp_path / "tonight"
    assert "TAKES NOTHING" not in capsys.readouterr().err


def test_a_full_first_disk_is_one_that_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A show that lies on it already goes on there."""
    with disks(tmp_path, tmp_path / "show", megabytes=20) as (first,):
        folder = starting.prepare(written(tmp_path), tmp_path / "show" / "tonight").folder
        with suppress(OSError), (first.place / "full").open("wb", buffering=0) as file:
            while True:  # until it is
                file.write(bytes(1000))
        assert starting.prepare(written(tmp_path), folder.path).folder == folder
    assert "TAKES NOTHING" not in capsys.readouterr().err


def test_a_recorder_is_started_though_its_first_disk_answers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether one runs, and what its log says, cannot be found out: that is not waited for."""
    started = starting.prepare(written(tmp_path), tmp_path / "tonight")
    answers, began = threading.Event(), list[str]()

    def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
        began.extend([*arguments, str(log)])
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        return ended

    monkeypatch.setattr(address, "look_up", lambda *_: answers.wait())
    monkeypatch.setattr(spawn, "start", start)
    monkeypatch.setattr(starting, "ANSWERS_WITHIN", 0.2)
    try:
        with pytest.raises(MachineError, match="it said nothing"):
            starting.record_apart(tmp_path / "setup.toml", started)
    finally:
        answers.set()
    assert "record" in began
