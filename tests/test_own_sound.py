"""What a camera heard: in its clips, on a track of its own in the timelines, in what is conformed, and checked."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import opentimelineio as otio
import pytest
from msgspec import structs
from numpy.typing import NDArray

from liveshow.handoff.conform import Wanted as Asked
from liveshow.handoff.conform import conform
from liveshow.handoff.own_sound import Heard
from liveshow.handoff.package import Made, make
from liveshow.handoff.previews.film import write_film
from liveshow.handoff.timelines.of_show import timeline_of_show
from liveshow.handoff.verify import verify_package
from liveshow.library.facets import loudness_of
from liveshow.showfolder import contribution
from liveshow.showfolder.bag import PAYLOAD
from liveshow.showfolder.contribution import ClipRecord, Instant, OwnSound
from liveshow.timebase import SECOND
from tests.clip_readers import _decoded, numbers_shown
from tests.servers.pictures import Wanted, media
from tests.shelves import in_shell
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic

PLAIN = SETUP.replace("30000/1001", "30").replace("handles = 2.0", "handles = 0.5\nmeasures = false\npreviews = false")
START, END = 3.3137, 8.2461
BEGAN = 0.2
CLOCK = ClockOf(at(BEGAN), Fraction(90_000))


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SyntheticShow:
    """A camera that hears a ramp, and breaks off for two seconds in the middle of the segment; a microphone."""
    show = SyntheticShow.begun(tmp_path_factory.mktemp("own"), PLAIN)
    small = media(Wanted(256, 144, bitrate=600_000))
    record_camera(show, "wide", small, CLOCK, range(150), run="a", sound="pcm_s16le")
    record_camera(show, "wide", small, CLOCK, range(210, 300), run="b", sound="pcm_s16le")
    record_mic(show, "vox1", ClockOf(at(0), Fraction(48_000)), 0, 11 * 48_000)
    return show


@pytest.fixture(scope="module")
def made(show: SyntheticShow) -> Made:
    segment = show.segment(START, END)
    return make(show.folder, show.setup, show.state, segment)


def sound_in(path: Path) -> NDArray[np.int32]:
    """The samples of a film's sound as FFmpeg's command line decodes them, 16 bit."""
    return np.frombuffer(_decoded(path, "-map", "0:a", "-f", "s32le"), np.int32) >> 16


def expected(seconds: NDArray[np.float64]) -> NDArray[np.int32]:
    """What the camera's ramp was at these seconds of the show: the second part counts from its own first picture."""
    first = (seconds - BEGAN) * 48_000
    second = (seconds - BEGAN - 7) * 48_000
    return np.where(seconds < BEGAN + 5, first, second).round().astype(np.int32) % 32768


def test_it_has_a_track_of_its_own_to_the_sample(made: Made) -> None:
    """OpenTimelineIO sees it beside the camera's pictures and the microphone, and where it says that in is, the very sample is heard that
    was there at that instant."""
    timeline = otio.adapters.read_from_file(str(made.path / PAYLOAD / "timeline.otio"))
    tracks = {track.name.split(" · ")[0]: track for track in timeline.tracks}
    assert {name: track.kind for name, track in tracks.items()} == {
        "wide": "Video", "left": "Video", "vox1": "Audio", "wide.sound": "Audio",
    }  # fmt: skip
    clips = list(tracks["wide.sound"].find_clips())
    assert len(clips) == 2
    for clip in clips:
        samples = sound_in(made.path / PAYLOAD / clip.media_reference.target_url)
        first = round((clip.source_range.start_time - clip.media_reference.available_range.start_time).value)
        begins = clip.range_in_parent().start_time
        seconds = np.array([START + begins.value / begins.rate])
        assert abs(int(samples[first]) - int(expected(seconds)[0])) <= 48  # MKV has times in whole milliseconds


def test_contribution_json_says_so(made: Made) -> None:
    """Codec, rate and channels stand with the camera's clips; a microphone's have none."""
    told = {clip.file: clip.own_sound for clip in made.contribution.clips}
    assert list(told.values()) == [OwnSound(codec="pcm_s16le", rate=48_000, channels=1)] * 2 + [None]


def test_conformed_films_keep_it(made: Made, tmp_path: Path) -> None:
    """A film has the camera's sound beside its frames, each sample at its time, silence where the camera was away, and both of one
    length."""
    path, about, _ = conform(made.path, tmp_path, Asked("dnxhr-sq"), lambda _: None)
    heard = sound_in(path / "s3_wide.mov")
    assert (len(heard), len(numbers_shown(path / "s3_wide.mov", 256, 144))) == (about.frames * 1600, about.frames)
    seconds = START + np.arange(len(heard)) / 48_000
    away = (seconds > BEGAN + 5) & (seconds < BEGAN + 7)
    inside = np.abs(seconds - (BEGAN + 6)) < 0.97
    assert not heard[inside].any()
    apart = np.abs(heard - expected(seconds))[~away][100:-100]
    around = (np.abs(seconds - (BEGAN + 5)) < 0.05) | (np.abs(seconds - (BEGAN + 7)) < 0.05)
    assert np.median(apart) <= 48
    assert apart[~around[~away][100:-100]].max() <= 48
    with av.open(str(path / "s3_wide.mov")) as film:
        assert film.streams.audio[0].codec_context.name == "pcm_s24le"


def test_a_clip_that_lost_it_is_found(made: Made, tmp_path: Path) -> None:
    """`liveshow verify` misses a sound that contribution.json names and the file has not."""
    clips = list(made.contribution.clips)
    clips[0] = structs.replace(clips[0], own_sound=OwnSound(codec="aac", rate=44_100, channels=2))
    said = structs.replace(made.contribution, clips=tuple(clips))
    from liveshow.handoff.verify import _clip_faults

    (fault,) = _clip_faults(made.path / PAYLOAD, said.clips[0])
    assert "holds pcm_s16le at 48000 Hz, 1 channels beside its pictures, and contribution.json says aac" in fault.what
    assert verify_package(made.path) == []
    assert (
        msgspec.json.decode((made.path / PAYLOAD / contribution.FILE).read_bytes())["clips"][0]["own_sound"]["rate"] == 48_000
    )


def test_the_whole_show_has_it_too(show: SyntheticShow, made: Made) -> None:
    """The evening's timeline has the track, from each recording's beginning to its end."""
    timeline, faults = timeline_of_show(show.folder)
    (track,) = (track for track in timeline.tracks if track.own)
    assert (faults, track.key, track.pictures, len(track.clips)) == ((), "wide.sound", False, 2)
    (wide,) = (t for t in timeline.tracks if t.feed == "wide" and not t.own)
    for heard, seen in zip(track.clips, wide.clips, strict=True):
        assert (heard.start, heard.end, heard.file) == (seen.start, seen.end, seen.file)
        assert heard.length == round(seen.length / seen.rate * 48_000)


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_the_small_film_is_heard_without_a_microphone(tmp_path: Path, rate: int) -> None:
    """A contribution that only a camera recorded has its sound in the film for phones, at whatever rate it came: no gap, no click."""
    film = tmp_path / "song.mkv"
    tone = f"sine=frequency=440:sample_rate={rate}"
    words = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=160x90:r=30:d=5",
        "-f",
        "lavfi",
        "-i",
        f"{tone}:duration=5",
    ]
    subprocess.run([*words, "-c:v", "libx264", "-g", "30", "-bf", "0", "-c:a", "aac", "-ac", "2", film], check=True)
    clip = camera_clip(rate, 150)
    heard = Heard([clip], tmp_path, 0, 4 * SECOND, 48_000, "mono")
    samples = heard.read(4 * 48_000)
    assert samples is not None
    signal = samples.to_ndarray().reshape(-1)[4800:-4800] / 2**31
    ideal = np.exp(-2j * np.pi * 440 / 48_000 * np.arange(signal.size))
    tone_level = 2 * abs(np.mean(signal * ideal))
    assert 20 * np.log10(np.sqrt(2 * np.mean(signal**2) / tone_level**2)) < 0.05


def camera_clip(rate: int, pictures: int) -> ClipRecord:
    begin, end = (Instant(show_ns=ns, utc=datetime.now(UTC), timecode="") for ns in (0, pictures * SECOND // 30))
    return ClipRecord(
        feed="wide", kind="camera", file="song.mkv", codec="h264", rate="30", first=0, last=pictures, length=pictures, pictures=pictures,
        start=begin, end=end, ppm=0.0, gaps=(), bytes=0, made_from="", own_sound=OwnSound(codec="aac", rate=rate, channels=2),
    )  # fmt: skip


def test_a_film_for_phones_of_a_camera_alone(show: SyntheticShow, made: Made, tmp_path: Path) -> None:
    """With microphones it is they who are heard; with none, the camera."""
    only = structs.replace(made.contribution, clips=tuple(c for c in made.contribution.clips if c.kind == "camera"))
    write_film(only, made.path / PAYLOAD, tmp_path / "alone.mp4")
    with av.open(str(tmp_path / "alone.mp4")) as film:
        peaks = [float(np.abs(frame.to_ndarray()).max()) for frame in film.decode(film.streams.audio[0])]
    assert max(peaks[:40]) > 0.5
    assert abs(len(peaks) * 1024 / 48_000 - (END - START)) < 0.1


def test_it_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera's clip has the loudness of what it heard beside what its pictures show, as FFmpeg's own meter has it of the same seconds;
    `liveshow measure` prints both."""
    show = SyntheticShow.begun(tmp_path, PLAIN.replace("measures = false", "measures = true"))
    record_camera(show, "wide", media(Wanted(160, 90)), CLOCK, range(270), sound="aac")
    segment = show.segment(1.2, 8.2)
    made = make(show.folder, show.setup, show.state, segment)
    (clip,) = made.contribution.clips
    assert clip.picture is not None
    assert clip.sound is not None
    path = made.path / PAYLOAD / clip.file
    words = [
        "ffmpeg",
        "-nostats",
        "-ss",
        "0.5",
        "-t",
        "7",
        "-i",
        str(path),
        "-vn",
        "-af",
        "ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    meter = subprocess.run(words, check=True, capture_output=True, text=True).stderr.rpartition("Integrated loudness:")[2]
    loudness, peak = (float(re.findall(rf"{what}: +(-?[\d.]+)", meter)[0]) for what in ("I", "Peak"))
    assert abs((clip.sound.loudness or 0) - loudness) <= 0.5
    assert abs((clip.sound.true_peak or 0) - peak) <= 0.5
    code, said = in_shell(capsys, monkeypatch, "measure", made.path)
    assert (code, said.count(clip.file), "LUFS" in said, "sharpness" in said) == (0, 2, True, True)
    assert loudness_of(made.contribution) == clip.sound.loudness
