"""A dashboard in a terminal that nobody reads (Ctrl-S, a suspended SSH): the recorder and everybody else go on as if it were not there."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest

from liveshow.events import Highlight, Pulse
from liveshow.recorder.address import recorder_of
from liveshow.recorder.client import Client
from liveshow.recorder.clients import PULSE_BACKLOG
from liveshow.timebase import SECOND
from tests.fake_recorder import START, FakeRecorder, healthy
from tests.running_show import CAMERAS, MICS, RunningShow, assert_whole, parts, running_show, wait_for
from tests.terminal import Terminal, terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
DEADLINE = 30.0
PULSE = 200_000  # bytes, so that the kernel's buffers fill soon
FIRST_PICTURE = 4000  # bytes; nothing smaller draws the whole screen


def attach(folder: Path) -> list[str | Path]:
    """The command that opens a dashboard."""
    return [sys.executable, "-m", "liveshow", "attach", folder]


def begun(show: RunningShow) -> Path:
    """The show folder, once its recorder answers."""
    wait_for("a recorder", lambda: show.pulse())
    return show.folder.path


def stand_still(screen: Terminal) -> None:
    """Read no more, and wait until the dashboard hangs in writing."""
    screen.stop_reading()
    process = psutil.Process(screen.process.pid)

    def hangs() -> bool:
        before = sum(process.cpu_times()[:2])
        time.sleep(0.4)
        return sum(process.cpu_times()[:2]) == before

    wait_for("the dashboard to hang", hangs)


@pytest.mark.slow
def test_a_terminal_that_is_not_read_costs_no_feed_anything(tmp_path: Path) -> None:
    """While one dashboard hangs in its terminal, a mark is taken and shown on another one, and at the end no picture and no sample is
    missing."""
    with (
        running_show(tmp_path) as show,
        terminal(attach(begun(show))) as stopped,
        terminal(attach(show.folder.path)) as read,
    ):
        show.until_proven()
        wait_for("both dashboards", lambda: min(stopped.heard, read.heard) > FIRST_PICTURE)
        stand_still(stopped)
        show.say(Highlight(t=0))
        wait_for("the mark on the other dashboard", lambda: b"highlight  by" in read.screen)
        show.end()
        for feed in (*CAMERAS, *MICS):
            for part in parts(show, feed):
                assert_whole(part, feed)


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; AssertionError when it does not come."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


async def test_what_waits_for_a_dashboard_that_hangs_is_bounded(tmp_path: Path) -> None:
    """However many pulses it does not fetch, the recorder keeps no more for it than its limit and one pulse, and another client is told
    them all the while."""
    recorder = FakeRecorder(tmp_path / "2026-11-22-open-mic")
    recorder.folder.journal_file.touch()
    await recorder.open()
    other = await Client.connect(recorder_of(recorder.folder_path), watch=True)
    told: list[int] = []
    listening = asyncio.create_task(hear(other, told))
    small = healthy(recorder.setup, START + SECOND)
    large = msgspec.structs.replace(small, handing_off=("x" * PULSE,))
    try:
        with terminal(attach(recorder.folder_path)) as stopped:
            await until(lambda: recorder.watched)
            await tell(recorder, small, told, lambda: stopped.heard > FIRST_PICTURE)
            stopped.stop_reading()
            await until_it_hangs(recorder, stopped)
            await tell(recorder, large, told, lambda: max(waiting(recorder)) > PULSE_BACKLOG)
            await tell(recorder, large, told, partial(lambda end: len(told) > end, len(told) + 20))
            assert max(waiting(recorder)) < PULSE_BACKLOG + PULSE + 16_384
    finally:
        listening.cancel()
        await other.close()
        await recorder.close()


async def until_it_hangs(recorder: FakeRecorder, stopped: Terminal) -> None:
    """Meters that move, until the dashboard is stuck in writing them: it does nothing any more, whatever it is told."""
    process, deadline = psutil.Process(stopped.process.pid), asyncio.get_running_loop().time() + DEADLINE
    before = -1.0
    while (spent := sum(process.cpu_times()[:2])) != before:
        assert asyncio.get_running_loop().time() < deadline, "it does not hang"
        before = spent
        for n in range(8):
            recorder.pulse(healthy(recorder.setup, START + SECOND, level=-50.0 + 6 * n))
            await asyncio.sleep(0.06)


async def hear(client: Client, told: list[int]) -> None:
    """Keep when each pulse was that a client is told."""
    async for message in client.news():
        told.extend([message.now] if isinstance(message, Pulse) else [])


async def tell(recorder: FakeRecorder, pulse: Pulse, told: list[int], enough: Callable[[], bool]) -> None:
    """The same pulse as fast as the client that reads takes it, until it is enough."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while not enough():
        assert asyncio.get_running_loop().time() < deadline, f"waited in vain: {waiting(recorder)} wait"
        before = len(told)
        recorder.pulse(pulse)
        await until(partial(lambda n: len(told) > n, before))


def waiting(recorder: FakeRecorder) -> list[int]:
    """How many bytes wait for each client."""
    return [writer.transport.get_write_buffer_size() for writer in recorder._clients._watchers]
