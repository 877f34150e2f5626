"""Verification finds what is wrong, names it, and finds nothing where nothing is wrong."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from liveshow.errors import MachineError
from liveshow.events import Gap, PartStarted
from liveshow.handoff.package import Made, make
from liveshow.handoff.reading_back import Decode
from liveshow.handoff.verified import MEMORY, REPORT, WORDS, verify_whole, write
from liveshow.handoff.verify import verify_package, verify_show
from liveshow.showfolder.bag import MANIFEST, write_bag
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.names import TIMING
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, cut_off, record_camera, record_mic


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    """A camera with B-frames, a microphone in two parts of which one was killed, and one package."""
    show = SyntheticShow.begun(tmp_path)
    record_camera(show, "wide", media(Wanted(b_frames=2)), ClockOf(at(0), Fraction(90_000)), range(600))
    mic = ClockOf(at(0), Fraction(48_000))
    record_mic(show, "vox1", mic, 0, 700_000)
    cut_off(record_mic(show, "vox1", mic, 700_000, 200_000, closed=False), 0.95)
    return show


@pytest.fixture
def made(show: SyntheticShow) -> Made:
    segment = show.segment(5, 16)
    return make(show.folder, show.setup, show.state, segment)


def test_a_whole_show_has_no_fault(show: SyntheticShow, made: Made) -> None:
    """Journal, recordings (one of them killed) and package are found whole."""
    assert verify_show(show.folder) == []
    assert verify_package(made.path) == []


def part(show: SyntheticShow, feed: str, suffix: str) -> Path:
    return min((show.folder.recordings / feed).glob(f"*{suffix}"))


def drop_line(path: Path, number: int) -> None:
    lines = path.read_bytes().split(b"\n")
    del lines[number]
    path.write_bytes(b"\n".join(lines))


def journal_line_gone(show: SyntheticShow) -> None:
    show.segment(5, 16)
    drop_line(show.folder.journal_file, 2)


def journal_gone_part(show: SyntheticShow) -> None:
    show.say(PartStarted(t=at(1), feed="wide", part=9, file="recordings/wide/gone.mkv", what="h264"))


DAMAGE: dict[str, tuple[Callable[[SyntheticShow], object], str]] = {
    "pictures cut short": (lambda s: cut_off(part(s, "wide", ".mkv"), 0.6), "mkv: holds .* pictures, and its timing says 600"),
    "sound cut short": (lambda s: cut_off(part(s, "vox1", ".wav"), 0.6), "wav: .*samples, and its timing says 700000"),
    "a timing line lost": (lambda s: drop_line(part(s, "wide", TIMING), 100), "picture 99 is at .* timing says otherwise"),
    "a timing gone": (lambda s: part(s, "vox1", TIMING).unlink(), "timing: the timing cannot be read"),
    "a timing altered": (lambda s: part(s, "wide", TIMING).write_text("{}\n"), "timing:1: not a line of a timing"),
    "no media": (lambda s: part(s, "wide", ".mkv").write_bytes(b"x" * 1000), "mkv: cannot be read"),
    "a journal line gone": (journal_line_gone, r"journal\.jsonl:3: event says it is number 4"),
    "a part gone": (journal_gone_part, r"gone\.mkv: the journal says it was recorded, but it is gone"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_a_show_is_named(show: SyntheticShow, damage: str) -> None:
    """Each kind of damage is found and names its file."""
    do, said = DAMAGE[damage]
    do(show)
    faults = verify_show(show.folder)
    assert len(faults) == 1
    with pytest.raises(type(faults[0]), match=said):
        raise faults[0]


def test_a_growing_show_is_not_blamed(show: SyntheticShow) -> None:
    """While a recorder holds the journal, a part without an end may lag behind its timing."""
    path = record_camera(show, "left", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(600), closed=False)
    cut_off(path, 0.5)
    with Journal(show.folder.journal_file):
        assert verify_show(show.folder) == []
    assert [path.name in str(fault) for fault in verify_show(show.folder)] == [True]


def rebag(package: Path) -> None:
    """New checksums over altered content: what checksums cannot find."""
    for name in ("bagit.txt", "bag-info.txt", MANIFEST, "tagmanifest-sha256.txt"):
        (package / name).unlink()
    write_bag(package, {})


def shorten(package: Path) -> None:
    (clip,) = package.glob("data/clips/*vox1_1.wav")
    cut_off(clip, 0.5)


def edit(package: Path, name: str, old: str, new: str) -> None:
    text = (package / "data" / name).read_text(encoding="utf-8")
    assert old in text
    (package / "data" / name).write_text(text.replace(old, new), encoding="utf-8")


ALTERED: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a clip shortened": (shorten, ["bytes, and contribution.json says", "samples, and contribution.json says"]),
    "pictures miscounted": (
        lambda p: edit(p, "contribution.json", '"pictures": 4', '"pictures": 5'),
        ["pictures, and contribution"],
    ),
    "out beyond the end": (
        lambda p: edit(p, "contribution.json", '"last": ', '"last": 9'),
        ["do not lie within its length"] * 3,
    ),
    "a clip the timeline lacks": (
        lambda p: edit(p, "timeline.otio", "s3_wide_1.mov", "s3_wide_9.mov"),
        ["names clips/s3_wide_9.mov, which is no clip", "lacks clips/s3_wide_1.mov"],
    ),
    "no timeline": (lambda p: (p / "data/timeline.otio").write_text("{"), ["timeline.otio: cannot be read"]),
    "another format": (lambda p: edit(p, "contribution.json", '"format": 1', '"format": 99'), ["format 99"]),
}


@pytest.mark.parametrize("altered", ALTERED)
def test_a_package_that_lies_is_found_out(made: Made, altered: str) -> None:
    """With checksums that fit, a package whose content is not what it says is still faulty, and only there."""
    do, said = ALTERED[altered]
    do(made.path)
    rebag(made.path)
    faults = [str(fault) for fault in verify_package(made.path)]
    assert len(faults) == len(said)
    assert all(words in fault for words, fault in zip(said, faults, strict=True)), faults


def test_an_altered_package_is_found_by_its_checksum(made: Made) -> None:
    """One bit of one clip: one fault."""
    (clip,) = made.path.glob("data/clips/*wide_1.mov")
    data = bytearray(clip.read_bytes())
    data[-1] ^= 1
    clip.write_bytes(data)
    (fault,) = verify_package(made.path)
    assert hashlib.sha256(data).hexdigest()[:12] in str(fault)


# The report ------------------------------------------------------------------------------------------------------


def test_a_report_says_what_was_read(show: SyntheticShow, made: Made) -> None:
    """Every sample and packet of every part, the key pictures decoded, the packages; for people and for programs."""
    report = verify_whole(show.folder)
    assert not report.faults
    assert {part.feed: part.positions for part in report.parts if part.file.endswith("0001.mkv")} == {"wide": 600}
    assert sum(part.decoded for part in report.parts if part.feed == "wide") == 20
    assert sum(part.positions for part in report.parts if part.feed == "vox1") == pytest.approx(890_000, abs=1_000)
    assert report.packages == (made.path.name,)
    write(show.folder, report)
    words = (show.folder.path / WORDS).read_text(encoding="utf-8")
    assert "complete and valid" in words
    assert json.loads((show.folder.path / REPORT).read_bytes())["parts"][0]["positions"] == 600


def test_every_picture_is_decoded_when_that_is_asked_for(show: SyntheticShow) -> None:
    """All 600, B-frames among them; none is when that is asked for."""
    assert [part.decoded for part in verify_whole(show.folder, Decode.EVERY).parts if part.feed == "wide"] == [600]
    assert [part.decoded for part in verify_whole(show.folder, Decode.NONE).parts if part.feed == "wide"] == [0]


def test_a_verification_that_is_interrupted_goes_on(show: SyntheticShow) -> None:
    """Wherever it is interrupted, what was read whole is not read again; what changed since is."""
    total = len(verify_whole(show.folder).parts)
    (show.folder.cache / MEMORY).unlink()
    for stop in range(1, total):

        def interrupt(_more: int, stop: int = stop) -> None:
            known = (show.folder.cache / MEMORY).read_bytes().count(b"\n") if (show.folder.cache / MEMORY).exists() else 0
            if known >= stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            verify_whole(show.folder, progress=interrupt)
    report = verify_whole(show.folder)
    assert (report.again, report.faults) == (total - 1, ())
    cut_off(part(show, "wide", ".mkv"), 0.6)
    report = verify_whole(show.folder)
    assert (report.again, len(report.faults)) == (total - 1, 1)


def test_a_picture_that_was_altered_is_found_by_decoding_it(show: SyntheticShow) -> None:
    """Its packet is there and at its time, and its bytes are others."""
    path = part(show, "wide", ".mkv")
    data = bytearray(path.read_bytes())
    pictures = media(Wanted(b_frames=2)).pictures
    key = next(picture for picture in pictures[60:] if picture.key).data
    place = data.find(key[len(key) // 2 :][:60])
    assert place > 0
    data[place : place + 400] = bytes(400)
    path.write_bytes(data)
    assert not verify_show(show.folder)
    (fault,) = verify_whole(show.folder).faults
    assert re.search(r"picture \d+ cannot be decoded whole", fault.what)


def test_holes_are_held_against_the_journal(show: SyntheticShow) -> None:
    """One that the journal tells of is told with its reason; one that it does not is a fault, and so is one that is only in the journal."""
    mic = ClockOf(at(0), Fraction(48_000))
    record_mic(show, "vox2", mic, 0, 480_000, gaps=[(96_000, 4_800)])
    record_mic(show, "vox2", mic, 768_000, 96_000)
    undone = verify_whole(show.folder)
    assert [(hole.seconds, hole.told) for hole in undone.holes if hole.feed == "vox2"] == [(0.1, None), (6.0, None)]
    assert ["the journal does not say so" in fault.what for fault in undone.faults] == [True]
    show.say(
        Gap(t=at(2), feed="vox2", until=at(2.1), why="overflow", frames=4_800),
        Gap(t=at(10), feed="vox2", until=at(16), why="unplugged"),
        Gap(t=at(4), feed="vox2", until=at(4.5), why="overflow", frames=24_000),
    )
    told = verify_whole(show.folder)
    assert [hole.told for hole in told.holes if hole.feed == "vox2"] == ["overflow", "unplugged"]
    (fault,) = told.faults
    assert "the journal tells of a gap of 24000 samples" in fault.what


@pytest.mark.parametrize(
    ("gaps", "told"),
    [
        (((10, 11),), None),
        (((59, 70),), None),
        (((10, 30), (45, 70)), None),
        (((10, 30), (31, 70)), "unplugged"),
        (((31, 70), (9, 30)), "unplugged"),
        (((5, 90),), "unplugged"),
    ],
)
def test_a_long_hole_is_not_told_by_a_short_gap(
    show: SyntheticShow, gaps: tuple[tuple[float, float], ...], told: str | None
) -> None:
    """A minute without recording is told only by gaps that cover it; a moment between two of them may be missing."""
    mic = ClockOf(at(0), Fraction(48_000))
    record_mic(show, "vox2", mic, 0, 480_000)
    record_mic(show, "vox2", mic, 70 * 48_000, 96_000)
    show.say(*(Gap(t=at(begin), feed="vox2", until=at(end), why="unplugged") for begin, end in gaps))
    report = verify_whole(show.folder)
    assert [hole.told for hole in report.holes if hole.feed == "vox2"] == [told]
    assert ["the journal does not say so" in fault.what for fault in report.faults] == [True] * (told is None)


def test_sound_where_a_gap_is_told_of_is_a_fault(show: SyntheticShow) -> None:
    """Silence stands for lost samples, and nothing else does."""
    record_mic(show, "vox2", ClockOf(at(0), Fraction(48_000)), 0, 96_000, gaps=[(48_000, 100)])
    path = part(show, "vox2", ".timing")
    path.write_bytes(path.read_bytes().replace(b'"position":48000', b'"position":40000'))
    assert any("there is sound at 40000" in fault.what for fault in verify_whole(show.folder).faults)


def test_a_show_that_is_recorded_meanwhile_is_not_blamed(show: SyntheticShow) -> None:
    """What grows is not complete; what is to be seen is said all the same, and nothing is kept of it."""
    with Journal(show.folder.journal_file):
        report = verify_whole(show.folder)
    assert report.growing
    assert not report.faults
    assert verify_whole(show.folder).again == 0


def test_a_report_that_cannot_be_written_is_told(show: SyntheticShow, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk what was found is known all the same."""
    report = verify_whole(show.folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("liveshow.handoff.verified.replace_text", full)
    with pytest.raises(MachineError, match="No space left"):
        write(show.folder, report)
