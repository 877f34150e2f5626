"""Disks that die, fill, hang and go away under a show that records: what is kept, what is said, and how it is whole again."""

from __future__ import annotations

import filecmp
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from liveshow.errors import OK, LiveshowError
from liveshow.events import Gap, Go, MirrorState, Note, PartEnded, Pulse, SessionEnded
from liveshow.recorder import address
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mirror import unlike
from tests.disks import Disk, disks
from tests.running_show import CAMERAS, MICS, SETUP, SMALL, RunningShow, assert_whole, parts, running_show, verb, wait_for

Seen = Callable[[Pulse], bool]


def mirrored(place: Path, text: str = SETUP) -> str:
    """A setup whose mirror is in `place`."""
    return text.replace("[handoff]", f'mirror = "{(place / "mirror").as_posix()}"\n\n[handoff]', 1)


@contextmanager
def on_two_disks(place: Path) -> Iterator[tuple[RunningShow, Disk, Disk, ShowFolder]]:
    """A show that records on two disks, all of it proven; the disks, and the show folder on the second."""
    with (
        disks(place, place / "show", place / "mirror", megabytes=450) as (first, second),
        running_show(place, mirrored(place)) as show,
    ):
        show.until_proven()
        until(show, "the mirror", mirror_proves)
        yield show, first, second, ShowFolder(place / "mirror" / "show")


def until(show: RunningShow, what: str, seen: Seen) -> Pulse:
    """Wait until the recorder says so."""

    def found() -> Pulse | None:
        pulse = show.pulse()
        return pulse if pulse is not None and seen(pulse) else None

    return wait_for(what, found)


def alarmed(name: str) -> Seen:
    """Whether an alarm stands."""
    return lambda pulse: name in {alarm.alarm for alarm in pulse.alarms}


def mirror_is(why: str) -> Seen:
    """Whether the mirror is written ("") or not, for a reason with these words."""
    return lambda pulse: pulse.mirror is not None and (why in pulse.mirror.why if why else not pulse.mirror.why)


def mirror_proves(pulse: Pulse) -> bool:
    """Whether everything is proven that the mirror has."""
    proofs = pulse.mirror.proofs if pulse.mirror else {}
    return bool(proofs) and all(proof.light == "proven" for proof in proofs.values())


def assert_same(first: ShowFolder, mirror: ShowFolder) -> None:
    """Both disks have the same show, to the byte, and nothing in it is missing."""
    for name in ("journal.jsonl", "setup.toml"):
        assert filecmp.cmp(first.path / name, mirror.path / name, shallow=False), name
    assert list(unlike(first, mirror)) == []
    for feed in (*CAMERAS, *MICS):
        assert [p.name for p in parts(first, feed)] == [p.name for p in parts(mirror, feed)]
        for part in parts(mirror, feed):
            assert_whole(part, feed)


def standings(folder: ShowFolder) -> list[str]:
    """What the journal was told of the mirror."""
    return [e.state for e in folder.events() if isinstance(e, MirrorState)]


def test_the_first_disk_dies_and_comes_back(tmp_path: Path) -> None:
    """Everything that is asked of the first disk is an I/O error, and the show goes on: no feed misses a picture or a sample, marks are
    kept by the mirror, one alarm says so. When the disk is back it is written again, given what it lacks, and segments of all of it are
    handed off."""
    with on_two_disks(tmp_path) as (show, first, _, mirror):
        said = [show.go()]
        first.die()
        said.append(show.say(Note(t=0, text="the disk died")))
        pulse = until(show, "the alarm", alarmed("disk:dead"))
        assert not {a.alarm for a in pulse.alarms} & {"journal:unwritten", *(f"{feed}:lost" for feed in (*CAMERAS, *MICS))}
        assert {h.state for h in pulse.feeds.values()} == {"recording"}
        assert {p.light for p in pulse.mirror.proofs.values()} == {"proven"} if pulse.mirror else False
        said.append(show.go())
        assert {e.n for e in mirror.events()} >= set(said)
        assert verb("status", show.folder.path).code == OK
        first.revive()
        said.append(show.go())
        until(show, "the first disk", lambda p: p.mirror is not None and not p.mirror.first)  # before, the mirror proves it
        wait_for("its being said", lambda: standings(show.folder)[-1] == "written")
        show.until_proven()
        show.end()
        events = show.folder.events()
        assert {e.n for e in events} >= set(said)
        assert not [e for e in events if isinstance(e, Gap)]
        assert standings(show.folder) == ["written", "alone", "written"]
        assert len(show.folder.state().handed) == 3
        assert_same(show.folder, mirror)


@pytest.mark.parametrize("hangs", ["writing", pytest.param("beneath", marks=pytest.mark.slow)])
def test_the_first_disk_hangs(tmp_path: Path, hangs: str) -> None:
    """The first disk hangs without an error: nobody who writes on it comes back, or nothing that is written gets to the device. The mirror
    misses nothing, marks are kept by it before they are acknowledged, one alarm names the disk; afterwards the first has everything, in the
    parts that there were."""
    with on_two_disks(tmp_path) as (show, first, _, mirror):
        said = [show.go()]
        with first.hanging() if hangs == "writing" else first.standing_still():
            said.append(show.say(Note(t=0, text="the disk hangs")))
            assert {e.n for e in mirror.events()} >= set(said)
            pulse = until(show, "the alarm", alarmed("disk:dead"))
            assert "has not answered" in next(a.what for a in pulse.alarms if a.alarm == "disk:dead")
            said.append(show.go())
            assert {e.n for e in mirror.events()} >= set(said)
            pulse = until(show, "the mirror's proof", mirror_is(""))
            assert not {a.alarm for a in pulse.alarms} & {"journal:unwritten", *(f"{feed}:lost" for feed in (*CAMERAS, *MICS))}
            assert {h.state for h in pulse.feeds.values()} == {"recording"}
            assert {p.light for p in pulse.mirror.proofs.values()} == {"proven"} if pulse.mirror else False
        until(show, "the first disk", lambda p: p.mirror is not None and not p.mirror.first)
        show.until_proven()
        show.end()
        events = show.folder.events()
        assert {e.n for e in events} >= set(said)
        assert not [e for e in events if isinstance(e, Gap)]
        assert {len(parts(show, feed)) for feed in (*CAMERAS, *MICS)} == {1}
        assert_same(show.folder, mirror)


@pytest.mark.slow
def test_the_first_disk_dies_for_good(tmp_path: Path) -> None:
    """A worker that is killed meanwhile is followed by one that goes on on the mirror with the next number; lights are lit by what is
    proven there; and after the show the mirror's folder is whole, and hands off."""
    with on_two_disks(tmp_path) as (show, first, _, mirror):
        show.go()
        first.die()
        until(show, "the alarm", alarmed("disk:dead"))
        worker = show.worker("wide")
        os.kill(worker.pid, signal.SIGKILL)
        show.until_gone_and_back("wide", worker.pid)
        show.go()
        assert verb("stop", show.folder.path).code == OK
        assert show.process.wait(90) == 0
        assert [int(path.stem.rpartition("_")[2]) for path in parts(mirror, "wide")] == [1, 2]
        assert {e.feed for e in mirror.events() if isinstance(e, Gap)} == {"wide"}
        assert verb("verify", mirror.path).code == OK
        assert verb("handoff", mirror.path).code == OK
        assert len(mirror.state().handed) == 2


@pytest.mark.slow
def test_who_serves_a_show_outlives_the_disk_of_its_log(tmp_path: Path) -> None:
    """Where it says things is gone as the show ends, and it has no last word."""
    with disks(tmp_path, tmp_path / "logs", megabytes=16) as (disk,), running_show(tmp_path, SMALL) as show:
        show.until_proven()
        words = [sys.executable, "-m", "liveshow", "serve", str(show.folder.path), "--with-show", "--http", "127.0.0.1:0"]
        with (disk.place / "log").open("wb") as log:
            serving = subprocess.Popen(words, stdout=log, stderr=log)
        wait_for("the server", lambda: address.look_up(show.folder.path, address.CONTROL))
        disk.die()
        show.end()
        assert serving.wait(60) == OK


@pytest.mark.slow
def test_a_show_ends_though_its_first_disk_hangs(tmp_path: Path) -> None:
    """`liveshow stop` does not wait for it: every part is whole on the mirror, whose journal says that the show is ended; what the first
    lacks it is given by `liveshow mirror`."""
    with on_two_disks(tmp_path) as (show, first, _, mirror):
        show.go()
        with first.hanging():
            assert verb("stop", show.folder.path).code == OK
            assert isinstance(mirror.events()[-1], SessionEnded)
            for feed in (*CAMERAS, *MICS):
                assert_whole(parts(mirror, feed)[0], feed)
        show.process.wait(60)
        assert verb("mirror", show.folder.path).code == OK
        assert_same(show.folder, mirror)
        assert verb("verify", show.folder.path).code == OK


BEFORE: dict[str, tuple[Callable[[Disk], None], Callable[[Disk], None]]] = {
    "dead": (Disk.die, Disk.revive),
    "read-only": (Disk.read_only, Disk.read_write),
    "hangs": (Disk.freeze, Disk.thaw),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", BEFORE)
def test_a_show_begins_on_the_mirror(tmp_path: Path, how: str) -> None:
    """The first disk is dead or read-only as the show begins: that is said, and recorded is on the mirror; a recorder that is killed is
    followed by one that takes over; when the disk is mended, it is recorded to as well and given what it lacks."""
    spoil, mend = BEFORE[how]
    with disks(tmp_path, tmp_path / "show", tmp_path / "mirror", megabytes=450) as (first, _):
        spoil(first)
        with running_show(tmp_path, mirrored(tmp_path)) as show:
            mirror = ShowFolder(tmp_path / "mirror" / "show")
            until(show, "the mirror", mirror_proves)
            assert "THE FIRST DISK TAKES NOTHING" in show.log.read_text(encoding="utf-8")
            said = [show.go()]
            until(show, "the alarm", alarmed("disk:dead"))
            killed = show.process
            os.kill(
                killed.pid, signal.SIGKILL
            )  # of one whose disk hangs nothing runs then, and it cannot go before that answers
            wait_for("its end", lambda: address.look_up(show.folder.path, address.RECORDER) is None)
            show.start()
            until(show, "the mirror", mirror_proves)
            said.append(show.go())
            mend(first)
            until(show, "the first disk", lambda p: p.mirror is not None and not p.mirror.first)
            show.until_proven()
            show.end()
            events = show.folder.events()
            assert {e.n for e in events} >= set(said)
            assert not [e for e in events if isinstance(e, Gap)]
            assert standings(show.folder)[0] == "alone"
            killed.wait(10)
            assert_same(show.folder, mirror)


@pytest.mark.slow
def test_the_mirror_hangs_goes_away_and_dies(tmp_path: Path) -> None:
    """Whatever becomes of the mirror, the first disk misses nothing; it is an alarm each time, and in the end both are the same again."""
    with on_two_disks(tmp_path) as (show, _, second, mirror):
        show.go()
        with second.hanging():
            until(show, "its silence", mirror_is("not answered"))
            until(show, "the alarm", alarmed("mirror:unwritten"))
        until(show, "its answer", mirror_is(""))
        second.die()
        until(show, "its death", mirror_is("Input/output error"))
        second.revive()
        until(show, "its return", mirror_is(""))
        second.unplug()
        until(show, "its absence", mirror_is("mounted"))
        assert list((tmp_path / "mirror").iterdir()) == [], "it was written where its disk is not"
        second.mount()
        until(show, "its return", mirror_is(""))
        wait_for("its being said", lambda: standings(show.folder)[-1] == "written")
        show.until_proven()
        show.end()
        assert not [e for e in show.folder.events() if isinstance(e, Gap)]
        assert standings(show.folder)[:3] == ["written", "unwritten", "written"]
        assert_same(show.folder, mirror)


@pytest.mark.slow
def test_a_show_ends_though_its_mirror_hangs(tmp_path: Path) -> None:
    """`liveshow stop` does not wait for a disk that does not answer; `liveshow mirror` brings it what it lacks once it does."""
    with on_two_disks(tmp_path) as (show, _, second, mirror):
        show.go()
        with second.hanging():
            assert verb("stop", show.folder.path).code == OK
            assert isinstance(show.folder.events()[-1], SessionEnded)
            for feed in (*CAMERAS, *MICS):
                assert_whole(parts(show, feed)[0], feed)
        show.process.wait(60)
        assert verb("mirror", show.folder.path).code == OK
        assert_same(show.folder, mirror)
        assert verb("verify", mirror.path).code == OK


@pytest.mark.slow
def test_the_only_disk_dies_and_comes_back(tmp_path: Path) -> None:
    """Without a mirror marks are refused while the disk is dead, and the alarm says what to do; when it is back recording and marks go
    on by themselves, in the same recorder."""
    with disks(tmp_path, tmp_path / "show", megabytes=450) as (disk,), running_show(tmp_path) as show:
        show.until_proven()
        said = [show.go()]
        disk.die()
        with pytest.raises(LiveshowError, match="the journal cannot be written: Input/output error"):
            show.say(Note(t=0, text="nowhere"))
        pulse = until(show, "the alarms", alarmed("stagebox:lost"))
        assert {a.about: a.todo for a in pulse.alarms}["stagebox"].startswith("look after the disk")
        disk.revive()
        show.until_proven()
        said.append(show.go())
        show.end()
        events = show.folder.events()
        assert [e.n for e in events if isinstance(e, Go | Note)] == said
        assert {e.feed for e in events if isinstance(e, Gap)} == {*CAMERAS, *MICS}


@pytest.mark.slow
def test_the_first_disk_is_unmounted_and_mounted_again(tmp_path: Path) -> None:
    """Somebody unmounts the first disk, by force: what is open can still be written, but nobody would find it; so the show goes on on the
    mirror, in one more part, and on both in another once it is mounted again."""
    with on_two_disks(tmp_path) as (show, first, _, mirror):
        said = [show.go()]
        first.unplug()
        until(show, "the alarm", alarmed("disk:dead"))
        said.append(show.go())
        first.mount_again()
        until(show, "the first disk", lambda pulse: pulse.mirror is not None and not pulse.mirror.first)
        show.until_proven()
        show.end()
        events = show.folder.events()
        assert {e.n for e in events} >= set(said)
        assert not [e for e in events if isinstance(e, Gap)]
        assert max(len(parts(show, feed)) for feed in (*CAMERAS, *MICS)) == 3
        assert_same(show.folder, mirror)


RESERVE = 4 * 60
"""Seconds; as in the setups below."""


@pytest.mark.slow
def test_a_show_is_ended_on_a_full_disk(tmp_path: Path) -> None:
    """`liveshow stop` on a disk that somebody filled to the last byte: there is room held back for the journal's last lines, so the show is
    ended as any other."""
    with disks(tmp_path, tmp_path / "show", megabytes=300) as (disk,), running_show(tmp_path, SMALL) as show:
        show.until_proven()
        with suppress(OSError), (disk.place / "hog").open("wb") as hog:
            while True:
                hog.write(bytes(1 << 20))
        until(show, "the alarm", alarmed("disk:full"))
        assert verb("stop", show.folder.path).code == OK
        assert show.process.wait(60) == 0
        assert show.folder.state().ended
        ended = [e for e in show.folder.events() if isinstance(e, PartEnded)]
        assert len(ended) == len(parts(show, "vox")), "a part whose end is not written down"


def fill_slowly(place: Path, show: RunningShow, done: Seen) -> Pulse:
    """Take twelve megabytes after the other, until it is nearly full and the recorder says so."""

    def seen(pulse: Pulse) -> bool:
        if (pulse.seconds_left or 999) < RESERVE:
            return done(pulse)
        with (place / "hog").open("ab") as hog:
            hog.write(bytes(12 << 20))
        return done(pulse)

    return until(show, "the end of the disk", seen)


@pytest.mark.slow
def test_a_disk_that_fills_ends_the_show_cleanly(tmp_path: Path) -> None:
    """Hand-offs wait long before the disk is full; then recording ends by itself, with every part closed and the journal's last line
    written, while there is still room; and the alarm said so."""
    setup = SETUP.replace("[handoff]", "reserve_minutes = 4\n\n[handoff]", 1)
    with disks(tmp_path, tmp_path / "show", megabytes=600) as (disk,), running_show(tmp_path, setup) as show:
        show.until_proven()
        show.go()
        show.go()
        waits = fill_slowly(disk.place, show, alarmed("handoff:withheld"))
        assert "min are left" in waits.withheld
        assert not show.folder.state().handed
        fill_slowly(disk.place, show, lambda pulse: (pulse.seconds_left or 999) < RESERVE)
        assert show.process.wait(60) == 0
        last = [e for e in show.folder.events() if isinstance(e, SessionEnded)]
        assert [e.how.split(":")[0] for e in last] == ["the disk is nearly full"]
        assert verb("verify", show.folder.path).code == OK


@pytest.mark.slow
def test_a_disk_that_fills_leaves_the_rest_to_the_mirror(tmp_path: Path) -> None:
    """With a mirror on another disk the show goes on there, and comes back when there is room again; no feed misses anything."""
    setup = mirrored(tmp_path, SETUP.replace("[handoff]", "reserve_minutes = 4\n\n[handoff]", 1))
    with (
        disks(tmp_path, tmp_path / "show", tmp_path / "mirror", megabytes=600) as (first, _),
        running_show(tmp_path, setup) as show,
    ):
        show.until_proven()
        show.go()
        fill_slowly(first.place, show, alarmed("disk:dead"))
        show.go()
        (first.place / "hog").unlink()
        until(show, "the first disk", lambda pulse: pulse.mirror is not None and not pulse.mirror.first)
        wait_for("its being said", lambda: standings(show.folder)[-1] == "written")
        show.until_proven()
        show.end()
        assert not [e for e in show.folder.events() if isinstance(e, Gap)]
        assert standings(show.folder) == ["written", "alone", "written"]
        assert_same(show.folder, ShowFolder(tmp_path / "mirror" / "show"))


@pytest.mark.slow
def test_a_mirror_that_fills_after_the_first_disk_ends_the_show_cleanly(tmp_path: Path) -> None:
    """The first disk was left to what is there; when the mirror does not last either, recording ends by itself while there is room for the
    last words on both, and what the mirror has is whole."""
    setup = mirrored(tmp_path, SETUP.replace("[handoff]", "reserve_minutes = 4\n\n[handoff]", 1))
    with (
        disks(tmp_path, tmp_path / "show", tmp_path / "mirror", megabytes=600) as (first, second),
        running_show(tmp_path, setup) as show,
    ):
        show.until_proven()
        show.go()
        rate = fill_slowly(first.place, show, alarmed("disk:dead")).bytes_per_second
        with (second.place / "hog").open("wb") as hog:
            hog.write(bytes(shutil.disk_usage(second.place).free - int(rate * RESERVE * 0.7)))
        assert show.process.wait(90) == 0
        mirror = ShowFolder(tmp_path / "mirror" / "show")
        (last,) = (e for e in mirror.events() if isinstance(e, SessionEnded))
        assert last.how.startswith("the disk is nearly full")
        assert "on the mirror" in last.how
        assert not [e for e in mirror.events() if isinstance(e, Gap)]
        assert verb("verify", mirror.path).code == OK
