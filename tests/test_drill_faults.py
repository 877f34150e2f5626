"""`liveshow drill`: what it makes of processes that are killed, and of cables that are pulled or are not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from liveshow.errors import MachineError
from liveshow.events import (
    AlarmNow,
    Gap,
    PartStarted,
    WorkerStarted,
)
from liveshow.model import Setup
from liveshow.recorder import address
from liveshow.recorder.drill import replaced, run
from liveshow.recorder.drill.cable import cable_pulled
from liveshow.recorder.drill.outcome import Outcome, Verdict
from liveshow.recorder.drill.since import Since
from liveshow.timebase import SECOND
from tests.drill_stand_in import RTSP, StandIn, lit, read_setup, the


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """One camera and a sound device with one microphone."""
    return read_setup(tmp_path)


def lost(since: int, kind: str = "lost") -> AlarmNow:
    """An alarm about the camera."""
    return AlarmNow(alarm=f"wide:{kind}", rank=1, about="wide", what=kind, since=since)


def unplugged(show: StandIn) -> None:
    """The light of the camera goes out, and an alarm says so."""
    show.t += 3 * SECOND
    show.pulse = lit("wide", at=show.t, alarms=(lost(show.t - SECOND),))


def plugged_in(show: StandIn) -> None:
    """It is recorded again, into another part, which was looked at."""
    show.t += 5 * SECOND
    show.gap("wide", 7.5)
    show.part("wide")
    show.pulse = lit(at=show.t + SECOND)


def nothing(show: StandIn) -> None:
    """Time passes, and all is well."""
    show.t += 5 * SECOND
    show.pulse = lit(at=show.t)


def dark_without_alarm(show: StandIn) -> None:
    show.pulse = lit("wide")


def alarm_without_dark(show: StandIn) -> None:
    show.pulse = lit(alarms=(lost(show.t, "unproven"),))


def old_alarm(show: StandIn) -> None:
    """An earlier step left it."""
    show.pulse = lit(alarms=(lost(SECOND, "unproven"),))


def lit_without_a_part(show: StandIn) -> None:
    """The light is on, and nothing new was read."""
    show.t += 5 * SECOND
    show.pulse = lit(at=show.t)


def without_gap(show: StandIn) -> None:
    plugged_in(show)
    show.events = [e for e in show.events if not isinstance(e, Gap)]


def others_too(show: StandIn) -> None:
    plugged_in(show)
    show.gap("vox")


@pytest.mark.parametrize(
    ("then", "answers", "verdict", "seen"),
    [
        ([nothing, unplugged, plugged_in], [True, True], Verdict.PASS, "7.5 s are missing"),
        ([nothing, nothing, nothing], [True, True], Verdict.FAIL, "wide stayed proven: was it this cable?"),
        ([nothing, dark_without_alarm, nothing], [True, True], Verdict.FAIL, "no alarm within 5 s; though its lights went out"),
        ([nothing, alarm_without_dark, nothing], [True, True], Verdict.FAIL, "the light of wide did not go out"),
        ([nothing, old_alarm, nothing], [True, True], Verdict.FAIL, "no alarm within 5 s"),
        ([old_alarm], [], Verdict.FAIL, "nobody was asked to"),
        ([dark_without_alarm], [], Verdict.FAIL, "wide (it does not grow)"),
        ([nothing, unplugged, lit_without_a_part], [True, True], Verdict.FAIL, "not back within 60 s"),
        ([nothing, unplugged, without_gap], [True, True], Verdict.FAIL, "the journal does not tell what is missing of wide"),
        ([nothing, unplugged, others_too], [True, True], Verdict.FAIL, "vox lost something with it"),
        ([nothing], [False], Verdict.SKIPPED, "nobody pulled it"),
        ([nothing, unplugged], [True, False], Verdict.FAIL, "nobody put it back"),
    ],
)
def test_a_cable(
    setup: Setup, tmp_path: Path, then: list[Callable[[StandIn], None]], answers: list[bool], verdict: Verdict, seen: str
) -> None:
    """It passes with an alarm that did not stand before, lights that went out, and another part that was read back; what stood before, or
    lights that were never out, make no pass of a cable that nobody pulled."""
    camera = replace(the(setup, "wide"), source=RTSP)
    said: list[str] = []

    async def ask(words: str) -> bool:
        said.append(words)
        return answers.pop(0)

    outcome = asyncio.run(cable_pulled(StandIn(setup, tmp_path, *then), camera, ask))
    assert (outcome.verdict, seen in outcome.seen) == (verdict, True), outcome.seen
    assert not answers
    assert "secret" not in "".join(said)
    assert all("wide" in words for words in said)


def test_what_has_no_cable_is_not_asked_for(setup: Setup, tmp_path: Path) -> None:
    """Nobody is asked to pull the cable of a simulated camera."""

    async def ask(_: str) -> bool:
        raise AssertionError("it asked")

    outcome = asyncio.run(cable_pulled(StandIn(setup, tmp_path), the(setup, "wide"), ask))
    assert outcome.verdict is Verdict.SKIPPED


def test_a_device_without_a_process_fails(setup: Setup, tmp_path: Path) -> None:
    """There is nothing to kill, and that is said."""
    outcome = asyncio.run(replaced.killed(StandIn(setup, tmp_path), the(setup, "wide")))
    assert (outcome.verdict, outcome.seen) == (Verdict.FAIL, "it has no process")


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process to kill."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def another(show: StandIn) -> None:
    """Another process records the camera after 0.3 s, and 0.2 s before that it was there to open it; its part was looked at."""
    show.workers["wide"] = 1
    show.t += SECOND // 10
    show.write(WorkerStarted(t=show.t, device="wide", pid=1))
    show.t += SECOND // 5
    show.gap("wide", 0.3)
    show.part("wide")
    show.pulse = lit(at=show.t + SECOND)


def the_old_part(show: StandIn) -> None:
    """The light is on because of the part before."""
    another(show)
    show.pulse = lit(at=show.t - 1)


def late(show: StandIn) -> None:
    """It is there only after two seconds."""
    show.t += 2 * SECOND
    another(show)
    show.events = [e for e in show.events if not isinstance(e, Gap)]
    show.gap("wide", 2.3)


def slow_to_open(show: StandIn) -> None:
    """It is there at once, and the device opens after four seconds."""
    show.workers["wide"] = 1
    show.write(WorkerStarted(t=show.t, device="wide", pid=1))
    show.t += 4 * SECOND
    show.gap("wide", 4.2)
    show.part("wide")
    show.pulse = lit(at=show.t + SECOND)


def gap_untold(show: StandIn) -> None:
    another(show)
    show.events = [e for e in show.events if not isinstance(e, Gap)]


def older_pictures(show: StandIn) -> None:
    """A network camera begins with a picture of before the kill: nothing is missing."""
    show.events = []
    another(show)
    show.events = [
        structs.replace(e, t=9 * SECOND) if isinstance(e, PartStarted) else e for e in show.events[:1] + show.events[2:]
    ]


def vox_too(show: StandIn) -> None:
    another(show)
    show.gap("vox")


@pytest.mark.parametrize(
    ("source", "then", "verdict", "seen"),
    [
        ("simulated:", another, Verdict.PASS, "a gap of 0.3 s (it may be 1.0 s)"),
        ("simulated:", the_old_part, Verdict.FAIL, "not back within 20 s: no part of another process was read back"),
        ("simulated:", late, Verdict.FAIL, "a gap of 2.3 s: it may be 1.0 s at most"),
        ("simulated:", slow_to_open, Verdict.FAIL, "a gap of 4.2 s: it may be 1.0 s at most"),
        (RTSP, slow_to_open, Verdict.PASS, "a gap of 4.2 s, 4.0 s of it for the device to open (the rest may be 1.0 s)"),
        (RTSP, late, Verdict.FAIL, "the rest may be 1.0 s at most"),
        (RTSP, older_pictures, Verdict.PASS, "a gap of 0.0 s"),
        ("simulated:", gap_untold, Verdict.FAIL, "the journal does not tell what is missing of wide"),
        ("simulated:", vox_too, Verdict.FAIL, "vox lost something with it"),
    ],
)
def test_a_process_is_killed(
    setup: Setup,
    tmp_path: Path,
    victim: subprocess.Popen[bytes],
    source: str,
    then: Callable[[StandIn], None],
    verdict: Verdict,
    seen: str,
) -> None:
    """It passes when a part of the next process was read back and no more is missing by our doing than may be: neither the proof of the
    part before counts, nor a gap of before."""
    show = StandIn(setup, tmp_path, then)
    show.workers = {"wide": victim.pid, "box": 2}
    show.t = 5 * SECOND
    show.gap("wide", 3)
    show.t = 10 * SECOND
    outcome = asyncio.run(replaced.killed(show, replace(the(setup, "wide"), source=source)))
    assert (outcome.verdict, seen in outcome.seen) == (verdict, True), outcome.seen
    assert victim.wait(10) != 0


def test_nobody_waits_to_take_its_place(setup: Setup, tmp_path: Path, victim: subprocess.Popen[bytes]) -> None:
    """Where no process waits, more than a second would be missing: that is the fault, and nothing is killed."""
    show = StandIn(setup, tmp_path)
    show.workers, show.has_spare = {"wide": victim.pid}, False
    outcome = asyncio.run(replaced.killed(show, the(setup, "wide")))
    assert (outcome.verdict, victim.poll()) == (Verdict.FAIL, None)


def test_what_a_device_loses_itself_is_not_held_against_others(setup: Setup, tmp_path: Path) -> None:
    """What another feed loses while a device is killed is seen; what was lost before is not."""
    show = StandIn(setup, tmp_path)
    show.gap("vox")
    show.t += 1
    since = Since.now(show)
    show.gap("wide")
    assert since.harmed(but=the(setup, "wide")) == []
    assert since.harmed(but=the(setup, "box")) == ["wide"]


def test_a_recorder_that_does_not_come_back(setup: Setup, tmp_path: Path, victim: subprocess.Popen[bytes]) -> None:
    """The worst that can happen to a show: it is a FAIL with the recorder's words, and what cannot be tried any more is said."""

    class Gone(StandIn):
        def recorder(self) -> address.Address | None:
            return self.worker(the(setup, "wide")) if victim.poll() is None else None

        async def until(self, true: Callable[[], object], seconds: float) -> float | None:
            victim.wait(10)
            return await super().until(true, seconds)

        async def start(self) -> float:
            raise MachineError("the recorder did not start: its disk is gone")

    show = Gone(replace(setup, devices=()), tmp_path)
    show.workers = {"wide": victim.pid}

    async def every() -> list[Outcome]:
        return [outcome async for outcome in run.in_show(show, None)]

    mark, killed, rest = asyncio.run(every())
    assert (mark.verdict, killed.verdict, rest.verdict) == (Verdict.PASS, Verdict.FAIL, Verdict.SKIPPED)
    assert "its disk is gone" in killed.seen
