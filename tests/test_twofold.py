"""A file on two disks whose threads come between each other: each step as the thread of a disk, or whoever writes, takes it."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.recorder import mirroring as mirroring_module
from liveshow.recorder import second_disk, twofold
from liveshow.recorder.second_disk import SecondDisk
from liveshow.recorder.side import Read
from liveshow.recorder.twofold import Twofold
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mirror import lacks
from tests.disks import disks
from tests.running_show import wait_for
from tests.test_mirror import has, two_folders, worker_of

PART = "vox_20261122T193015.123Z_000"


class Kept:
    """A keeper both of whose disks take what is written."""

    first, left, carries = "", False, True

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waits = 0

    def make_room(self, more: int) -> None:
        """As much as there is."""


def created(place: Path) -> Twofold:
    """One that is created on the first disk."""
    made = Twofold(place / "first", place / "second", Kept())
    made.open_first()
    return made


@pytest.fixture
def file(tmp_path: Path) -> Twofold:
    """One in the test's own folder."""
    return created(tmp_path)


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

    def let_go_after(read: Read) -> bytes:
        found = looked(read)
        file.let_go()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(file, "_missed", let_go_after)
        assert file.bring(), "there is more at once"
    assert file.second.read_bytes() == b""
    bring_all(file)
    assert file.second.read_bytes() == file.first.read_bytes() == bytes(range(16))


@pytest.mark.parametrize("came_back", ["as it was", "empty"])
def test_a_header_that_the_mirror_lost_is_written_again(file: Twofold, came_back: str) -> None:
    """A mirror that goes away comes back with what was brought to the disk itself: what was written anew since then is written again, the
    newest as the last."""
    file.write(b"header 0, pictures")
    file.bring_first()
    file.bring()
    file.sync()
    for number in b"123":
        file.seek(7)
        file.write(bytes([number]))
        file.bring()
    file.bring_first()
    file.let_copy_go()
    file.second.unlink()
    file.second.write_bytes(b"header 0, pictures" if came_back == "as it was" else b"")
    bring_all(file)
    assert file.second.read_bytes() == file.first.read_bytes() == b"header 3, pictures"


def test_what_is_written_anew_is_kept_no_longer_than_needed(file: Twofold) -> None:
    """What was written anew waits in memory until it is on the mirror's disk itself, and no longer."""
    file.write(b"header 0")
    for number in b"12":
        file.seek(7)
        file.write(bytes([number]))
        file.bring()
    assert file._other.unsynced == {(7, 1): b"2"}
    file.sync()
    assert file._other.unsynced == {}
    bring_all(file)


STEP = st.one_of(
    st.tuples(st.just("append"), st.binary(min_size=1, max_size=12)),
    st.tuples(st.just("anew"), st.binary(min_size=1, max_size=12)),
    st.tuples(st.sampled_from(["first", "mirror", "sync", "let go", "comes back"]), st.just(b"")),
)


@settings(max_examples=120)
@given(st.lists(STEP, max_size=40))
def test_a_mirror_that_comes_back_is_the_same_in_the_end(steps: list[tuple[str, bytes]]) -> None:
    """Whenever a mirror goes away, and comes back with nothing of what was not brought to the disk itself, in the end it has the same bytes
    as the first."""
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(twofold, "CHUNK", 4)
        file = created(Path(place))
        expected, synced = bytearray(), b""
        for kind, data in steps:
            if data:
                at = len(expected) if kind == "append" else 0
                file.seek(at)
                file.write(data)
                expected[at : at + len(data)] = data
            elif kind != "comes back":
                {"first": file.bring_first, "mirror": file.bring, "sync": file.sync, "let go": file.let_go}[kind]()
            elif file.second.exists():
                file.let_copy_go()
                file.second.unlink()
                file.second.write_bytes(synced)
            if kind == "sync" and file.second.exists():
                synced = file.second.read_bytes()
        bring_all(file)
        assert file.first.read_bytes() == file.second.read_bytes() == bytes(expected)


def test_a_first_disk_that_hangs_as_it_is_parted_from_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When parts are to be begun anew without the first disk, and it hangs before they are, what waits for it does not fill the memory."""
    monkeypatch.setattr(twofold, "WAITING", 1 << 20)
    monkeypatch.setattr(mirroring_module, "WAITING", 1 << 20)
    with disks(tmp_path, tmp_path / "a", megabytes=100) as (disk,), worker_of(two_folders(tmp_path)) as (mirroring, create):
        file = create("x")
        wait_for("the files", lambda: has(file.first, b"") and has(file.second, b""))
        mirroring.disk.use("it fills")
        with disk.hanging():
            for number in range(30):
                file.write(bytes([number]) * (1 << 16))
                wait_for("the mirror", lambda: not file.lacks)
            assert not file.on_first
        mirroring.disk.use("")
        wait_for("the first disk", lambda: mirroring.disk.turns == 2)
        file.close()
    assert file.second.read_bytes() == b"".join(bytes([number]) * (1 << 16) for number in range(30))


def test_a_first_disk_that_hangs_as_it_is_read_holds_the_mirror_up_no_longer(tmp_path: Path) -> None:
    """While the first disk does not answer as it is asked for what the mirror missed, the mirror gets all else; and that afterwards."""
    first, mirror = two_folders(tmp_path)
    mirror.path.rename(tmp_path / "away")
    with worker_of((first, mirror)) as (mirroring, create):
        file = create("x")
        file.write(b"missed")
        wait_for("the first disk", lambda: has(file.first, b"missed"))
        wait_for("what is wrong", lambda: not mirroring.carries)
        mirroring.make_room(0)
        aside = file.first.rename(file.first.with_name("aside"))
        os.mkfifo(file.first)  # whoever opens it waits for somebody who writes
        (tmp_path / "away").rename(mirror.path)
        wait_for("the mirror", lambda: mirroring.carries and file.second.exists())
        late = create("y")
        late.write(b"late")
        late.close()
        file.close()
        wait_for("all else", lambda: has(late.second, b"late"))
        assert (mirroring.carries, file.lacks) == (True, 6)
        os.close(os.open(file.first, os.O_WRONLY))
        aside.replace(file.first)
        wait_for("the rest", lambda: has(file.second, b"missed"))


@contextmanager
def full(place: Path, disk: Path) -> Iterator[None]:
    """A disk takes no byte more until this is over."""
    with suppress(OSError), (disk / "hog").open("wb", buffering=0) as hog:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while hog.write(bytes(size)):
                    pass
    yield
    (disk / "hog").unlink()


@contextmanager
def away(place: Path, disk: Path) -> Iterator[None]:
    """A disk is not there until this is over."""
    disk.rename(place / "away")
    yield
    (place / "away").rename(disk)


@pytest.mark.parametrize("how", [full, away])
def test_parts_that_end_while_the_mirror_takes_nothing_are_brought_by_others(
    tmp_path: Path, how: Callable[[Path, Path], AbstractContextManager[None]]
) -> None:
    """While the mirror takes nothing, a worker keeps only what it still writes; what ended is whole on the first disk, and seen to be
    lacking on the mirror; afterwards the mirror gets the rest of what goes on."""
    place = tmp_path / "mounted" if how is full else tmp_path
    with disks(tmp_path, place, megabytes=24) if how is full else nullcontext():
        first, mirror = ShowFolder(tmp_path / "first"), ShowFolder(place / "b")
        for folder in (first, mirror):
            (folder.recordings / "vox").mkdir(parents=True)
        with worker_of((first, mirror)) as (mirroring, create):
            live = create(f"{PART}3.mkv")
            live.write(b"x")
            wait_for("the files", lambda: has(live.first, b"x") and has(live.second, b"x"))
            with how(tmp_path, place if how is full else mirror.path):
                ended = [create(f"{PART}{number}.mkv") for number in (1, 2)]
                for file in (*ended, live):
                    file.write(bytes(3 << 20))
                    if file is not live:
                        file.close()
                wait_for("what is wrong", lambda: not mirroring.carries)
                wait_for("the first disk", lambda: all(file.kept for file in ended))
                wait_for("their being left", lambda: mirroring._second.files == (live,))
                assert not mirroring.carries
            wait_for("the mirror", lambda: mirroring.carries and not live.lacks)
            assert [lack.target for lack in lacks(first, mirror)] == [file.second for file in ended]
            live.close()
        assert live.second.read_bytes() == live.first.read_bytes()


def test_a_full_mirror_is_not_tried_with_each_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file of which a full disk takes nothing is enough in a round: what the mirror missed of the others is not read from the first
    disk for nothing."""
    tried: list[int] = []

    def no_room(file: int, data: bytes, at: int) -> None:
        tried.append(file)
        raise OSError(errno.ENOSPC, "No space left on device")

    rounds: list[None] = []
    disk = SecondDisk(lambda: rounds.append(None))
    files = [Twofold(tmp_path / f"first{number}", tmp_path / f"second{number}", Kept()) for number in range(3)]
    monkeypatch.setattr(twofold, "write_all", no_room)
    for file in files:
        file.write(b"x")
        disk.add(file)
    wait_for("two rounds", lambda: len(rounds) >= 3)
    disk.end(0.0)
    wait_for("its end", lambda: not disk._thread.is_alive())
    assert 0 < len(tried) <= len(rounds)
    for file in files:
        file.let_copy_go()


def test_how_far_the_mirror_is_behind_is_known_all_evening(file: Twofold, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten hours in which the mirror takes nothing are told to the minute, from a few thousand moments; and once it has all, none."""
    clock = SimpleNamespace(monotonic=lambda: 0.0)
    monkeypatch.setattr(twofold, "time", clock)
    for second in range(36_000):
        clock.monotonic = lambda at=float(second): at
        file.write(b"x")
    assert len(file._moments) < 4_000
    assert file.behind(36_000.0) == 36_000
    file._other.done = 18_000
    assert 17_940 < file.behind(36_000.0) <= 18_000
    file._other.done = 0
    bring_all(file)
    assert (file.behind(36_000.0), len(file._moments)) == (0.0, 0)


def test_what_the_mirror_missed_is_brought_piece_after_piece(file: Twofold, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as there is more to bring, no round waits for the next: far fewer rounds than pieces."""
    monkeypatch.setattr(twofold, "CHUNK", 16)
    monkeypatch.setattr(second_disk, "EVERY", 1.0)
    file.write(bytes(16 * 100))
    rounds: list[None] = []
    disk = SecondDisk(lambda: rounds.append(None))
    disk.add(file)
    wait_for("the mirror", lambda: not file.lacks)
    assert file.second.read_bytes() == bytes(16 * 100)
    disk.end(0.0)
    disk.join()
    assert len(rounds) < 100
    file.let_copy_go()
    file.close_first()
