"""The parts of a feed on the show clock: where a picture or sample lies, whatever its clock did."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import NotFound
from liveshow.model import Feed, FeedKind
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.recordings import Part, parts, picture_gaps, picture_rate, read_parts
from liveshow.showfolder.timing import Header, PartTiming, clock_of_run
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, cut_off, record_camera, record_mic


@pytest.fixture
def show(tmp_path: Path) -> SyntheticShow:
    return SyntheticShow.begun(tmp_path)


def test_a_drifting_microphone_is_known_to_the_sample(show: SyntheticShow) -> None:
    """A sound card 100 ppm fast: after two minutes and in a second part every sample is still where it was heard, to a tenth
    of a millisecond, and the error is measured."""
    clock = ClockOf(at(1), Fraction(8000), ppm=100.0)
    for first in (0, 480_000):
        record_mic(show, "vox1", clock, first, 480_000)
    one, two = parts(show.folder, "vox1")
    for position in (0, 123_456, 479_999):
        assert abs(two.to_ns(position) - clock.show_ns(480_000 + position)) < 100_000
        assert abs(two.to_position(clock.show_ns(480_000 + position)) - position) < 0.8
    assert abs(one.end - two.start) <= 1
    assert abs(two.ppm() - 100) < 2


def test_a_camera_is_known_to_the_millisecond(show: SyntheticShow) -> None:
    """Pictures at 29.97 a second on a 90 kHz clock: start, end, rate and the place of each."""
    wanted = Wanted(rate=Fraction(30000, 1001), seconds=4.004)
    clock = ClockOf(at(2), Fraction(90_000))
    record_camera(show, "wide", media(wanted), clock, range(900))
    (part,) = parts(show.folder, "wide")
    assert part.rate == Fraction(30000, 1001)
    assert abs(part.start - at(2)) < 200_000
    assert abs(part.end - clock.show_ns(900 * 3003)) < 200_000
    assert abs(part.to_ns(450 * 3003) - clock.show_ns(450 * 3003)) < 200_000


def test_gaps_between_pictures_are_seen(show: SyntheticShow) -> None:
    """Lost pictures leave a gap at the right place and of the right length."""
    record_camera(show, "wide", media(Wanted()), ClockOf(at(0), Fraction(90_000)), [*range(40), *range(55, 100)])
    (part,) = parts(show.folder, "wide")
    assert picture_gaps(part, 0, part.length) == ((39 * 3000, 55 * 3000),)
    assert picture_gaps(part, 0, 40) == ()


@given(st.integers(0, 999), st.sampled_from([0.0, 0.3, 0.45]), st.lists(st.integers(10, 180), max_size=3, unique=True))
def test_jitter_is_no_gap(seed: int, jitter: float, lost: list[int]) -> None:
    """Pictures stamped as they arrive, each up to nearly half a picture early or late: no gap; but three lost ones are one, wherever
    they were. Without jitter, a single lost picture is one."""
    random = np.random.default_rng(seed)
    numbers = np.setdiff1d(np.arange(200), [n + k for n in lost for k in range(3 if jitter else 1)])
    positions = np.round((numbers + random.uniform(-jitter, jitter, numbers.size)) * 40_000 + 40_000).astype(np.int64)
    header = Header(feed="wide", part=1, run="r", media="pictures", rate="1000000", pictures="25", first=0, start=0)
    timing = PartTiming(header, positions, np.ones_like(positions), positions, (), None)
    part = Part(Feed("wide", FeedKind.CAMERA, "c"), Path("x"), timing, clock_of_run([timing]), positions.size, Fraction(25))
    holes = [(round(a / 40_000) - 1, round(b / 40_000) - 1) for a, b in picture_gaps(part, 0, positions.size)]
    wanted = [(int(a), int(b)) for a, b in itertools.pairwise(numbers) if b - a > 1]
    assert holes == wanted
    assert picture_rate(timing) == 25 or len(lost) > 1


def test_what_cannot_be_read_is_said(show: SyntheticShow) -> None:
    """A part without a timing, one with an empty timing and an empty file are named; the others are there."""
    clock = ClockOf(at(0), Fraction(8000))
    paths = [record_mic(show, "vox1", clock, first, 8000, run=f"run{first}") for first in (0, 8000, 16_000, 24_000)]
    paths[1].with_suffix(TIMING).unlink()
    paths[2].with_suffix(TIMING).write_bytes(b"")
    paths[3].write_bytes(b"")
    good, broken = read_parts(show.folder, "vox1")
    assert [p.file for p in good] == paths[:1]
    assert [p.stem in str(fault) for p, fault in zip(paths[1:], broken, strict=True)] == [True] * 3


def test_a_killed_part_ends_with_its_last_sample(show: SyntheticShow) -> None:
    """Without an end in the timing, what is on disk counts, whatever the header says."""
    path = record_mic(show, "vox1", ClockOf(at(0), Fraction(8000)), 0, 80_000, closed=False)
    cut_off(path, 0.5)
    (part,) = parts(show.folder, "vox1")
    assert abs(part.length - 40_000) < 100


def test_an_unknown_feed_is_refused(show: SyntheticShow) -> None:
    """A feed the setup does not have is named."""
    with pytest.raises(NotFound, match="no feed 'vox9'"):
        parts(show.folder, "vox9")


@given(
    st.sampled_from(["30000/1001", "30", "25", "60000/1001", "15", "7"]), st.sampled_from(["", "25", "30"]), st.integers(0, 99)
)
def test_the_rate_is_what_comes(true: str, announced: str, seed: int) -> None:
    """Whatever was announced, and with some jitter and losses, the rate is the one at which pictures come."""
    random = np.random.default_rng(seed)
    exact = np.arange(600) * 1_000_000 / float(Fraction(true))
    positions = np.delete((exact + random.uniform(0, 900, 600)).astype(np.int64), random.integers(1, 599, 20))
    header = Header(feed="wide", part=1, run="r", media="pictures", rate="1000000", pictures=announced, first=0, start=0)
    timing = PartTiming(header, positions, np.ones_like(positions), positions, (), None)
    assert picture_rate(timing) == Fraction(true)
