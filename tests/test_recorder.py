"""The recorder as a whole, on simulated feeds, in real processes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from liveshow.events import (
    Gap,
    Go,
    HandedOff,
    HandoffFailed,
    Hold,
    Note,
    PartEnded,
    PartStarted,
    Pulse,
    SessionEnded,
    SessionStarted,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.recorder import address
from liveshow.showfolder.state import ShowState
from tests.running_show import (
    CAMERAS,
    MICS,
    Ended,
    RunningShow,
    assert_whole,
    counters,
    health,
    parts,
    running_show,
    samples,
    verb,
    wait_for,
)


@dataclass(frozen=True)
class Stopped:
    """A show that was ended, how `liveshow stop` ended, and what the journal said when it did."""

    show: RunningShow
    done: Ended
    state: ShowState


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Stopped]:
    """A show with two GOs, a note and a HOLD, after `liveshow stop`; its recorder may still hand off."""
    with running_show(tmp_path_factory.mktemp("stopped")) as show:
        show.until_proven()
        show.go()
        show.say(Note(t=0, text="the bell"))
        show.go()
        show.say(Hold(t=0))
        done = verb("stop", show.folder.path)
        yield Stopped(show, done, show.folder.state())


def test_a_show_is_recorded_from_start_to_stop_with_nothing_missing(stopped: Stopped) -> None:
    """Every feed has one part from start to stop, in which no picture and no sample is missing, whatever the crew pressed."""
    show = stopped.show
    assert show.process.wait(90) == 0
    events = show.folder.events()
    for feed in (*CAMERAS, *MICS):
        (part,) = parts(show, feed)
        assert_whole(part, feed)
        started = next(e for e in events if isinstance(e, PartStarted) and e.feed == feed)
        ended = next(e for e in events if isinstance(e, PartEnded) and e.feed == feed)
        assert (show.folder.path / started.file) == part
        assert ended.how == "stopped"
    assert not [e for e in events if isinstance(e, Gap)]
    assert isinstance(next(e for e in reversed(events) if not isinstance(e, HandedOff | HandoffFailed)), SessionEnded)
    assert show.folder.state().ended
    assert [s.title for s in show.folder.state().segments] == ["First", "Second"]


def test_stop_from_the_shell_ends_the_show_cleanly(stopped: Stopped) -> None:
    """`liveshow stop` returns when the parts are closed and the journal says so; the recorder then exits with 0."""
    assert stopped.done.code == 0, stopped.done.said
    assert stopped.state.ended
    assert stopped.show.process.wait(90) == 0
    assert json.loads(stopped.show.folder.journal_file.read_text(encoding="utf-8").splitlines()[0])["kind"] == "show-opened"


def test_parts_follow_each_other_without_a_seam(tmp_path: Path) -> None:
    """When a part is full the next one begins with the very next picture and sample."""
    with running_show(tmp_path, part_minutes=0.08) as show:
        show.until_proven()
        wait_for("three parts", lambda: len(parts(show, "wide")) >= 3 and len(parts(show, "vox1")) >= 3)
        show.end()
        for feed in CAMERAS:
            files = parts(show, feed)
            numbers = [n for path in files for n in counters(path)]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        from tests.devices.signals import locate

        for feed in MICS:
            files = parts(show, feed)
            expected = locate(samples(files[0]))[1]
            for path in files:
                assert locate(samples(path))[1] == expected
                assert_whole(path, feed)
                expected += len(samples(path))
        assert not [e for e in show.folder.events() if isinstance(e, Gap)]


@dataclass(frozen=True)
class Kills:
    """A show of which first the worker of one camera and then that of the sound device were killed, and each was back before the next;
    how it was before, and when the second happened, in show-clock ns."""

    show: RunningShow
    before: Pulse
    sound: int

    def gaps(self, *feeds: str) -> list[Gap]:
        """Those of these feeds."""
        return [e for e in self.show.folder.events() if isinstance(e, Gap) and e.feed in feeds]


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Kills]:
    """It has ended."""
    with running_show(tmp_path_factory.mktemp("kills")) as show:
        before = show.until_proven()
        camera = show.worker("close")
        os.kill(camera.pid, signal.SIGKILL)
        show.until_gone_and_back("close", camera.pid)
        sound = show.worker("stagebox")
        now = wait_for("the recorder", show.pulse).now
        os.kill(sound.pid, signal.SIGKILL)
        show.until_gone_and_back("stagebox", sound.pid)
        show.end()
        yield Kills(show, before, now)


def test_a_killed_camera_worker_costs_no_other_feed_anything(kills: Kills) -> None:
    """After kill -9 of one camera's worker it is started again, its gap is in the journal, and all others miss nothing."""
    first, second = parts(kills.show, "close")
    assert_whole(first, "close")
    assert_whole(second, "close")
    (part,) = parts(kills.show, "wide")
    assert_whole(part, "wide")
    for feed in MICS:
        assert_whole(parts(kills.show, feed)[0], feed)
    assert not [gap for gap in kills.gaps("wide", *MICS) if gap.until < kills.sound]
    (gap,) = kills.gaps("close")
    assert gap.why == "the worker was killed"
    assert any(isinstance(e, WorkerEnded) and e.how == "killed by SIGKILL" for e in kills.show.folder.events())
    written = health(kills.before, "close")[0].position
    assert gap.t >= written - 1_000_000_000, "what was written more than a second before the kill must be there"


def test_a_killed_sound_worker_costs_no_camera_anything(kills: Kills) -> None:
    """After kill -9 of the sound device's worker its microphones go on in new parts; cameras miss nothing; old parts read."""
    for feed in CAMERAS:
        assert_whole(parts(kills.show, feed)[-1], feed)
    for feed in MICS:
        first, second = parts(kills.show, feed)
        assert_whole(first, feed)
        assert_whole(second, feed)
    assert not [gap for gap in kills.gaps(*CAMERAS) if gap.until > kills.sound]
    assert sorted(gap.feed for gap in kills.gaps(*MICS)) == sorted(MICS)


def test_a_killed_recorder_loses_nothing_and_is_taken_over(tmp_path: Path) -> None:
    """Workers go on while the recorder is dead; the next one takes them over; every acknowledged mark stands."""
    with running_show(tmp_path) as show:
        show.until_proven()
        numbers = [show.go(), show.say(Note(t=0, text="kept"))]
        workers = {device: show.worker(device).pid for device in ("wide", "close", "stagebox")}
        os.kill(show.process.pid, signal.SIGKILL)
        show.process.wait(10)
        assert all(show.worker(device).pid == pid for device, pid in workers.items())
        show.start()
        wait_for("the next recorder", lambda: address.look_up(show.folder.path, address.RECORDER))
        show.until_proven()
        numbers.append(show.go())
        show.end()
        events = show.folder.events()
        assert {numbers[0], numbers[1], numbers[2]} <= {e.n for e in events if isinstance(e, Go | Note)}
        assert sorted(e.device for e in events if isinstance(e, WorkerStarted) and e.adopted) == sorted(workers)
        for feed in (*CAMERAS, *MICS):
            (part,) = parts(show, feed)
            assert_whole(part, feed)
        assert not [e for e in events if isinstance(e, Gap)]


def test_everything_killed_at_once_goes_on_in_the_same_show(tmp_path: Path) -> None:
    """After kill -9 of recorder and workers together, the same setup goes on in the same folder with new parts and one clock."""
    with running_show(tmp_path) as show:
        show.until_proven()
        kept = show.go()
        show.kill_everything()
        show.start()
        show.until_proven()
        show.go()
        show.end()
        events = show.folder.events()
        assert kept in {e.n for e in events if isinstance(e, Go)}
        assert len([e for e in events if isinstance(e, SessionStarted)]) == 2
        assert [e.said for e in events] == sorted(e.said for e in events)
        for feed in (*CAMERAS, *MICS):
            first, second = parts(show, feed)
            assert_whole(first, feed)
            assert_whole(second, feed)
        assert {e.feed for e in events if isinstance(e, Gap)} == {*CAMERAS, *MICS}
        assert [s.title for s in show.folder.state().segments] == ["First", "Second"]


def test_stop_ends_workers_whose_recorder_is_dead(tmp_path: Path) -> None:
    """When the recorder was killed, `liveshow stop` still ends the show cleanly: the workers are taken over and closed."""
    with running_show(tmp_path) as show:
        show.until_proven()
        os.kill(show.process.pid, signal.SIGKILL)
        show.process.wait(10)
        assert "3 workers still record" in verb("status", show.folder.path).said
        done = verb("stop", show.folder.path)
        assert done.code == 0, done.said
        assert show.folder.state().ended
        assert not address.workers_of(show.folder.path)
        for feed in (*CAMERAS, *MICS):
            (part,) = parts(show, feed)
            assert_whole(part, feed)
