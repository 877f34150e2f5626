"""Clips that are brought to the disk, hashed and measured while the rest of a package is made."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Event, current_thread, main_thread

import pytest

from liveshow.errors import MachineError
from liveshow.handoff.bwf import write_bwf
from liveshow.handoff.measures.clips import measured
from liveshow.handoff.package import make
from liveshow.handoff.pictures import copy_pictures
from liveshow.showfolder import disk
from liveshow.showfolder.bag import digest_of
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic


class Disk:
    """Notes which files are brought to it, and does not take those whose names end with `bad`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bad: str = "nothing of the kind") -> None:
        self.took: list[str] = []
        self._bad, self._sync = bad, disk.sync
        monkeypatch.setattr(disk, "sync", self.sync)

    def sync(self, path: Path) -> None:
        """What fsync does, or an error of the disk, told once."""
        if path.name.endswith(self._bad) and path.name not in self.took:
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


@pytest.mark.parametrize("work", ["examine.measured", "examine.digest_of", "sync"])
def test_a_clip_is_examined_while_the_next_one_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str) -> None:
    """The second clip is copied when the first has been measured, hashed or brought to the disk: it would wait in vain otherwise."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", "handles = 0.5"))
    record_camera(show, "wide", media(Wanted(160, 90, bitrate=400_000)), ClockOf(at(0), Fraction(90_000)), range(120))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 4 * 48_000)
    segment = show.segment(1, 3)
    begun, done = list[object](), Event()
    works: dict[str, Callable[..., object]] = {
        "examine.measured": measured, "examine.digest_of": digest_of, "sync": disk.sync
    }  # fmt: skip

    def noted(*args: object) -> object:
        found = works[work](*args)
        done.set()
        return found

    def second(copy: Callable[..., object], *args: object) -> object:
        begun.append(copy)
        assert len(begun) == 1 or done.wait(60)
        return copy(*args)

    monkeypatch.setattr(f"liveshow.{'showfolder.disk' if work == 'sync' else 'handoff'}.{work}", noted)
    monkeypatch.setattr("liveshow.handoff.clips.write_bwf", partial(second, write_bwf))
    monkeypatch.setattr("liveshow.handoff.clips.copy_pictures", partial(second, copy_pictures))
    assert len(make(show.folder, show.setup, show.state, segment).contribution.clips) == len(begun) == 2


def test_what_interrupts_the_hashing_interrupts_it_all(tmp_path: Path) -> None:
    """Interrupted by what watches its progress, in whichever thread, a hand-off leaves nothing."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", "handles = 0.5"))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 4 * 48_000)
    segment = show.segment(1, 3)

    def interrupt(_: float) -> None:
        if current_thread() is not main_thread():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(show.folder, show.setup, show.state, segment, progress=interrupt)
    assert list(show.folder.contributions.iterdir()) == []
