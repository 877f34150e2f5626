"""Clips that are brought to the disk while the rest of a package is made."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from liveshow.errors import MachineError
from liveshow.handoff.package import make
from liveshow.showfolder import disk
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_mic


class Disk:
    """Notes which files are brought to it, and does not take those with `bad` in their names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bad: str = "nothing of the kind") -> None:
        self.took: list[str] = []
        self._bad, self._sync = bad, disk.sync
        monkeypatch.setattr(disk, "sync", self.sync)

    def sync(self, path: Path) -> None:
        """What fsync does, or an error of the disk, told once."""
        if self._bad in path.name and path.name not in self.took:
            self.took.append(path.name)
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        self.took.append(path.name)
        self._sync(path)


def give(to_disk: Callable[[Path], None], folder: Path) -> None:
    """Three files."""
    for name in ("a", "b", "c"):
        (folder / name).write_bytes(b"x")
        to_disk(folder / name)


def test_all_are_there_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that was given has been brought to the disk, in order, when the block is over."""
    drive = Disk(monkeypatch)
    with disk.syncing() as to_disk:
        give(to_disk, tmp_path)
    assert drive.took == ["a", "b", "c"]


def test_what_the_disk_does_not_take_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in between comes out at the end."""
    Disk(monkeypatch, bad="b")
    with pytest.raises(OSError, match="Input/output"), disk.syncing() as to_disk:
        give(to_disk, tmp_path)


@pytest.mark.parametrize("measures", ["true", "false"])
def test_no_package_of_a_clip_that_is_not_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measures: str) -> None:
    """A disk that fails while a clip is brought to it, and says so only once, leaves no package."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", f"handles = 0.5\nmeasures = {measures}"))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 4 * 48_000)
    segment = show.segment(1, 3)
    Disk(monkeypatch, bad="_vox1_1.wav")
    with pytest.raises(MachineError, match="cannot be written"):
        make(show.folder, show.setup, show.state, segment)
    assert list(show.folder.contributions.iterdir()) == []
    assert make(show.folder, show.setup, show.state, segment).new
