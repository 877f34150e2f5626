"""Opens every feed of a setup at once, each device in a process of its own, and gathers what arrives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from liveshow.model import Device, Setup
from liveshow.recorder.probe import Finding
from liveshow.recorder.spec import spec_of
from liveshow.timebase import ShowClock

OPEN_LIMIT = 30.0


def check_up(setup: Setup, seconds: float) -> Iterator[Finding]:
    """A finding for each feed, in setup order, as the devices finish."""
    with ThreadPoolExecutor(max(1, len(setup.devices))) as threads:
        for findings in threads.map(lambda device: _probe(setup, device, seconds), setup.devices):
            yield from findings


def _probe(setup: Setup, device: Device, seconds: float) -> list[Finding]:
    spec = spec_of(setup, device, "", ShowClock())
    command = [sys.executable, "-m", "liveshow.recorder.probe", str(seconds)]
    try:
        done = subprocess.run(command, input=spec.encode(), capture_output=True, timeout=seconds + OPEN_LIMIT, check=False)
        return msgspec.json.decode(done.stdout, type=list[Finding])
    except subprocess.TimeoutExpired:
        fault = f"the device hangs: no answer in {seconds + OPEN_LIMIT:.0f} s"
    except msgspec.DecodeError:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        fault = f"opening it ended its process (exit code {done.returncode}): {words[-1] if words else 'it said nothing'}"
    return [Finding(feed=f.id, fault=fault) for f in device.feeds]
