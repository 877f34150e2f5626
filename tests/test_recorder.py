"""The recorder as a whole, on simulated feeds, in real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from liveshow.events import (
    Gap,
    Go,
    HandedOff,
    HandoffFailed,
    Hold,
    Note,
    PartEnded,
    PartStarted,
    SessionEnded,
    SessionStarted,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.recorder import address
from tests.running_show import CAMERAS, MICS, assert_whole, counters, health, parts, running_show, samples, wait_for


def test_a_show_is_recorded_from_start_to_stop_with_nothing_missing(tmp_path: Path) -> None:
    """Every feed has one part from start to stop, in which no picture and no sample is missing, whatever the crew pressed."""
    with running_show(tmp_path) as show:
        show.until_proven()
        show.go()
        show.say(Note(t=0, text="the bell"))
        show.go()
        show.say(Hold(t=0))
        show.end()
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


def test_a_killed_camera_worker_costs_no_other_feed_anything(tmp_path: Path) -> None:
    """After kill -9 of one camera's worker it is started again, its gap is in the journal, and all others miss nothing."""
    with running_show(tmp_path) as show:
        show.until_proven()
        killed = show.worker("close")
        before = show.pulse()
        os.kill(killed.pid, signal.SIGKILL)
        show.until_gone_and_back("close", killed.pid)
        show.end()
        first, second = parts(show, "close")
        assert_whole(first, "close")
        assert_whole(second, "close")
        for feed in ("wide", *MICS):
            (part,) = parts(show, feed)
            assert_whole(part, feed)
        events = show.folder.events()
        (gap,) = [e for e in events if isinstance(e, Gap)]
        assert gap.feed == "close"
        assert gap.why == "the worker was killed"
        assert any(isinstance(e, WorkerEnded) and e.how == "killed by SIGKILL" for e in events)
        assert before is not None
        written = health(before, "close")[0].position
        assert gap.t >= written - 1_000_000_000, "what was written more than a second before the kill must be there"


def test_a_killed_sound_worker_costs_no_camera_anything(tmp_path: Path) -> None:
    """After kill -9 of the sound device's worker its microphones go on in new parts; cameras miss nothing; old parts read."""
    with running_show(tmp_path) as show:
        show.until_proven()
        killed = show.worker("stagebox")
        os.kill(killed.pid, signal.SIGKILL)
        show.until_gone_and_back("stagebox", killed.pid)
        show.end()
        for feed in CAMERAS:
            (part,) = parts(show, feed)
            assert_whole(part, feed)
        for feed in MICS:
            for part in parts(show, feed):
                assert_whole(part, feed)
        gaps = [e for e in show.folder.events() if isinstance(e, Gap)]
        assert sorted(g.feed for g in gaps) == sorted(MICS)


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


def test_stop_from_the_shell_ends_the_show_cleanly(tmp_path: Path) -> None:
    """`liveshow stop` returns when the parts are closed and the journal says so; the recorder then exits with 0."""
    with running_show(tmp_path) as show:
        show.until_proven()
        done = subprocess.run(
            [sys.executable, "-m", "liveshow", "stop", str(show.folder.path)], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert show.folder.state().ended
        assert show.process.wait(60) == 0
        assert json.loads(show.folder.journal_file.read_text(encoding="utf-8").splitlines()[0])["kind"] == "show-opened"


def test_stop_ends_workers_whose_recorder_is_dead(tmp_path: Path) -> None:
    """When the recorder was killed, `liveshow stop` still ends the show cleanly: the workers are taken over and closed."""
    with running_show(tmp_path) as show:
        show.until_proven()
        os.kill(show.process.pid, signal.SIGKILL)
        show.process.wait(10)
        status = subprocess.run(
            [sys.executable, "-m", "liveshow", "status", str(show.folder.path)], capture_output=True, check=False
        )
        assert b"3 workers still record" in status.stdout
        done = subprocess.run(
            [sys.executable, "-m", "liveshow", "stop", str(show.folder.path)], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert show.folder.state().ended
        assert not address.workers_of(show.folder.path)
        for feed in (*CAMERAS, *MICS):
            (part,) = parts(show, feed)
            assert_whole(part, feed)
