"""Faults of the disk that is recorded to: a small file system of its own, on a loop device. Needs root.

Slow: the kernel lets so many bytes a second through to that device, for everybody (`blkio.throttle.write_bps_device` of cgroup v1).
Keeps nothing: a library that is loaded before libc in every process of the show says of each write to one camera's recording that it was
done, and does not do it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from liveshow.recorder.conditions.machine import SLOW_DISK
from tests.benchmarks._alarm_watch import Fault, Watch, false_ones, put_ahead, suffer, watching
from tests.disks import Disk
from tests.disks import disks as mounted
from tests.running_show import running_show, wait_for
from tests.servers.camera import CameraProcess

MEGABYTES = 4000
SLOWLY = 20_000  # bytes a second, a twentieth of what is recorded
THROTTLE = Path("/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device")
SETUP = """
[show]
title = "Disks"
[recording]
part_minutes = {{part_minutes}}
reserve_minutes = 0
[handoff]
library = "{{library}}"
[[camera]]
id = "cam"
source = "{url}"
[[camera]]
id = "nowhere"
source = "{other}"
[[audio]]
id = "box"
source = "simulated:"
sample_rate = 48000
  [[audio.mic]]
  id = "vox"
  channel = 1
"""
LOSING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Writes to files whose path holds what LOSE says are said to be done while the file LOSE_WHEN exists. */
ssize_t write(int file, const void *data, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);
    const char *lose = getenv("LOSE"), *when = getenv("LOSE_WHEN");
    char link[64], path[PATH_MAX + 1] = {0};
    if (!real)
        real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (lose && when && file > 2 && access(when, F_OK) == 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        if (readlink(link, path, PATH_MAX) > 0 && strstr(path, lose))
            return (ssize_t)size;
    }
    return real(file, data, size);
}
"""


@contextmanager
def losing(place: Path, what: str) -> Iterator[Path]:
    """Whoever is started meanwhile loses what it writes to such files, while there is a file at the path that is given."""
    source, library, when = place / "losing.c", place / "losing.so", place / "losing"
    source.write_text(LOSING)
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"], check=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"LD_PRELOAD": str(library), "LOSE": what, "LOSE_WHEN": str(when)}.items():
            patch.setenv(name, value)
        yield when


def disks(place: Path) -> tuple[Sequence[Fault], list[tuple[float, str, str]]]:
    """One after another."""
    with (
        CameraProcess("films", "--width", "640", "bright", "bright") as server,
        mounted(place, place / "disk", megabytes=MEGABYTES) as (disk,),
        losing(place, "/recordings/nowhere/") as when,
        running_show(disk.place, SETUP.format(url=server.cameras[0].url, other=server.cameras[1].url)) as show,
    ):
        show.until_proven()
        put_ahead(show, server.process.pid)
        with watching(show) as watch:
            since = time.monotonic()
            time.sleep(40)
            faults = [*_recorded(disk, when), *_full(disk, watch)]
            for fault in faults:
                suffer(watch, [fault])
                show.until_proven()
                time.sleep(8)
            false = false_ones(watch, faults, since)
        show.end(120)
        return faults, false


def _recorded(disk: Disk, when: Path) -> Iterator[Fault]:
    number = disk.place.stat().st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    late = ("cam:unproven", "nowhere:unproven", "vox:unproven")
    yield Fault("recording: written, and not kept", "nowhere:unproven", 0.0, when.touch, when.unlink)
    if THROTTLE.exists():
        yield Fault(
            f"disk: slow ({SLOWLY // 1000} kB/s)",
            "disk:slow",
            SLOW_DISK,
            lambda: _throttle(device, SLOWLY),
            lambda: _throttle(device, 0),
            (*late, "journal:unwritten"),
        )
    frozen = disk.hanging()
    yield Fault(
        "disk: hangs", "cam:unproven", 0.0, frozen.__enter__, lambda: frozen.__exit__(None, None, None), (*late, "disk:slow")
    )


def _throttle(device: str, rate: int) -> None:
    THROTTLE.write_text(f"{device} {rate}")


def _full(disk: Disk, watch: Watch) -> Iterator[Fault]:
    """Somebody copies a film onto it."""
    ballast = disk.place / "ballast"

    def leave(minutes: float) -> None:
        pulse = wait_for("a rate", lambda: watch.pulse if watch.pulse and watch.pulse.bytes_per_second else None)
        free = shutil.disk_usage(disk.place).free
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, round(free - minutes * 60 * pulse.bytes_per_second)))

    for minutes, alarm in ((20.0, "disk:low"), (4.0, "disk:full")):
        also = ("disk:low", "handoff:withheld")
        words = f"disk: lasts {minutes:.0f} minutes"
        yield Fault(words, alarm, 0.0, partial(leave, minutes), ballast.unlink, also)
