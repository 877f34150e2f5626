"""Keeping a worker: one that recorded is started again at once, however often it dies; one that never does, more and more rarely; and of
each device there is one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

import msgspec
import pytest

from liveshow.errors import MACHINE
from liveshow.events import FeedHealth, WorkerEnded, WorkerEvent, WorkerStarted
from liveshow.model import Device
from liveshow.recorder import address, spawn, supervisor
from liveshow.recorder.spares import Spares
from liveshow.recorder.spec import spec_of
from liveshow.recorder.supervisor import Supervisor
from liveshow.setupfile import parse
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.timebase import SECOND, ShowClock
from tests.running_show import wait_for

SETUP = """
[show]
title = "Solo"
[[audio]]
id = "box"
source = "simulated:{options}"
sample_rate = 8000
[[audio.mic]]
id = "vox"
channel = 1
"""
NEVER = 3600.0  # seconds: who waits for that fails the test
PATIENCE = 60.0
Noted = list[WorkerStarted | WorkerEnded]


@asynccontextmanager
async def supervised(
    place: Path,
    options: str = "",
    spares: Spares | None = None,
    hear: Callable[[Mapping[str, FeedHealth]], None] = lambda _: None,
) -> AsyncIterator[tuple[Supervisor, Noted]]:
    """One device's supervisor at work, and what it notes."""
    text = SETUP.format(options=options)
    folder = make(place / "show", text, ["vox"])
    setup = parse(text, "setup.toml", date(2026, 11, 29))
    noted: Noted = []

    def reported(events: Sequence[WorkerEvent]) -> bool:
        return bool(events)

    kept = Supervisor(spec_of(setup, setup.devices[0], str(folder.path), ShowClock()), noted.append, reported, spares, hear)
    running = asyncio.create_task(kept.run())
    try:
        yield kept, noted
    finally:
        await kept.stop()
        await running


async def writing(kept: Supervisor, after: int) -> int:
    """The pid of another worker than that one, once it has written something."""
    async with asyncio.timeout(PATIENCE):
        while kept.pid == after or not kept.health["vox"].position or kept.health["vox"].state != "recording":
            await asyncio.sleep(0.02)
    return kept.pid


async def test_a_worker_that_recorded_is_started_again_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed again and again as soon as it records, a worker is never waited for: what it records between two deaths is worth having."""
    monkeypatch.setattr(supervisor, "PAUSES", (NEVER,))
    pid = 0
    async with supervised(tmp_path) as (kept, noted):
        for _ in range(4):
            pid = await writing(kept, pid)
            os.kill(pid, signal.SIGKILL)
        await writing(kept, pid)
    assert [type(event) for event in noted] == [WorkerStarted, WorkerEnded] * 5


async def test_nothing_that_a_worker_said_is_passed_over(tmp_path: Path) -> None:
    """A recorder that stood still for two seconds hears the level of each moment of them: what was loud then is no surprise on the disk."""
    said: list[int] = []
    async with supervised(tmp_path, hear=lambda feeds: said.extend(h.position for h in feeds.values())) as (kept, _):
        await writing(kept, 0)
        before = said[-1]
        time.sleep(2)
        async with asyncio.timeout(PATIENCE):
            while said[-1] < before + 2 * SECOND:
                await asyncio.sleep(0.02)
    assert sum(before < position < before + 2 * SECOND for position in said) >= 5


async def test_a_worker_that_never_records_is_started_more_and_more_rarely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that dies before it has written anything is started again after a pause that grows, and not for ever at once."""
    known, pauses = (0.011, 0.012, 0.013), list[float]()
    own = asyncio.wait_for

    async def noting(what: asyncio.Future[bool], timeout: float) -> bool:
        pauses.extend({timeout} & set(known))
        return await own(what, timeout)

    monkeypatch.setattr(supervisor, "PAUSES", known)
    monkeypatch.setattr(asyncio, "wait_for", noting)
    async with supervised(tmp_path, "?clap=rubbish") as (kept, _), asyncio.timeout(PATIENCE):
        for count in range(1, 5):
            while kept.health["vox"].state != "failed":
                await asyncio.sleep(0.02)
            os.kill(kept.pid, signal.SIGKILL)
            while len(pauses) < count:
                await asyncio.sleep(0.02)
    assert pauses[:4] == [0.011, 0.012, 0.013, 0.013]


class Late(Spares):
    """When a worker is wanted, the one that a recorder started before it was killed begins, and is found only now."""

    def __init__(self, folder: Path, devices: Iterable[Device], orphan: subprocess.Popen[bytes]) -> None:
        super().__init__(folder, devices)
        self.orphan = orphan

    def take(self, device: Device, log: Path, spec: bytes) -> None:
        """None that waits: one is started."""
        begin(self.orphan, spec)
        wait_for("the orphan", lambda: address.look_up(log.parents[2], f"worker-{device.id}"))


def begin(worker: subprocess.Popen[bytes], spec: bytes) -> None:
    """Tell a worker that was started what to record."""
    assert worker.stdin
    worker.stdin.write(spec)
    worker.stdin.close()


@contextmanager
def orphaned(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that has not begun: whoever started it is gone. Ended on the way out."""
    worker = spawn.start_waiting(["liveshow.recorder.worker"], place / "orphan.log")
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


async def test_a_worker_that_nobody_could_find_yet_is_taken_over(tmp_path: Path) -> None:
    """A recorder that was killed as it started a worker left one that is found only after the next recorder has started another: that
    one ends by itself, and the orphan goes on, known to the recorder, in its one part."""
    with orphaned(tmp_path) as orphan:
        spares = Late(tmp_path / "show", [], orphan)
        async with supervised(tmp_path, spares=spares) as (kept, noted):
            assert await writing(kept, 0) == orphan.pid
        assert noted[0] == WorkerStarted(t=noted[0].t, device="box", pid=orphan.pid, adopted=True)
        assert [type(event) for event in noted] == [WorkerStarted, WorkerEnded]
    assert len(ShowFolder(tmp_path / "show").part_names("vox")) == 1
    assert f"process {orphan.pid} is that already" in (tmp_path / "show" / "cache" / "log" / "box.log").read_text()


async def test_a_worker_that_comes_too_late_ends_by_itself(tmp_path: Path) -> None:
    """The orphan begins when the next recorder's worker records already: it says so and ends, and has begun nothing."""
    with orphaned(tmp_path) as orphan:
        async with supervised(tmp_path) as (kept, noted):
            pid = await writing(kept, 0)
            begin(orphan, kept.spec.encode())
            assert await asyncio.to_thread(orphan.wait, PATIENCE) == MACHINE
            assert address.workers_of(tmp_path / "show")[0].pid == pid
        assert [type(event) for event in noted] == [WorkerStarted, WorkerEnded]
    assert len(ShowFolder(tmp_path / "show").part_names("vox")) == 1
    assert f"process {pid} is that already" in (tmp_path / "orphan.log").read_text()


async def test_nobody_else_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that does not answer and is gone is not killed: its number may be another process's by now."""
    (tmp_path / "show").mkdir()
    gone = address.publish(tmp_path / "show", "worker-box", port=1)
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    gone = msgspec.structs.replace(gone, pid=bystander.pid)
    address.withdraw(tmp_path / "show", "worker-box")
    known, own = [gone], address.look_up
    monkeypatch.setattr(address, "look_up", lambda show, role: known.pop() if known else own(show, role))
    async with supervised(tmp_path) as (kept, _):
        await writing(kept, 0)
        assert bystander.poll() is None
    bystander.communicate()
    assert bystander.returncode == 1  # of itself: it had nothing to read
