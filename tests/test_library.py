"""The library across shows, and pulling from it: only what is whole arrives, and nothing is ever replaced."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from liveshow.cli.outlet import outlet_of
from liveshow.errors import LiveshowError, NotFound
from liveshow.events import ConsentGiven, HandedOff, HandoffFailed, Tag, Withdrawn
from liveshow.handoff.run import Outcome, hand_off
from liveshow.library.index import FILE, Index
from liveshow.library.origin import FolderOrigin
from liveshow.library.pull import How, pull
from liveshow.library.search import Query, search
from liveshow.library.shelf import publish
from liveshow.showfolder.bag import check_bag, files_in
from liveshow.showfolder.names import TIMING
from tests.killed import run_killed
from tests.shelves import browse, in_shell
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_mic


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    """Two segments of two performers, a microphone each."""
    show = SyntheticShow.begun(tmp_path / "shows")
    for feed in ("vox1", "vox2"):
        record_mic(show, feed, ClockOf(at(0), Fraction(48_000)), 0, 40 * 48_000)
    show.segment(3, 10)
    show.segment(12, 20, item="song")
    return show


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def handed(show: SyntheticShow, library: Path, *segments: str) -> tuple[Outcome, ...]:
    """Hand off, with what is said going into the journal as the recorder would write it."""

    def say(event: HandedOff | HandoffFailed | Withdrawn) -> None:
        show.say(event)

    return hand_off(show.folder, segments, replace(outlet_of(show.folder, library), say=say))


def content(folder: Path) -> dict[str, bytes]:
    """Every file but the index."""
    return {name: (folder / name).read_bytes() for name in files_in(folder, folder) if name != FILE}


def test_everything_releasable_goes_into_the_library(show: SyntheticShow, library: Path) -> None:
    """Handing off without naming segments makes and publishes both, on the same blocks of the disk, and says so once."""
    outcomes = handed(show, library)
    assert [o.fault for o in outcomes] == [None, None]
    shelf = browse(library)
    assert [e.about.segment.title for e in shelf] == ["The Tiny Book", "A Song"]
    assert all(check_bag(e.path) == [] for e in shelf)
    assert all((e.path / "bagit.txt").stat().st_nlink == 2 for e in shelf)
    assert set(show.state.handed) == {o.segment for o in outcomes}
    again = handed(show, library)
    assert [o.made.new for o in again if o.made] == [False, False]
    assert len([e for e in show.events if isinstance(e, HandedOff)]) == 2


def test_one_failure_does_not_stop_the_others(show: SyntheticShow, library: Path) -> None:
    """A segment whose recording is damaged fails, is journaled as failed, and the next is handed off."""
    (part,) = (show.folder.recordings / "vox1").glob("*.wav")
    part.write_bytes(b"not a wave")
    one, two = handed(show, library)
    assert two.fault is None
    assert one.fault is not None
    assert "nothing was recorded of it" in str(one.fault)
    assert [e.segment for e in show.events if isinstance(e, HandoffFailed)] == [one.segment]


def test_out_said_just_now_is_waited_for(show: SyntheticShow, library: Path) -> None:
    """A hand-off right after HOLD waits until the recordings that are being written reach beyond the handle."""
    clock = ClockOf(at(40), Fraction(48_000))
    path = record_mic(show, "vox1", clock, 0, 3 * 48_000, run="run2", closed=False)
    segment = show.segment(41, 43)
    whole = record_mic(show, "vox2", clock, 0, 8 * 48_000, run="run2", closed=False)

    def grow() -> None:
        timing, more = path.with_suffix(TIMING), whole.with_suffix(TIMING)
        path.write_bytes(whole.read_bytes())
        timing.write_bytes(more.read_bytes().replace(b"vox2", b"vox1"))

    growth = threading.Timer(1.0, grow)
    growth.start()
    (outcome,) = handed(show, library, segment.id)
    growth.join()
    assert outcome.made is not None
    assert outcome.lacks == (
        "lacks wide for 2.0 s from 20:30:41;08: not recorded",
        "lacks left for 2.0 s from 20:30:41;08: not recorded",
    )
    before, clip = outcome.made.contribution.clips
    assert before.first == before.last  # the handle before in is of the part before, and not on the timeline
    assert clip.length == pytest.approx(5 * 48_000, abs=5)


def test_an_unknown_segment_is_refused_before_any_work(show: SyntheticShow, library: Path) -> None:
    """A segment that does not exist is named, with those that do."""
    with pytest.raises(NotFound, match=r"no segment 's99'.*its segments are: s3, s9"):
        handed(show, library, "s3", "s99")
    assert not library.exists()


def test_a_correction_supersedes(show: SyntheticShow, library: Path) -> None:
    """After a correction both versions stand in the library, and the newest is what is listed and pulled."""
    handed(show, library)
    show.say(Tag(t=at(30), segment="s3", title="The Tinier Book", by="crew"))
    handed(show, library, "s3")
    shelf = browse(library)
    assert len(shelf) == 3
    report = pull(FolderOrigin(library), library.parent / "desk")
    assert sorted(p.name for p in report.pulled) == ["s3-the-tinier-book-frida-aero-v2", "s9-a-song-second-reader"]


def test_what_is_no_longer_agreed_to_is_withdrawn(show: SyntheticShow, library: Path) -> None:
    """A no after the hand-off takes the contribution out of the index and keeps it from being pulled, though the package stays as it
    was; a later yes brings it back, and each is journaled once."""
    handed(show, library)
    before = content(library)
    show.say(ConsentGiven(t=at(31), performer="second", answer="no"))
    (outcome,) = [o for o in handed(show, library) if o.withdrawn]
    assert "Second Reader said no" in outcome.withdrawn
    assert {n: d for n, d in content(library).items() if not n.startswith(".withdrawn")} == before
    desk = library.parent / "desk"
    assert [p.name for p in pull(FolderOrigin(library), desk).pulled] == ["s3-the-tiny-book-frida-aero"]
    with Index(library) as index:
        index.catch_up()
        assert [f.title for f in search(index, Query(withdrawn=True))] == ["A Song"]
        assert [f.title for f in search(index, Query(superseded=True))] == ["The Tiny Book"]
    assert [o for o in handed(show, library) if o.withdrawn] == []
    show.say(ConsentGiven(t=at(32), performer="second", answer="yes"))
    handed(show, library)
    assert not list((library / ".withdrawn").iterdir())
    assert [p.name for p in pull(FolderOrigin(library), desk).pulled] == ["s9-a-song-second-reader"]
    assert [type(e).__name__ for e in show.events if isinstance(e, (HandedOff, Withdrawn)) and e.segment == "s9"] == [
        "HandedOff",
        "Withdrawn",
        "HandedOff",
    ]


def test_who_is_told_what_a_withdrawal_affects(
    show: SyntheticShow, library: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`liveshow consent SHOW PERFORMER no` withdraws at once when no recorder runs, and lists the contribution and where it went."""
    handed(show, library)
    code, said = in_shell(capsys, monkeypatch, "consent", show.folder.path, "second", "no")
    assert code == 0, said
    assert f"withdrawn: s9-a-song-second-reader (A Song), from {library}" in said
    assert [p.name for p in pull(FolderOrigin(library), library.parent / "desk").pulled] == ["s3-the-tiny-book-frida-aero"]
    assert set(show.folder.state().withdrawn) == {"s9"}


def test_a_show_recorded_anew_does_not_replace_the_first(show: SyntheticShow, library: Path, tmp_path: Path) -> None:
    """A show of the same name and day (its folder was deleted) is another show: its contributions get names of their own."""
    package = next(o.made.path for o in handed(show, library, "s3") if o.made)
    first = content(library / package.parent.parent.name / package.name)
    other = tmp_path / "again" / package.name
    other.mkdir(parents=True)
    for name, data in first.items():
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes(data)
    text = (other / "data/contribution.json").read_text()
    (other / "data/contribution.json").write_text(text.replace('"id": "', '"id": "0', 1))
    (other / "tagmanifest-sha256.txt").write_text("another")
    published = publish(other, library)
    assert published.name.startswith(package.name + "-0")
    assert content(library / package.parent.parent.name / package.name) == first
    (other / "tagmanifest-sha256.txt").unlink()
    (other / "tagmanifest-sha256.txt").write_text("a third")
    with pytest.raises(LiveshowError, match="another package stands there"):
        publish(other, library)


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        (Query(performer="second"), ["A Song"]),
        (Query(performer="frída ærø"), ["The Tiny Book"]),
        (Query(performer="nobody"), []),
        (Query(show="2026-11-22-open-mic"), ["The Tiny Book", "A Song"]),
        (Query(show="another"), []),
        (Query(since=datetime(2026, 11, 23, 4, 30, 10, tzinfo=UTC)), ["A Song"]),
    ],
)
def test_pull_takes_what_was_asked(show: SyntheticShow, library: Path, wanted: Query, titles: list[str]) -> None:
    """By performer, by show, by time: exactly those packages arrive, byte for byte, and a second pull finds them there."""
    handed(show, library)
    desk = library.parent / "desk"
    report = pull(FolderOrigin(library), desk, wanted)
    assert (report.there, report.faults) == ((), ())
    assert [e.about.segment.title for e in (browse(desk) if titles else ())] == titles
    for entry in browse(desk) if titles else ():
        assert content(entry.path) == content(library / entry.place)
    assert pull(FolderOrigin(library), desk, wanted).there == report.pulled


def test_progress_counts_every_byte(show: SyntheticShow, library: Path) -> None:
    """What is shown rises to the bytes to do, and names the package at hand."""
    handed(show, library)
    seen: list[tuple[str, int, int]] = []
    pull(FolderOrigin(library), library.parent / "desk", how=How(progress=lambda *told: seen.append(told)))
    done = [d for _, d, _ in seen]
    assert done == sorted(done)
    total = seen[-1][2]
    assert total * 0.999 < done[-1] <= total
    assert {name for name, _, _ in seen} == {e.path.name for e in browse(library)}


@pytest.mark.parametrize("damage", ["altered", "gone", "added", "link", "manifest"])
def test_a_damaged_source_is_refused_and_the_others_go_on(show: SyntheticShow, library: Path, damage: str) -> None:
    """A package that fails a checksum at its source is named and does not arrive; the other one does; and once the source is
    mended, so does it."""
    handed(show, library)
    bad = browse(library)[0]
    (clip,) = bad.path.glob("data/clips/*.wav")
    whole = clip.read_bytes()
    clip.unlink()  # the library's file is a hard link of the show folder's
    manifest = bad.path / "manifest-sha256.txt"
    listed = manifest.read_bytes()
    clip.write_bytes(whole[:-9] + b"x" + whole[-8:] if damage == "altered" else whole)
    match damage:
        case "gone":
            clip.unlink()
        case "added":
            (bad.path / "data/more").write_text("x")
        case "link":
            clip.unlink()
            clip.symlink_to("/etc/hostname")
        case "manifest":
            manifest.unlink()
            manifest.write_bytes(listed.replace(b"a", b"b", 1))
    desk = library.parent / "desk"
    report = pull(FolderOrigin(library), desk)
    assert [p.name for p in report.pulled] == ["s9-a-song-second-reader"]
    assert [str(bad.path) in str(fault) for fault in report.faults] == [True]
    assert [e.about.segment.title for e in browse(desk)] == ["A Song"]
    clip.unlink(missing_ok=True)
    clip.write_bytes(whole)
    manifest.write_bytes(listed)
    (bad.path / "data/more").unlink(missing_ok=True)
    assert [p.name for p in pull(FolderOrigin(library), desk).pulled] == [bad.path.name]


def test_nothing_is_overwritten(show: SyntheticShow, library: Path) -> None:
    """Where something else of that name stands, it stays, and is named."""
    handed(show, library)
    mine = library.parent / "desk" / browse(library)[0].place
    mine.mkdir(parents=True)
    (mine / "my edit.txt").write_text("precious")
    report = pull(FolderOrigin(library), library.parent / "desk")
    assert len(report.pulled) == 1
    assert "something else of that name stands there" in str(report.faults[0])
    assert content(mine) == {"my edit.txt": b"precious"}


def test_a_torn_copy_is_mended(show: SyntheticShow, library: Path) -> None:
    """When what a killed pull left is damaged (power loss), it is copied anew instead of being trusted."""
    handed(show, library)
    desk = library.parent / "desk"
    assert run_killed("pull", 0.3, library, desk) == -9
    incoming = max(desk.rglob(".incoming-*"), key=lambda path: path.stat().st_size)
    with incoming.open("r+b") as file:
        file.seek(1000)
        file.write(os.urandom(100))
    assert pull(FolderOrigin(library), desk).faults == ()
    assert content(desk) == content(library)


def test_no_library_is_said(tmp_path: Path) -> None:
    """Pulling from nowhere is one clear message."""
    with pytest.raises(NotFound, match="no such library"):
        pull(FolderOrigin(tmp_path / "nowhere"), tmp_path / "desk")
