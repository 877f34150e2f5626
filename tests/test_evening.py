"""One evening, end to end, as a user has it: the shipped demo, from the shell, read back with other people's readers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import bagit
import opentimelineio as otio
import pytest
import wavinfo

from liveshow.events import AlarmRaised
from liveshow.recorder import address
from liveshow.recorder.speak import end_show
from liveshow.showfolder.folder import ShowFolder
from tests.conftest import needs
from tests.running_show import wait_for
from tests.shelves import in_shell

DEMO = Path(__file__).parents[1] / "setups" / "demo.toml"


def liveshow(*arguments: str, cwd: Path, code: int = 0) -> str:
    """Run a verb in a process of its own; its standard output."""
    command = [sys.executable, "-m", "liveshow", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{arguments}: {done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, recorded, with two GOs, a late highlight, a false start undone, a HOLD, and ended."""
    place = tmp_path_factory.mktemp("evening")
    log = (place / "log").open("wb")
    command = [sys.executable, "-m", "liveshow", "record", str(DEMO), "--into", "show"]
    recorder = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
    show = ShowFolder(place / "show")
    try:
        wait_for("the recorder", lambda: address.look_up(show.path, address.RECORDER))
        wait_for("every feed", lambda: len(list(show.recordings.glob("*/*.wav"))) == 6)
        liveshow("mark", "show", "go", cwd=place)
        time.sleep(4)
        liveshow("mark", "show", "highlight", "--ago", "2s", cwd=place)
        liveshow("mark", "show", "go", cwd=place)
        time.sleep(3)
        liveshow("mark", "show", "go", cwd=place)
        liveshow("mark", "show", "undo", cwd=place)
        liveshow("mark", "show", "hold", cwd=place)
        liveshow("stop", "show", cwd=place)
        assert recorder.wait(120) == 0, (place / "log").read_text(encoding="utf-8")
    finally:
        log.close()
        if recorder.poll() is None:
            end_show(show)
            recorder.wait(60)
    return place


class Shell:
    """The same without a process for each, once the show is over: what is read and said then is said to nobody who runs."""

    def __init__(self, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(place)
        self.place = place
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """All that a verb says."""
        ended, said = in_shell(self._capsys, self._monkeypatch, *arguments)
        assert ended == code, f"{arguments}: {said}"
        return said

    def numbers(self) -> list[str]:
        """The numbers of the segments."""
        return [s["id"].removeprefix("s") for s in json.loads(self("segments", "show", "--json"))]


@pytest.fixture
def shell(evening: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Where the evening was."""
    return Shell(evening, capsys, monkeypatch)


def packages(place: Path) -> list[Path]:
    """The contributions in the library."""
    return sorted(p.parent for p in (place / "library").glob("*/*/bagit.txt"))


def test_an_ordinary_show_raises_no_alarm(shell: Shell) -> None:
    """Nothing went wrong from start to stop, and nothing is said to have."""
    assert [e for e in ShowFolder(shell.place / "show").events() if isinstance(e, AlarmRaised)] == []
    assert shell("alarms", "show") == "no alarms\n"


def test_two_gos_become_two_contributions_without_anyone_asking(shell: Shell) -> None:
    """After two GOs and the end of the show both segments are in the library, complete, and the journal says so."""
    found = packages(shell.place)
    assert [json.loads((p / "data/contribution.json").read_text(encoding="utf-8"))["segment"]["title"] for p in found] == [
        "The Tiny Book of Tiny Stories",
        "Rain, Mostly",
    ]
    segments = json.loads(shell("segments", "show", "--json"))
    assert all(s["standing"].startswith("handed off") for s in segments)
    assert len(segments[0]["markers"]) == 1


def test_bagit_and_sha256sum_find_the_packages_valid(evening: Path) -> None:
    """Two other implementations agree that every checksum holds."""
    for package in packages(evening):
        assert bagit.Bag(str(package)).is_valid()
        subprocess.run(["sha256sum", "--quiet", "-c", "manifest-sha256.txt"], cwd=package, check=True)


def test_ffprobe_reads_every_camera_clip_with_its_timecode(evening: Path) -> None:
    """Each camera's clip opens in FFmpeg, whole, with pictures as H.264 and a timecode track."""
    needs("ffprobe")
    clips = [clip for package in packages(evening) for clip in package.glob("data/clips/*.mov")]
    assert clips
    for clip in clips:
        command = ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", str(clip)]
        done = subprocess.run(command, capture_output=True, check=True)
        assert not done.stderr
        streams = json.loads(done.stdout)["streams"]
        assert streams[0]["codec_name"] == "h264"
        assert int(streams[0]["nb_read_packets"]) > 60
        assert next(s for s in streams if s["codec_tag_string"] == "tmcd")["tags"]["timecode"].count(":") == 3


def test_wavinfo_reads_time_reference_and_ixml_of_every_sound_clip(evening: Path) -> None:
    """Each microphone's clip is a broadcast WAV whose time reference is its time of day, and whose iXML names the show."""
    clips = [clip for package in packages(evening) for clip in package.glob("data/clips/*.wav")]
    assert len(clips) >= 6
    for clip in clips:
        info = wavinfo.WavInfoReader(str(clip))
        assert info.fmt.bits_per_sample == 24
        assert 0 < info.bext.time_reference < 86_400 * 48_000
        assert info.ixml.project == "Open Mic at the Neptune"


def test_opentimelineio_reads_the_timeline_with_exact_in_and_out(evening: Path) -> None:
    """Each timeline has a track for each feed, all of the segment's length, each clip pointing at a file that is there."""
    for package in packages(evening):
        timeline = otio.adapters.read_from_file(str(package / "data/timeline.otio"))
        about = json.loads((package / "data/contribution.json").read_text(encoding="utf-8"))
        length = (about["segment"]["out"]["show_ns"] - about["segment"]["in"]["show_ns"]) / 1e9
        assert len(timeline.tracks) == len(about["clips"])
        for track in timeline.tracks:
            assert abs(track.duration().to_seconds() - length) <= 1 / 30
            for clip in track.find_clips():
                assert (package / "data" / clip.media_reference.target_url).is_file()


def test_an_editor_pulls_by_performer_and_verifies(shell: Shell, tmp_path: Path) -> None:
    """`liveshow pull` brings one performer's contribution, the second time nothing, and `liveshow verify` finds all as it says."""
    assert "1 pulled" in shell("pull", "library", str(tmp_path), "--performer", "mara")
    assert "0 pulled, 1 were there" in shell("pull", "library", str(tmp_path), "--performer", "mara")
    (pulled,) = [p.parent for p in tmp_path.glob("*/*/bagit.txt")]
    assert "complete and valid" in shell("verify", str(pulled))
    assert "complete and valid" in shell("verify", "show")
    clip = next(pulled.glob("data/clips/*.mov"))
    with clip.open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\0\0\0\1")
    assert "faults" in shell("verify", str(pulled), code=1)


def test_a_correction_afterwards_makes_a_second_version(shell: Shell) -> None:
    """Who was in a segment is corrected after the show; handing off again makes version 2, and a third time nothing."""
    shell("tag", "show", "s" + shell.numbers()[1], "--performer", "theo", "--out", "-0.5s")
    assert "handed off:" in liveshow("handoff", "show", "--no-previews", cwd=shell.place)
    assert "handed off:" not in shell("handoff", "show", "--no-previews")
    (second,) = [p for p in packages(shell.place) if p.name.endswith("-v2")]
    about = json.loads((second / "data/contribution.json").read_text(encoding="utf-8"))
    assert [p["id"] for p in about["performers"]] == ["theo"]
    assert about["version"] == 2


def test_consent_withdrawn_refuses_the_hand_off(shell: Shell) -> None:
    """After a no, a segment is not handed off again, and the message says who said no."""
    shell("consent", "show", "theo", "no")
    assert "said no" in shell("handoff", "show", "s" + shell.numbers()[1], code=1)
    shell("consent", "show", "theo", "yes")
