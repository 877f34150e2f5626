"""Whether a process waits to take a device's place, as one does on the evening from some seconds after its beginning."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress

import psutil

from liveshow.feeds.table import scheme_of
from liveshow.model import Device
from liveshow.recorder.waiting import WAITING

STILL = 0.5  # seconds for which it does nothing once it has loaded everything


async def one_waits(recorder: int, device: Device, workers: Collection[int], within: float) -> bool:
    """Whether one of the recorder's processes that is no worker yet waits, or does within so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        before = _worked(recorder, device, workers)
        await asyncio.sleep(STILL)
        after = _worked(recorder, device, workers)
        if any(0 < after[pid] == before.get(pid) for pid in after):
            return True
    return False


def _worked(recorder: int, device: Device, workers: Collection[int]) -> dict[int, float]:
    """For how many seconds each worked so far."""
    words = [WAITING, device.kind.value, scheme_of(device.source)]
    found: dict[int, float] = {}
    with suppress(psutil.NoSuchProcess):  # the recorder, which then has none
        for child in psutil.Process(recorder).children():
            with suppress(psutil.NoSuchProcess):  # it ended at this moment
                if child.pid not in workers and child.cmdline()[-len(words) :] == words:
                    times = child.cpu_times()
                    found[child.pid] = times.user + times.system
    return found
