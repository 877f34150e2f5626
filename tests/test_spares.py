"""Workers in waiting: one takes the place of a worker that died, and none is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import psutil
import pytest

from liveshow.recorder import spares, spawn
from liveshow.setupfile import parse
from tests.devices.signals import faults
from tests.running_show import SMALL, RunningShow, parts, running_show, samples, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")


def spare_of(show: RunningShow) -> psutil.Process | None:
    """The process that waits, if there is one: not one that has taken over."""
    worker = show.worker("box").pid
    for child in psutil.Process(show.process.pid).children():
        try:
            if "--spare" in child.cmdline() and child.pid != worker and child.status() != psutil.STATUS_ZOMBIE:
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def test_a_worker_in_waiting_takes_over(tmp_path: Path) -> None:
    """After kill -9 of a worker the process that waited is the worker and logs as such, nothing of what was written is damaged, another
    one waits; it takes over when that one dies, and none is left when the show has ended."""
    with running_show(tmp_path, SMALL) as show:
        show.until_proven()
        for _ in range(2):
            waiting = wait_for("a process in waiting", lambda: spare_of(show))
            victim = show.worker("box").pid
            os.kill(victim, signal.SIGKILL)
            show.until_gone_and_back("box", victim)
            assert show.worker("box").pid == waiting.pid
        last = wait_for("a process in waiting", lambda: spare_of(show))
        show.end()
        wait_for("its end", lambda: not last.is_running() or last.status() == psutil.STATUS_ZOMBIE)
        for part in parts(show, "vox"):
            assert not faults(samples(part), 0)


@pytest.mark.slow
def test_no_recorder_no_worker_in_waiting(tmp_path: Path) -> None:
    """When the recorder is killed, the process that waited ends by itself, and the worker that records does not."""
    with running_show(tmp_path, SMALL) as show:
        show.until_proven()
        waiting = wait_for("a process in waiting", lambda: spare_of(show))
        worker = show.worker("box")
        os.kill(show.process.pid, signal.SIGKILL)
        show.process.wait()
        wait_for("its end", lambda: not psutil.pid_exists(waiting.pid) or waiting.status() == psutil.STATUS_ZOMBIE)
        assert worker.alive()
        os.kill(worker.pid, signal.SIGKILL)


class _There:
    """A process that was started and is there."""

    def poll(self) -> None: ...


@pytest.mark.parametrize(("started", "waiting"), [(False, 1), (True, 0)], ids=["all taken over", "one started"])
def test_soon_when_none_had_to_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: bool, waiting: int) -> None:
    """A recorder that took over its workers has a process wait at once; one that has to start a worker lets the show begin first."""
    begun: list[list[str]] = []
    monkeypatch.setattr(spares, "LOOK_EVERY", 0.0)

    def start(words: list[str], _: Path) -> _There:
        begun.append(words)
        return _There()

    monkeypatch.setattr(spawn, "start_waiting", start)
    device = parse(SMALL.format(part_minutes=30, library="library"), "small.toml", today=date(2026, 11, 29)).devices[0]
    kept = spares.Spares(tmp_path, [device])

    async def some_looks() -> None:
        running = asyncio.create_task(kept.run())
        for _ in range(10):
            await asyncio.sleep(0)
        running.cancel()

    if started:
        assert kept.take(device, tmp_path / "log", b"") is None
    asyncio.run(some_looks())
    assert len(begun) == waiting


SAYS = """
import os, pathlib, sys, threading, time
from liveshow.recorder import spawn
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
spawn.log_late(pathlib.Path(sys.argv[1]))
while True:
    print("said", flush=True)
    time.sleep(0.05)
"""


def test_what_is_said_is_logged_once_the_log_can_be_opened(tmp_path: Path) -> None:
    """A process whose log could not be opened in time has it from when its disk answers. (Here it is a pipe, which cannot be opened before
    somebody reads it.)"""
    log = tmp_path / "log"
    os.mkfifo(log)
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, "-c", SAYS, log], stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere)
    with log.open(encoding="utf-8") as said:
        assert said.readline() == "said\n"
    process.communicate()
