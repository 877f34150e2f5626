"""kill -9 during a hand-off: no half package, ever, and the next one finishes."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from liveshow.errors import LiveshowError, MachineError
from liveshow.handoff.package import make
from liveshow.handoff.verify import verify_package
from liveshow.showfolder.bag import digest_of, files_in
from tests.killed import command, run_killed
from tests.killed_anywhere import Steps
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic

SMALL = 'handles = 0.5\ntimelines = ["otio"]\nmeasures = false\npreviews = false'


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    show = SyntheticShow.begun(tmp_path)
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(900))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 30 * 48_000)
    return show


@pytest.mark.slow
def test_a_killed_handoff_leaves_nothing_that_counts(show: SyntheticShow) -> None:
    """Killed while copying pictures, while copying sound and while hashing: no package each time, the left-over is gone after the
    next try, and then the package is there and whole."""
    segment = show.segment(5, 20)
    contributions = show.folder.contributions
    for share in (0.01, 0.1, 0.3, 0.6, 0.9):
        assert run_killed("make", share, show.folder.path, segment.id) == -9
        left = [p.name for p in contributions.iterdir()]
        assert all(name.startswith(".") for name in left)
        assert len(left) == 1
    assert run_killed("make", 2, show.folder.path, segment.id) == 0
    (package,) = contributions.iterdir()
    assert verify_package(package) == []


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked here, so that five hundred of them take no minutes")
@pytest.mark.parametrize("points", [10, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_killed_anywhere_it_never_shows_half_a_package(tmp_path: Path, points: int) -> None:
    """Killed at so many points, evenly over all it does: what is to be seen in the show and in the library is nothing or a whole package,
    and run again it finishes, with nothing left over."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", f"{SMALL}\nmhl = true\nsign = true"))
    record_camera(show, "wide", media(Wanted(160, 90, bitrate=400_000)), ClockOf(at(0), Fraction(90_000)), range(240))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 8 * 48_000)
    segment, library = show.segment(2, 6), tmp_path / "library"
    places = show.folder.contributions, library / show.folder.id
    steps = Steps("handoff", show.folder.path, segment.id, library)
    _remove(*places)
    ended, most = steps.run()
    assert (ended, most > 500) == (0, True)
    for point in range(points):
        _remove(*places)
        assert steps.run(1 + point * most // points)[0] == signal.SIGKILL
        assert [fault for place in places for fault in _wrong(place)] == []
        assert steps.run()[0] == 0
        assert [[path.name for path in place.iterdir()] for place in places] == [["s3-the-tiny-book-frida-aero"]] * 2
    steps.close()
    assert [fault for place in places for fault in _wrong(place)] == []


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked here, so that many of them take no minutes")
@pytest.mark.parametrize("points", [6, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_conforming_killed_anywhere_never_shows_half_a_film(tmp_path: Path, points: int) -> None:
    """Killed at so many points, evenly over all it does: there is nothing to be seen, or all of it; run again it finishes, the films are
    the same as of one that nobody killed, and nothing is left over. The package stays as it was."""
    show = SyntheticShow.begun(tmp_path, SETUP.replace("handles = 2.0", SMALL))
    small = media(Wanted(256, 144, bitrate=600_000))
    record_camera(show, "wide", small, ClockOf(at(0), Fraction(90_000)), range(120), sound="pcm_s16le")
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 4 * 48_000)
    segment = show.segment(1, 3)
    package = make(show.folder, show.setup, show.state, segment).path
    place = tmp_path / "films"
    steps = Steps("conform", package, place)
    whole = _films(place)
    shutil.rmtree(place)
    ended, most = steps.run()
    assert (ended, most > 75, _films(place)) == (0, True, whole)
    for point in range(points):
        shutil.rmtree(place)
        assert steps.run(1 + point * most // points)[0] == signal.SIGKILL
        assert _films(place) in ({}, whole)
        assert steps.run()[0] == 0
        assert _films(place) == whole
        assert [path.name for path in place.iterdir()] == [f"{package.name}-dnxhr-sq"]
    steps.close()
    assert verify_package(package) == []


def _films(place: Path) -> dict[str, str]:
    """What is to be seen there, and its digest."""
    there = [path for path in place.iterdir() if not path.name.startswith(".")] if place.is_dir() else []
    return {name: digest_of(place / name) for path in there for name in files_in(path, place)}


def _remove(*places: Path) -> None:
    for place in places:
        shutil.rmtree(place)


def _wrong(place: Path) -> list[LiveshowError]:
    """What is wrong with the packages that are to be seen there."""
    there = [path for path in place.iterdir() if not path.name.startswith(".")] if place.is_dir() else []
    return [fault for path in there for fault in verify_package(path)]


def test_two_at_once_make_one_package(show: SyntheticShow) -> None:
    """The recorder and the crew hand the same segment off at the same time: both are content, and there is one package."""
    segment = show.segment(5, 20)
    both = [subprocess.Popen(command("make", 2, show.folder.path, segment.id), cwd=Path(__file__).parents[1]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    (package,) = show.folder.contributions.iterdir()
    assert verify_package(package) == []


def test_an_interrupted_handoff_cleans_up(show: SyntheticShow) -> None:
    """Ctrl-C in the middle leaves the folder of contributions empty, and the recordings as they were."""
    segment = show.segment(5, 20)
    before = {name: (show.folder.path / name).stat().st_mtime_ns for name in files_in(show.folder.recordings, show.folder.path)}

    def interrupt(share: float) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(show.folder, show.setup, show.state, segment, progress=interrupt)
    assert list(show.folder.contributions.iterdir()) == []
    assert before == {name: (show.folder.path / name).stat().st_mtime_ns for name in before}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file size are POSIX's")
@pytest.mark.parametrize("feeds", ["camera", "microphone"])
def test_a_full_disk_is_one_message_and_leaves_nothing(tmp_path: Path, feeds: str) -> None:
    """When the disk takes no more, the hand-off says so, what was built is gone, and it works once there is room."""
    import resource

    show = SyntheticShow.begun(tmp_path)
    if feeds == "camera":
        record_camera(show, "wide", media(Wanted(codec="mjpeg")), ClockOf(at(0), Fraction(90_000)), range(900))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 30 * 48_000)
    segment = show.segment(5, 20)
    state = show.state
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(MachineError, match="cannot be written: File too large"):
            make(show.folder, show.setup, state, segment)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(show.folder.contributions.iterdir()) == []
    assert verify_package(make(show.folder, show.setup, state, segment).path) == []
