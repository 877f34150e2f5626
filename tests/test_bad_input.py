"""Bad input, a missing device, a full disk: one clear message each, no traceback, and the exit codes of `liveshow.errors`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from liveshow import cli
from liveshow.errors import BUG, FAULT, INTERRUPTED, MACHINE, NOT_FOUND, OK, USAGE
from liveshow.recorder import address, checkup
from tests.broken_setups import CASES, Case
from tests.conftest import needs, needs_root

SMALL = """\
[show]
title = "Small"
[[audio]]
id = "box"
source = "simulated:"
sample_rate = 8000
[[audio.mic]]
id = "vox"
channel = 1
[[performer]]
id = "ada"
name = "Ada"
feeds = ["vox"]
[[item]]
id = "solo"
title = "Solo"
performers = ["ada"]
"""
PATIENCE = 60.0


@dataclass(frozen=True)
class Ended:
    """How a command ended, and all it said."""

    code: int
    said: str


def liveshow(*words: str | Path, cwd: Path, before: Sequence[str] = ()) -> Ended:
    """Run the program in a folder, with another before it or none; no traceback and no bug, whatever happens."""
    command = [*before, sys.executable, "-m", "liveshow", *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert done.returncode != BUG, said
    return Ended(done.returncode, said)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A setup that is good."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


# Setups ----------------------------------------------------------------------------------------------------------


def in_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> Ended:
    """The same command line without a process of its own."""
    monkeypatch.setattr(sys, "argv", ["liveshow", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Ended(ended.value.code, captured.out + captured.err)


def wrong_with(ended: Ended, file: str, case: Case) -> str | None:
    """What is not as it should be about the answer to a broken setup."""
    place = f"{file}:{case.line}: " if case.line else f"{file}: "
    if ended.code != USAGE or "Traceback" in ended.said:
        return f"{case}: exit code {ended.code}: {ended.said}"
    return None if place in ended.said and case.key in ended.said else f"{case}: not told as {place}{case.key}: {ended.said}"


def test_every_broken_setup_is_told_and_nothing_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`liveshow check` of each of the broken setups names file, line and key, exits 2 and opens no device."""
    monkeypatch.chdir(tmp_path)
    opened: list[object] = []
    monkeypatch.setattr(checkup, "check_up", opened.append)
    wrong = []
    for case in CASES:
        (tmp_path / "broken.toml").write_text(case.text)
        wrong.append(wrong_with(in_process(monkeypatch, capsys, "check", "broken.toml"), "broken.toml", case))
    assert [what for what in wrong if what] == []
    assert (len(wrong) >= 200, opened) == (True, [])


@pytest.mark.parametrize("case", CASES[:: len(CASES) // 3], ids=lambda case: case.name.encode("ascii", "replace").decode())
def test_a_broken_setup_is_not_recorded(tmp_path: Path, case: Case) -> None:
    """The program itself says so too, and makes no show folder for a setup that is broken."""
    (tmp_path / "broken.toml").write_text(case.text)
    ended = liveshow("record", "broken.toml", "--for", "1s", cwd=tmp_path)
    assert wrong_with(ended, "broken.toml", case) is None
    assert [path.name for path in tmp_path.iterdir()] == ["broken.toml"]


def test_a_missing_setup_is_named(tmp_path: Path) -> None:
    """A setup that is not there, or is a folder, is named by both verbs that take one."""
    for verb in ("check", "record"):
        for name, what in (("none.toml", "no such file"), (".", "folder")):
            ended = liveshow(verb, name, cwd=tmp_path)
            assert ended.code == USAGE
            assert f"{name}: " in ended.said
            assert what in ended.said


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("srt://host:9000", "has no srt"),
        ("ftp://host/x", "ftp"),
        ("camera", "camera"),
        ("rtsp://", "rtsp://"),
        ("device:", "device:"),
    ],
)
def test_a_source_of_no_known_kind_is_refused_by_name(tmp_path: Path, source: str, says: str) -> None:
    """A camera that cannot be captured here is refused before anything is opened, at its line, with what would do."""
    (tmp_path / "x.toml").write_text(f'[show]\ntitle = "x"\n[[camera]]\nid = "wide"\nsource = "{source}"\n')
    ended = liveshow("check", "x.toml", cwd=tmp_path)
    assert ended.code == USAGE
    assert "x.toml:5: camera[1].source: " in ended.said
    assert says in ended.said
    assert " — " in ended.said


def test_devices_that_are_not_there_fail_one_by_one(tmp_path: Path) -> None:
    """`check` says of the feeds of a missing camera and of a missing sound device that they failed, why and what to do; the good
    feed is good."""
    setup = (
        SMALL
        + '[[camera]]\nid = "wide"\nsource = "device:/dev/video77"\n[[audio]]\nid = "other"\nsource = "device:no such box"\n'
    )
    setup += '[[audio.mic]]\nid = "m1"\nchannel = 1\n[[audio.mic]]\nid = "m2"\nchannel = 2\n'
    (tmp_path / "x.toml").write_text(setup)
    ended = liveshow("check", "x.toml", "--for", "1s", cwd=tmp_path)
    assert ended.code == FAULT
    found = (re.match(r"  (ok|FAILED) +([\w-]+(?:, [\w-]+)*)", line) for line in ended.said.splitlines())
    told = {feed: (match[1], match.string) for match in found if match for feed in match[2].split(", ")}
    assert {feed: verdict for feed, (verdict, _) in told.items()} == {
        "vox": "ok",
        "wide": "FAILED",
        "m1": "FAILED",
        "m2": "FAILED",
    }
    assert "/dev/video77" in told["wide"][1]
    assert all("no such box" in told[mic][1] for mic in ("m1", "m2"))
    assert all(" — " in told[feed][1] for feed in ("wide", "m1", "m2"))


# Disks and folders -----------------------------------------------------------------------------------------------


def without_privilege() -> list[str]:
    """What to put before a command so that permissions hold for it as for anybody, also when we are root."""
    if os.geteuid() != 0:
        return []
    needs("setpriv")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    needs_root()
    needs("mount", "umount")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def refused(ended: Ended, place: Path, what: str) -> None:
    """It ended for lack of something, in one line that names the place, what is wrong and what to do."""
    assert ended.code == MACHINE
    (line,) = ended.said.splitlines()
    assert str(place) in line
    assert what in line
    assert " — " in line


def test_a_folder_that_may_not_be_written(tmp_path: Path, small: Path) -> None:
    """A show is not begun where this user may not write; a journal that may not be written is told as well."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    ended = liveshow("record", small, "--into", locked / "show", "--for", "1s", cwd=tmp_path, before=without_privilege())
    refused(ended, locked / "show", "Permission denied")
    show = tmp_path / "show"
    (begun(show, small) / "journal.jsonl").chmod(0o400)
    ended = liveshow("record", small, "--into", show, "--for", "1s", cwd=tmp_path, before=without_privilege())
    refused(ended, show / "journal.jsonl", "Permission denied")


def begun(show: Path, setup: Path) -> Path:
    """A show that was recorded for a moment."""
    assert liveshow("record", setup, "--into", show, "--for", "1s", cwd=setup.parent).code == OK
    return show


def test_a_disk_that_is_read_only(disk: Path, small: Path) -> None:
    """A disk that takes nothing at all is told as such."""
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    refused(liveshow("record", small, "--into", disk / "show", cwd=small.parent), disk / "show", "Read-only")


def test_a_disk_with_too_little_room(disk: Path, small: Path) -> None:
    """A show does not begin on a disk that will be full at once; how much is left is said."""
    ended = liveshow("record", small, "--into", disk / "show", cwd=small.parent)
    refused(ended, disk / "show", "the disk is full: ")
    assert " MiB are left" in ended.said


def test_a_disk_that_is_full(disk: Path, small: Path) -> None:
    """Nor does it on a disk without a byte of room."""
    hog = subprocess.run(["dd", "if=/dev/zero", f"of={disk / 'hog'}", "bs=64k"], capture_output=True, text=True, check=False)
    assert "No space left" in hog.stderr
    refused(liveshow("record", small, "--into", disk / "show", cwd=small.parent), disk / "show", "No space")


def test_a_file_in_place_of_the_folder(tmp_path: Path, small: Path) -> None:
    """A show folder that is a file, or would lie in one, is refused."""
    for into in (small, small / "show"):
        refused(liveshow("record", small, "--into", into, cwd=tmp_path), into, "the show folder cannot be made")


# Shows that are not there ----------------------------------------------------------------------------------------

ABSENT = [
    ["status", "nope"],
    ["stop", "nope"],
    ["stop"],
    ["segments", "nope"],
    ["segments"],
    ["mark", "nope", "go"],
    ["tag", "nope", "s2", "--title", "x"],
    ["consent", "nope", "ada", "yes"],
    ["status", "."],
]


@pytest.mark.parametrize("words", ABSENT, ids=" ".join)
def test_no_such_show(tmp_path: Path, words: list[str]) -> None:
    """A show that does not exist, or none where none runs, is said in one line with what there is."""
    ended = liveshow(*words, cwd=tmp_path)
    assert ended.code == NOT_FOUND
    (line,) = ended.said.splitlines()
    assert " — " in line


def test_nothing_runs(tmp_path: Path) -> None:
    """Asked what runs when nothing does, that is the answer and no fault."""
    assert liveshow("status", cwd=tmp_path) == Ended(OK, "no show is running\n")


@pytest.mark.parametrize(
    "words",
    [
        ["mark", "show", "applause"],
        ["mark", "show", "note"],
        ["mark", "show", "on"],
        ["mark", "show", "hold", "now"],
        ["mark", "show", "go", "--ago", "soon"],
        ["mark", "show", "go", "--ago", "-5s"],
        ["mark", "show"],
        ["mark"],
        ["tag", "show", "s2"],
        ["consent", "show", "ada", "maybe"],
        ["record"],
        ["record", "x.toml", "--for", "ever"],
        ["check", "x.toml", "--loud"],
        ["applaud"],
    ],
    ids=" ".join,
)
def test_nonsense_on_the_command_line(tmp_path: Path, words: list[str]) -> None:
    """A command line that makes no sense is refused with how it would be right."""
    ended = liveshow(*words, cwd=tmp_path)
    assert ended.code == USAGE
    assert " — " in ended.said or "Usage: " in ended.said


def test_a_dashboard_needs_a_terminal(tmp_path: Path, small: Path) -> None:
    """Without a terminal the dashboard is refused before anything is recorded."""
    for words in (["run", small], ["attach"]):
        ended = liveshow(*words, cwd=tmp_path)
        assert (ended.code, "no terminal" in ended.said) == (MACHINE, True)
    assert list(tmp_path.iterdir()) == [small]


# A show that runs ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[tuple[Path, str]]:
    """Where a show records into the folder "show", and the segment of it that is open; it ends cleanly by SIGINT."""
    folder = tmp_path_factory.mktemp("running")
    (folder / "small.toml").write_text(SMALL)
    with subprocess.Popen(
        [sys.executable, "-m", "liveshow", "record", "small.toml", "--into", "show"], cwd=folder, stdout=subprocess.DEVNULL
    ) as recorder:
        try:
            wait_for_recorder(folder / "show", recorder)
            assert liveshow("mark", "show", "go", cwd=folder).code == OK
            (segment,) = re.findall(r"^s\d+", liveshow("segments", "show", cwd=folder).said, re.MULTILINE)
            yield folder, segment
        finally:
            recorder.send_signal(signal.SIGINT)
            assert recorder.wait(PATIENCE) == OK


def wait_for_recorder(show: Path, recorder: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while address.look_up(show, address.RECORDER) is None:
        assert recorder.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["mark", "show", "go", "trio"], NOT_FOUND, "there are: solo"),
        (["mark", "show", "go"], USAGE, "no next item"),
        (["mark", "show", "on", "bob"], NOT_FOUND, "there are: ada"),
        (["mark", "show", "go", "solo", "--ago", "99h"], USAGE, "before the show began"),
        (["mark", "show", "note", "x" * 3000], USAGE, "2000"),
        (["tag", "show", "s99", "--title", "x"], NOT_FOUND, "no segment 's99'"),
        (["tag", "show", "segment", "--performer", "bob"], NOT_FOUND, "no segment 'segment'"),
        (["tag", "show", "{open}", "--performer", "bob"], NOT_FOUND, "there are: ada"),
        (["tag", "show", "{open}", "--out", "+3s"], USAGE, "still runs"),
        (["tag", "show", "{open}", "--in", "yesterday"], USAGE, "not a time"),
        (["tag", "show", "{open}", "--in", "-99h"], USAGE, "within the show"),
        (["consent", "show", "bob", "yes"], NOT_FOUND, "there are: ada"),
        (["consent", "show", "ada", "yes", "s99"], NOT_FOUND, "no segment 's99'"),
        (["record", "small.toml", "--into", "show"], MACHINE, "another recorder is writing this show"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_what_makes_no_sense_in_this_show(running: tuple[Path, str], words: list[str], code: int, says: str) -> None:
    """A running show refuses what it does not have, with what it has, and the exit code says which sort of fault it was."""
    folder, segment = running
    ended = liveshow(*(word.format(open=segment) for word in words), cwd=folder)
    assert (ended.code, says in ended.said) == (code, True), ended.said
    assert len(ended.said.splitlines()) == 1


def test_a_show_that_ends_before_its_devices_are_open(tmp_path: Path, small: Path) -> None:
    """Ended while its workers still start, a show ends all the same, and they with it."""
    assert liveshow("record", small, "--into", "show", "--for", "10ms", cwd=tmp_path).code == OK
    assert '"kind":"session-ended"' in (tmp_path / "show" / "journal.jsonl").read_text().splitlines()[-1]


def test_a_show_that_ended_takes_no_marks(tmp_path: Path, small: Path) -> None:
    """Once no recorder runs, a mark is refused; what was said stands, and corrections of nobody and nothing are still refused."""
    begun(tmp_path / "show", small)
    before = (tmp_path / "show" / "journal.jsonl").read_bytes()
    for words, says in [
        (["mark", "show", "go"], "no recorder runs"),
        (["stop", "show"], "no recorder runs"),
        (["attach", "show"], "no terminal"),
        (["tag", "show", "s2", "--title", "x"], "no segment 's2'"),
        (["consent", "show", "bob", "no"], "no performer 'bob'"),
    ]:
        ended = liveshow(*words, cwd=tmp_path)
        assert ended.code == (MACHINE if words[0] == "attach" else NOT_FOUND)
        assert says in ended.said
    assert (tmp_path / "show" / "journal.jsonl").read_bytes() == before


def test_a_journal_that_was_altered_is_named(tmp_path: Path, small: Path) -> None:
    """Every verb that reads an altered journal names its line and goes no further."""
    journal = begun(tmp_path / "show", small) / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], b"hello\n", *lines[2:]]))
    for words in (
        ["status", "show"],
        ["segments", "show"],
        ["consent", "show", "ada", "no"],
        ["record", str(small), "--into", "show"],
    ):
        ended = liveshow(*words, cwd=tmp_path)
        assert (ended.code, "journal.jsonl:2: " in ended.said) == (MACHINE, True), ended.said


# What is nobody's fault ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raised", "code", "says"),
    [(ZeroDivisionError("oops"), BUG, "a bug in liveshow"), (KeyboardInterrupt(), INTERRUPTED, "interrupted")],
)
def test_a_bug_is_admitted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
    says: str,
) -> None:
    """What nobody foresaw ends in one line too, its traceback in a file; and so does Ctrl-C, without one."""

    def broken() -> str:
        raise raised

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("liveshow.cli.status.listing", broken)
    ended = in_process(monkeypatch, capsys, "status")
    assert ended.code == code
    assert says in ended.said
    assert "Traceback" not in ended.said
    written = [path.read_text() for path in tmp_path.iterdir()]
    assert ["oops" in text and "Traceback" in text for text in written] == [True] * (code == BUG)
