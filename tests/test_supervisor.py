"""Keeping a worker: one that recorded is started again at once, however often it dies; one that never does, more and more rarely."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from liveshow.events import WorkerEnded, WorkerEvent, WorkerStarted
from liveshow.recorder import supervisor
from liveshow.recorder.spec import spec_of
from liveshow.recorder.supervisor import Supervisor
from liveshow.setupfile import parse
from liveshow.showfolder.folder import make
from liveshow.timebase import ShowClock

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
async def supervised(place: Path, options: str = "") -> AsyncIterator[tuple[Supervisor, Noted]]:
    """One device's supervisor at work, and what it notes."""
    text = SETUP.format(options=options)
    folder = make(place / "show", text, ["vox"])
    setup = parse(text, "setup.toml", date(2026, 11, 29))
    noted: Noted = []

    def reported(events: Sequence[WorkerEvent]) -> bool:
        return bool(events)

    kept = Supervisor(spec_of(setup, setup.devices[0], str(folder.path), ShowClock()), noted.append, reported)
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
