"""`liveshow repair`: every kind of damage caused, mended, and what is left read by others; nothing that was there is lost."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from liveshow.errors import FAULT, MACHINE, OK, LiveshowError
from liveshow.events import Gap, LineLost, Note, PartEnded, PartStarted
from liveshow.handoff.package import make
from liveshow.handoff.repair import show as show_module
from liveshow.handoff.repair.headers import CLUSTER, opens
from liveshow.handoff.repair.show import repair_show
from liveshow.handoff.verified import verify_whole
from liveshow.handoff.verify import verify_show
from liveshow.model import FeedKind
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.journal_lock import JournalBusy, is_locked
from liveshow.showfolder.mending import BROKEN, Mend
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.timing import read_timing
from liveshow.showfolder.wavdata import wav_data
from liveshow.timebase import SECOND
from tests.clip_readers import numbers_shown, samples_heard
from tests.disks import disks
from tests.servers.pictures import Wanted, media
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic

START, END = 3.013, 12.428
SMALL = SETUP.replace("handles = 2.0", 'handles = 2.0\ntimelines = ["otio"]\nmeasures = false')
WANTED = Wanted(160, 90, bitrate=400_000)
PICTURES, SAMPLES = ClockOf(at(0), Fraction(90_000)), ClockOf(at(0), Fraction(48_000), ppm=40)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show with two parts of a camera and two of a microphone, of which the last were killed, and a segment over all of them."""
    show = SyntheticShow.begun(tmp_path_factory.mktemp("evening"), SMALL)
    film = media(WANTED)
    files = (
        record_camera(show, "wide", film, PICTURES, range(240)),
        record_camera(show, "wide", film, PICTURES, range(240, 480), closed=False),
        record_mic(show, "vox1", SAMPLES, 0, 8 * 48_000),
        record_mic(show, "vox1", SAMPLES, 8 * 48_000, 8 * 48_000, closed=False),
    )
    for file in files:
        header = read_timing(file.with_suffix(TIMING)).header
        where = file.relative_to(show.folder.path).as_posix()
        show.say(
            PartStarted(
                t=header.start, feed=header.feed, run=header.run, seq=header.part, part=header.part, file=where, what=""
            )
        )
    show.segment(START, END)
    for feed, positions in (("wide", 240), ("vox1", 8 * 48_000)):
        file = part(show.folder, feed, 1)
        size = file.stat().st_size
        show.say(PartEnded(t=at(8), feed=feed, run="run1", seq=9, part=1, how="next part", positions=positions, bytes=size))
    return show.folder.path


@pytest.fixture
def folder(evening: Path, tmp_path: Path) -> ShowFolder:
    """A copy of it, to be damaged."""
    return ShowFolder(Path(shutil.copytree(evening, tmp_path / evening.name)))


def part(folder: ShowFolder, feed: str, number: int, suffix: str = "") -> Path:
    """A file of a part."""
    media = {"wide": ".mkv", "vox1": ".wav"}[feed]
    (found,) = (folder.recordings / feed).glob(f"*_{number:04}{suffix or media}")
    return found


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def line(number: int, text: bytes | None) -> Callable[[bytes], bytes]:
    """Replaces a line, counted from 1; or, with None, leaves it out."""

    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[number - 1 : number] = [] if text is None else [text]
        return b"\n".join(lines)

    return change


Damage = Callable[[ShowFolder], None]


@dataclass(frozen=True)
class Row:
    """A damage; what is said of what cannot be mended ("": all can); whether every picture and every sample is still there."""

    damage: Damage
    left: str = ""
    complete: bool = True


def journal(change: Callable[[bytes], bytes]) -> Damage:
    return lambda folder: edit(folder.journal_file, change)


def of(feed: str, number: int, change: Callable[[bytes], bytes], suffix: str = "") -> Damage:
    return lambda folder: edit(part(folder, feed, number, suffix), change)


def gone(feed: str, number: int) -> Damage:
    return lambda folder: part(folder, feed, number, TIMING).unlink()


def zeroed(count: int) -> Callable[[bytes], bytes]:
    return lambda data: bytes(count) + data[count:]


def share(kept: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * kept)]


def before_last_line(data: bytes) -> bytes:
    return data[: data.rstrip(b"\n").rfind(b"\n") + 1]


TABLE: dict[str, Row] = {
    "nothing": Row(lambda _: None),
    "the setup is gone": Row(lambda folder: folder.setup_file.unlink()),
    "the setup is rubbish": Row(lambda folder: edit(folder.setup_file, lambda _: b"\xff\x00 = [")),
    "the journal's last line is torn": Row(journal(lambda data: data + b'{"kind":"note","t":1')),
    "a note's line in the middle is rubbish": Row(journal(line(8, b"\x00\xff{")), "lines 8 said"),
    "a note's line is missing": Row(journal(line(8, None)), "lines 8 said"),
    "the journal's first line is rubbish": Row(journal(line(1, b"{}"))),
    "the journal's first line is missing": Row(journal(line(1, None))),
    "a camera's timing is gone": Row(gone("wide", 1)),
    "a camera's timing is cut in the middle": Row(of("wide", 1, share(0.5), TIMING)),
    "a camera's timing has rubbish in it": Row(of("wide", 1, line(50, b"[1,2"), TIMING)),
    "a camera's timing lost a line": Row(of("wide", 1, line(50, None), TIMING)),
    "a camera's timing has no header": Row(of("wide", 1, line(1, b"?"), TIMING)),
    "a camera's timing is empty": Row(of("wide", 1, lambda _: b"", TIMING)),
    "a microphone's timing is gone": Row(gone("vox1", 1)),
    "a microphone's timing has rubbish in it": Row(of("vox1", 1, line(9, b"[]]"), TIMING)),
    "a microphone's timing has no end": Row(of("vox1", 1, before_last_line, TIMING)),
    "a camera's file has no beginning": Row(of("wide", 1, zeroed(40))),
    "a microphone's file has no beginning": Row(of("vox1", 1, zeroed(40))),
    "a microphone's header says nothing is in it": Row(of("vox1", 1, lambda data: data[:40] + bytes(4) + data[44:])),
    "a camera's file is cut short": Row(of("wide", 1, share(0.6)), "at its end are gone", complete=False),
    "a microphone's file is cut short": Row(of("vox1", 1, share(0.6)), "at its end are gone", complete=False),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_damaged_is_mended(folder: ShowFolder, name: str) -> None:
    """After each damage a repair says what it did and what it could not, verification finds no fault, a second repair nothing to do, and
    a segment is handed off with the right pictures and samples."""
    row = TABLE[name]
    row.damage(folder)
    findings = list(repair_show(folder))
    assert bool([f for f in findings if isinstance(f, Mend)]) == (name not in ("nothing", "a microphone's timing has no end"))
    left = [str(f) for f in findings if isinstance(f, LiveshowError)]
    assert [row.left in said for said in left] == ([True] if row.left else [])
    assert verify_show(folder) == []
    assert list(repair_show(folder)) == []
    _hand_off_and_look(folder, complete=row.complete)


def _hand_off_and_look(folder: ShowFolder, *, complete: bool) -> None:
    state = folder.state()
    (segment,) = state.segments
    made = make(folder, folder.setup(), state, segment)
    lacking = {m.feed for m in made.contribution.missing} & {"wide", "vox1"}
    assert bool(lacking) != complete
    for clip in made.contribution.clips:
        if clip.kind == "camera":
            shown = [n for n in numbers_shown(made.path / "data" / clip.file) if n is not None]
            assert shown == list(range(shown[0], shown[0] + len(shown)))
        else:
            heard = samples_heard(made.path / "data" / clip.file)
            assert list(heard[1:] - heard[:-1]) == [1] * (heard.size - 1)


@pytest.mark.parametrize("name", [n for n, row in TABLE.items() if row.complete and n != "nothing"])
def test_a_mended_part_lies_where_it_was(folder: ShowFolder, evening: Path, name: str) -> None:
    """In and out of what was mended are the pictures and samples that they would have been, as near as what is left can tell: to 5 ms where
    the clock had to be guessed."""
    TABLE[name].damage(folder)
    list(repair_show(folder))
    untouched = ShowFolder(evening)
    for feed in ("wide", "vox1"):
        here, there = (_clip(f, feed) for f in (folder, untouched))
        assert abs(here[0] - there[0]) <= max(1, round(0.005 * here[1]))


def _clip(folder: ShowFolder, feed: str) -> tuple[int, float]:
    """The picture or sample, of the whole feed, that is in; and how many a second."""
    from liveshow.showfolder.recordings import parts

    found = next(p for p in parts(folder, feed) if p.start <= at(START) < p.end)
    position = found.to_position(at(START))
    return round(position / float(found.unit)), float(found.rate)


def test_nothing_is_changed_by_looking(folder: ShowFolder) -> None:
    """With `only_look` the same is said and not a byte is changed."""
    for name in ("the setup is gone", "a camera's timing is gone", "a microphone's file is cut short"):
        TABLE[name].damage(folder)
    before = digests(folder.path)
    said = [str(f) for f in repair_show(folder, only_look=True)]
    assert len(said) >= 1
    assert digests(folder.path) == before


def digests(path: Path) -> dict[str, str]:
    files = (p for p in sorted(path.rglob("*")) if p.is_file())
    return {p.relative_to(path).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.mark.parametrize("name", [n for n in TABLE if n != "nothing"])
def test_what_is_replaced_is_kept(folder: ShowFolder, name: str) -> None:
    """Every file as it was before the repair is still there afterwards, in its place or below broken/."""
    TABLE[name].damage(folder)
    journal = folder.journal_file.name
    before, written = digests(folder.path), folder.journal_file.read_bytes()
    list(repair_show(folder))
    after = digests(folder.path)
    assert {digest for path, digest in before.items() if path != journal} <= set(after.values())
    assert before[journal] in after.values() or folder.journal_file.read_bytes().startswith(written)


def test_the_mirror_gives_what_is_whole_there(folder: ShowFolder, evening: Path) -> None:
    """With the same show on another disk, a part that is gone, one cut short, one without a beginning and a line of the journal that
    cannot be read are as they were, and nothing is left to say."""
    part(folder, "wide", 1).unlink()
    edit(part(folder, "wide", 2), zeroed(400))
    edit(part(folder, "vox1", 1), share(0.5))
    edit(folder.journal_file, line(4, b"?"))
    edit(folder.journal_file, line(6, None))
    findings = list(repair_show(folder, ShowFolder(evening)))
    assert all(isinstance(f, Mend) for f in findings)
    here, there = digests(folder.path), digests(evening)
    assert {name: here.get(name) for name in there} == there


def header_only(data: bytes) -> bytes:
    return data[: data.find(b"\n") + 1]


def empty(folder: ShowFolder, feed: str, number: int) -> None:
    """Nothing is left of a part, nor of its timing."""
    edit(part(folder, feed, number), lambda _: b"")
    edit(part(folder, feed, number, TIMING), lambda _: b"")


def empty_but_for_a_header(folder: ShowFolder, feed: str, number: int) -> None:
    """The same, but its timing has a beginning."""
    edit(part(folder, feed, number), lambda _: b"")
    edit(part(folder, feed, number, TIMING), header_only)


def cut_alike(folder: ShowFolder, feed: str, number: int) -> None:
    """Half of a part is left, and what its timing says of that: as if its worker had been killed then."""
    file, timing = part(folder, feed, number), part(folder, feed, number, TIMING)
    edit(file, share(0.5))
    noted = read_timing(timing).positions
    rows = len(_pictures(file)) if feed == "wide" else int((noted <= wav_data(file).frames).sum())
    edit(timing, lambda data: b"".join(data.splitlines(keepends=True)[: 1 + rows]))


@pytest.mark.parametrize("feed", ["wide", "vox1"])
@pytest.mark.parametrize("damage", [empty, empty_but_for_a_header, cut_alike])
def test_what_is_missing_at_the_end_of_a_part_is_known_by_the_journal(
    folder: ShowFolder, evening: Path, damage: Callable[[ShowFolder, str, int], None], feed: str
) -> None:
    """A part whose media and timing were cut short alike is not as the journal says that it ended: verification says so, and the mirror
    gives it back; looking alone changes nothing."""
    assert verify_show(folder) == []
    damage(folder, feed, 1)
    said = "and the journal says that it ended with"
    assert [(Path(f.where).name, said in f.what) for f in verify_show(folder)] == [(part(folder, feed, 1).name, True)]
    assert [said in fault.what for fault in verify_whole(folder).faults if fault.where.startswith("recordings")] == [True]
    shutil.rmtree(folder.cache)
    (finding,) = repair_show(folder, ShowFolder(evening))
    assert isinstance(finding, Mend)
    here, there = digests(folder.path), digests(evening)
    assert {name: here.get(name) for name in there} == there


@pytest.mark.parametrize("feed", ["wide", "vox1"])
def test_what_nobody_has_of_a_part_is_written_down_as_a_gap(folder: ShowFolder, feed: str) -> None:
    """Without a mirror a part that was cut short with its timing is mended as far as it goes; what the journal says that there was is a
    gap, up to its end, and no fault any more."""
    cut_alike(folder, feed, 1)
    findings = list(repair_show(folder))
    assert ["are gone" in str(f) for f in findings if isinstance(f, LiveshowError)] == [True]
    (gap,) = (e for e in folder.events() if isinstance(e, Gap))
    assert (gap.feed, gap.until) == (feed, at(8))
    assert verify_show(folder) == []
    assert list(repair_show(folder)) == []


@pytest.mark.parametrize("feed", ["wide", "vox1"])
def test_a_part_that_is_empty_and_should_not_be_is_named(folder: ShowFolder, feed: str) -> None:
    """Nothing can be made of it without a mirror, and that is said each time."""
    empty(folder, feed, 1)
    for _ in range(2):
        (fault,) = repair_show(folder)
        assert isinstance(fault, LiveshowError)
        assert ("the journal says that it ended with" in fault.what, "--from" in fault.todo) == (True, True)


def test_the_mirror_has_what_a_killed_worker_wrote(folder: ShowFolder, evening: Path) -> None:
    """Nobody said how a part of a killed worker ended: it may be empty, or as long as it is; where the mirror has more of it, that is
    taken from there."""
    empty(folder, "wide", 2)
    cut_alike(folder, "vox1", 2)
    assert verify_show(folder) == []
    assert all(isinstance(f, Mend) for f in repair_show(folder)), "a header"
    assert all(isinstance(f, Mend) for f in repair_show(folder, ShowFolder(evening)))
    assert list(repair_show(folder, ShowFolder(evening))) == []
    here, there = digests(folder.path), digests(evening)
    assert {name: here.get(name) for name in there} == there


@pytest.mark.parametrize("feed", ["wide", "vox1"])
def test_media_of_which_nothing_was_noted_is_no_empty_part(folder: ShowFolder, feed: str) -> None:
    """Seconds of a recording with a timing that only begins are a fault, and get one as far as can be told."""
    edit(part(folder, feed, 2, TIMING), header_only)
    assert ["nothing was noted of when the" in f.what for f in verify_show(folder)] == [True]
    assert ["nothing was noted of when the" in f.what for f in verify_whole(folder).faults] == [True]
    assert [isinstance(f, Mend) for f in repair_show(folder)] == [True]
    assert verify_show(folder) == []


def test_what_the_disk_refused_is_a_fault(folder: ShowFolder) -> None:
    """What was not kept can be read as long as the machine is up; that it was refused stands in the journal, with the end of the part."""
    refused = "the disk does not take it: Input/output error"
    ended = PartEnded(
        t=at(16), feed="vox1", run="run1", seq=10, part=2, how="next part", positions=8 * 48_000, bytes=0, refused=refused
    )
    with Journal(folder.journal_file) as journal:
        journal.append([ended], said=at(16))
    (fault,) = verify_show(folder)
    assert (Path(fault.where), "not kept" in fault.what, "Input/output error" in fault.what) == (
        part(folder, "vox1", 2),
        True,
        True,
    )
    assert [f.what for f in verify_whole(folder).faults] == [fault.what]


@pytest.mark.parametrize("kept", [5, 9])
def test_the_mirror_knows_how_the_show_went_on(folder: ShowFolder, evening: Path, kept: int) -> None:
    """The first disk was lost to the show before its end: its journal is whole as far as it goes, and the mirror's goes on. Lines and parts
    are taken from there; looking alone says so."""
    edit(folder.journal_file, lambda data: b"".join(data.splitlines(keepends=True)[:kept]))
    if kept == 5:
        for name in (part(folder, "vox1", 2), part(folder, "vox1", 2, TIMING)):
            name.unlink()
    edit(part(folder, "vox1", 1), share(0.5))
    looked = [str(f) for f in repair_show(folder, ShowFolder(evening), only_look=True)]
    assert f"the other disk's journal has {len(ShowFolder(evening).events()) - kept} lines" in looked[0]
    assert all(isinstance(f, Mend) for f in repair_show(folder, ShowFolder(evening)))
    here, there = digests(folder.path), digests(evening)
    assert {name: here.get(name) for name in there} == there
    assert list(repair_show(folder, ShowFolder(evening))) == []


def test_a_line_that_was_given_up_is_taken_from_the_mirror(folder: ShowFolder, evening: Path) -> None:
    """Mended without the mirror, a line is lost; with it, later, it is as it was."""
    edit(folder.journal_file, line(8, b"?"))
    assert [f for f in repair_show(folder) if isinstance(f, LiveshowError)]
    assert [isinstance(f, Mend) for f in repair_show(folder, ShowFolder(evening))] == [True]
    assert folder.events() == ShowFolder(evening).events()


def test_two_journals_that_went_apart_are_left_to_people(
    folder: ShowFolder, evening: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where each has what the other lacks neither is taken for the right one; that is said, and is no success."""
    edit(folder.journal_file, lambda data: b"".join(data.splitlines(keepends=True)[:8]))
    with Journal(folder.journal_file) as journal:
        journal.append([Note(t=at(9), text="only here")], said=at(9))
    before = folder.journal_file.read_bytes()
    code, said = in_shell(capsys, monkeypatch, "repair", folder.path, "--from", evening)
    assert (code, "each have what the other lacks" in said) == (FAULT, True)
    assert folder.journal_file.read_bytes() == before


def test_a_lost_mark_keeps_the_numbers_of_all_others(folder: ShowFolder) -> None:
    """Where GO's line cannot be read its segment is gone, and every other event keeps its number, which segments are named by."""
    events = folder.events()
    (segment,) = folder.state().segments
    number = int(segment.id[1:])
    edit(folder.journal_file, line(number, b"\xc3("))
    list(repair_show(folder))
    mended = folder.events()
    assert [e.n for e in mended] == [e.n for e in events]
    assert [e for e in mended if e.n != number] == [e for e in events if e.n != number]
    assert isinstance(mended[number - 1], LineLost)
    assert folder.state().segments == ()


def test_a_journal_from_nothing(folder: ShowFolder) -> None:
    """Without a journal the recordings are a show again, from their names and timings; that the crew's marks are gone is said."""
    tie = folder.state().tie
    folder.journal_file.unlink()
    findings = list(repair_show(folder))
    assert [str(f) for f in findings if isinstance(f, LiveshowError) and "what the crew said" in f.what]
    assert verify_show(folder) == []
    mended = folder.state()
    assert mended.ended
    assert mended.tie is not None
    assert tie is not None
    assert abs((mended.tie.wall - mended.tie.show) - (tie.wall - tie.show)) < SECOND // 500  # names have milliseconds


def test_what_cannot_be_mended_is_named(folder: ShowFolder) -> None:
    """A part that is gone, and one that is nothing but zeros, are named with what to do, and stay as they are."""
    gone = part(folder, "wide", 1)
    gone.unlink()
    edit(part(folder, "vox1", 1), lambda data: bytes(len(data)))
    edit(part(folder, "vox1", 2), lambda data: bytes(len(data)))
    said = [f for f in repair_show(folder) if isinstance(f, LiveshowError)]
    assert {Path(f.where).name for f in said} == {gone.name, *(part(folder, "vox1", n).name for n in (1, 2))}
    assert all("--from" in f.todo for f in said)


@pytest.mark.parametrize("step", [211, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_a_part_cut_at_every_byte_of_its_last_cluster(folder: ShowFolder, step: int) -> None:
    """Cut anywhere in its last cluster, a killed camera's part is read up to the last whole picture, and a repair leaves no fault."""
    file, timing = part(folder, "wide", 2), part(folder, "wide", 2, TIMING)
    data, noted = file.read_bytes(), timing.read_bytes()
    last = data.rfind(CLUSTER)
    held: list[int] = []
    for end in range(last, len(data), step):
        file.write_bytes(data[:end])
        timing.write_bytes(noted)
        list(repair_show(folder))
        assert verify_show(folder) == []
        held.append(sum(1 for _ in _pictures(file)))
    assert held == sorted(held)
    assert held[-1] - held[0] <= 12


def _pictures(file: Path) -> list[object]:
    from liveshow.handoff.lengths import pictures_in

    return list(pictures_in(file))


def test_a_cut_part_is_a_gap_in_the_journal(folder: ShowFolder) -> None:
    """What is gone from the end of a part is written down once, with its length, however often the repair is run."""
    edit(part(folder, "vox1", 1), share(0.6))
    list(repair_show(folder))
    list(repair_show(folder))
    (gap,) = (e for e in folder.events() if isinstance(e, Gap))
    assert abs((gap.until - gap.t) / SECOND - 3.2) < 0.3
    assert gap.by == "repair"


def test_a_show_that_is_recorded_is_left_alone(
    folder: ShowFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody writes the journal nothing is touched."""
    with Journal(folder.journal_file):
        with pytest.raises(JournalBusy, match="being recorded"):
            list(repair_show(folder))
        assert in_shell(capsys, monkeypatch, "repair", folder.path)[0] == MACHINE


def test_a_recorder_is_kept_from_a_show_that_is_being_mended(folder: ShowFolder) -> None:
    """From the first thing that is mended to the last, also after the journal was put anew and a gap written down in it; not while somebody
    only looks, and not afterwards."""
    edit(folder.journal_file, line(8, None))
    edit(part(folder, "vox1", 1), share(0.5))
    assert not any(is_locked(folder.journal_file) for _ in repair_show(folder, only_look=True))
    held = [is_locked(folder.journal_file) for _ in repair_show(folder)]
    assert held == [True] * len(held)
    assert len(held) >= 4
    assert not is_locked(folder.journal_file)


def test_a_recorder_that_comes_first_is_left_alone(folder: ShowFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that begins in the moment in which a repair writes down a gap: nothing more is replaced."""
    edit(part(folder, "vox1", 1), share(0.5))
    before, begun = part(folder, "vox1", 1, TIMING).read_bytes(), list[Journal]()
    write_down = show_module._write_down

    def and_begin(place: ShowFolder, gap: Gap) -> None:
        write_down(place, gap)
        begun.append(Journal(place.journal_file))

    monkeypatch.setattr(show_module, "_write_down", and_begin)
    with pytest.raises(JournalBusy, match="being recorded"):
        list(repair_show(folder))
    assert part(folder, "vox1", 1, TIMING).read_bytes() == before
    begun[0].close()


def test_a_show_on_a_disk_that_cannot_be_written_is_looked_at(
    evening: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror that was mounted read-only to be safe is verified, and what would be mended is said; mending says why it cannot."""
    with disks(tmp_path, tmp_path / "disk", megabytes=64) as (disk,):
        folder = ShowFolder(Path(shutil.copytree(evening, disk.place / evening.name)))
        edit(part(folder, "wide", 1), zeroed(40))
        disk.read_only()
        code, out = in_shell(capsys, monkeypatch, "verify", folder.path)
        assert (code, "1 faults" in out, "cannot be read" in out) == (FAULT, True, True)
        code, out = in_shell(capsys, monkeypatch, "repair", folder.path, "--dry-run")
        assert (code, "given the beginning of" in out, "1 would be mended" in out) == (OK, True, True)
        code, out = in_shell(capsys, monkeypatch, "repair", folder.path)
        assert (code, "Read-only file system" in out) == (MACHINE, True)


def test_in_the_shell(folder: ShowFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`liveshow repair` says what was wrong, what was done and what was not; 0 when all is well, 1 when something is left."""
    code, out = in_shell(capsys, monkeypatch, "repair", folder.path)
    assert (code, out.strip().endswith("nothing is wrong with it")) == (OK, True)
    part(folder, "wide", 1, TIMING).unlink()
    code, out = in_shell(capsys, monkeypatch, "repair", folder.path, "--dry-run")
    assert (code, "1 would be mended" in out) == (OK, True)
    code, out = in_shell(capsys, monkeypatch, "repair", folder.path)
    assert (code, "1 mended, 0 not" in out, "its timing is missing" in out) == (OK, True, True)
    edit(part(folder, "vox1", 1), share(0.5))
    code, err = in_shell(capsys, monkeypatch, "repair", folder.path)
    assert (code, "not mended: " in err) == (FAULT, True)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("points", [4, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_killed_and_run_again(folder: ShowFolder, tmp_path: Path, points: int) -> None:
    """Killed (SIGKILL) at some of its steps, a repair that is run again ends as one that was not killed; nothing half-made lies about."""
    for name in (
        "the setup is gone",
        "a camera's timing is gone",
        "a microphone's file has no beginning",
        "a camera's file is cut short",
    ):
        TABLE[name].damage(folder)
    damaged = tmp_path / "damaged"
    shutil.copytree(folder.path, damaged)
    steps = _run_killed(folder.path, 0)
    mended = _but_kept(folder.path)
    for step in sorted(random.Random(7).sample(range(1, steps), points)):
        again = tmp_path / f"again-{step}" / folder.path.name
        shutil.copytree(damaged, again)
        assert _run_killed(again, step) == -signal.SIGKILL
        list(repair_show(ShowFolder(again)))
        assert _but_kept(again) == mended
        assert not list(again.rglob("*.mending"))


def _but_kept(path: Path) -> dict[str, str]:
    return {name: digest for name, digest in digests(path).items() if not name.startswith(BROKEN)}


def _run_killed(path: Path, step: int) -> int:
    """A repair in a process of its own that kills itself at that step (0: not): how it ended, or how many steps there are."""
    words = [sys.executable, "-c", _KILLED, str(path), str(step)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    return int(done.stdout) if done.returncode == 0 else done.returncode


_KILLED = """
import os, signal, sys
from pathlib import Path
from liveshow.handoff.repair.show import repair_show
from liveshow.showfolder.folder import ShowFolder
taken, last = 0, int(sys.argv[2])
def seen(event, _):
    global taken
    if event == "open" or event.startswith(("os.", "shutil.")):
        taken += 1
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)
folder = ShowFolder(Path(sys.argv[1]))
sys.addaudithook(seen)
list(repair_show(folder))
print(taken)
"""


def test_a_reader_opens_what_got_another_beginning(folder: ShowFolder) -> None:
    """ffprobe counts as many pictures in a part that got the beginning of its sibling as there were."""
    file = part(folder, "wide", 1)
    edit(file, zeroed(40))
    assert not opens(file, FeedKind.CAMERA)
    list(repair_show(folder))
    command = ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"]
    found = subprocess.run([*command, os.fspath(file)], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "240"
