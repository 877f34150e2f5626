"""Levels are what a meter shows: dBFS of RMS and peak since the last look, and how often full scale was reached."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveshow.recorder.levels import FLOOR, Levels, decibels

FULL = 2**31


def sine(amplitude: float, frames: int = 48_000) -> NDArray[np.int32]:
    """A second of 1 kHz, shape (frames, 1)."""
    wave = amplitude * (FULL - 1) * np.sin(2 * np.pi * 1000 * np.arange(frames) / 48_000)
    return wave.astype(np.int32).reshape(-1, 1)


def read(*blocks: NDArray[np.int32]) -> tuple[float, float, int]:
    levels = Levels(blocks[0].shape[1])
    for block in blocks:
        levels.add(block)
    found = levels.read(0)
    assert found
    return found


@pytest.mark.parametrize(("amplitude", "rms", "peak"), [(1.0, -3.01, 0.0), (0.5, -9.03, -6.02), (0.001, -63.01, -60.0)])
def test_a_sine_reads_as_on_a_recorder(amplitude: float, rms: float, peak: float) -> None:
    """A full-scale sine has a peak of 0 dBFS and an RMS of -3.01; half of it six less."""
    assert read(sine(amplitude))[:2] == pytest.approx((rms, peak), abs=0.02)


def test_silence_is_the_floor_and_full_scale_is_zero() -> None:
    """Nothing reads -120; a square wave of either full-scale value 0, and each of its samples is clipped."""
    assert read(np.zeros((100, 1), np.int32)) == (FLOOR, FLOOR, 0)
    assert read(np.full((100, 1), -FULL, np.int32)) == (0.0, 0.0, 100)
    assert read(np.full((100, 1), (2**23 - 1) * 256, np.int32)) == (0.0, 0.0, 100)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_blocks_make_no_difference(lengths: list[int], seed: int) -> None:
    """The same samples read the same in one block or in many, channel by channel."""
    samples = np.random.default_rng(seed).integers(-FULL, FULL, (sum(lengths), 3)).astype(np.int32)
    whole, pieces = Levels(3), Levels(3)
    whole.add(samples)
    for block in np.split(samples, np.cumsum(lengths)[:-1]):
        pieces.add(block)
    for channel in range(3):
        assert whole.read(channel) == pytest.approx(pieces.read(channel), abs=0.02)


def test_a_look_begins_anew() -> None:
    """What was read is not read again: levels are since the last look, of that channel only; clipping counts on."""
    levels = Levels(2)
    assert levels.read(0) is None
    levels.add(np.full((10, 2), FULL - 1, np.int32))
    assert levels.read(0) == (0.0, 0.0, 10)
    assert levels.read(0) is None
    levels.add(np.zeros((10, 2), np.int32))
    assert levels.read(0) == (FLOOR, FLOOR, 10)
    assert levels.read(1) == pytest.approx((-3.01, 0.0, 10), abs=0.02)


def test_an_empty_block_says_nothing() -> None:
    """A block without samples is no level."""
    levels = Levels(1)
    levels.add(np.zeros((0, 1), np.int32))
    assert levels.read(0) is None


@pytest.mark.parametrize(("amplitude", "shown"), [(1.0, 0.0), (0.1, -20.0), (1e-9, FLOOR), (0.0, FLOOR), (2.0, 6.02)])
def test_decibels(amplitude: float, shown: float) -> None:
    """dBFS of an amplitude, not below the floor."""
    assert decibels(amplitude) == pytest.approx(shown, abs=0.01)
