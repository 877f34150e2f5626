"""A disk on which the power can be cut at any instant, also afterwards.

A machine that is killed in emulation loses what its kernel still held, and nothing else: what had reached the emulated disk lies in a
file of the host, whether or not the machine asked for it to be kept. A real disk has a cache of its own. What was written to it is
there for sure only once a flush came after it (an fsync ends in one); of what came after the last flush there may be all, nothing, or
any part in any order. So qemu keeps a log of every write and flush beside the disk (its driver `blklogwrites`), and :meth:`Disk.cut`
makes from that log the disk as the power would have left it.

Sources: qemu's block/blklogwrites.c; the Linux kernel's Documentation/admin-guide/device-mapper/log-writes.rst.
"""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, DISCARD, WRITE_AT_ONCE = 1, 4, 2  # flags of an entry
_SUPER, _ENTRY = struct.Struct("<QQQI"), struct.Struct("<QQQQ")


class Kept(Enum):
    """What the disk's cache brings to the disk of what came after the last flush."""

    NOTHING = "nothing"
    SOME = "some"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Entry:
    """A write of `size` bytes at `offset`, whose data lie in the log at `data`; or a flush."""

    offset: int
    size: int
    data: int
    flags: int


class Disk:
    """A disk for `boot.start`. `image`: what is on it when the machine is switched on, which stays as it is."""

    def __init__(self, image: Path) -> None:
        self.image = image
        self._now, self._log = image.with_suffix(".now"), image.with_suffix(".log")

    @property
    def place(self) -> Path:
        """The folder that its files lie in."""
        return self.image.parent

    def arguments(self) -> list[str]:
        """qemu's, of a disk with a cache that has to be told to write."""
        _copy(self.image, self._now)
        self._log.touch()
        files = {"file": self._now, "log": self._log}
        # The host's own disk need not keep anything: its power stays, and a flush that is noted in the log is all that counts.
        nodes = ",".join(f"{name}.driver=file,{name}.filename={path},{name}.cache.no-flush=on" for name, path in files.items())
        logged = ["-blockdev", f"driver=blklogwrites,node-name=disk,{nodes}"]
        return [*logged, "-device", "virtio-blk-pci,drive=disk,write-cache=on"]

    @property
    def written(self) -> int:
        """How far the log goes at this moment: what to tell `cut`."""
        return self._log.stat().st_size

    def cut(self, target: Path, until: int | None = None, kept: Kept = Kept.NOTHING, seed: int = 0) -> Disk:
        """The disk as it is, at `target`, when the power was cut as the log had so many bytes (None: at its end)."""
        _copy(self.image, target)
        with self._log.open("rb") as log, target.open("r+b") as image:
            for entry in _kept(list(_entries(log.read(self.written if until is None else until))), kept, seed):
                log.seek(entry.data)
                image.seek(entry.offset)
                image.write(log.read(entry.size))
        return Disk(target)

    def read_out(self, folder: str, target: Path) -> Path:
        """Copy a folder of the disk into `target`, after the file system did from its own journal what mounting it does."""
        subprocess.run(["e2fsck", "-p", "-E", "journal_only", str(self.image)], check=True, stdout=subprocess.DEVNULL)
        target.mkdir(parents=True, exist_ok=True)
        asked = ["debugfs", "-R", f"rdump {folder} {target}", str(self.image)]
        said = subprocess.run(asked, check=True, capture_output=True, text=True).stderr.splitlines()
        assert len(said) == 1, said  # its version
        return target / Path(folder).name

    def remove(self) -> None:
        """Its files."""
        for path in (self.image, self._now, self._log):
            path.unlink(missing_ok=True)


def make_disk(image: Path, mebibytes: int) -> Disk:
    """A disk with an empty ext4 file system."""
    with image.open("xb") as file:
        file.truncate(mebibytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    return Disk(image)


def _kept(entries: list[Entry], kept: Kept, seed: int) -> list[Entry]:
    """Those that are on the disk after the cut."""
    flushed = max((n + 1 for n, entry in enumerate(entries) if entry.flags & FLUSH), default=0)
    sure, unsure = entries[:flushed], entries[flushed:]
    chance = random.Random(seed)
    lucky = {Kept.NOTHING: 0.0, Kept.SOME: 0.5, Kept.ALL: 1.0}[kept]
    return sure + [entry for entry in unsure if entry.flags & WRITE_AT_ONCE or chance.random() < lucky]


def _entries(log: bytes) -> Iterator[Entry]:
    """Those that are whole."""
    magic, version, _, sector = _SUPER.unpack_from(log)
    assert (magic, version) == (MAGIC, VERSION)
    at = sector
    while at + sector <= len(log):
        first, sectors, flags, _ = _ENTRY.unpack_from(log, at)
        size = 0 if flags & DISCARD else sectors * sector
        at += sector
        if at + size > len(log) or not (flags or sectors):  # the last, of which a part, or nothing yet, is written
            return
        yield Entry(first * sector, size, at, flags)
        at += size


def _copy(image: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", str(image), str(target)], check=True)
