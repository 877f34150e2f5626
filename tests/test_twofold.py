"""A file on two disks whose threads come between each other: each step as the thread of a disk, or whoever writes, takes it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from liveshow.recorder import twofold
from liveshow.recorder.twofold import Twofold


class Kept:
    """A keeper both of whose disks take what is written."""

    first, left, carries = "", False, True

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waits = 0

    def make_room(self, more: int) -> None:
        """As much as there is."""


@pytest.fixture
def file(tmp_path: Path) -> Twofold:
    """One that is created on the first disk."""
    made = Twofold(tmp_path / "first", tmp_path / "second", Kept())
    made.open_first()
    return made


def bring_all(file: Twofold) -> None:
    """The rest, to both."""
    file.close()
    while not file.over_first:
        file.bring_first()
    while not file.complete:
        file.bring()
        file.sync()
    file.close_first()
    file.let_copy_go()


def test_what_is_let_go_while_the_mirror_takes_it(file: Twofold, monkeypatch: pytest.MonkeyPatch) -> None:
    """When what waits for the mirror is let go between its look at what is missing and its taking what waits, it gets nothing that belongs
    further on: the next piece is that from the first disk."""
    monkeypatch.setattr(twofold, "CHUNK", 4)
    file.write(bytes(range(8)))
    assert [file.bring_first() for _ in range(2)] == [True, False]
    file.write(bytes(range(8, 16)))
    looked = file._missed

    def let_go_after(*reading: object) -> bytes:
        found = looked(*reading)
        file.let_go()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(file, "_missed", let_go_after)
        assert file.bring(), "there is more at once"
    assert file.second.read_bytes() == b""
    bring_all(file)
    assert file.second.read_bytes() == file.first.read_bytes() == bytes(range(16))
