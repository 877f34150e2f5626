"""The mirror without a recorder: files that are written twice, what one disk lacks, and the journal on both."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from liveshow.errors import JournalError, MachineError
from liveshow.events import FeedHealth, MirrorNow, Note, PartEnded, ShowOpened
from liveshow.recorder import disks as disks_module
from liveshow.recorder import mirroring as mirroring_module
from liveshow.recorder import reserve as reserve_module
from liveshow.recorder import twofold
from liveshow.recorder.bringing import Bringing
from liveshow.recorder.disks import Disks
from liveshow.recorder.journal_copy import JournalCopy
from liveshow.recorder.link import WorkerLink
from liveshow.recorder.mirror_keeper import MirrorKeeper
from liveshow.recorder.mirror_standing import MirrorStanding
from liveshow.recorder.mirroring import Mirroring
from liveshow.recorder.proof import Prover
from liveshow.recorder.reserve import GIVES_WAY, LOOKS, LastWords, Reserve, Verdict, give_up_oldest
from liveshow.recorder.series import PartSeries, recorded_until
from liveshow.recorder.syncer import Syncer
from liveshow.recorder.twofold import Missing, Twofold
from liveshow.setupfile import parse
from liveshow.showfolder import mirror as mirror_module
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.showfolder.journal import Journal, read
from liveshow.showfolder.mirror import Lack, Places, bring, bring_journal, lacks, unlike
from liveshow.timebase import SECOND, ShowClock
from tests.disks import disks
from tests.running_show import verb, wait_for
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_mic

# A file on two disks ---------------------------------------------------------------------------------------------


class Kept:
    """A keeper that carries what it is told to."""

    first, left, carries = "", False, True

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waits = 0
        self.file: Twofold | None = None

    def make_room(self, more: int) -> None:
        """Let the mirror go without, and then the first disk."""
        assert self.file is not None
        self.file.let_go()
        if self.waits + more > twofold.WAITING:
            self.file.leave_first("it is too slow")


STEP = st.one_of(
    st.tuples(st.just("append"), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("anew"), st.binary(min_size=1, max_size=12)),
    st.tuples(st.just("first"), st.sampled_from(["takes it", "takes it"])),
    st.tuples(st.just("mirror"), st.sampled_from(["takes it", "takes it", "is full", "is another one"])),
)


@settings(max_examples=120)
@given(st.lists(STEP, max_size=40))
def test_both_disks_have_the_same_whatever_the_mirror_does(steps: list[tuple[str, bytes | str]]) -> None:
    """However a file is written and written anew, whichever disk comes first, and whenever the mirror is full for a while or another
    one with nothing on it, in the end both have the same bytes, unless the first was too slow; what waits in memory stays bounded."""
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(twofold, "WAITING", 60)
        patch.setattr(twofold, "CHUNK", 16)
        keeper = Kept()
        file = keeper.file = Twofold(Path(place, "first"), Path(place, "second"), keeper)
        expected = bytearray()
        file.open_first()
        for kind, what in steps:
            if isinstance(what, bytes):
                at = len(expected) if kind == "append" else 0
                file.seek(at)
                with suppress(OSError):  # neither disk was brought what waits: then nothing of it was taken
                    file.write(what)
                    expected[at : at + len(what)] = what
            elif kind == "first":
                file.bring_first()
            else:
                brought(file, what)
            assert keeper.waits == len(file._tail) <= 60
        file.close()
        while file.on_first and not file.over_first:
            file.bring_first()
        with suppress(Missing):  # the first was left, and the mirror is another one
            while not file.complete:
                file.bring()
                file.sync()
            assert Path(place, "second").read_bytes() == bytes(expected)
        assert not file.on_first or Path(place, "first").read_bytes() == bytes(expected)
        assert file.on_first or file.complete or any(what == "is another one" for _, what in steps)
        file.close_first()
        file.let_copy_go()


def brought(file: Twofold, mirror: str) -> None:
    """Bring it to a mirror that takes it, or half of it and is full, or is exchanged for an empty one first."""
    if mirror == "is another one":
        file.let_copy_go()
        file.second.unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        if mirror == "is full":
            patch.setattr(twofold, "write_all", half_written)
        with suppress(NoRoom, Missing):
            file.bring()


class NoRoom(OSError):
    """What a full disk says."""


def half_written(file: int, data: bytes, at: int) -> None:
    """What a disk does that fills up."""
    os.lseek(file, at, os.SEEK_SET)
    os.write(file, data[: len(data) // 2])
    raise NoRoom(errno.ENOSPC, "No space left on device")


def has(path: Path, data: bytes) -> bool:
    """Whether a file is there, with this in it."""
    return path.exists() and path.read_bytes() == data


def two_folders(place: Path) -> tuple[ShowFolder, ShowFolder]:
    """Show folders on what is mounted at `a` and at `b`, or not."""
    folders = ShowFolder(place / "a"), ShowFolder(place / "b")
    for folder in folders:
        (folder.recordings / "vox").mkdir(parents=True)
    os.sync()
    return folders


@contextmanager
def worker_of(folders: tuple[ShowFolder, ShowFolder]) -> Iterator[tuple[Mirroring, Callable[[str], Twofold]]]:
    """The two disks of a worker, and how it makes a file."""
    mirroring, syncer = Mirroring(*folders), Syncer()
    yield mirroring, lambda name: mirroring.create(folders[0].recordings / "vox" / name, syncer)
    mirroring.stop()
    syncer.stop(1)


def test_writing_goes_on_without_the_first_disk_and_not_without_either(tmp_path: Path) -> None:
    """When the first disk dies the next bytes are on the mirror only, and whoever writes does not notice; when the mirror takes nothing
    either it is an error, and nothing can be begun."""
    with (
        disks(tmp_path, tmp_path / "a", tmp_path / "b", megabytes=16) as (first, second),
        worker_of(two_folders(tmp_path)) as (mirroring, create),
    ):
        file = create("x")
        file.write(b"before ")
        wait_for("both", lambda: has(file.first, b"before ") and has(file.second, b"before "))
        first.die()
        file.write(b"after")
        wait_for("its death", lambda: mirroring.first == "Input/output error")
        wait_for("the rest", lambda: has(file.second, b"before after"))
        second.die()
        wait_for("the end of both", lambda: not mirroring.carries)
        with pytest.raises(OSError, match="Input/output error"):
            file.write(b"nowhere")
        with pytest.raises(OSError, match="Input/output error"):
            create("y")
        file.close()


def test_a_first_disk_that_is_good_again_is_written_again(tmp_path: Path) -> None:
    """Once it takes what is written, parts are to be begun anew, on both; not before."""
    with disks(tmp_path, tmp_path / "a", megabytes=100) as (disk,):
        with worker_of(two_folders(tmp_path)) as (mirroring, create):
            file = create("x")
            wait_for("the files", lambda: has(file.first, b"") and has(file.second, b""))
            disk.die()
            file.write(b"x")
            wait_for("its death", lambda: mirroring.health("vox").first == "Input/output error")
            assert mirroring.disk.turns == 0
            disk.revive()
            wait_for("the first disk", lambda: mirroring.disk.turns == 1)
            assert mirroring.health("vox").first == ""
            file.close()
        assert file.second.read_bytes() == b"x"


@pytest.mark.parametrize("hangs", ["writing", "beneath"])
def test_a_first_disk_that_hangs_holds_nobody_up(tmp_path: Path, hangs: str) -> None:
    """While whoever writes on the first disk hangs, or the device beneath it does not answer, the mirror has everything at once, and it is
    said; afterwards the first has everything, without a further part."""
    with disks(tmp_path, tmp_path / "a", megabytes=100) as (disk,), worker_of(two_folders(tmp_path)) as (mirroring, create):
        file = create("x")
        wait_for("the files", lambda: has(file.first, b"") and has(file.second, b""))
        told: list[str] = []
        with disk.hanging() if hangs == "writing" else disk.standing_still():
            file.write(b"written")
            wait_for("the mirror", lambda: has(file.second, b"written"))
            late = create("y")
            late.write(b"z")
            late.close()
            mirroring.when_kept([late], lambda: told.append("kept"))
            wait_for("the mirror", lambda: told == ["kept"])
            if hangs == "writing":
                wait_for("its silence", lambda: "not answered" in mirroring.health("vox").first)
        wait_for("the first", lambda: not mirroring.first and has(late.first, b"z"))
        assert (mirroring.disk.turns, file.first.read_bytes()) == (0, b"written")
        file.close()


def test_a_first_disk_that_hangs_for_too_long_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When what waits for a first disk that hangs would fill the memory, it is left, and writing goes on; parts are begun anew when it
    answers."""
    monkeypatch.setattr(twofold, "WAITING", 1 << 20)
    monkeypatch.setattr(mirroring_module, "WAITING", 1 << 20)
    with disks(tmp_path, tmp_path / "a", megabytes=100) as (disk,):
        with worker_of(two_folders(tmp_path)) as (mirroring, create):
            file = create("x")
            wait_for("the files", lambda: has(file.first, b"") and has(file.second, b""))
            with disk.hanging():
                for number in range(30):
                    file.write(bytes([number]) * (1 << 16))
                    wait_for("the mirror", lambda: not file.lacks)
                    assert mirroring.waits <= 1 << 20
                assert mirroring.left
                assert mirroring.disk.turns == 0
            wait_for("the first disk", lambda: mirroring.disk.turns == 1)
            file.close()
        assert file.second.read_bytes() == b"".join(bytes([number]) * (1 << 16) for number in range(30))


def test_a_mirror_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    """While the mirror's disk hangs, who writes does not wait, and is told that it does not answer; afterwards it has everything."""
    with disks(tmp_path, tmp_path / "b", megabytes=16) as (disk,):
        with worker_of(two_folders(tmp_path)) as (mirroring, create):
            file = create("x")
            wait_for("the files", lambda: has(file.first, b"") and has(file.second, b""))
            with disk.hanging():
                file.write(b"written")
                wait_for("its silence", lambda: "not answered" in mirroring.health("vox").why)
                assert (file.first.read_bytes(), mirroring.health("vox").lacks) == (b"written", 7)
                assert not mirroring.carries
            wait_for("its answer", lambda: mirroring.carries)
            file.close()
        assert file.second.read_bytes() == b"written"


class Raw:
    """A part that is what is written in it."""

    short = False

    def __init__(self, path: Path, *, file: Twofold | None) -> None:
        assert file is not None
        self.path, self.file = path, file

    @property
    def bytes(self) -> int:
        """All that was written."""
        return self.file.size

    def finish(self) -> None:
        """Its last bytes."""
        self.file.write(b"the end")

    def fileno(self) -> int:
        """None of its own."""
        return -1

    def close(self) -> None:
        """Let go of it."""
        self.file.close()


class Said:
    """Keeps what a worker reports."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def report(self, event: object, _run: str = "") -> None:
        """One more."""
        self.events.append(event)


def test_a_part_ends_while_the_first_disk_hangs_in_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who records does not wait for a file that is being brought to a first disk that hangs; the part is told once the mirror has it."""
    with disks(tmp_path, tmp_path / "a", megabytes=100) as (disk,):
        folders, said, syncer = two_folders(tmp_path), Said(), Syncer()
        mirroring = Mirroring(*folders)
        series = PartSeries(folders[0], "vox", ".wav", cast(WorkerLink, said), syncer, mirroring)
        part, timing = series.begin(Raw, 0, "", "sound", Fraction(48_000), "", 0)
        part.file.write(b"begun")
        wait_for("both", lambda: has(part.path, b"begun") and has(part.file.second, b"begun"))
        asked, fsync = list[int](), os.fsync

        def asking(descriptor: int) -> None:
            asked.append(descriptor)
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", asking)
        with (tmp_path / "a" / "other").open("wb", buffering=0) as other:
            with disk.standing_still():
                other.write(b"x" * 100)
                syncing = threading.Thread(target=lambda: syncer.finish(other.fileno(), close=lambda: None))
                syncing.start()
                wait_for("its turn", lambda: other.fileno() in asked)
                ending = threading.Thread(target=lambda: series.end(1, "stopped", 12, part, timing))
                ending.start()
                wait_for("the end", lambda: not ending.is_alive())
                wait_for("its word", lambda: any(isinstance(event, PartEnded) for event in said.events))
                assert syncing.is_alive()
            syncing.join()
        mirroring.stop()
        syncer.stop(5)
        assert part.path.read_bytes() == part.file.second.read_bytes() == b"begunthe end"


# What one disk lacks ---------------------------------------------------------------------------------------------

PART, TIMING = "wide_20261122T193015.123Z_0001.mkv", "wide_20261122T193015.123Z_0001.timing"


@pytest.fixture
def two(tmp_path: Path) -> tuple[ShowFolder, ShowFolder]:
    """A show folder and its mirror, with one part that is the same on both."""
    folders = ShowFolder(tmp_path / "a"), ShowFolder(tmp_path / "b")
    for folder in folders:
        (folder.recordings / "wide").mkdir(parents=True)
        (folder.recordings / "wide" / PART).write_bytes(bytes(range(256)) * 100)
        (folder.recordings / "wide" / TIMING).write_bytes(b"{}\n")
    return folders


def shortened(path: Path) -> None:
    """It was cut off: its header was not written to the end, and its end is missing."""
    data = bytearray(path.read_bytes()[:20_000])
    data[40:48] = bytes(8)
    path.write_bytes(data)


def all_brought(first: ShowFolder, mirror: ShowFolder) -> list[str]:
    """Bring both what they lack; what went wrong."""
    wrong = []
    for lack in tuple(lacks(first, mirror)):
        try:
            for _ in bring(lack):
                pass
        except MachineError as exc:
            wrong.append(exc.what)
    return wrong


@pytest.mark.parametrize("damage", [shortened, Path.unlink], ids=["shortened", "unlink"])
@pytest.mark.parametrize("of", [0, 1], ids=["first", "mirror"])
def test_each_disk_is_brought_what_it_lacks(
    two: tuple[ShowFolder, ShowFolder], of: int, damage: Callable[[Path], None]
) -> None:
    """A part that is cut off or missing on either disk is brought there whole; and again without harm."""
    lacking = two[of].recordings / "wide" / PART
    damage(lacking)
    (lack,) = lacks(*two)
    assert (lack.target, lack.to_first) == (lacking, of == 0)
    assert all_brought(*two) == []
    assert lacking.read_bytes() == bytes(range(256)) * 100
    assert (list(lacks(*two)), list(unlike(*two))) == ([], [])


def test_what_differs_is_named_and_left(two: tuple[ShowFolder, ShowFolder]) -> None:
    """Of two parts that differ in what both have, none is put in the other's place, whether or not one is longer; nor is a part touched
    that is being written."""
    ours, theirs = (folder.recordings / "wide" / PART for folder in two)
    ours.write_bytes(bytes(25_600))
    assert list(unlike(*two)) == [Path("recordings/wide") / PART]
    ours.write_bytes(bytes(20_000))
    assert all_brought(*two) == [f"differs from {theirs}"]
    assert (ours.read_bytes(), list(lacks(*two, busy=[Path("recordings/wide") / PART]))) == (bytes(20_000), [])
    (two[0].recordings / "wide" / TIMING).unlink()
    assert list(lacks(*two, busy=[Path("recordings/wide") / PART])) == []


def test_a_feed_is_read_on_one_disk_until_that_lags_behind(
    two: tuple[ShowFolder, ShowFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While both grow, each ahead of the other by turns, it is read where it was; on the other when that has more by seconds, or a newer
    part, or when nothing can be read there."""
    now = [0.0]
    monkeypatch.setattr(mirror_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    places, (ours, theirs) = Places(*two), [folder.recordings / "wide" / PART for folder in two]

    def read_after(seconds: float, here: int, there: int) -> ShowFolder:
        now[0] += seconds
        ours.write_bytes(bytes(here))
        theirs.write_bytes(bytes(there))
        return places.of("wide")

    first, mirror = two
    assert read_after(0.0, 20_000, 20_000) is first
    assert [read_after(2.0, 22_000 + 2000 * k + 900 * (k % 2), 22_900 + 2000 * k) for k in range(6)] == [first] * 6
    assert [read_after(2.0, 33_000, size) for size in (34_900, 36_900)] == [first, mirror]
    assert [read_after(2.0, 39_500, 38_900), read_after(2.0, 42_000, 41_000)] == [mirror] * 2
    newer = ours.with_name(PART.replace("0001", "0002"))
    newer.write_bytes(b"")
    assert read_after(2.0, 42_000, 43_000) is first
    shutil.rmtree(ours.parent)
    assert places.of("wide") is mirror


def test_the_end_waits_for_a_large_file_as_long_as_it_goes_on(
    two: tuple[ShowFolder, ShowFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that takes longer to be brought than a disk that takes nothing is waited for is brought whole."""
    (two[1].recordings / "wide" / PART).unlink()
    within = 1.5
    monkeypatch.setattr(mirror_module, "CHUNK", 1000)
    monkeypatch.setattr(mirror_module, "AT_ONCE", 4000)

    def slowly(lack: Lack, throughout: bool) -> Iterator[int]:
        for copied in bring(lack, throughout):
            time.sleep(within / 10)
            yield copied

    monkeypatch.setattr("liveshow.recorder.bringing.bring", slowly)
    keeper = MirrorKeeper(*two, parse(SETUP, "setup.toml", date(2026, 11, 22)), SETUP)
    keeper.start(ShowClock())
    keeper.stop(within)
    assert (two[1].recordings / "wide" / PART).read_bytes() == bytes(range(256)) * 100


def test_what_the_mirror_proved_is_not_proven_for_long(
    two: tuple[ShowFolder, ShowFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the mirror does not answer whoever looks at it any more, what was proven there is shown no longer than what was on the first
    disk."""
    answers = threading.Event()
    answers.set()

    def grown(_prover: Prover) -> tuple[int, float]:
        answers.wait()
        return 1, time.monotonic()

    monkeypatch.setattr(Prover, "_newest", grown)
    keeper = MirrorKeeper(*two, parse(SETUP, "setup.toml", date(2026, 11, 22)), SETUP)
    clock = ShowClock()
    keeper.start(clock)
    wait_for("its proof", lambda: {proof.light for proof in keeper.now({}, "", 0.0).proofs.values()} == {"proven"})
    answers.clear()
    wait_for("darkness", lambda: {proof.light for proof in keeper.now({}, "", 0.0).proofs.values()} == {"unproven"})
    answers.set()
    keeper.stop(10)


def test_the_mirror_says_how_far_a_show_is_though_the_first_disk_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """How far recordings go is asked of either disk by a hand of its own."""
    monkeypatch.setattr(disks_module, "WITHIN", 0.5)
    text = SETUP.replace("[handoff]", f'[recording]\nmirror = "{(tmp_path / "mirror").as_posix()}"\n[handoff]')
    show = SyntheticShow.begun(tmp_path / "mirror", text)
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 48_000)
    first, answers = make(tmp_path / "show" / show.folder.id, text, ["vox1"]), threading.Event()

    def hangs(folder: ShowFolder) -> int:
        if folder.path == first.path:
            answers.wait()
        return recorded_until(folder)

    monkeypatch.setattr(disks_module, "recorded_until", hangs)
    of_show = Disks(first, show.folder.setup(), text, dict, lambda: cast(Journal, None))
    assert of_show.recorded_until() >= at(1)
    assert "the first disk" in caplog.text
    answers.set()
    of_show.close()


def test_no_show_folder_is_made_where_the_first_disk_is_not_mounted(tmp_path: Path) -> None:
    """A first disk that is not mounted as the show begins is given its folder when it is, and what it is mounted on never."""
    disk, mirror = tmp_path / "disk", make(tmp_path / "mirror" / "show", SETUP, ["vox1"])
    disk.mkdir()
    with mounted() as mounts:
        bringing = Bringing(ShowFolder(disk / "show"), mirror, SETUP, ["vox1"])
        bringing._keep_first()
        assert list(disk.iterdir()) == []
        mounts.add(disk)
        bringing._keep_first()
        assert (disk / "show" / "recordings" / "vox1").is_dir()
        shutil.rmtree(disk / "show")
        mounts.discard(disk)
        bringing._keep_first()
        assert list(disk.iterdir()) == []


@contextmanager
def mounted() -> Iterator[set[Path]]:
    """Where something is mounted, as told."""
    mounts = {Path("/")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os.path, "ismount", lambda place: Path(place) in mounts)
        yield mounts


# The journal on both ---------------------------------------------------------------------------------------------

OPENED = ShowOpened(t=0, show="s", wall=1, date="2026-11-22", timezone="UTC")


def note(text: str) -> Note:
    """A line."""
    return Note(t=0, text=text)


def test_the_longer_journal_goes_on(two: tuple[ShowFolder, ShowFolder]) -> None:
    """A journal that is the beginning of the other gets the rest, either way; two that each have what the other lacks are left."""
    with Journal(two[0].journal_file) as ours:
        ours.append([OPENED, note("one")], said=1)
    assert bring_journal(*two) > 0
    with Journal(two[1].journal_file) as theirs:
        theirs.append([note("two")], said=2)
    assert bring_journal(*two) == 0
    assert bring_journal(two[1], two[0]) > 0
    assert read(two[0].journal_file) == read(two[1].journal_file)
    for folder, text in zip(two, ("here", "there"), strict=True):
        with Journal(folder.journal_file) as split:
            split.append([note(text)], said=3)
    with pytest.raises(JournalError, match="each have what the other lacks"):
        bring_journal(*two)


class Prompt(JournalCopy):
    """One that is brought at once; a mirror that takes nothing is not asked again."""

    def append(self, data: bytes) -> None:
        """And to its disk."""
        super().append(data)
        with suppress(OSError):
            self.bring()


def test_a_mark_is_kept_by_the_mirror_while_the_disk_is_dead(tmp_path: Path) -> None:
    """What is said while the first disk is dead is on the mirror before it is acknowledged; when the disk is back it gets that too, without
    anybody starting anything again. Without a mirror it is refused until then."""
    with disks(tmp_path, tmp_path / "a", tmp_path / "b", megabytes=16) as (first, second):
        copy = Prompt(tmp_path / "b" / "journal.jsonl")
        with Journal(tmp_path / "a" / "journal.jsonl", copy) as kept, Journal(tmp_path / "b" / "alone.jsonl") as alone:
            for journal in (kept, alone):
                journal.append([OPENED], said=1)
            first.die()
            kept.append([note("dead")], said=2)
            assert (kept.alone, kept.fault) == ("Input/output error", None)
            assert [e.n for e in read(copy.path)] == [1, 2]
            second.die()
            with pytest.raises(MachineError, match="cannot be written"):
                alone.append([note("nowhere")], said=2)
            first.revive()
            second.revive()
            alone.append([note("back")], said=3)
            copy.let_go()
            kept.append([note("back")], said=3)
            assert (kept.alone, alone.fault) == ("", None)
        copy.let_go()
        assert [getattr(e, "text", "") for e in read(tmp_path / "a" / "journal.jsonl")] == ["", "dead", "back"]
        assert [getattr(e, "text", "") for e in read(tmp_path / "b" / "alone.jsonl")] == ["", "back"]


def test_what_was_taken_back_while_the_mirror_hung_is_not_there(tmp_path: Path) -> None:
    """A line that hangs with the mirror, and is refused for the first disk is dead, is not on the mirror once it answers; the next one is,
    before it is acknowledged, though it is as long."""
    with disks(tmp_path, tmp_path / "a", tmp_path / "b", megabytes=16) as (first, second):
        copy = JournalCopy(tmp_path / "b" / "journal.jsonl")
        with Journal(tmp_path / "a" / "journal.jsonl", copy) as journal:
            copy.start()
            journal.append([OPENED], said=1)
            assert copy.keeps(1, 10)
            first.die()
            with second.hanging():
                with pytest.raises(MachineError, match="cannot be written"):
                    journal.append([note("lost")], said=2)
                saying = threading.Thread(target=lambda: journal.append([note("kept")], said=2))
                saying.start()
                wait_for("the next line", lambda: b"kept" in copy.data)
            saying.join()
            assert [getattr(e, "text", "") for e in read(copy.path)] == ["", "kept"]
        copy.stop(10)


def test_what_a_mirror_has_of_a_line_that_was_taken_back_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of which the mirror says that it did not take it, though it has it, and which was refused then, does not make its journal
    another evening's."""
    copy = JournalCopy(tmp_path / "journal.jsonl")
    copy.begin(b"one\n")
    copy.bring()
    copy.append(b"a longer one\n")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refused)
        with pytest.raises(OSError, match="error"):
            copy.bring()
    copy.let_go()
    copy.begin(b"one\n")
    copy.append(b"two\n")
    copy.bring()
    assert copy.path.read_bytes() == b"one\ntwo\n"
    copy.let_go()


def test_what_lies_in_memory_only_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that a mirror's disk did not take are not acknowledged because they can be read there, by the recorder that wrote them or the
    next. They are written once more, since a disk says only once what it did not take."""
    copy, following = (JournalCopy(tmp_path / "journal.jsonl") for _ in range(2))
    copy.begin(b"one\n")
    copy.bring()
    copy.append(b"two\n")
    following.begin(b"one\ntwo\n")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refused)
        for opened in (copy, copy, following, copy):
            with pytest.raises(OSError, match="error"):
                opened.bring()
            opened.let_go()
    assert copy.path.read_bytes() == b"one\ntwo\n"
    assert (copy.kept, following.kept) == (4, 0)
    own, again = os.write, list[bytes]()

    def noting(file: int, data: memoryview) -> int:
        again.append(bytes(data))
        return own(file, data)

    monkeypatch.setattr(os, "write", noting)
    for opened in (copy, following):
        opened.bring()
        assert opened.keeps(8, 0)
        opened.let_go()
    assert again == [b"two\n", b"one\ntwo\n"]


def refused(_file: int) -> None:
    """What fsync says of a disk that fails."""
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("replaced", ["deleted", "older", "another"])
def test_a_journal_that_was_replaced_is_written_on(two: tuple[ShowFolder, ShowFolder], replaced: str) -> None:
    """A journal that was deleted, or put back from a copy that is older, has every line after the next is written; another evening's in its
    place is left as it is, and nothing is acknowledged."""
    path = two[0].journal_file
    with Journal(path) as journal:
        journal.append([OPENED], said=1)
        older = path.read_bytes()
        journal.append([note("one")], said=2)
        path.unlink()
        if replaced != "deleted":
            path.write_bytes(older if replaced == "older" else older.replace(b'"s"', b'"x"'))
        if replaced == "another":
            with pytest.raises(MachineError, match="another journal lies in its place"):
                journal.append([note("two")], said=3)
            assert len(read(path)) == 1
        else:
            journal.append([note("two")], said=3)
            assert [e.n for e in read(path)] == [1, 2, 3]


def test_how_the_mirror_stands_is_said_once(tmp_path: Path) -> None:
    """A change is said when it has lasted for two looks, and not again."""
    standing = MirrorStanding()
    good, late = MirrorNow(folder="/m"), MirrorNow(folder="/m", behind=12.0, lacks=5)
    said = [standing.look(now, at) for at, now in enumerate((good, good, good, late, good, late, late, late))]
    assert [(e.t, e.state, e.lacks) for e in said if e is not None] == [(1, "written", 0), (6, "behind", 5)]


# The reserve -----------------------------------------------------------------------------------------------------

MIRROR = MirrorNow(folder="/m", seconds_left=9_000.0)


@pytest.mark.parametrize(
    ("mirror", "ends", "leaves"),
    [
        (None, True, False),
        (MIRROR, False, True),
        (MirrorNow(folder="/m", seconds_left=60.0), True, False),
        (MirrorNow(folder="/m", same_disk=True), True, False),
        (MirrorNow(folder="/m", why="it is not there"), True, False),
    ],
)
def test_what_becomes_of_a_disk_that_fills(mirror: MirrorNow | None, ends: bool, leaves: bool) -> None:
    """Hand-offs give way at three times the reserve; at the reserve, and not for a moment's sake, recording ends, or goes on on a mirror
    that is on another disk and lasts; and comes back when there is room."""
    reserve = Reserve(2.0)
    assert reserve.look(None, mirror) == reserve.look(GIVES_WAY * 120 + 1, mirror) == Verdict()
    assert [bool(reserve.look(119, mirror).end) for _ in range(LOOKS - 1)] == [False] * (LOOKS - 1)
    assert reserve.look(200, mirror).withheld
    verdicts = [reserve.look(119, mirror) for _ in range(LOOKS + 1)]
    assert (bool(verdicts[LOOKS - 1].end), bool(verdicts[LOOKS - 1].leave)) == (ends, leaves)
    assert bool(reserve.look(200, mirror).leave) == leaves
    assert not reserve.look(GIVES_WAY * 120 + 1, mirror).leave


ALONE = MirrorNow(folder="/m", seconds_left=9_000.0, first="1.9 min are left on the disk")
FILLING, DYING = structs.replace(ALONE, seconds_left=60.0), structs.replace(ALONE, why="Input/output error")
FULL = structs.replace(ALONE, seconds_left=0.0)


@pytest.mark.parametrize("fails", [FILLING, FULL, DYING])
def test_a_mirror_that_has_everything_and_fails_is_not_relied_on(fails: MirrorNow) -> None:
    """The first disk was left: when the mirror takes no more or does not last, and not for a moment's sake, recording goes back to the
    first disk if that has more than the reserve, and ends cleanly if not."""
    for seconds_left, goes_back in ((200.0, True), (100.0, False)):
        reserve = Reserve(2.0)
        assert [reserve.look(114.0, MIRROR).leave for _ in range(LOOKS)][-1] == ALONE.first
        assert [reserve.look(seconds_left, fails) for _ in range(LOOKS - 1)] == [reserve.look(seconds_left, ALONE)] * (
            LOOKS - 1
        )
        verdicts = [reserve.look(seconds_left, fails) for _ in range(LOOKS)]
        assert (verdicts[-1].leave, bool(verdicts[-1].end)) == ("", not goes_back)
        assert not reserve.look(200.0, fails).end, "its workers have not gone back yet"


def test_a_mirror_that_fills_up_while_the_first_disk_is_dead_ends_the_show() -> None:
    """What the first disk had is not known, and it is not left for that; the mirror alone decides. While neither takes anything nothing is
    ended: there is nothing to end it on."""
    reserve, dead = Reserve(2.0), structs.replace(ALONE, first="Input/output error")
    assert {reserve.look(0.0, dead) for _ in range(2 * LOOKS)} == {
        Verdict(withheld="the first disk lacks what the mirror alone has")
    }
    assert not any(reserve.look(0.0, structs.replace(dead, why="Input/output error")).end for _ in range(2 * LOOKS))
    reserve.look(0.0, dead)
    ends = [reserve.look(0.0, structs.replace(dead, seconds_left=60.0)).end for _ in range(LOOKS)]
    assert ends == [""] * (LOOKS - 1) + ["1.0 min are left on the mirror, and nothing is written elsewhere"]


def test_a_show_without_a_reserve_is_never_ended_for_it() -> None:
    """As the setup says: also when both disks are full to the last byte."""
    reserve = Reserve(0.0)
    mirrors = (None, MIRROR, FULL, structs.replace(FULL, first="No space left on device"))
    assert not any(reserve.look(0.0, mirror).end for mirror in mirrors for _ in range(2 * LOOKS))


def test_a_full_mirror_lasts_for_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for an unknown time, which is that of a mirror at which nobody looked yet."""
    setup = parse(SETUP, "setup.toml", date(2026, 11, 22))
    keeper = MirrorKeeper(ShowFolder(tmp_path / "a"), ShowFolder(tmp_path / "b"), setup, SETUP)
    assert keeper.now({}, "", 1_000.0).seconds_left is None
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1 << 30, 1 << 30, 0))
    keeper.prepare()
    assert keeper.now({}, "", 1_000.0).seconds_left == 0.0
    keeper.close(1)


def test_nothing_is_given_up_for_what_the_first_disk_lacks() -> None:
    """That it lacks what the mirror has holds back hand-offs, and no room is wanted for it."""
    lacking = structs.replace(MIRROR, first_lacks=1_000)
    assert Reserve(2.0).look(9_000.0, lacking) == Verdict(withheld="the first disk lacks what the mirror alone has")
    assert Reserve(2.0).look(300.0, lacking).near


async def test_a_disk_that_is_unmounted_is_not_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the only disk lasts for too short, and is there, the show is ended; not because it is gone for a moment, and comes back."""
    monkeypatch.setattr(disks_module, "EVERY", 0.0)
    health = {"wide": FeedHealth(state="recording")}
    folder, setup = make(tmp_path / "show", SETUP, ["wide"]), parse(SETUP, "setup.toml", date(2026, 11, 22))
    with Journal(folder.journal_file) as journal:
        seen = Disks(folder, setup, SETUP, lambda: health, lambda: journal)
        for second in range(2):
            seen.count(second * SECOND, heard=True)
            health = {"wide": FeedHealth(state="recording", bytes=10**15)}
        looks, ended = list[str](), list[str]()
        watching = asyncio.create_task(seen.watch(ShowClock(0), print, looks.append, ended.append))
        folder.path.rename(tmp_path / "elsewhere")
        while len(looks) < 3 * LOOKS:
            await asyncio.sleep(0)
        assert not ended
        (tmp_path / "elsewhere").rename(folder.path)
        while not ended:
            await asyncio.sleep(0)
        watching.cancel()


async def test_a_disk_that_hangs_while_room_is_made_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thing at a time is given up, beside everything else; the first disk is left once there is nothing more, or no answer."""
    begun, answers, tried = threading.Event(), threading.Event(), list[Path]()

    def hangs(cache: Path) -> Path | None:
        tried.append(cache)
        begun.set()
        answers.wait()
        return cache if len(tried) < 3 else None

    monkeypatch.setattr(reserve_module, "give_up_oldest", hangs)
    monkeypatch.setattr(disks_module, "EVERY", 0.01)
    monkeypatch.setattr(Reserve, "look", lambda *_: Verdict(near=True, leave="it is nearly full"))
    folder, told = make(tmp_path / "show", SETUP, ["wide"]), list[str]()
    setup = parse(SETUP, "setup.toml", date(2026, 11, 22))
    with Journal(folder.journal_file) as journal:
        watched = Disks(folder, setup, SETUP, dict, lambda: journal).watch(ShowClock(0), print, told.append, print)
        watching = asyncio.create_task(watched)
        while not begun.is_set():
            await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert (len(tried), told) == (1, [])
        answers.set()
        while not told:
            await asyncio.sleep(0)
        assert len(tried) >= 3
        watching.cancel()


def test_what_can_be_made_again_is_given_up_oldest_first(tmp_path: Path) -> None:
    """Films and excerpts go one folder at a time, the oldest first; previews of cameras and logs stay. Room for last words is made free."""
    words = LastWords(tmp_path)
    assert (tmp_path / "room-for-last-words").stat().st_size >= 8 << 20
    words.give()
    assert list(tmp_path.iterdir()) == []
    for age, name in enumerate(
        ("previews/s1/x.mp4", "excerpts/s2/vox_1/about.json", "log/handoff.log", "excerpts/s1/vox_1/about.json")
    ):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - 100 + age,) * 2)
    gone = [path.relative_to(tmp_path).as_posix() for path in iter(lambda: give_up_oldest(tmp_path), None)]
    assert gone == ["previews/s1", "excerpts/s2/vox_1", "excerpts/s1/vox_1"]
    assert (tmp_path / "log" / "handoff.log").exists()


def test_a_show_without_a_mirror_says_so(two: tuple[ShowFolder, ShowFolder]) -> None:
    """`liveshow mirror` on a show whose setup names none says what to do."""
    with Journal(two[0].journal_file) as journal:
        journal.append([OPENED], said=1)
    two[0].setup_file.write_text('[show]\ntitle = "x"\n[[camera]]\nid = "wide"\nsource = "simulated:"\n', encoding="utf-8")
    ended = verb("mirror", two[0].path)
    assert (ended.code, "--at" in ended.said) == (4, True)
    assert verb("mirror", two[0].path, "--at", two[1].path).code == 0
    assert read(two[1].journal_file) == read(two[0].journal_file)
