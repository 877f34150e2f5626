"""Recordings whose pictures FFmpeg moved because sound was heard before them: all that reads recordings reads them as they were meant."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from liveshow.handoff.cut import cut_pictures
from liveshow.handoff.excerpts.strips import TICKS, Strips, spans_of
from liveshow.handoff.package import make
from liveshow.handoff.pictures import Labels, copy_pictures
from liveshow.handoff.reach import reached
from liveshow.handoff.reading_back import Decode, read_back
from liveshow.model import FeedKind
from liveshow.showfolder.bag import PAYLOAD
from liveshow.showfolder.recordings import Part, parts
from tests.conftest import needs
from tests.servers.pictures import Codec, Wanted, counter_of, media
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, cut_off, record_camera

PLAIN = SETUP.replace("30000/1001", "30").replace("handles = 2.0", "handles = 0.5\nmeasures = false\npreviews = false")
CLOCK = ClockOf(at(0), Fraction(90_000))
PICTURES = 270
EARLY = (30, 300)


def recorded(tmp_path: Path, early: int, codec: Codec = "h264", *, closed: bool = True) -> tuple[SyntheticShow, Part]:
    """A camera's part of nine seconds, whose pictures are moved by so many ms."""
    show = SyntheticShow.begun(tmp_path, PLAIN)
    clip = media(Wanted(256, 144, codec=codec))
    path = record_camera(show, "wide", clip, CLOCK, range(PICTURES), closed=closed, sound="pcm_s16le", lead=early)
    assert first_picture(path) == early / 1000
    (part,) = parts(show.folder, "wide")
    return show, part


def first_picture(path: Path) -> float:
    """When ffprobe sees it, in seconds."""
    needs("ffprobe")
    words = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "json", str(path)]
    packets: Sequence[dict[str, str]] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)["packets"]
    return float(packets[0]["pts_time"])


@pytest.mark.parametrize("early", EARLY)
def test_a_clip_has_its_pictures_and_its_sound(tmp_path: Path, early: int) -> None:
    """From the key picture on, every picture carries its number, and the sound beside it is of the same instant to the sample."""
    _, part = recorded(tmp_path, early)
    cut = cut_pictures(part, at(3.01), at(7.01))
    copied = copy_pictures(cut, tmp_path / "clip", Labels("20:30:00:00", {}))
    with av.open(str(copied.path)) as clip:
        numbers = [counter_of(picture) for picture in clip.decode(video=0)]
    with av.open(str(copied.path)) as clip:
        blocks = list(clip.decode(audio=0))
    begin = round(Fraction(cut.zero, 90_000) * 30)
    assert numbers == [number % 240 for number in range(begin, begin + len(numbers))]
    samples = np.concatenate([block.to_ndarray().reshape(-1) for block in blocks])
    first = begin * 1600 + early * 48 + int(blocks[0].pts or 0)
    assert np.array_equal(samples, (np.arange(first, first + samples.size) % 32768).astype(np.int16))
    assert samples.size > 3.9 * 48_000


def test_a_hand_off_takes_that_camera(tmp_path: Path) -> None:
    """A contribution has the clip of it, and its own sound."""
    show, _ = recorded(tmp_path, 30)
    segment = show.segment(3.3, 6.9)
    made = make(show.folder, show.setup, show.state, segment)
    (clip,) = made.contribution.clips
    assert (clip.feed, clip.own_sound is not None) == ("wide", True)
    assert (made.path / PAYLOAD / clip.file).exists()


@pytest.mark.parametrize("early", EARLY)
def test_it_is_read_back_without_a_fault(tmp_path: Path, early: int) -> None:
    """`liveshow verify` finds every picture where its timing has it."""
    _, part = recorded(tmp_path, early)
    found = read_back(part.file, FeedKind.CAMERA, part.timing, Fraction(0), Decode.KEY, lambda _: None)
    assert (found.faults, found.positions) == ([], PICTURES)


@pytest.mark.parametrize("codec", ["h264", "mjpeg"])
def test_one_that_was_cut_off_reaches_as_far_as_it_does(tmp_path: Path, codec: Codec) -> None:
    """What a killed worker left is counted to the picture."""
    _, part = recorded(tmp_path, 300, codec, closed=False)
    cut_off(part.file, 0.8)
    there = read_back(part.file, FeedKind.CAMERA, part.timing, Fraction(0), Decode.NONE, lambda _: None).positions
    assert 150 < there < 250
    assert reached(part, part.end).length == there


def test_excerpts_show_its_pictures(tmp_path: Path) -> None:
    """What phones play is made of it, with each picture at its time."""
    _, part = recorded(tmp_path, 300)
    strips = Strips(tmp_path / "strips")
    spans = spans_of(part, growing=False)
    shown = [p.at for span in spans for p in strips.make(part, span, strips.size_of(part), lambda: None, smooth=True).pictures]
    strips.close()
    assert shown == [TICKS * number // 15 for number in range(PICTURES // 2)]
