"""`liveshow conform`: films of whole frames from in to out, read back by FFmpeg's command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from liveshow.handoff.conform import Wanted as Asked
from liveshow.handoff.conform import conform
from liveshow.handoff.package import Made, make
from liveshow.handoff.steady import Grid, steady
from liveshow.timebase import SECOND
from tests.clip_readers import numbers_shown, samples_heard
from tests.servers.pictures import Wanted, media
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic

SMALL = Wanted(256, 144, bitrate=600_000)
RATE = 30
PLAIN = SETUP.replace("30000/1001", "30").replace("handles = 2.0", "handles = 1.0\nmeasures = false\npreviews = false")
START, END = 21.313, 25.846
MISSING = range(708, 720)  # pictures that did not come; the next is a key picture


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    return recorded(tmp_path, PLAIN)


def recorded(tmp_path: Path, setup: str) -> SyntheticShow:
    """A camera 100 ppm fast with a hole, one at 25 pictures a second, and a microphone that lost a quarter of a second."""
    show = SyntheticShow.begun(tmp_path, setup)
    came = [n for n in range(900) if n not in MISSING]
    record_camera(show, "wide", media(SMALL), CLOCK, came)
    slow = media(Wanted(256, 144, rate=Fraction(25), codec="mjpeg"))
    record_camera(show, "left", slow, ClockOf(at(0.01), Fraction(90_000)), range(700))
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 30 * 48_000, gaps=[(23 * 48_000, 12_000)])
    return show


CLOCK = ClockOf(at(0.2), Fraction(90_000), ppm=100)


def handed_off(show: SyntheticShow) -> Made:
    segment = show.segment(START, END)
    return make(show.folder, show.setup, show.state, segment)


def probed(path: Path) -> dict[str, str]:
    command: Sequence[str | Path] = [
        "ffprobe",
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_streams",
        "-show_packets",
        "-of",
        "json",
        path,
    ]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    stream = found["streams"][0]
    keys = all("K" in p["flags"] for p in found["packets"])
    return {
        "rate": stream["r_frame_rate"],
        "codec": stream["codec_name"],
        "timecode": stream["tags"]["timecode"],
        "intra": str(keys),
    }


def expected() -> list[int]:
    """The number of the picture nearest to each frame, of the camera at the show's own rate; where some are missing the one before."""
    first = round(CLOCK.position(at(START)) * RATE / 90_000)
    numbers = range(first, first + round((END - START) * RATE))
    return [(MISSING[0] - 1 if n in MISSING else n) % SMALL.length for n in numbers]


@pytest.mark.parametrize("codec", ["dnxhr-sq", "prores"])
def test_every_frame_is_whole_and_at_its_place(
    show: SyntheticShow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, codec: str
) -> None:
    """From in to out at the show's rate every frame is a key picture and carries the number that was shown then, also of a camera at
    another rate; where pictures are missing the last one stays; the timecode is in's, and both films are of one length."""
    made = handed_off(show)
    code, said = in_shell(capsys, monkeypatch, "conform", made.path, "--codec", codec, "--out", tmp_path / "films")
    assert (code, "136 frames at 30" in said) == (0, True), said
    (folder,) = (tmp_path / "films").iterdir()
    numbers = numbers_shown(folder / "s3_wide.mov", 256, 144)
    assert numbers == expected()
    of_slow = numbers_shown(folder / "s3_left.mov", 256, 144)
    ideal = [(START - 0.01 + k / RATE) * 25 for k in range(136)]
    assert all(n is not None and abs((n - x + 100) % 200 - 100) <= 1.3 for n, x in zip(of_slow, ideal, strict=True))
    found = probed(folder / "s3_wide.mov")
    assert (found["rate"], found["intra"]) == ("30/1", "True")
    assert found["timecode"] == made.contribution.segment.start.timecode
    assert found["codec"] == {"dnxhr-sq": "dnxhd", "prores": "prores"}[codec]


def test_sound_lies_beside_the_films(show: SyntheticShow, tmp_path: Path) -> None:
    """The microphone's samples from in to out are there to the last bit, 24 bit, silent where they were lost."""
    made = handed_off(show)
    path, about, new = conform(made.path, tmp_path, Asked("dnxhr-sq"), lambda _: None)
    heard = samples_heard(path / "s3_vox1.wav")
    first = round(START * 48_000)
    assert (new, abs(heard[0] - first) <= 1) == (True, True)
    silent = (np.arange(heard.size) + heard[0] >= 23 * 48_000) & (np.arange(heard.size) + heard[0] < 23 * 48_000 + 12_000)
    assert np.array_equal(heard, np.where(silent, 0, np.arange(heard.size) + heard[0]))
    assert abs(heard.size / 48_000 - about.frames / RATE) < 1 / RATE
    assert soundfile.info(path / "s3_vox1.wav").subtype == "PCM_24"


def test_gaps_are_black_when_declared_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `gaps = "black"` in the setup there are black frames for just the pictures that are missing; a second run does nothing."""
    show = recorded(tmp_path, PLAIN.replace("[handoff]", '[handoff]\ngaps = "black"'))
    clips = {clip.feed: (clip.gaps_are, len(clip.gaps)) for clip in handed_off(show).contribution.clips}
    assert clips == {"wide": ("frozen", 1), "left": ("", 0), "vox1": ("silent", 1)}
    words = ("conform", show.folder.path, "s3", "--codec", "dnxhr-sq")
    assert in_shell(capsys, monkeypatch, *words)[0] == 0
    (folder,) = (show.folder.cache / "conformed").iterdir()
    numbers = numbers_shown(folder / "s3_wide.mov", 256, 144)
    shown = [MISSING[0] - 1 if n is None else n for n in numbers]
    assert [n is None for n in numbers].count(True) == len(MISSING)
    assert [n % SMALL.length for n in shown] == expected()
    before = (folder / "s3_wide.mov").stat().st_mtime_ns
    code, said = in_shell(capsys, monkeypatch, *words)
    assert (code, "made before" in said) == (0, True)
    assert (folder / "s3_wide.mov").stat().st_mtime_ns == before


def test_an_interrupted_conform_leaves_nothing(show: SyntheticShow, tmp_path: Path) -> None:
    """Ctrl-C in the middle: nothing that looks finished is there, and the next run makes it all."""
    made = handed_off(show)

    def interrupt(share: float) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        conform(made.path, tmp_path / "films", Asked("dnxhr-sq"), interrupt)
    assert list((tmp_path / "films").iterdir()) == []
    path, about, new = conform(made.path, tmp_path / "films", Asked("dnxhr-sq"), lambda _: None)
    assert (new, sorted(about.files)) == (True, ["s3_left.mov", "s3_vox1.wav", "s3_wide.mov"])
    assert {p.name for p in path.iterdir()} == {*about.files, "conformed.json"}


def test_who_took_back_a_yes_is_not_conformed(
    show: SyntheticShow, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consent is asked anew: after a no, the segment is refused and the message names who said it."""
    handed_off(show)
    assert in_shell(capsys, monkeypatch, "consent", show.folder.path, "first", "no")[0] == 0
    code, said = in_shell(capsys, monkeypatch, "conform", show.folder.path, "s3")
    assert (code != 0, "Frída Ærø said no" in said) == (True, True), said


@given(
    st.lists(st.integers(15_000_000, 120_000_000), min_size=1, max_size=40),
    st.integers(-1000, 1000).map(lambda ms: ms * 1_000_000),
    st.integers(0, 2000).map(lambda ms: ms * 1_000_000),
)
def test_there_is_a_picture_for_every_frame(steps: list[int], start: int, length: int) -> None:
    """However irregular the pictures, each frame has one, never out of order, and black only before the first."""
    times = [sum(steps[:k]) for k in range(len(steps))]
    grid = Grid(start, start + length, Fraction(30))
    frames = list(steady(zip(times, range(len(times)), strict=True), grid, SECOND // 30))
    assert len(frames) == grid.frames
    shown = [n for n in frames if n is not None]
    assert shown == sorted(shown)
    assert frames[len(frames) - len(shown) :] == shown


def test_parts_lie_at_their_time(tmp_path: Path) -> None:
    """A camera that came late and broke off and a microphone in two parts: everything stands at its time after in, what is missing before
    the first picture is black and after the last one frozen, and sound is silent in between."""
    show = SyntheticShow.begun(tmp_path, PLAIN)
    clock = ClockOf(at(0), Fraction(90_000))
    record_camera(show, "wide", media(SMALL), clock, range(660, 690), run="a")
    record_camera(show, "wide", media(SMALL), clock, range(720, 750), run="b")
    mic = ClockOf(at(0), Fraction(48_000))
    record_mic(show, "vox1", mic, 0, 22 * 48_000, run="a")
    record_mic(show, "vox1", mic, 23 * 48_000, 3 * 48_000, run="b")
    segment = show.segment(21, 26)
    made = make(show.folder, show.setup, show.state, segment)
    path, about, _ = conform(made.path, tmp_path / "films", Asked("dnxhr-sq"), lambda _: None)
    numbers = numbers_shown(path / "s3_wide.mov", 256, 144)
    came = [*range(660, 690), *[689] * 30, *range(720, 750), *[749] * 30]
    assert numbers == [*[None] * 30, *[n % SMALL.length for n in came]]
    heard = samples_heard(path / "s3_vox1.wav")
    ramp = np.arange(21 * 48_000, 26 * 48_000)
    ideal = np.where((ramp >= 22 * 48_000) & (ramp < 23 * 48_000), 0, ramp)
    assert heard.size == ideal.size == about.frames * 1600
    assert np.abs(heard - ideal)[(ramp % 48_000 > 10) & (ramp % 48_000 < 47_990)].max() <= 1
