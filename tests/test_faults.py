"""What goes wrong around a show that records: hung processes, full disks, cameras that come and go, sound that is lost."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av
import psutil
import pytest

from liveshow.errors import INTERRUPTED, MACHINE, OK, LiveshowError
from liveshow.events import (
    FeedState,
    Gap,
    Go,
    HandoffFailed,
    Hold,
    Note,
    PartEnded,
    SessionEnded,
    Undo,
    WorkerEnded,
    WorkerStarted,
)
from liveshow.recorder import address, supervisor
from liveshow.recorder.sound_recording import OVERFLOW, UNTOLD
from liveshow.showfolder import recordings
from liveshow.showfolder.timing import read_timing
from liveshow.timebase import MILLISECOND, SECOND
from tests.conftest import needs, needs_root
from tests.devices.signals import faults, locate
from tests.running_show import (
    CAMERAS,
    CHANNELS,
    MICS,
    SETUP,
    SMALL,
    RunningShow,
    assert_whole,
    counters,
    parts,
    running_show,
    samples,
    verb,
    wait_for,
)
from tests.servers.camera import CameraServer
from tests.servers.pictures import Wanted, counter_of, media
from tests.servers.reading import follow
from tests.servers.rtsp import RtspCamera

T = TypeVar("T")
CAMERA = """
[[camera]]
id = "{id}"
source = "{url}"
"""

# A full disk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 MiB where the show folder of a running show lies."""
    needs_root()
    needs("mount", "umount")
    place = tmp_path / "show"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "none", place], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(path: Path) -> None:
    """Take all the room there is."""
    with path.open("ab", buffering=0) as hog:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while hog.write(bytes(size)):
                    pass
            except OSError:
                continue


def until_refused(show: RunningShow, hog: Path) -> tuple[list[int], LiveshowError]:
    """Say notes until one is refused; the numbers of those that were acknowledged, and what was said of the one that was not."""
    numbers: list[int] = []

    def refused() -> LiveshowError | None:
        fill(hog)
        try:
            numbers.append(show.say(Note(t=0, text="x" * 500)))
        except LiveshowError as exc:
            return exc
        return None

    return numbers, wait_for("a refusal", refused)


def whole(path: Path, feed: str) -> int:
    """The number of pictures or samples of a part that was cut off: it reads, and none is missing."""
    if feed in CAMERAS:
        numbers = counters(path)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        return len(numbers)
    heard = samples(path)
    assert not faults(heard, CHANNELS.get(feed, 0))
    return len(heard)


def test_a_disk_that_fills_in_the_middle_of_a_show(small_disk: Path) -> None:
    """When the disk is full every feed and the alarms say so, a mark is refused and not lost, and when there is room again
    recording and marks go on by themselves; what was written before and after reads, and why there is nothing between is in the
    journal."""
    hog = small_disk / "show" / "hog"
    with running_show(small_disk) as show:
        show.until_proven()
        first = show.go()
        show.say(Hold(t=0))
        workers = {device: show.worker(device).pid for device in (*CAMERAS, "stagebox")}
        numbers, refusal = until_refused(show, hog)
        assert "the journal cannot be written: No space left" in str(refusal)

        def all_out() -> bool:
            fill(hog)
            pulse = show.pulse()
            lights = {feed: p.light for feed, p in pulse.proofs.items()} if pulse else {}
            said = [h.why for h in pulse.feeds.values() if h.state == "failed" and "full" in h.why] if pulse else []
            return len(said) == len(lights) > 0 and set(lights.values()) == {"off"}

        def alarmed() -> bool:
            fill(hog)
            pulse = show.pulse()
            return pulse is not None and {"journal:unwritten", "disk:full", "wide:lost", "stagebox:lost"} <= {
                a.alarm for a in pulse.alarms
            }

        wait_for("every feed to say so", all_out)
        wait_for("alarms that nobody can write down", alarmed)
        assert first in {e.n for e in show.folder.events()}
        wait_for("a hand-off", lambda: (show.folder.cache / "log" / "handoff.log").exists())
        hog.unlink()
        show.until_proven()
        last = show.go()
        show.end()
        events = show.folder.events()
        assert set(show.folder.state().handed) == {f"s{first}", f"s{last}"}
        assert {first, *numbers, last} <= {e.n for e in events if isinstance(e, Go | Note)}
        assert len([e for e in events if isinstance(e, Go | Note)]) == len(numbers) + 2, "a mark that was refused is there"
        assert {e.device: e.pid for e in events if isinstance(e, WorkerStarted)} == workers, "a worker had to start again"
        gaps = {e.feed: e.why for e in events if isinstance(e, Gap)}
        assert set(gaps) == {*CAMERAS, *MICS}
        assert all("cannot be written" in why for why in gaps.values())
        for feed in gaps:
            names = {p.stem for p in parts(show, feed)}
            assert names == {p.stem for p in (show.folder.recordings / feed).iterdir()}, "something was begun and left"
            assert all(whole(part, feed) for part in parts(show, feed))


def test_a_show_is_ended_on_a_full_disk_whose_recorder_died(small_disk: Path) -> None:
    """`liveshow stop` ends the workers also when the recorder is dead and the journal takes nothing more: it says what is wrong,
    nobody records any more, and what was recorded reads."""
    hog = small_disk / "show" / "hog"
    with running_show(small_disk, SMALL) as show:
        show.until_proven()
        until_refused(show, hog)
        show.process.kill()
        show.process.wait(10)
        fill(hog)
        ended = verb("stop", show.folder.path)
        assert (ended.code, len(ended.said.splitlines())) == (MACHINE, 1)
        assert "No space left" in ended.said
        assert address.workers_of(show.folder.path) == ()
        assert all(whole(part, "vox") for part in parts(show, "vox"))


# Hung processes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoodStill:
    """A show of which first the recorder stood still (SIGSTOP), for longer than it would let a worker be silent, and then, from show-clock
    ns `later` on, the worker of a camera (`hung`). `numbers`: of the GOs before and after the first."""

    show: RunningShow
    numbers: list[int]
    later: int
    hung: address.Address

    def events(self, kind: type[T]) -> list[T]:
        """What the journal has of a kind."""
        return [e for e in self.show.folder.events() if isinstance(e, kind)]


@pytest.fixture(scope="module")
def stood_still(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[StoodStill]:
    """It has ended."""
    with running_show(tmp_path_factory.mktemp("still")) as show:
        show.until_proven()
        numbers = [show.go()]
        ends = {feed: newest(show, feed) for feed in (*CAMERAS, *MICS)}
        show.process.send_signal(signal.SIGSTOP)
        limit = int((supervisor.SILENCE_LIMIT + 2) * SECOND)
        wait_for("every feed to go on", lambda: all(newest(show, feed) > end + limit for feed, end in ends.items()))
        show.process.send_signal(signal.SIGCONT)
        numbers.append(show.go())
        later = show.until_proven().now
        hung = show.worker("close")
        os.kill(hung.pid, signal.SIGSTOP)
        show.until_gone_and_back("close", hung.pid)
        assert not hung.alive()
        show.end()
        yield StoodStill(show, numbers, later, hung)


def test_a_hung_worker_is_replaced(stood_still: StoodStill) -> None:
    """A worker that stands still (SIGSTOP) is killed within its limit and replaced; its gap and its end are in the journal; the
    others miss nothing."""
    show = stood_still.show
    (ended,) = [e for e in stood_still.events(WorkerEnded) if e.pid == stood_still.hung.pid]
    assert (ended.device, ended.how) == ("close", supervisor.HUNG)
    (gap,) = [e for e in stood_still.events(Gap) if e.until > stood_still.later]
    assert (gap.feed, gap.why) == ("close", "the worker was killed")
    for feed in ("wide", *MICS):
        assert_whole(parts(show, feed)[-1], feed)
    assert [whole(part, "close") > 0 for part in parts(show, "close")] == [True, True]


HANGING = """
import pathlib, time
from dataclasses import replace
from liveshow.feeds import simulated_camera

class Hanging(simulated_camera.SimulatedCamera):
    def __init__(self, capture):
        super().__init__(replace(capture, device=replace(capture.device, source="simulated:?width=160&height=90")))
        self.left = 100

    def read(self):
        self.left -= 1
        once = pathlib.Path(__file__).with_name("once")
        if self.left < 0 and not once.exists():
            once.touch()
            time.sleep(10_000)  # lets other threads run, as a driver's call does
        return super().read()

KIND = replace(simulated_camera.KIND, name="hanging camera", schemes=("hanging",), camera=Hanging, check=lambda source: None)
"""


@pytest.mark.slow
def test_a_driver_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a camera's driver does not return, though the rest of its worker lives, the worker is replaced and the camera recorded
    again; the microphone misses nothing. The camera's kind comes from another package."""
    about = tmp_path / "hanging-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[liveshow.feeds]\nhanging = hanging:KIND\n")
    (tmp_path / "hanging.py").write_text(HANGING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with running_show(tmp_path, SMALL + CAMERA.format(id="cam", url="hanging:")) as show:
        show.until_proven()
        show.until_gone_and_back("cam", show.worker("cam").pid)
        show.end()
        assert supervisor.HUNG in [e.how for e in show.folder.events() if isinstance(e, WorkerEnded)]
        assert [len(counters(part)) > 0 for part in parts(show, "cam")] == [True, True]
        (mic,) = parts(show, "vox")
        assert not faults(samples(mic), 0)


def test_a_recorder_that_stands_still_loses_nothing(stood_still: StoodStill) -> None:
    """While the recorder is stopped, for longer than it would let a worker be silent, the workers go on; once it goes on it takes
    marks, and has killed nobody."""
    assert [e.n for e in stood_still.events(Go)] == stood_still.numbers
    assert not [e for e in stood_still.events(Gap) if e.t < stood_still.later - SECOND]
    assert sorted(e.how for e in stood_still.events(WorkerEnded)) == sorted([supervisor.HUNG, "stopped", "stopped", "stopped"])
    for feed in ("wide", *MICS):
        (part,) = parts(stood_still.show, feed)
        assert_whole(part, feed)


def newest(show: RunningShow, feed: str) -> int:
    """Show-clock ns of what was last noted in a feed's timing."""
    return int(read_timing(parts(show, feed)[-1].with_suffix(".timing")).seen[-1])


# Signals ---------------------------------------------------------------------------------------------------------


def test_a_closed_terminal_ends_no_show_and_an_impatient_crew_no_part(tmp_path: Path) -> None:
    """SIGHUP changes nothing. Ctrl-C pressed twice at once still closes every part and says so in the journal: it only skips the
    hand-offs, which can be done afterwards."""
    with running_show(tmp_path, SMALL) as show:
        show.until_proven()
        show.process.send_signal(signal.SIGHUP)
        number = show.go()
        show.process.send_signal(signal.SIGINT)
        wait_for(
            "its answer", lambda: "ending the show" in show.log.read_text(encoding="utf-8")
        )  # two at once may count as one
        show.process.send_signal(signal.SIGINT)
        assert show.process.wait(60) == INTERRUPTED
        events = show.folder.events()
        assert number in {e.n for e in events if isinstance(e, Go)}
        assert [e.how for e in events if isinstance(e, PartEnded)] == ["stopped"]
        assert isinstance(events[-1], SessionEnded)
        assert "Traceback" not in show.log.read_text(encoding="utf-8")
        assert verb("handoff", show.folder.path).code == OK
        assert show.folder.state().handed


@dataclass(frozen=True)
class Terminated:
    """A show of two segments: the process that first handed `first` off was killed (SIGKILL), and in the middle of the second the show was
    ended by SIGTERM. `handed`: what was handed off before that; `code`: how the recorder ended."""

    show: RunningShow
    first: int
    handed: set[str]
    code: int


@pytest.fixture(scope="module")
def terminated(tmp_path_factory: pytest.TempPathFactory, run_folder: Path) -> Iterator[Terminated]:
    """It has ended."""
    with running_show(tmp_path_factory.mktemp("terminated"), SMALL) as show:
        show.until_proven()
        first = show.go()
        show.say(Hold(t=0))
        recorder = psutil.Process(show.process.pid)

        def handing_off() -> psutil.Process | None:
            found = [p for p in recorder.children() if "handoff" in p.cmdline()]
            return found[0] if found else None

        wait_for("a hand-off", handing_off).kill()
        handed = set(wait_for("the next one", lambda: show.folder.state().handed or None))
        show.go()
        show.process.terminate()
        yield Terminated(show, first, handed, show.process.wait(90))


def test_a_signal_to_end_ends_the_show_cleanly(terminated: Terminated) -> None:
    """SIGTERM, as a system says when it shuts down, closes every part, hands off, and ends with 0."""
    assert terminated.code == OK, terminated.show.log.read_text(encoding="utf-8")
    state = terminated.show.folder.state()
    assert state.ended
    assert len(state.segments) == 2
    assert [s.id for s in state.segments] == list(state.handed)


def test_a_killed_hand_off_is_done_again(terminated: Terminated) -> None:
    """kill -9 of the process that hands a segment off, in the middle of the show: it is handed off all the same, nobody asks."""
    assert terminated.handed == {f"s{terminated.first}"}
    assert not [e for e in terminated.show.folder.events() if isinstance(e, HandoffFailed)]


# Parts -----------------------------------------------------------------------------------------------------------


def test_parts_go_on_while_a_feed_is_lost_again_and_again(tmp_path: Path) -> None:
    """A camera that is unplugged every two seconds comes back by itself each time, with why in the journal; the other feeds go from
    part to part meanwhile without a seam."""
    setup = SETUP.replace("height=180&fps=25", "height=180&fps=25&lose_at=2")
    with running_show(tmp_path, setup, part_minutes=0.05) as show:
        wait_for("losses", lambda: len(parts(show, "close")) >= 3 and len(parts(show, "wide")) >= 3)
        show.until_proven()
        show.end()
        events = show.folder.events()
        gaps = [e for e in events if isinstance(e, Gap)]
        assert {e.feed for e in gaps} == {"close"}
        assert all(e.why == "close: simulated loss: it was unplugged" for e in gaps)
        losses = [e for e in events if isinstance(e, PartEnded) and e.feed == "close" and e.how == "lost"]
        assert len(losses) - len(gaps) in (0, 1), "a loss without a gap that was not the very last"
        wide = [n for part in parts(show, "wide") for n in counters(part)]
        assert wide == list(range(wide[0], wide[0] + len(wide)))
        for feed in ("close", *MICS):
            for part in parts(show, feed):
                assert_whole(part, feed)


# Cameras in the network ------------------------------------------------------------------------------------------


def test_network_cameras_come_back_by_themselves(tmp_path: Path) -> None:
    """One camera stalls, one is cut off and refuses, one starts its clock again: each is recorded again without anyone asking, its
    gap and why in the journal, its parts each whole; the camera and the microphones that nothing happened to miss nothing."""
    clip = media(Wanted(seconds=2, gop=0.5))
    with CameraServer([RtspCamera(clip) for _ in range(4)]) as server:
        stalled, cut, restarted, _ = server.cameras
        names = ("stalled", "cut", "restarted", "calm")
        setup = SMALL + "".join(CAMERA.format(id=n, url=c.url) for n, c in zip(names, server.cameras, strict=True))
        with running_show(tmp_path, setup) as show:
            show.until_proven()
            cut.refuse()
            cut.cut()
            stalled.stall()
            restarted.restart_clock()
            wait_for("losses", lambda: {"stalled", "cut", "restarted"} <= {e.feed for e in lost(show)})
            cut.accept()
            stalled.resume()
            wait_for("their next parts", lambda: all(len(parts(show, feed)) == 2 for feed in names[:3]))
            show.until_proven()
            show.end()
        gaps = {e.feed: e.why for e in show.folder.events() if isinstance(e, Gap)}
        assert set(gaps) == set(names[:3])
        assert "no picture came for 3 s" in gaps["stalled"] or "nothing came for 3 s" in gaps["stalled"]
        assert "the connection" in gaps["cut"]
        assert "clock" in gaps["restarted"]
        for feed in names:
            found = parts(show, feed)
            assert len(found) == (1 if feed == "calm" else 2)
            for part in found:
                assert follow(counters_of(part), clip.wanted.length), f"{part.name}: a picture is missing"
        (mic,) = parts(show, "vox")
        assert not faults(samples(mic), 0)


def lost(show: RunningShow) -> list[FeedState]:
    """Every loss that is in the journal."""
    return [e for e in show.folder.events() if isinstance(e, FeedState) and e.state == "lost"]


def counters_of(path: Path) -> list[int | None]:
    """The numbers in the pictures of a test camera."""
    with av.open(str(path)) as container:
        return [counter_of(frame) for frame in container.decode(video=0)]


# Sound that is lost ----------------------------------------------------------------------------------------------

OVERFLOWING = """
[[audio]]
id = "told"
source = "simulated:?signal=counter&overflow_at=3&overflow_frames=4800&flag=1"
sample_rate = 48000
[[audio.mic]]
id = "told-mic"
channel = 1
[[audio]]
id = "untold"
source = "simulated:?signal=counter&overflow_at=3.5&overflow_frames=12000&flag=0"
sample_rate = 48000
[[audio.mic]]
id = "untold-mic"
channel = 2
"""


def test_lost_samples_are_a_gap_of_their_length(tmp_path: Path) -> None:
    """What a sound device lost, whether or not it says so, is silence of that length within 5 ms: in the file, in its timing and in
    the journal alike; every sample before and after stands where the clock map says it sounded."""
    with running_show(tmp_path, SMALL + OVERFLOWING) as show:
        show.until_proven()
        wait_for("the gaps", lambda: {e.feed for e in show.folder.events() if isinstance(e, Gap)} >= {"told-mic", "untold-mic"})
        until = {feed: newest(show, feed) + SECOND for feed in ("told-mic", "untold-mic")}
        wait_for("sound after them", lambda: all(newest(show, feed) > end for feed, end in until.items()))
        show.end()
        gaps = {e.feed: e for e in show.folder.events() if isinstance(e, Gap)}
        assert set(gaps) == set(until)
        for feed, channel, length, why in (("told-mic", 0, 4800, OVERFLOW), ("untold-mic", 1, 12000, UNTOLD)):
            (part,) = recordings.parts(show.folder, feed)
            heard = samples(part.file)
            silence, *moved = faults(heard, channel)
            assert (silence.kind, gaps[feed].why) == ("gap", why)
            assert abs(silence.length - length) <= 240
            assert all(m.kind in ("lost", "repeated") and m.length <= 240 for m in moved)
            assert [(g.position, g.frames) for g in part.timing.gaps] == [(silence.position, silence.length)]
            assert gaps[feed].frames == silence.length
            assert abs(gaps[feed].t - part.to_ns(silence.position)) < 10 * MILLISECOND
            assert abs(gaps[feed].until - part.to_ns(silence.position + silence.length)) < 10 * MILLISECOND
            later = silence.position + silence.length + 100
            before, after = (locate(heard[at : at + 1000])[1] for at in (silence.position - 2000, later))
            apart = part.to_ns(later) - part.to_ns(silence.position - 2000)
            assert abs(apart - (after - before) * SECOND // 48_000) < 5 * MILLISECOND


# Long shows ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_three_minutes_need_no_more_threads_and_files_at_the_end(tmp_path: Path) -> None:
    """Three minutes of a show, played twenty times as fast, with parts of half a minute, a loss now and then and somebody who asks
    all the time: recorder and workers hold as many threads and files at the end as after the first part."""
    setup = SMALL + CAMERA.format(id="wide", url="simulated:?width=160&height=90&fps=5&lose_at=40")
    with running_show(tmp_path, setup, 0.5, "--speed", "20") as show:
        wait_for("the second part", lambda: len(parts(show, "vox")) >= 2 and len(parts(show, "wide")) >= 2)
        show.go()
        held = [holdings(show)]
        while len(parts(show, "vox")) < 7:
            show.go() if show.folder.state().next_item else show.say(Undo(t=0, of=0))
            held.append(holdings(show))
        early, late = held[: len(held) // 2], held[len(held) // 2 :]
        assert max(threads for threads, _ in late) <= max(threads for threads, _ in early) + 1
        assert max(files for _, files in late) <= max(files for _, files in early) + 3
        show.end()


def holdings(show: RunningShow) -> tuple[int, int]:
    """Threads and open files of the recorder and its workers."""
    pids = [show.process.pid, show.worker("box").pid, show.worker("wide").pid]
    processes = [psutil.Process(pid) for pid in pids]
    return sum(p.num_threads() for p in processes), sum(p.num_fds() for p in processes)
