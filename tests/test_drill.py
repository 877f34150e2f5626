"""`liveshow drill`: what each step makes of what it sees, the report, and (slow) a whole drill on real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from liveshow.cli import cli, drilling, starting
from liveshow.errors import FAULT, INTERRUPTED, OK, MachineError
from liveshow.events import (
    AlarmRaised,
    Go,
    Hold,
    MirrorNow,
    Note,
    SessionEnded,
    SessionStarted,
)
from liveshow.model import Device, RecordingSettings, Setup
from liveshow.recorder import address
from liveshow.recorder.disks import NEARLY_FULL
from liveshow.recorder.drill import full_disk, left_over, run, steps
from liveshow.recorder.drill.full_disk import Filled
from liveshow.recorder.drill.outcome import Heading, Outcome, Verdict, failed, passed, report, skipped
from liveshow.recorder.drill.show import of_session
from liveshow.recorder.drill.step import step
from liveshow.showfolder.mirror import mirror_of
from tests.drill_stand_in import SETUP, StandIn, lit, read_setup, the
from tests.running_show import verb, wait_for

HEADING = Heading("theatre.toml", "Open Mic", "stage-mac", "2026-11-29 19:00", "0.1.0")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """One camera and a sound device with one microphone."""
    return read_setup(tmp_path)


def test_lights_that_stay_dark_fail_by_name(setup: Setup, tmp_path: Path) -> None:
    """A feed that is never proven fails the first step, with its name and why."""
    show = StandIn(setup, tmp_path)
    show.pulse = lit("wide")
    outcome = asyncio.run(steps.every_light(show))
    assert outcome.verdict is Verdict.FAIL
    assert "wide (it does not grow)" in outcome.seen
    assert "vox" not in outcome.seen
    show.pulse = lit()
    assert asyncio.run(steps.every_light(show)).verdict is Verdict.PASS


def test_marks_of_a_drill_are_said(setup: Setup, tmp_path: Path) -> None:
    """GO, a note and HOLD are said; in a show without a running order only what makes sense there."""
    show = StandIn(setup, tmp_path)
    assert asyncio.run(steps.a_mark(show)).verdict is Verdict.PASS
    assert [type(e) for e in show.said] == [Go, Note, Hold]
    bare = StandIn(replace(setup, items=()), tmp_path)
    assert asyncio.run(steps.a_mark(bare)).verdict is Verdict.PASS
    assert [type(e) for e in bare.said] == [Note, Hold]


@pytest.mark.parametrize(
    ("mirror", "verdict"),
    [
        (MirrorNow(folder="/b", proofs=lit().proofs), Verdict.PASS),
        (MirrorNow(folder="/b", proofs=lit("vox").proofs), Verdict.FAIL),
        (MirrorNow(folder="/b", proofs=lit().proofs, same_disk=True), Verdict.FAIL),
        (MirrorNow(folder="/b", proofs=lit().proofs, why="it is not there"), Verdict.FAIL),
        (None, Verdict.FAIL),
    ],
)
def test_the_mirror_is_tried(setup: Setup, tmp_path: Path, mirror: MirrorNow | None, verdict: Verdict) -> None:
    """Every feed must be proven from the mirror's own disk, and that must be another one."""
    show = StandIn(setup, tmp_path)
    show.pulse = lit(mirror=mirror)
    assert asyncio.run(steps.the_mirror(show)).verdict is verdict


def test_whatever_goes_wrong_with_a_step_is_a_fail_of_it(setup: Setup) -> None:
    """The words of the fault, under the name of the step and its device."""

    @step("{} is tried")
    async def trial(name: str, device: Device, fault: Exception) -> Outcome:
        raise fault

    for fault, seen in ((MachineError("it did not start"), "it did not start"), (TimeoutError(), "not done in time")):
        outcome = asyncio.run(trial(the(setup, "wide"), fault))
        assert (outcome.step, outcome.verdict, seen in outcome.seen) == ("wide is tried", Verdict.FAIL, True)


# The disk that fills ---------------------------------------------------------------------------------------------

BY_RESERVE = Filled(f"{NEARLY_FULL}: 0.1 min are left", asked=False, alarmed=True, alone=False, went_on=False)
ASKED = Filled("stopped", asked=True, alarmed=True, alone=False, went_on=True)
RESERVED, NO_RESERVE = RecordingSettings(), RecordingSettings(reserve_minutes=0)
MIRRORED = RecordingSettings(mirror="/b")


@pytest.mark.parametrize(
    ("filled", "recording", "seen"),
    [
        (BY_RESERVE, RESERVED, ""),
        (BY_RESERVE, MIRRORED, ""),
        (replace(BY_RESERVE, alarmed=False), RESERVED, "no alarm"),
        (replace(BY_RESERVE, how="stopped"), RESERVED, "not by the disk's reserve: stopped"),
        (replace(BY_RESERVE, how=""), RESERVED, "does not say"),
        (ASKED, RESERVED, "did not end by the reserve of 2 min"),
        (ASKED, NO_RESERVE, ""),
        (replace(ASKED, went_on=False), NO_RESERVE, "not every feed was proven again"),
        (replace(ASKED, alone=True), MIRRORED, ""),
        (ASKED, MIRRORED, "neither went on on the mirror alone nor ended"),
        (replace(ASKED, alone=True, went_on=False), MIRRORED, "not every feed was proven again"),
    ],
)
def test_a_full_disk_is_judged_by_the_setup(filled: Filled, recording: RecordingSettings, seen: str) -> None:
    """A show that had to be ended, though its reserve or its mirror should have seen to it, does not pass."""
    fault = full_disk.fault(filled, recording)
    assert seen in fault
    assert bool(seen) == bool(fault)


def test_only_this_session_counts() -> None:
    """That an earlier one ended, or had an alarm about the disk, says nothing of this one."""
    began = SessionStarted(t=0, wall=0, offset=0, boot="", pid=1, version="", setup="", library="")
    alarm = AlarmRaised(t=0, alarm="disk:full", rank=3, about="disk", what="")
    assert list(of_session([began, alarm, SessionEnded(t=1, how="stopped"), began])) == [began]
    assert list(of_session([began, began, alarm])) == [began, alarm]


def test_no_drill_goes_on_in_another_one_s_mirror(setup: Setup) -> None:
    """A mirror knows a show by its name, so the shows of two drills have different ones, as have the two of one; and all is known that
    is to be removed."""
    mirrored = replace(setup, recording=MIRRORED)
    places = [Path("/shows/drill-1").absolute(), Path("/shows/drill-2").absolute()]
    mirrors = [mirror_of(mirrored, folder) for place in places for folder in run.shows_in(place)]
    assert len({mirror.path for mirror in mirrors if mirror is not None}) == 4
    assert run.places_of(mirrored, places[0]) == [places[0], *(m.path for m in mirrors[:2] if m is not None)]
    assert run.places_of(setup, places[0]) == [places[0]]


# The report, and a drill from the shell --------------------------------------------------------------------------


def test_the_report_is_plain_and_narrow() -> None:
    """At most 80 columns, a box to tick for each step, the verdict last, with what was not tried."""
    outcomes = [passed("one", "word " * 40), failed("two", "it broke"), skipped("three", "no cable")]
    text = report(HEADING, outcomes)
    assert max(map(len, text.splitlines())) <= 80
    assert [line[:3] for line in text.splitlines() if line.startswith("[")] == ["[x]", "[ ]", "[ ]"]
    assert text.startswith("DRILL: Open Mic\n2026-11-29 19:00, theatre.toml on stage-mac, liveshow 0.1.0\n")
    assert "FAIL: 1 of 3 steps failed, 1 not tried" in text
    assert "PASS, 1 not tried" in report(HEADING, [outcomes[0], outcomes[2]])


def test_a_drill_that_was_broken_off_has_not_passed() -> None:
    """Its report says so, and names what failed until then."""
    good, bad = passed("one", "fine"), failed("two", "it broke")
    assert "PASS" not in (text := report(HEADING, [good], complete=False))
    assert "NOT COMPLETE: broken off after 1 steps" in text
    assert "FAIL: 1 of 2 steps failed, NOT COMPLETE" in report(HEADING, [good, bad], complete=False)


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), RuntimeError("a bug")])
def test_there_is_a_report_whatever_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException) -> None:
    """Ctrl-C or a bug in the middle of a step: what was seen until then is in the report, and what was recorded is removed, on the mirror,
    too."""
    monkeypatch.chdir(tmp_path)
    Path("setup.toml").write_text(SETUP.replace("[recording]", '[recording]\nmirror = "mirror"'), encoding="utf-8")

    async def breaking_off(*about: object) -> AsyncGenerator[Outcome, None]:
        place = about[3]
        assert isinstance(place, Path)
        for folder in (place, Path("mirror") / f"{place.name}-show", Path("mirror") / f"{place.name}-full"):
            folder.mkdir(parents=True)
        yield passed("the first step", "fine")
        raise fault

    monkeypatch.setattr(run, "drill", breaking_off)
    ended = CliRunner().invoke(cli, ["drill", "setup.toml", "--no-ask", "--report", "report.txt"])
    assert ended.exit_code != OK
    text = Path("report.txt").read_text(encoding="utf-8")
    assert ("the first step" in text, "NOT COMPLETE" in text) == (True, True)
    assert [*Path("shows").iterdir(), *Path("mirror").iterdir()] == []


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is what the drill was for."""
    assert str(tmp_path) in drilling._written(tmp_path, "DRILL: Open Mic")
    assert "DRILL: Open Mic" in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "did"), [(b"\nmore", True), (b"s\n", False), (b"Skip\n", False), (b"", False)])
def test_an_answer_is_one_line(monkeypatch: pytest.MonkeyPatch, typed: bytes, did: bool) -> None:
    """Enter means that it was done; s, or an input that ends, that it was not."""
    reading, writing = os.pipe()
    os.write(writing, typed)
    os.close(writing)
    with os.fdopen(reading) as keys:
        monkeypatch.setattr(sys, "stdin", keys)
        assert asyncio.run(drilling._ask("Pull it.")) is did


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT")
def test_ctrl_c_while_a_question_stands() -> None:
    """It ends the drill at once, and not only when somebody presses Enter."""
    code = "import asyncio; from liveshow.cli.drilling import _ask; asyncio.run(_ask('Pull it.'))"
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.read(len("\aPull it.")) == b"\aPull it."
            process.send_signal(signal.SIGINT)
            assert process.wait(20) != 0
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_whoever_ends_it_ends_it_like_ctrl_c(name: str) -> None:
    """A terminal that is closed must leave nothing that records on; afterwards all is as before."""
    number = getattr(signal, name, None)
    if number is None:
        pytest.skip("this system has no such signal")
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), drilling._ended_like_by_ctrl_c():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


PUBLISHED = """
import sys, time
from pathlib import Path
from liveshow.recorder import address
address.publish(Path(sys.argv[1]), sys.argv[2], 1)
time.sleep(600)
"""


@contextmanager
def recording(*who: tuple[Path, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that can be found as recorder or worker of these folders."""
    processes = [subprocess.Popen([sys.executable, "-c", PUBLISHED, str(folder), role]) for folder, role in who]
    try:
        for folder, role in who:
            wait_for(role, partial(address.look_up, folder, role))
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_what_a_killed_drill_left_running_is_ended(tmp_path: Path) -> None:
    """Its recorder and workers hold the devices. Not those of a drill that runs, nor of anything that is no drill's."""
    left, running, other = (tmp_path / name for name in ("drill-1/drill-1-show", "drill-2/drill-2-show", "drill-3/show"))
    who = ((left, address.RECORDER), (left, "worker-box"), (running, address.RECORDER), (other, "worker-box"))
    with recording(*who) as processes:
        address.publish(running, left_over.DRILL, 0)
        assert left_over.end_left_over() == [left.resolve()]
        assert [psutil.pid_exists(process.pid) for process in processes] == [False, False, True, True]
        address.withdraw(running, left_over.DRILL)


@pytest.mark.parametrize("who", ["the next drill", "a show"])
def test_whoever_starts_something_ends_what_a_killed_drill_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], who: str
) -> None:
    """It is said, and where that recorded."""
    monkeypatch.chdir(tmp_path)
    Path("setup.toml").write_text(SETUP, encoding="utf-8")

    async def nothing(*_: object) -> AsyncGenerator[Outcome, None]:
        yield passed("the first step", "fine")

    monkeypatch.setattr(run, "drill", nothing)
    left = tmp_path / "drill-1/drill-1-show"
    with recording((left, "worker-box")) as (process,):
        if who == "a show":
            starting.prepare(Path("setup.toml"), None)
            said = capsys.readouterr().err
        else:
            said = CliRunner().invoke(cli, ["drill", "setup.toml", "--no-ask", "--report", "report.txt"]).output
        assert f"was still recording, into {left.resolve()}" in said
        assert not psutil.pid_exists(process.pid)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_drill_that_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a drill runs nobody takes what records for left over; killed, it leaves a recorder and workers, and all of them are ended."""
    monkeypatch.chdir(tmp_path)
    Path("setup.toml").write_text(SETUP, encoding="utf-8")
    argv = [sys.executable, "-m", "liveshow", "drill", "setup.toml", "--no-ask"]
    with Path("said.txt").open("wb") as said:
        process = subprocess.Popen(argv, stdout=said, stderr=said)
    wait_for("the first mark", lambda: b"are on disk at once" in Path("said.txt").read_bytes(), 120)
    assert left_over.end_left_over() == []
    process.kill()
    process.wait()
    (recorder,) = address.running()
    assert left_over.end_left_over() == [Path(recorder.folder)]
    assert address.everybody() == ()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_whole_drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On simulated devices every step but cables passes, also that of a full disk where this system can make one, which is ended by its
    reserve; the report says so, and nothing of it is left running or lying about. (A machine that is busy with other tests may be late,
    which is then all that the report holds against it.)"""
    monkeypatch.chdir(tmp_path)
    Path("setup.toml").write_text(SETUP, encoding="utf-8")
    ended = verb("drill", "setup.toml", "--no-ask", "--report", "report.txt")
    text = Path("report.txt").read_text(encoding="utf-8")
    late = text.count("s at most")
    assert text.count("[x]") + late == (12 if not full_disk.impossible() else 11), text
    assert ended.code == (FAULT if late else OK), ended.said
    assert full_disk.impossible() or NEARLY_FULL in " ".join(text.split())
    assert late or list(Path("shows").iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="a second disk, in memory")
def test_a_drill_that_somebody_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while everything records, on both disks: nothing runs on, nothing is left on either, and the report is not complete."""
    monkeypatch.chdir(tmp_path)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as mirror:
        Path("setup.toml").write_text(SETUP.replace("[recording]", f'[recording]\nmirror = "{mirror}"'), encoding="utf-8")
        words = ["drill", "setup.toml", "--no-ask", "--report", "report.txt"]
        with Path("said.txt").open("wb") as said:
            process = subprocess.Popen([sys.executable, "-m", "liveshow", *words], stdout=said, stderr=said)
        wait_for("the first mark", lambda: b"are on disk at once" in Path("said.txt").read_bytes(), 120)
        copies = list(Path(mirror).iterdir())
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == INTERRUPTED, Path("said.txt").read_text(encoding="utf-8")
        assert [copy.name.startswith("drill-") for copy in copies] == [True]
        assert [*Path("shows").iterdir(), *Path(mirror).iterdir()] == []
    text = Path("report.txt").read_text(encoding="utf-8")
    assert ("NOT COMPLETE" in text, text.count("[x]")) == (True, 4), text


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_drill_with_a_camera_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that cannot be opened fails the drill by name, exit code 1, and what was recorded is kept."""
    monkeypatch.chdir(tmp_path)
    Path("setup.toml").write_text(
        SETUP.replace("simulated:?width=320&height=180&fps=25", "rtsp://127.0.0.1:9/x"), encoding="utf-8"
    )
    ended = verb("drill", "setup.toml", "--no-ask", "--report", "report.txt")
    assert ended.code == FAULT
    assert "wide (" in Path("report.txt").read_text(encoding="utf-8")
    assert wait_for("what was recorded", lambda: list(Path("shows").iterdir()))


def test_an_outcome_is_one_line() -> None:
    """As it is said while the drill goes on."""
    assert str(Outcome("the recorder is killed", Verdict.PASS, "fine")) == "pass       the recorder is killed: fine"
