"""Clips of cameras: the right pictures, at their exact times, whatever codec and whatever state the recording is in."""

from __future__ import annotations

import itertools
import json
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.errors import LiveshowError
from liveshow.handoff.cut import PictureCut, cut_pictures, cut_sound
from liveshow.handoff.pictures import Labels, copy_pictures
from liveshow.model import Feed, FeedKind
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.recordings import Part, parts
from liveshow.showfolder.timing import Header, PartTiming
from liveshow.timebase.drift import ClockMap
from tests.servers.pictures import Wanted, counter_of, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, cut_off, record_camera

NTSC = Fraction(30000, 1001)
KINDS = {
    "h264 GOP 1 s": Wanted(),
    "h264 GOP 4 s, 29.97": Wanted(gop=4.0, rate=NTSC, seconds=8.008),
    "h264 with B-frames": Wanted(b_frames=2),
    "hevc": Wanted(codec="hevc"),
    "hevc with B-frames": Wanted(codec="hevc", b_frames=3, gop=2.0),
    "mjpeg": Wanted(codec="mjpeg", rate=Fraction(25)),
}
LABELS = Labels(
    "20:30:00:00", {"title": "The Tiny Book", "artist": "Frída Ærø", "creation_time": "2026-11-23T04:30:00.250000Z"}
)


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    return SyntheticShow.begun(tmp_path)


def the_part(show: SyntheticShow) -> Part:
    (part,) = parts(show.folder, "wide")
    return part


def probed(path: Path, *show: str) -> dict[str, list[dict[str, str]]]:
    run = subprocess.run(["ffprobe", "-v", "error", "-of", "json", *show, path], check=True, capture_output=True, text=True)
    assert run.stderr == ""
    found: dict[str, list[dict[str, str]]] = json.loads(run.stdout)
    return found


def shown(path: Path) -> list[tuple[Fraction, int | None]]:
    """Time and counter of every picture as a player shows them."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [((f.pts or 0) * (f.time_base or Fraction(0)), counter_of(f)) for f in frames]


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_is_there_at_its_time(show: SyntheticShow, tmp_path: Path, kind: str) -> None:
    """From the key picture before the beginning to the last picture before the end, each decodes, carries its number and stands
    at number / rate to the tick, and the clip begins at 0."""
    wanted = KINDS[kind]
    record_camera(show, "wide", media(wanted), ClockOf(at(0), Fraction(90_000)), range(900))
    part = the_part(show)
    cut = cut_pictures(part, at(10.01), at(14.01))
    copied = copy_pictures(cut, tmp_path / "clip", LABELS)
    pictures = shown(copied.path)
    first, last = int(cut.zero / part.unit + Fraction(1, 2)), int(Fraction("14.01") * wanted.rate)
    numbers = list(range(first, first + len(pictures)))
    assert [n for _, n in pictures] == [n % wanted.length for n in numbers]
    assert [t for t, _ in pictures] == [Fraction(k) / wanted.rate for k in range(len(pictures))]
    assert copied.pictures == len(pictures)
    assert first <= 10.01 * wanted.rate <= first + wanted.gop * wanted.rate
    assert last <= numbers[-1] <= last + (wanted.b_frames + 1) * (wanted.b_frames > 0)


def test_ffprobe_reads_rate_timecode_and_tags(show: SyntheticShow, tmp_path: Path) -> None:
    """FFmpeg finds the exact rate, drop-frame timecode, creation time and the names; the index comes before the media."""
    record_camera(show, "wide", media(KINDS["h264 GOP 4 s, 29.97"]), ClockOf(at(0), Fraction(90_000)), range(600))
    labels = Labels("20:30:00;02", LABELS.tags)
    path = copy_pictures(cut_pictures(the_part(show), at(5), at(9)), tmp_path / "clip", labels).path
    found = probed(path, "-show_streams", "-show_format")
    picture, tmcd = found["streams"]
    assert (picture["r_frame_rate"], picture["avg_frame_rate"], picture["start_time"]) == (*["30000/1001"] * 2, "0.000000")
    assert picture["tags"]["timecode"] == tmcd["tags"]["timecode"] == "20:30:00;02"  # type: ignore[index]
    tags = found["format"]["tags"]  # type: ignore[call-overload]
    assert (tags["title"], tags["artist"]) == ("The Tiny Book", "Frída Ærø")
    assert tags["creation_time"] == "2026-11-23T04:30:00.250000Z"
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_cameras_own_sound_goes_along(show: SyntheticShow, tmp_path: Path) -> None:
    """The sound in the clip is the camera's from the first picture on, sample by sample."""
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(600), sound="pcm_s16le")
    cut = cut_pictures(the_part(show), at(10.01), at(14.01))
    path = copy_pictures(cut, tmp_path / "clip", LABELS).path
    with av.open(str(path)) as container:
        blocks = list(container.decode(audio=0))
    samples = np.concatenate([b.to_ndarray().reshape(-1) for b in blocks])
    begin = round(Fraction(cut.zero, 90_000) * 48_000)
    assert blocks[0].pts == 0
    assert np.array_equal(samples, (np.arange(begin, begin + samples.size) % 32768).astype(np.int16))
    assert samples.size >= (14 - 10) * 48_000


@pytest.mark.parametrize("codec", ["aac", "opus", "mp2"])
def test_compressed_sound_stays_in_step(show: SyntheticShow, tmp_path: Path, codec: str) -> None:
    """Sound that was rounded to milliseconds in the recording runs evenly in the clip, and its clicks, one a second, stay within
    the codec's own delay of the pictures they belong to."""
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(600), sound=codec)
    cut = cut_pictures(the_part(show), at(5.01), at(14.01))
    path = copy_pictures(cut, tmp_path / "clip", LABELS).path
    packets = probed(path, "-select_streams", "a", "-show_packets")["packets"]
    steps = {int(b["pts"]) - int(a["pts"]) for a, b in itertools.pairwise(packets)}
    assert len(steps) == 1, steps
    with av.open(str(path)) as container:
        blocks = list(container.decode(audio=0))
    samples = np.abs(np.concatenate([b.to_ndarray().reshape(-1) for b in blocks])).astype(np.float64)
    clicks = np.flatnonzero(samples > samples.max() / 2)
    seconds = (int(blocks[0].pts or 0) + clicks[np.diff(clicks, prepend=-48_000) > 4_800]) / blocks[0].sample_rate
    assert len(seconds) >= 8
    assert np.all(np.abs(seconds - np.round(seconds)) < 0.03), seconds


def test_a_cut_off_recording_gives_what_it_has(show: SyntheticShow, tmp_path: Path) -> None:
    """A file without duration and index, cut off in the middle of a picture, still gives every whole picture; more than it has is
    an error that says how many there are."""
    path = record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(900), closed=False)
    cut_off(path, 0.7)
    cut = cut_pictures(the_part(show), at(12.01), at(17.99))
    pictures = shown(copy_pictures(cut, tmp_path / "clip", LABELS).path)
    assert [n for _, n in pictures] == [n % 240 for n in range(360, 540)]
    with pytest.raises(LiveshowError, match="pictures that its timing has there"):
        copy_pictures(cut_pictures(the_part(show), at(20), at(30)), tmp_path / "more", LABELS)


def test_a_timing_that_does_not_fit_is_refused(show: SyntheticShow, tmp_path: Path) -> None:
    """When file and timing disagree, nothing is cut at a guessed place."""
    path = record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), range(300))
    timing = path.with_suffix(TIMING)
    lines = timing.read_bytes().split(b"\n")
    del lines[200]
    timing.write_bytes(b"\n".join(lines))
    with pytest.raises(LiveshowError, match=r"stands at .* ms and its timing says"):
        copy_pictures(cut_pictures(the_part(show), at(6), at(8)), tmp_path / "clip", LABELS)


def part_of(positions: list[int], keys: list[int], rate: int = 30) -> Part:
    feed = Feed("wide", FeedKind.CAMERA, "wide")
    header = Header(feed="wide", part=1, run="r", media="pictures", rate=str(rate), first=0, start=0)
    timing = PartTiming(header, np.array(positions), np.array(keys), np.zeros(len(positions), np.int64), (), None)
    return Part(feed, Path("x.mkv"), timing, ClockMap(Fraction(rate), (0, 0), ((0.0, 0.0),)), len(positions), Fraction(rate))


@st.composite
def streams(draw: st.DrawFn) -> Part:
    """Groups of pictures in decoding order: a key picture, then reordered ones; open groups show some before their key."""
    positions: list[int] = []
    keys: list[int] = []
    for _ in range(draw(st.integers(1, 5))):
        begin, size = len(positions), draw(st.integers(1, 6))
        leading = draw(st.integers(0, size - 1)) if begin else 0
        others = [begin + k for k in range(size) if k != leading]
        positions += [begin + leading, *draw(st.permutations(others))]
        keys += [1, *[0] * (size - 1)]
    return part_of(positions, keys)


@settings(max_examples=300)
@given(streams(), st.integers(-5, 40), st.integers(1, 30))
def test_a_cut_covers_what_was_asked(part: Part, begin: int, length: int) -> None:
    """Whatever the order of decoding: the clip begins with a key picture, shows every picture of the span that can be decoded,
    has no hole, and decodes each before it is shown."""
    second = 1_000_000_000
    cut: PictureCut = cut_pictures(part, begin * second // 30, (begin + length) * second // 30)
    shown_at = sorted(cut.zero + int(p) for p in cut.pts[cut.kept])
    assert part.timing.keys[cut.first] == 1
    assert shown_at == list(range(shown_at[0], shown_at[0] + len(shown_at)))
    asked = set(range(max(begin, cut.zero), min(begin + length, part.length)))
    assert asked <= set(shown_at)
    assert cut.zero <= max(begin, 0) or cut.first == 0
    dts = cut.dts[cut.kept]
    assert bool(np.all(np.diff(dts) > 0))
    assert bool(np.all(dts <= cut.pts[cut.kept]))
    assert cut.end == shown_at[-1] + 1


@given(st.integers(-(10**9), 4 * 10**9), st.integers(0, 4 * 10**9))
def test_sound_is_cut_to_the_nearest_sample(begin: int, length: int) -> None:
    """A cut of sound lies within its part and within half a sample of what was asked."""
    part = part_of([0], [1], rate=8000)
    mic = Part(Feed("vox", FeedKind.MIC, "box"), part.file, part.timing, part.clock, 24_000, Fraction(8000))
    cut = cut_sound(mic, begin, begin + length)
    half = 62_501
    assert abs(mic.to_ns(cut.first) - max(begin, 0)) <= half or begin > 3 * 10**9
    assert abs(mic.to_ns(cut.stop) - min(begin + length, 3 * 10**9)) <= half or begin + length < 0
