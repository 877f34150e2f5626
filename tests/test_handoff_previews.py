"""The small film of a contribution: what players read in it, that picture and sound are where they belong, when it is made."""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from liveshow.events import ConsentGiven, HandedOff, Hold
from liveshow.handoff.package import Made, make
from liveshow.handoff.previews.film import camera_of, microphones_of
from liveshow.handoff.previews.make import make_previews
from liveshow.library.garbage import garbage
from liveshow.library.index import Index
from liveshow.library.shelf import publish, show_preview
from tests.running_show import SMALL, running_show, wait_for
from tests.servers.pictures import Wanted, counter_of, media
from tests.shelves import in_shell
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_camera, record_mic

RATE = 48_000
CLICKS = (0.5, 2.25, 3.75)  # seconds after in


def clicks(first: int, count: int) -> NDArray[np.int32]:
    """A millisecond at full scale at each of CLICKS after 4 s, and silence; of a microphone that began at 0.1 s."""
    samples = np.zeros(count, np.int32)
    for click in CLICKS:
        place = round((4 + click - 0.1) * RATE) - first
        samples[place : place + 48] = 2**31 - 1
    return samples


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> SyntheticShow:
    """Two cameras and two microphones, of which one is the performer's; 4.5 s of it handed off into a library."""
    show = SyntheticShow.begun(tmp_path_factory.mktemp("show"))
    for feed in ("left", "wide"):
        record_camera(show, feed, media(Wanted(rate=Fraction(30))), ClockOf(at(0.5), Fraction(90_000)), range(360))
    record_mic(show, "vox1", ClockOf(at(0.1), Fraction(RATE)), 0, 12 * RATE, signal=clicks)
    segment = show.segment(4, 8.5)
    made = make(show.folder, show.setup, show.state, segment)
    library = show.folder.path.parent / "library"
    publish(made.path, library)
    about = made.contribution
    show.say(
        HandedOff(
            t=at(9), segment=segment.id, contribution=about.id, version=1, slug=made.path.name, digest=about.digest, library=str(library)
        )
    )  # fmt: skip
    return show


@pytest.fixture(scope="module")
def made(show: SyntheticShow) -> Made:
    (segment,) = show.state.segments
    return make(show.folder, show.setup, show.state, segment)


@pytest.fixture(scope="module")
def film(show: SyntheticShow) -> Path:
    """The film in the library."""
    shown, faults = make_previews(show.folder, show_preview)
    assert faults == []
    (place,) = shown
    assert place.parent == show.folder.path.parent / "library" / show.folder.id / ".previews"
    return place / "preview.mp4"


def test_ffprobe_reads_it(film: Path) -> None:
    """H.264 and AAC that every phone plays, as long as the segment, with the index before the media."""
    words = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(film)]
    found = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    video, audio = found["streams"]
    assert (video["codec_name"], video["pix_fmt"], audio["codec_name"], audio["channels"]) == ("h264", "yuv420p", "aac", 1)
    assert (video["width"], video["height"]) == (320, 180)
    assert float(found["format"]["duration"]) == pytest.approx(4.5, abs=0.05)
    data = film.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_pictures_are_those_between_in_and_out(film: Path, made: Made) -> None:
    """Each picture carries the number that the shared camera took at its time, from in to out."""
    (clip,) = camera_of(made.contribution)
    assert clip.feed == "wide"
    with av.open(str(film)) as shown:
        found = [(float(f.time or 0), counter_of(f)) for f in shown.decode(video=0)]
    assert len(found) == clip.last - clip.first
    first = (clip.first + round(float(Fraction(clip.start.show_ns - at(0.5), 10**9) * 30))) % 240
    assert [number for _, number in found] == [(first + k) % 240 for k in range(len(found))]
    assert [time for time, _ in found] == pytest.approx([k / 30 for k in range(len(found))], abs=1e-3)


def test_sound_is_where_it_belongs(film: Path, made: Made) -> None:
    """The performer's clicks are heard at their instants, to two milliseconds."""
    assert [clip.feed for clip in microphones_of(made.contribution)] == ["vox1"]
    with av.open(str(film)) as shown:
        frames = list(shown.decode(audio=0))
    begin = round(float(frames[0].time or 0) * RATE)
    sound = np.concatenate([f.to_ndarray()[0] for f in frames])
    loud = np.flatnonzero(np.abs(sound) > 0.3 * np.abs(sound).max()) + begin
    for click in CLICKS:
        assert np.abs(loud - (click * RATE + 24)).min() < 96
    assert all(min(abs(place / RATE - click) for click in CLICKS) < 0.02 for place in loud)


def test_it_is_made_once(show: SyntheticShow, film: Path) -> None:
    """Again nothing is made; deleted, it is made again from the package."""
    before = film.stat().st_mtime_ns
    assert make_previews(show.folder, show_preview) == ([], [])
    assert film.stat().st_mtime_ns == before
    shutil.rmtree(show.folder.cache / "previews")
    shutil.rmtree(film.parent)
    assert make_previews(show.folder, show_preview) == ([film.parent], [])


def test_only_one_process_makes_them(show: SyntheticShow, film: Path) -> None:
    """While another one is at it, nothing is done."""
    shutil.rmtree(film.parent)
    again: list[object] = []
    make_previews(show.folder, show_preview, lambda *_: again.append(make_previews(show.folder, show_preview)))
    assert again == [([], [])]
    assert film.is_file()


@pytest.mark.usefixtures("film")
def test_the_verbs(
    show: SyntheticShow, made: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`measure` prints what the clips measure, `preview` has nothing left to do."""
    code, said = in_shell(capsys, monkeypatch, "measure", made.path)
    assert code == 0
    assert "clips/s3_vox1_1.wav" in said
    assert "LUFS" in said
    assert said.count("clipped at") == 3
    assert said.count("sharpness") == 2
    measured = json.loads(in_shell(capsys, monkeypatch, "measure", made.path, "--json")[1])
    assert measured["clips/s3_vox1_1.wav"]["clipped_runs"] == 3
    assert in_shell(capsys, monkeypatch, "preview", show.folder.path) == (0, "")


@pytest.mark.logs_errors
def test_what_cannot_be_read_leaves_nothing(show: SyntheticShow, made: Made, film: Path) -> None:
    """A clip that is damaged is one fault, and no half of a film."""
    clip = made.path / "data" / camera_of(made.contribution)[0].file
    whole = clip.read_bytes()
    shutil.rmtree(show.folder.cache / "previews")
    clip.unlink()  # the library's is a link to it
    clip.write_bytes(whole[:1000])
    shown, (fault,) = make_previews(show.folder, show_preview)
    assert (shown, "no preview could be made" in str(fault)) == ([], True)
    assert [p.name for p in (show.folder.cache / "previews").iterdir()] == [".lock"]
    clip.write_bytes(whole)


def test_a_film_without_its_package_is_garbage(show: SyntheticShow, film: Path) -> None:
    """`library gc` finds a preview whose package is gone, and no other."""
    library = show.folder.path.parent / "library"
    with Index(library) as index:
        index.catch_up()
        assert garbage(index, superseded=True) == ()
        lonely = film.parent.with_name("s99-gone")
        lonely.mkdir()
        assert [g.path for g in garbage(index, superseded=False)] == [lonely]
        lonely.rmdir()


def test_after_a_no_none_is_made(show: SyntheticShow, film: Path) -> None:
    """Somebody who takes their yes back is not shown."""
    shutil.rmtree(film.parent)
    show.say(ConsentGiven(t=at(11), performer="first", answer="no", by="crew"))
    assert make_previews(show.folder, show_preview) == ([], [])


def test_the_recorder_makes_it_by_itself(tmp_path: Path) -> None:
    """While the show goes on, a segment that was handed off gets its film in the library, and nobody asked."""
    with running_show(tmp_path, SMALL) as running:
        running.until_proven()
        running.go()
        running.say(Hold(t=0))
        (event,) = wait_for("the hand-off", lambda: tuple(running.folder.state().handed.values()) or None)
        place = Path(event.library) / running.folder.id / ".previews" / event.slug / "preview.mp4"
        wait_for("the film", place.exists)
        running.end()
        with av.open(str(place)) as shown:
            assert [stream.type for stream in shown.streams] == ["audio"]  # there is no camera in this show
