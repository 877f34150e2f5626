"""The prover and what hangs: it is left, whatever it waits for, and no other feed is kept waiting, nor the next recorder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from liveshow.errors import MACHINE
from liveshow.recorder import address, other_hands, spawn
from liveshow.recorder.other_hands import MOST_HANGING, Beside
from liveshow.recorder.proving import patience as patience_module
from liveshow.recorder.proving.patience import STEP, Hangs, Patience
from liveshow.recorder.proving.prove import DEADLY
from liveshow.showfolder import mirror as mirror_module
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mirror import Places
from tests import stage_sound
from tests.control_stage import until
from tests.fake_recorder import FakeRecorder
from tests.stage_sound import RATE
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_mic

PROVE = """
import runpy, sys
from liveshow.recorder.proving import patience
patience.WAITS = {waits}
sys.argv = ["liveshow", "prove", sys.argv[1]]
runpy.run_module("liveshow", run_name="__main__")
"""


@contextlib.contextmanager
def hanging(path: Path) -> Iterator[Path]:
    """A file that nobody who opens it comes back from, as from a disk that hangs, until this ends."""
    os.mkfifo(path)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):  # nobody waits there
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


async def test_what_is_waited_for_in_vain_is_left_and_what_is_done_is_told(tmp_path: Path) -> None:
    """What it gave or raised; and who hangs keeps nobody."""
    patience = Patience()
    assert await patience.wait(lambda: 3, "this", STEP) == 3
    with pytest.raises(ZeroDivisionError):
        await patience.wait(lambda: 1 // 0, "this", STEP)
    assert not patience.lost
    with hanging(tmp_path / "part") as part, pytest.raises(Hangs, match="this does not come to an end"):
        await patience.wait(part.read_bytes, "this", STEP)
    assert patience.lost


async def test_what_takes_long_because_it_is_busy_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that works, and one that waits again and again, is waited for; one that works for ever is not."""
    asked = threading.Event()

    def work(wait: float) -> int:
        rounds = 0
        while not asked.is_set():
            rounds += 1
            time.sleep(wait)
        return rounds

    for wait in (0.0, STEP / 5):
        asked.clear()
        asyncio.get_running_loop().call_later(3 * STEP, asked.set)
        assert await Patience().wait(lambda wait=wait: work(wait), "this", STEP) > 1  # type: ignore[misc]
    asked.clear()
    monkeypatch.setattr(patience_module, "USES", 0.1)
    with pytest.raises(Hangs):
        await Patience().wait(lambda: sum(range(20_000_000)) + work(0.0), "this", 60.0)
    asked.set()


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    """Two microphones; what one has on disk cannot be read to an end."""
    show = SyntheticShow.begun(tmp_path)
    samples = (stage_sound.hiss(5, 1, -20) * (2**31 - 256)).astype(np.int32) & ~0xFF
    for mic in ("vox1", "vox2"):
        clock = ClockOf(at(0), Fraction(RATE))
        record_mic(show, mic, clock, 0, len(samples), closed=False, signal=lambda *_: samples.copy())
    (part,) = (show.folder.recordings / "vox1").glob("*.wav")
    part.unlink()
    return show


@contextlib.contextmanager
def proving(recorder: FakeRecorder, waits: float) -> Iterator[subprocess.Popen[bytes]]:
    """A prover that waits for a look for so long."""
    program = PROVE.format(waits=waits)
    command = [sys.executable, "-c", program, str(recorder.folder_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.asynccontextmanager
async def recorded(show: SyntheticShow) -> AsyncIterator[FakeRecorder]:
    """Its recorder."""
    recorder = FakeRecorder(show.folder.path, SETUP)
    recorder.folder.journal_file.touch()
    await recorder.open()
    try:
        yield recorder
    finally:
        await recorder.close()


def seen(recorder: FakeRecorder, feed: str) -> list[str]:
    """What was told of a feed: why it is doubted, look by look."""
    return [look.why for looks in recorder.looks for name, look in looks.looks.items() if name == feed]


async def test_a_look_that_hangs_keeps_no_other_feed_unproven(show: SyntheticShow) -> None:
    """The prover leaves; the next ones look at the feed that hangs last; then it is told, and looked at rarely, and all others go on."""
    part = next((show.folder.recordings / "vox1").iterdir()).with_suffix(".wav")
    async with recorded(show) as recorder:
        with hanging(part):
            for _ in range(2):
                recorder.looks.clear()
                with proving(recorder, 1.0) as process:
                    assert await asyncio.to_thread(process.wait, 60) == MACHINE
                    assert process.stdout is not None
                    assert b"reading the end of vox1 does not come to an end" in process.stdout.read()
            assert seen(recorder, "vox2") == [""]
            assert seen(recorder, "vox1") == []
            recorder.looks.clear()
            with proving(recorder, 1.0) as process:
                await until(lambda: len(seen(recorder, "vox2")) > 1)
                assert process.poll() is None
                assert set(seen(recorder, "vox1")) == {DEADLY}


async def test_a_prover_whose_recorder_is_gone_ends_though_it_hangs(show: SyntheticShow) -> None:
    """So that the next recorder has one of its own; that of which it knows only that it was being looked at is not blamed."""
    part = next((show.folder.recordings / "vox1").iterdir()).with_suffix(".wav")
    words = show.folder.cache / "prover.json"
    with hanging(part):
        async with recorded(show) as recorder:
            with proving(recorder, 600.0) as process:
                await until(lambda: words.exists() and b"vox1" in words.read_bytes())
                await recorder.close()
                assert await asyncio.to_thread(process.wait, 60) == 0
    assert address.look_up(show.folder.path, address.PROVER) is None
    assert not words.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a process whose first thread has ended")
async def test_one_of_which_a_thread_hangs_in_the_disk_is_followed_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system cannot say how it ended before that thread comes back. Of such no more than a few are left behind."""
    half_dead = "import ctypes, threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\nctypes.CDLL(None).syscall(60, 3)"
    started: list[subprocess.Popen[bytes]] = []

    def start(_arguments: object, _log: Path) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", half_dead]))
        return started[-1]

    monkeypatch.setattr(spawn, "start", start)
    monkeypatch.setattr(other_hands, "PAUSES", (0.0,))
    monkeypatch.setattr(other_hands, "LOOK_EVERY", 0.01)
    keeping = asyncio.create_task(Beside(tmp_path, "prover", "prove", wanted=True).run())
    try:
        await until(lambda: len(started) > MOST_HANGING and spawn.is_over(started[-1].pid))
        await asyncio.sleep(0.2)
        assert len(started) == MOST_HANGING + 1
        started[0].kill()
        await until(lambda: len(started) == MOST_HANGING + 2)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        for process in started:
            process.kill()
            process.wait()


def test_a_disk_that_hangs_keeps_nobody_from_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed is read on the disk that answers, whichever that is."""
    first, mirror = ShowFolder(tmp_path / "first"), ShowFolder(tmp_path / "mirror")
    goes_on = threading.Event()
    monkeypatch.setattr(mirror_module, "ANSWERS_WITHIN", 0.1)
    for hangs, reads in ((mirror, first), (first, mirror)):

        def extent(folder: ShowFolder, _feed: str, hangs: ShowFolder = hangs) -> tuple[int, int]:
            assert folder is not hangs or goes_on.wait(60)
            return 1, 1000

        monkeypatch.setattr(mirror_module, "_extent", extent)
        places = Places(first, mirror)
        assert [places.of("wide") for _ in range(3)] == [reads] * 3
    goes_on.set()
