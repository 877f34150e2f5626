"""The parts of a feed on the show clock: where a picture or sample lies, whatever its clock did."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveshow.errors import NotFound
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.recordings import parts, picture_gaps, picture_rate, read_parts
from liveshow.showfolder.timing import Header, PartTiming
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
