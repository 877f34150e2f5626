"""The light tells the truth: what is read back from disk is what another program reads there, and nothing else lights it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.feeds.base import CameraPacket, StreamFormat
from liveshow.model import Feed, FeedKind
from liveshow.recorder.picture_part import PicturePart
from liveshow.recorder.proof import CLUSTER, Prover, mkv_end, wav_end
from liveshow.recorder.sound_part import SoundPart
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.names import PartName
from liveshow.timebase import SECOND
from tests.conftest import needs
from tests.servers.pictures import Wanted, media

CLOCK = 90_000
STEP = CLOCK // 30
PICTURES = media(Wanted()).pictures
UNREADABLE = (OSError, ValueError, soundfile.LibsndfileError)


class Camera:
    """Writes a part picture by picture, as a worker does."""

    def __init__(self, path: Path, form: StreamFormat) -> None:
        self.part = PicturePart(path, [form], 0)
        self.written = 0

    def write(self, count: int, junk: bytes = b"") -> None:
        """So many pictures more; with `junk`, that in place of each."""
        for _ in range(count):
            picture = PICTURES[self.written % len(PICTURES)]
            packet = av.Packet(junk or picture.data)
            packet.pts = packet.dts = self.written * STEP
            packet.time_base, packet.is_keyframe = Fraction(1, CLOCK), bool(junk) or picture.key
            self.part.write(CameraPacket(0, packet, 0))
            self.written += 1


@contextmanager
def camera(path: Path) -> Iterator[Camera]:
    """A camera whose part is finished on the way out."""
    with av.open(str(media(Wanted()).path), format="h264") as source:
        template = source.streams.video[0]
        form = StreamFormat("video", "h264", Fraction(1, CLOCK), lambda out: out.add_stream_from_template(template))
        writing = Camera(path, form)
        yield writing
        writing.part.finish()
        writing.part.close()


def last_picture(path: Path) -> float:
    """Seconds of the last packet that ffprobe finds in a file."""
    needs("ffprobe")
    show = ["-show_entries", "packet=pts_time", "-of", "json"]
    probed = subprocess.run(["ffprobe", "-v", "quiet", *show, path], capture_output=True, check=False)
    return float(json.loads(probed.stdout)["packets"][-1]["pts_time"])


def sound_there(path: Path) -> float:
    """Seconds of 48 kHz sound that ffmpeg decodes from a file."""
    needs("ffmpeg")
    decoded = subprocess.run(["ffmpeg", "-v", "quiet", "-i", path, "-f", "s24le", "-"], capture_output=True, check=False)
    return len(decoded.stdout) / 3 / 48_000


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole MKV of four seconds."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    with camera(path) as writing:
        writing.write(120)
    return path.read_bytes()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole WAV of two seconds."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    part = SoundPart(path, 48_000)
    part.write(np.arange(96_000, dtype=np.int32) << 8)
    part.finish()
    part.close()
    return path.read_bytes()


# What is read back -----------------------------------------------------------------------------------------------


def test_a_growing_film_ends_where_ffprobe_says(tmp_path: Path) -> None:
    """While it is written, a film's end is what another program finds there, never later than what was written and never a
    quarter of a second behind; finished, it is the last picture."""
    path = tmp_path / "film.mkv"
    with camera(path) as writing:
        writing.write(20)
        for _ in range(6):
            writing.write(17)
            end, written = mkv_end(path), (writing.written - 1) / 30
            assert end == pytest.approx(last_picture(path), abs=0.001)
            assert written - 0.25 < end < written + 0.001
    assert mkv_end(path) == pytest.approx((writing.written - 1) / 30, abs=0.001)


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5, 0.503, 0.506, 0.509, 0.7, 0.9, 0.99])
def test_a_cut_off_film_ends_where_ffprobe_says(tmp_path: Path, film: bytes, share: float) -> None:
    """Cut off anywhere, a film ends with its last whole picture."""
    path = tmp_path / "film.mkv"
    path.write_bytes(film[: int(len(film) * share)])
    assert 0 <= last_picture(path) - mkv_end(path) < 0.035  # ffprobe may count the picture that is cut


@settings(max_examples=40)
@given(st.data())
def test_no_film_seems_longer_than_it_is(tmp_path_factory: pytest.TempPathFactory, film: bytes, data: st.DataObject) -> None:
    """Cut off, overwritten in part or followed by anything, a film never ends later than it does, and is never a traceback."""
    raw = bytearray(film[: data.draw(st.integers(0, len(film)))])
    at = data.draw(st.integers(0, len(raw)))
    junk = data.draw(st.binary(max_size=64) | st.just(bytes(100_000)) | st.just(CLUSTER + b"\x01\xff"))
    raw[at : at + data.draw(st.sampled_from([0, len(junk)]))] = junk
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    path.write_bytes(raw)
    end = -1.0
    try:
        end = mkv_end(path)
    except ValueError as exc:
        assert str(exc) == "no picture is readable in it"  # noqa: PT017
    assert end < 4


def test_pictures_larger_than_the_first_look_are_found(tmp_path: Path) -> None:
    """A picture of several megabytes, in which the mark of a cluster happens to stand, hides nothing."""
    path = tmp_path / "film.mkv"
    with camera(path) as writing:
        for _ in range(2):
            writing.write(10, b"\xff" * 1_000_000 + CLUSTER + b"\x81" * 1_500_000)
            assert (writing.written - 1) / 30 - 0.25 < mkv_end(path) < (writing.written - 1) / 30 + 0.001


def test_a_growing_sound_ends_with_what_was_written(tmp_path: Path) -> None:
    """After every write a sound's end is all that was written, and another program reads as much."""
    part = SoundPart(tmp_path / "song.wav", 48_000)
    for count in (1, 4800, 100, 48_000):
        part.write(np.full(count, 1 << 20, np.int32))
        assert wav_end(part.path) == part.frames / 48_000 == sound_there(part.path)
    part.finish()
    part.close()
    assert wav_end(part.path) == part.frames / 48_000


@settings(max_examples=40)
@given(st.integers(0, 1_000_000))
def test_a_cut_off_sound_ends_with_its_last_sample(tmp_path_factory: pytest.TempPathFactory, song: bytes, keep: int) -> None:
    """Cut off anywhere, a sound ends with the last sample that is whole; without one there is no end."""
    path = tmp_path_factory.mktemp("song") / "song.wav"
    path.write_bytes(song[:keep])
    whole = (min(keep, len(song)) - (len(song) - 96_000 * 3)) // 3
    if whole > 0:
        assert wav_end(path) == whole / 48_000
    else:
        with pytest.raises(UNREADABLE):
            wav_end(path)


@pytest.mark.parametrize(
    "raw", [b"", b"\0" * 5000, b"RIFF", b"hello" * 1000, CLUSTER * 999, b"\x1a\x45\xdf\xa3" + b"\xff" * 4000]
)
def test_what_is_no_recording_has_no_end(tmp_path: Path, raw: bytes) -> None:
    """Nothing, zeros and other files are no recordings."""
    path = tmp_path / "x"
    path.write_bytes(raw)
    for end in (mkv_end, wav_end):
        with pytest.raises(UNREADABLE):
            end(path)


# The light -------------------------------------------------------------------------------------------------------


class Watched:
    """A feed's folder, in which files appear, and its prover; time is counted in seconds."""

    def __init__(self, path: Path, kind: FeedKind) -> None:
        self.folder, self.feed = ShowFolder(path), Feed("one", kind, "device")
        self.suffix = ".mkv" if kind is FeedKind.CAMERA else ".wav"
        (self.folder.recordings / "one").mkdir(parents=True)
        self.prover = Prover(self.folder, self.feed)

    def put(self, raw: bytes, part: int = 1) -> Path:
        path = self.folder.part_file(PartName("one", datetime(2026, 11, 22, tzinfo=UTC), part, self.suffix))
        path.write_bytes(raw)
        return path

    def look(self, second: float) -> tuple[str, str]:
        proof = self.prover.look(100 * SECOND + int(second * SECOND))
        return proof.light, proof.why


@pytest.fixture(params=list(FeedKind))
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Watched:
    return Watched(tmp_path, request.param)


@pytest.fixture
def whole(watched: Watched, film: bytes, song: bytes) -> bytes:
    """A recording of the watched feed's kind."""
    return film if watched.feed.kind is FeedKind.CAMERA else song


def test_only_what_grows_is_proven(watched: Watched, whole: bytes) -> None:
    """Seen once is not proven; seen to grow is; five seconds without growth is not, and says so; growing again is."""
    assert watched.look(0) == ("unproven", "what was written cannot be read back: there is no part")
    watched.put(whole[: len(whole) // 2])
    assert watched.look(1) == ("unproven", "seen once; does it grow?")
    watched.put(whole[: len(whole) * 2 // 3])
    assert watched.look(2) == ("proven", "")
    assert watched.look(6)[0] == "proven"
    assert watched.look(8) == ("unproven", "what is on disk does not grow")
    watched.put(whole)
    assert watched.look(9) == ("proven", "")


def test_a_file_that_is_there_and_never_grows_is_never_proven(watched: Watched, whole: bytes) -> None:
    """A recording of yesterday lights nothing."""
    watched.put(whole)
    assert {watched.look(second)[0] for second in range(20)} == {"unproven"}


def test_a_new_part_is_growth(watched: Watched, whole: bytes) -> None:
    """The next part begins small, and that counts."""
    watched.put(whole[: len(whole) // 2])
    watched.look(0)
    watched.put(whole[: len(whole) * 2 // 3])
    watched.look(1)
    watched.put(whole[: len(whole) // 2], part=2)
    assert watched.look(7) == ("proven", "")


def test_bytes_that_cannot_be_read_prove_nothing(watched: Watched, whole: bytes) -> None:
    """A file that grows but holds no recording (zeros, as after a power cut) is not proven, and the light goes out in five seconds."""
    watched.put(whole[: len(whole) // 2])
    watched.look(0)
    watched.put(whole)
    assert watched.look(1)[0] == "proven"
    for second in range(2, 12):
        watched.put(bytes(len(whole) + 1000 * second), part=2)
        light, why = watched.look(second)
        assert light == ("proven" if second <= 6 else "unproven")
    assert why.startswith("what was written cannot be read back: ")


def test_a_look_that_hangs_proves_nothing(watched: Watched, whole: bytes) -> None:
    """Without a new look the last one counts for five seconds only."""
    watched.put(whole[: len(whole) // 2])
    watched.look(0)
    watched.put(whole)
    watched.look(1)
    at = [watched.prover.proof((100 + second) * SECOND) for second in (1, 5, 7, 60)]
    assert [proof.light for proof in at] == ["proven", "proven", "unproven", "unproven"]
    assert {proof.why for proof in at[2:]} == {"not looked at for too long"}
