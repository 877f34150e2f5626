"""A feed's clock is known from when its samples and pictures came, whatever delayed them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveshow.timebase import MILLISECOND, SECOND
from liveshow.timebase.drift import ClockMap, fit

HOUR = 3600
SOUND, VIDEO = Fraction(48_000), Fraction(90_000)
LAG = 7 * MILLISECOND
BEGAN = 9 * 10**15  # show-clock ns: a host that has been up for months
Ints = NDArray[np.int64]

seeds = st.integers(0, 2**32 - 1)


def observed(
    rate: Fraction,
    seconds: float,
    every: float,
    late_ns: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    seed: int,
    jitter: float,
) -> tuple[Ints, Ints, Ints]:
    """Positions, the show-clock ns at which each is at hand at the earliest, and when each was seen: later by an exponential
    jitter of that mean (ms). `late_ns`: how many ns more than nominal the clock has taken after so many seconds."""
    random = np.random.default_rng(seed)
    elapsed = np.arange(0.0, seconds, every)
    positions = np.rint(elapsed * float(rate)).astype(np.int64)
    exact = positions / float(rate)
    true = BEGAN + LAG + np.rint(exact * SECOND + late_ns(exact)).astype(np.int64)
    return positions, true, true + random.exponential(jitter * MILLISECOND, positions.size).astype(np.int64)


def off_by(ppm: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """A clock that is fast by so many parts per million takes that much less time."""
    return lambda elapsed: -elapsed * ppm * 1000


@settings(max_examples=25)
@given(st.floats(-300, 300), st.sampled_from([(SOUND, 0.25), (VIDEO, 1 / 30)]), st.floats(0, 3), seeds)
def test_an_hour_gives_clock_error_and_offset(ppm: float, feed: tuple[Fraction, float], jitter: float, seed: int) -> None:
    """Under jitter of some milliseconds the clock error comes out within 1 ppm and every position within 0.3 ms."""
    rate, every = feed
    positions, true, seen = observed(rate, HOUR, every, off_by(ppm), seed, jitter)
    clock = fit(positions, seen, rate)
    assert abs(clock.ppm() - ppm) < 1
    errors = np.array([clock.to_ns(int(p)) for p in positions[::97]]) - true[::97]
    assert np.abs(errors).max() < 0.3 * MILLISECOND
    assert abs(clock.ppm(BEGAN + HOUR * SECOND // 2) - ppm) < 2


@given(st.floats(-300, 300), st.floats(0, 19), seeds)
def test_a_short_span_has_the_nominal_rate(ppm: float, seconds: float, seed: int) -> None:
    """Below twenty seconds no clock error is claimed, and positions lie no earlier than what was seen earliest allows."""
    positions, _, seen = observed(SOUND, seconds + 0.25, 0.25, off_by(ppm), seed, 2)
    clock = fit(positions, seen, SOUND)
    assert clock.ppm() == 0
    assert clock.to_ns(48_000) - clock.to_ns(0) == SECOND
    late = [int(at) - clock.to_ns(int(p)) for p, at in zip(positions, seen, strict=True)]
    assert abs(min(late)) <= 1


@settings(max_examples=20)
@given(st.floats(0, 30), st.floats(600, 2400), st.floats(-100, 100), seeds)
def test_a_clock_that_warms_up_is_followed(change: float, settles: float, ppm: float, seed: int) -> None:
    """A crystal whose error goes from one value to another, 30 ppm away, in its first half hour is followed within 1 ms for three hours."""

    def late(elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
        return -1000 * (ppm * elapsed + change * settles * (1 - np.exp(-elapsed / settles)))

    positions, true, seen = observed(SOUND, 3 * HOUR, 0.25, late, seed, 2)
    clock = fit(positions, seen, SOUND)
    errors = np.array([clock.to_ns(int(p)) for p in positions[::97]]) - true[::97]
    assert np.abs(errors).max() < MILLISECOND


def test_a_clock_that_goes_on_changing_is_followed() -> None:
    """An error that grows all the time (by 20 ppm over three hours) is followed within 1 ms, and known near any instant to 2 ppm."""
    positions, true, seen = observed(SOUND, 3 * HOUR, 0.25, lambda elapsed: -1000 * elapsed**2 * 20 / (2 * 3 * HOUR), 1, 2)
    clock = fit(positions, seen, SOUND)
    errors = np.array([clock.to_ns(int(p)) for p in positions[::97]]) - true[::97]
    assert np.abs(errors).max() < MILLISECOND
    for hours in (0.25, 1, 2, 2.75):
        assert abs(clock.ppm(BEGAN + round(hours * HOUR) * SECOND) - 20 * hours / 3) < 2


def test_a_busy_hour_does_not_bend_the_clock() -> None:
    """When a tenth of all observations come up to two seconds late, in bursts, positions are still within 0.3 ms."""
    positions, true, seen = observed(SOUND, HOUR, 0.25, off_by(50), 3, 1)
    bursts = np.random.default_rng(4).choice(positions.size // 40, positions.size // 400, replace=False) * 40
    for start in bursts:
        seen[start : start + 40] += np.linspace(2 * SECOND, 0, 40).astype(np.int64)[: seen[start : start + 40].size]
    clock = fit(positions, seen, SOUND)
    errors = np.array([clock.to_ns(int(p)) for p in positions[::97]]) - true[::97]
    assert np.abs(errors).max() < 0.3 * MILLISECOND


@settings(max_examples=20)
@given(st.floats(-300, 300), st.floats(1, 9000), seeds, st.integers(-(10**8), 10**9))
def test_positions_and_times_are_inverse(ppm: float, seconds: float, seed: int, position: int) -> None:
    """The position at the time of a position is that position, to a thousandth of a sample, inside and outside of what was seen."""
    positions, _, seen = observed(SOUND, seconds, 1.0, off_by(ppm), seed, 2)
    clock = fit(positions, seen, SOUND)
    assert abs(clock.to_position(clock.to_ns(position)) - position) < 1e-3


@given(st.integers(0, 2**40), seeds)
def test_the_first_position_may_be_any(first: int, seed: int) -> None:
    """A clock does not care where its feed began to count."""
    positions, _, seen = observed(VIDEO, 60, 1 / 30, off_by(80), seed, 1)
    one, other = fit(positions, seen, VIDEO), fit(positions + first, seen, VIDEO)
    assert abs(one.to_ns(90_000) - other.to_ns(90_000 + first)) <= 1


def test_times_rise_with_positions_across_knots() -> None:
    """Where one line of the clock passes into the next, time neither jumps nor turns back."""
    clock = ClockMap(SOUND, (0, BEGAN), ((0.0, 0.0), (300e9, 4e6), (600e9, -3e6)))
    at = [clock.to_ns(p) for p in range(300 * 48_000 - 100, 300 * 48_000 + 100)]
    assert {b - a for a, b in pairwise(at)} <= {20_832, 20_833, 20_834}


@pytest.mark.parametrize(("positions", "seen"), [([], []), ([1, 2], [1])])
def test_nothing_seen_is_no_clock(positions: list[int], seen: list[int]) -> None:
    """Without observations, or with more positions than times, there is nothing to fit."""
    with pytest.raises(ValueError, match="no observations"):
        fit(positions, seen, SOUND)


def test_one_observation_is_a_clock() -> None:
    """A part that was killed after one note lies where that was seen, at the nominal rate."""
    clock = fit([480], [BEGAN], SOUND)
    assert (clock.to_ns(480), clock.to_ns(480 + 48_000)) == (BEGAN, BEGAN + SECOND)
