"""Disks that can die: file systems in image files, on loop devices. Needs root."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import needs, needs_root

EXT4_IOC_SHUTDOWN = 0x8004587D
"""_IOR('X', 125, __u32), see fs/ext4/ext4.h: from then on everything that is asked of the file system is an I/O error."""
NOLOGFLUSH = 2
THROTTLE = Path("/sys/fs/cgroup/blkio")
"""The kernel's limits of what goes to a device: https://docs.kernel.org/admin-guide/cgroup-v1/blkio-controller.html."""


class Disk:
    """An ext4 file system of its own, mounted at `place`."""

    def __init__(self, image: Path, place: Path, megabytes: int) -> None:
        self.image, self.place, self.frozen = image, place, False
        place.mkdir(parents=True, exist_ok=True)
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", image)
        self.mount()

    def mount(self) -> None:
        """Plug it in: as a device of its own, whatever is still open of what it was before."""
        device = subprocess.run(
            ["losetup", "--find", "--show", self.image], check=True, capture_output=True, text=True
        ).stdout.strip()
        _run("mount", device, self.place)
        _run("losetup", "--detach", device)  # once it is not mounted any more

    def mount_again(self) -> None:
        """Mount what is still open somewhere, though its folder was empty for a while."""
        found = subprocess.run(["losetup", "-nlO", "NAME", "-j", self.image], check=True, capture_output=True, text=True)
        _run("mount", found.stdout.split()[0], self.place)

    def unplug(self) -> None:
        """Its folder is empty from now on, for whoever opens something; what is open stays so until it is closed."""
        _run("umount", "--lazy", self.place)

    def die(self) -> None:
        """Everything that is asked of it is an I/O error from now on, also of files that are open."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(folder)

    def read_only(self) -> None:
        """Nothing can be written on it from now on; what was open for that must be closed already."""
        _run("mount", "-o", "remount,ro", self.place)

    def read_write(self) -> None:
        """And again it can."""
        _run("mount", "-o", "remount,rw", self.place)

    def revive(self) -> None:
        """Plug it out and in again."""
        self.unplug()
        self.mount()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Whoever writes on it waits, and cannot be killed, until this is over."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def freeze(self) -> None:
        """Whoever writes on it waits from now on."""
        self.frozen = True
        _run("fsfreeze", "--freeze", self.place)

    def thaw(self) -> None:
        """And waits no more."""
        self.frozen = False
        _run("fsfreeze", "--unfreeze", self.place)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """The device beneath it does next to nothing until this is over: what is written stays in memory, and whoever wants it on the disk,
        or waits for the file system's own journal, waits and cannot be killed."""
        self.slow(1)
        try:
            yield
        finally:
            self.slow(0)

    def slow(self, bytes_per_second: int) -> None:
        """The device beneath it takes no more than that; 0: as much as it can."""
        if not THROTTLE.exists():
            pytest.skip("this kernel cannot slow a device down (blkio controller)")
        device = self.place.stat().st_dev
        limit = f"{os.major(device)}:{os.minor(device)} {bytes_per_second}\n"
        (THROTTLE / "blkio.throttle.write_bps_device").write_text(limit, encoding="ascii")


@contextmanager
def disks(folder: Path, *places: Path, megabytes: int = 300) -> Iterator[tuple[Disk, ...]]:
    """Disks mounted at these places, their images in `folder`."""
    needs_root()
    needs("mount", "umount", "losetup", "mkfs.ext4", "fsfreeze")
    made = [Disk(folder / f"disk-{number}.img", place, megabytes) for number, place in enumerate(places)]
    try:
        yield tuple(made)
    finally:
        for disk in made:
            if disk.frozen:
                disk.thaw()
            while os.path.ismount(disk.place):
                disk.unplug()


def _run(*words: str | Path) -> None:
    subprocess.run(list(map(str, words)), check=True, capture_output=True)
