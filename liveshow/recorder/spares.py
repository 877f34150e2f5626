"""Workers in waiting: processes that have loaded everything, and are told what to record when a worker has died.

To start a process and load what records takes the better part of a second, in which the feed is not recorded. So for each kind of source
that a show has there is one more process than is needed. It holds no device and does nothing; it ends when whoever started it is gone.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from liveshow.feeds.table import scheme_of
from liveshow.model import Device
from liveshow.recorder import spawn
from liveshow.recorder.waiting import WAITING

SETTLED = 15.0  # seconds after the first worker was started: by then all have, and there is time for this
LOOK_EVERY = 0.5
_Kind = tuple[str, str]


class Spares:
    """Those of one show; `run` sees to it that there is one of each kind: soon when the workers of an earlier recorder were taken over, and
    in a show that starts when it has."""

    def __init__(self, folder: Path, devices: Iterable[Device]) -> None:
        self._log = folder / "cache" / "log" / "spare.log"
        self._kinds = sorted({_kind(device) for device in devices})
        self._waiting: dict[_Kind, subprocess.Popen[bytes]] = {}
        self._wait_until: float | None = None  # host's monotonic seconds; None: no worker has had to be started

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self._wait_until is None or time.monotonic() >= self._wait_until:
                self._fill()

    def _fill(self) -> None:
        self._wait_until = 0.0  # from now on each is replaced when it is taken
        for kind in self._kinds:
            if (there := self._waiting.get(kind)) is None or there.poll() is not None:
                self._waiting[kind] = spawn.start_waiting(["liveshow.recorder.worker", WAITING, *kind], self._log)

    def take(self, device: Device, log: Path, spec: bytes) -> subprocess.Popen[bytes] | None:
        """One that is now the worker of a device, and logs as such; None when there is none."""
        if self._wait_until is None:
            self._wait_until = time.monotonic() + SETTLED
        process = self._waiting.pop(_kind(device), None)
        if process is None or process.poll() is not None or process.stdin is None:
            return None
        try:
            process.stdin.write(bytes(log.absolute()) + b"\n" + spec)
            process.stdin.close()
        except OSError:  # it died at this moment
            return None
        return process

    def close(self) -> None:
        """Let go of them."""
        for process in self._waiting.values():
            process.kill()
            process.wait()
        self._waiting = {}


def _kind(device: Device) -> _Kind:
    return device.kind.value, scheme_of(device.source)
