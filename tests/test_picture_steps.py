"""Gaps of cameras: told by the steps between pictures alone, at any rate, and by the same measure as they are looked for afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from liveshow.recorder.picture_steps import KNOWN, PictureSteps

UNIT = Fraction(1, 90_000)
RATES = st.integers(2, 120)


def gaps(steps: Iterable[float]) -> list[tuple[int, int]]:
    """Where there are gaps in steps of so many seconds, and how many pictures they miss."""
    known = PictureSteps()
    found = ((k, known.gap(round(step / UNIT), UNIT)) for k, step in enumerate(steps))
    return [(k, gap[0]) for k, gap in found if gap is not None]


@given(RATES, st.integers(KNOWN, 100), st.integers(1, 1000))
def test_pictures_that_are_missing_are_counted(rate: int, before: int, missing: int) -> None:
    """A step of as many pictures as are missing is that many, at any rate, once it is known what is usual."""
    assert gaps([1 / rate] * before + [(missing + 1) / rate] + [1 / rate] * 40) == [(before, missing)]


@given(RATES, st.lists(st.floats(-0.25, 0.25), min_size=60, max_size=200))
def test_no_jitter_is_a_gap(rate: int, jitter: list[float]) -> None:
    """Pictures that come a quarter of a step too early or too late are all there."""
    assert gaps((1 + off) / rate for off in jitter) == []


@given(st.sampled_from([(30, 15), (30, 10), (25, 12), (60, 30)]))
def test_a_camera_that_goes_slower_is_followed(rates: tuple[int, int]) -> None:
    """In dim light a camera may halve its rate: that is told at first, and is usual soon."""
    fast, slow = rates
    told = gaps([1 / fast] * 60 + [1 / slow] * 100)
    assert [k for k, _ in told] == list(range(60, 60 + len(told)))
    assert len(told) < 40


def test_a_long_gap_is_told_where_gaps_are_usual_and_at_the_beginning() -> None:
    """Half a second and more is told on a machine so slow that most pictures are missing, and before it is known what is usual."""
    assert gaps([0.2, 0.2, 0.2, 0.2, 0.6]) == [(4, 2)]
    starved = [0.2] * 20 + [0.2, 0.6, 0.6, 0.4] * 20
    assert {k for k, step in enumerate(starved) if step == 0.6} <= {k for k, _ in gaps(starved)}
