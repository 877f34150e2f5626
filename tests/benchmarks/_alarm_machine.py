"""Faults of the machine: its wall clock is set, memory is short, every processor is taken."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks._alarm_watch import Fault, false_ones, put_ahead, suffer, watching
from tests.running_show import running_show
from tests.servers.camera import CameraProcess
from tests.wall_clock import wall_clock

HEAD = '[show]\ntitle = "Machine"\n[handoff]\nlibrary = "{{library}}"\n[recording]\npart_minutes = {{part_minutes}}\n'
SETUP = HEAD + '[[camera]]\nid = "cam"\nsource = "{url}"\n'
MEMORY, LEFT = 3_000_000_000, 60_000_000  # bytes: the limit of the show's control group, and what others leave of it
BEHIND = 30  # seconds that the wall clock is set back
HOG = "import sys, time; b = bytearray(int(sys.argv[1])); b[::4096] = b'x' * len(b[::4096]); print('there', flush=True); time.sleep(600)"
LOOP = "while True: pass"
GROUPS = Path("/sys/fs/cgroup/memory")
Found = tuple[Sequence[Fault], list[tuple[float, str, str]]]


def machine(place: Path) -> Found:
    """The clock and memory, of a show in a control group whose memory is limited."""
    with (
        CameraProcess("films", "--width", "640", "bright") as server,
        memory_limited() as group,
        wall_clock(place) as wall,
        running_show(place, SETUP.format(url=server.cameras[0].url)) as show,
    ):
        show.until_proven()
        put_ahead(show, server.process.pid)
        with watching(show) as watch:
            since = time.monotonic()
            time.sleep(25)
            hogs: list[subprocess.Popen[str]] = []
            faults = [
                Fault("machine: its clock is set back by 30 s", "clock:set", 0.0, lambda: wall.set(-BEHIND), lambda: None),
                Fault("machine: memory is short", "machine:memory", 0.0, lambda: _hog(group, hogs), lambda: _end(hogs)),
            ]
            for fault in faults:
                suffer(watch, [fault])
            false = false_ones(watch, faults, since)
        show.end(120)
        return faults, false


@contextmanager
def memory_limited() -> Iterator[Path]:
    """A control group of its own for whatever is started within."""
    group, home = GROUPS / f"liveshow-{os.getpid()}", GROUPS / _own_group()
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(MEMORY))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield group
    finally:
        (home / "cgroup.procs").write_text(str(os.getpid()))
        for pid in (group / "cgroup.procs").read_text().split():
            (home / "cgroup.procs").write_text(pid)
        group.rmdir()


def _own_group() -> str:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return next(line.split(":", 2)[2] for line in lines if "memory" in line.split(":")[1].split(",")).lstrip("/")


def _hog(group: Path, hogs: list[subprocess.Popen[str]]) -> float:
    """Take what is left but a little, and say when it was taken."""
    used = int((group / "memory.usage_in_bytes").read_text())
    stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    size = MEMORY - (used - int(stat["total_inactive_file"])) - LEFT
    hogs.append(subprocess.Popen([sys.executable, "-c", HOG, str(size)], stdout=subprocess.PIPE, text=True))
    assert hogs[-1].stdout is not None
    hogs[-1].stdout.readline()
    return time.monotonic()


def _end(processes: list[subprocess.Popen[str]]) -> None:
    while processes:
        process = processes.pop()
        process.kill()
        process.wait()


def cpu(place: Path) -> Found:
    """Loops of real-time priority: whatever has none gets what Linux keeps for it, a twentieth of each processor, once a second."""
    with (
        CameraProcess("films", "--width", "640", "bright") as server,
        running_show(place, SETUP.format(url=server.cameras[0].url)) as show,
    ):
        show.until_proven()
        _see_in_time()
        with watching(show) as watch:
            since = time.monotonic()
            time.sleep(25)
            loops: list[subprocess.Popen[str]] = []
            also = ("cam:unproven", "cam:lost", "proof:away", "cam:dropping", "cam:drift")
            fault = Fault(
                "machine: every processor is taken", "machine:cpu", 0.0, lambda: _loop(loops), lambda: _end(loops), also
            )
            suffer(watch, [fault])
            false = false_ones(watch, [fault], since)
        show.end(120)
        return [fault], false


def _see_in_time() -> None:
    """What is told is to be seen in time by the threads that this one starts."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(2))


def _loop(loops: list[subprocess.Popen[str]]) -> None:
    for _ in range(os.cpu_count() or 1):
        loops.append(subprocess.Popen([sys.executable, "-c", LOOP], text=True))
        os.sched_setscheduler(loops[-1].pid, os.SCHED_RR, os.sched_param(1))
