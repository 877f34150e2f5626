"""`liveshow drill`: what each step makes of what it sees, the report, and (slow) a whole drill on real processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from liveshow import setupfile
from liveshow.errors import FAULT, OK
from liveshow.events import Gap, Go, Hold, JournalEvent, Note, Proof, Pulse
from liveshow.model import Device, Setup
from liveshow.recorder.drill import full_disk, steps
from liveshow.recorder.drill.outcome import Heading, Outcome, Verdict, failed, passed, report, skipped
from liveshow.recorder.drill.show import DrillShow
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND
from tests.running_show import verb, wait_for

SETUP = """
[show]
title = "Drill"
date = 2026-11-29
timezone = "Europe/Berlin"
[recording]
reserve_minutes = 0
[[camera]]
id = "wide"
source = "simulated:?width=320&height=180&fps=25"
[[audio]]
id = "box"
source = "simulated:"
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
HEADING = Heading("theatre.toml", "Open Mic", "stage-mac", "2026-11-29 19:00", "0.1.0")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    file = tmp_path / "setup.toml"
    file.write_text(SETUP, encoding="utf-8")
    return setupfile.load(file, date(2026, 11, 29))


def lit(*dark: str, now: int = SECOND) -> Pulse:
    """Everything is proven but these."""
    proofs = {feed: Proof(light="unproven" if feed in dark else "proven", why="it does not grow") for feed in ("wide", "vox")}
    return Pulse(now=now, feeds={}, proofs=proofs, disk_free=10**12, bytes_per_second=10**6)


class StandIn(DrillShow):
    """A show of which a test says what is seen; time passes without being waited for."""

    def __init__(self, setup: Setup, place: Path, then: Callable[[StandIn], None] = lambda _: None) -> None:
        super().__init__(place / "setup.toml", setup, ShowFolder(place / "show"), lit())
        self.said: list[object] = []
        self.then = then

    async def until(self, true: Callable[[], object], seconds: float) -> float | None:
        self.then(self)
        return min(0.5, seconds) if true() else None

    async def say(self, event: object) -> None:
        self.said.append(event)

    def gap(self, feed: str) -> None:
        """The journal says that a feed had a gap."""
        self.events: list[JournalEvent] = [*self.events, Gap(t=0, until=2 * SECOND, feed=feed, why="lost")]


def the(setup: Setup, device: str) -> Device:
    return next(d for d in setup.devices if d.id == device)


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


def unplugged(show: StandIn) -> None:
    """An alarm about the camera."""
    from liveshow.events import AlarmNow

    pulse = show.pulse or lit()
    alarm = AlarmNow(alarm="wide:lost", rank=1, about="wide", what="lost")
    show.pulse = Pulse(now=pulse.now, feeds={}, proofs=pulse.proofs, disk_free=1, bytes_per_second=1, alarms=(alarm,))


@pytest.mark.parametrize(
    ("then", "answers", "verdict", "seen"),
    [
        (unplugged, [True, True], Verdict.PASS, "an alarm after 0.5 s"),
        (lambda _: None, [True, True], Verdict.FAIL, "no alarm"),
        (unplugged, [False], Verdict.SKIPPED, "nobody pulled it"),
        (unplugged, [True, False], Verdict.FAIL, "nobody put it back"),
    ],
)
def test_a_cable(
    setup: Setup, tmp_path: Path, then: Callable[[StandIn], None], answers: list[bool], verdict: Verdict, seen: str
) -> None:
    """Pulled and put back it passes with an alarm and fails without one; what the crew leaves out is not a pass."""
    camera = replace(the(setup, "wide"), source="rtsp://user:secret@10.0.0.9/stream")
    said: list[str] = []

    async def ask(words: str) -> bool:
        said.append(words)
        return answers.pop(0)

    outcome = asyncio.run(steps.cable_pulled(StandIn(setup, tmp_path, then), camera, ask))
    assert (outcome.verdict, seen in outcome.seen) == (verdict, True)
    assert "secret" not in said[0]
    assert "rtsp://10.0.0.9/stream" in said[0]


def test_what_has_no_cable_is_not_asked_for(setup: Setup, tmp_path: Path) -> None:
    """Nobody is asked to pull the cable of a simulated camera."""

    async def ask(_: str) -> bool:
        raise AssertionError("it asked")

    outcome = asyncio.run(steps.cable_pulled(StandIn(setup, tmp_path), the(setup, "wide"), ask))
    assert outcome.verdict is Verdict.SKIPPED


def test_a_device_without_a_process_fails(setup: Setup, tmp_path: Path) -> None:
    """There is nothing to kill, and that is said."""
    outcome = asyncio.run(steps.killed(StandIn(setup, tmp_path), the(setup, "wide")))
    assert (outcome.verdict, outcome.seen) == (Verdict.FAIL, "it has no process")


def test_gaps_are_counted_but_for_a_device_s_own(setup: Setup, tmp_path: Path) -> None:
    """What another feed loses while a device is killed is seen; what the device itself loses is not held against it."""
    show = StandIn(setup, tmp_path)
    show.gap("wide")
    assert show.gaps(the(setup, "wide")) == []
    assert [g.feed for g in show.gaps(the(setup, "box"))] == ["wide"]


def test_the_report_is_plain_and_narrow() -> None:
    """At most 80 columns, a box to tick for each step, the verdict last, with what was not tried."""
    outcomes = [passed("one", "word " * 40), failed("two", "it broke"), skipped("three", "no cable")]
    text = report(HEADING, outcomes)
    assert max(map(len, text.splitlines())) <= 80
    assert [line[:3] for line in text.splitlines() if line.startswith("[")] == ["[x]", "[ ]", "[ ]"]
    assert "FAIL: 1 of 3 steps failed, 1 not tried" in text
    assert "PASS, 1 not tried" in report(HEADING, [outcomes[0], outcomes[2]])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_whole_drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On simulated devices every step but cables passes, also that of a full disk where this system can make one; the report says so, and
    nothing of it is left running or lying about."""
    monkeypatch.chdir(tmp_path)
    Path("setup.toml").write_text(SETUP, encoding="utf-8")
    ended = verb("drill", "setup.toml", "--no-ask", "--report", "report.txt")
    text = Path("report.txt").read_text(encoding="utf-8")
    assert ended.code == OK, ended.said
    assert text.count("[x]") == (10 if not full_disk.impossible() else 9)
    assert list(Path("shows").iterdir()) == []


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
