"""Record a device as a careful consumer does, in a process of its own, and save what came as int32.

`python -m tests.devices.record NAME CHANNELS SECONDS FILE`: opens the one PortAudio device whose name starts with NAME,
saves an array of shape (channels, samples) in FILE, and prints a `Report` as JSON.
"""

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.devices import RATE, Device
from tests.devices.daemons import ROOT
from tests.devices.signals import Samples, as_int32


@dataclass(frozen=True)
class Report:
    """The device's number, and how the recording went: `flags` counts callbacks with a status from PortAudio."""

    number: int
    flags: int


def record(device: Device, seconds: float, folder: Path) -> tuple[Samples, Report]:
    """Record all channels of a device in a child process; the samples, shape (channels, samples), and its report.

    RuntimeError with what the child printed when it failed. The noise of ALSA and JACK stays in the child.
    """
    saved = folder / f"{device.device_name}.npy"
    argv = [sys.executable, "-m", "tests.devices.record", device.device_name, str(device.channels), str(seconds), str(saved)]
    child = subprocess.run(argv, env=os.environ | device.env, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
    if child.returncode != 0:
        raise RuntimeError(f"recording ended with {child.returncode}:\n{child.stdout}\n{child.stderr}")
    return np.load(saved), Report(**json.loads(child.stdout))


def _capture(number: int, channels: int, seconds: float) -> tuple[npt.NDArray[np.float32], Report]:
    import sounddevice as sd  # starts PortAudio, which only this process may do

    ring = np.zeros((int(seconds * RATE), channels), np.float32)
    full = threading.Event()
    at = flags = 0

    def copy(indata: npt.NDArray[np.float32], frames: int, _time: object, status: sd.CallbackFlags) -> None:
        nonlocal at, flags
        flags += bool(status)
        count = min(frames, len(ring) - at)
        ring[at : at + count] = indata[:count]
        at += count
        if at == len(ring):
            full.set()

    with sd.InputStream(RATE, 1024, number, channels, "float32", latency=0.2, callback=copy):
        if not full.wait(60):
            raise TimeoutError(f"{at} of {len(ring)} frames came within a minute")
    return ring, Report(number, flags)


def _number(name: str, channels: int) -> int:
    import sounddevice as sd

    listed = list(enumerate(sd.query_devices()))
    fitting = [number for number, d in listed if d["name"].startswith(name) and d["max_input_channels"] >= channels]
    if len(fitting) != 1:
        raise LookupError(f"{len(fitting)} devices are called {name} in\n{sd.query_devices()}")
    return fitting[0]


def main(name: str, channels: int, seconds: float, saved: Path) -> None:
    """Record, save, report."""
    floats, report = _capture(_number(name, channels), channels, seconds)
    np.save(saved, as_int32(np.ascontiguousarray(floats.T)))
    print(json.dumps(asdict(report)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
