"""Flatness tells noise from tones, channel by channel, whatever the level and however the blocks are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveshow.recorder.spectrum import WINDOW, Flatness
from tests.stage_sound import RATE, applause, laughter, music, talk


def ints(sound: NDArray[np.floating]) -> NDArray[np.int32]:
    """As a device gives it, shape (samples, 1)."""
    return np.asarray(np.clip(sound, -1, 1) * (2**31 - 256), np.int32).reshape(-1, 1)


def flat(sound: NDArray[np.floating], sample_rate: int = RATE) -> NDArray[np.float64]:
    """At every look, with a message for each three blocks of 1024."""
    flatness, samples, found = Flatness(1, sample_rate), ints(sound), []
    for begin in range(0, len(samples) - 3072, 3072):
        for block in range(3):
            flatness.add(samples[begin + 1024 * block : begin + 1024 * (block + 1)])
        read = flatness.read()
        assert read is not None
        found.append(float(read[0]))
    return np.array(found)


def white(seconds: float, amplitude: float, seed: int = 1) -> NDArray[np.float64]:
    return amplitude * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


@pytest.mark.parametrize("amplitude", [0.2, 0.001])
@pytest.mark.parametrize("sample_rate", [44_100, 48_000, 96_000])
def test_white_noise_is_flat_at_any_level(amplitude: float, sample_rate: int) -> None:
    """White noise reads 1 within a few hundredths, loud or faint, at any sample rate."""
    assert np.median(flat(white(3, amplitude), sample_rate)) == pytest.approx(1, abs=0.06)


def test_a_tone_is_not() -> None:
    """A tone in the band reads next to nothing."""
    assert flat(0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).max() < 0.001


def test_what_lies_below_the_band_does_not_count() -> None:
    """A hum under noise leaves the noise as flat as it was."""
    hum = 0.02 * np.sin(2 * np.pi * 60 * np.arange(RATE) / RATE)
    assert np.median(flat(hum + white(1, 0.003))) > 0.9


def test_digital_silence_is_flat() -> None:
    """Nothing at all counts as noise, and is no division by zero."""
    assert np.all(flat(np.zeros(RATE)) == 1.0)


def test_voices_and_instruments_are_told_from_applause() -> None:
    """A simulated voice and an instrument read far less than applause; a laughing room lies between."""
    heard = {
        name: np.median(flat(sound))
        for name, sound in {"talk": talk("mara"), "music": music(1), "laughter": laughter(), "applause": applause()}.items()
    }
    assert max(heard["talk"], heard["music"]) < 0.02 < heard["laughter"] < 0.15 < 0.25 < heard["applause"]


def test_nothing_is_said_before_a_whole_window() -> None:
    """Until a window is full there is no figure; afterwards the newest is kept."""
    flatness = Flatness(2, RATE)
    assert flatness.read() is None
    flatness.add(np.zeros((WINDOW - 1, 2), np.int32))
    assert flatness.read() is None
    flatness.add(np.zeros((1, 2), np.int32))
    first = flatness.read()
    assert first is not None
    assert first.tolist() == [1.0, 1.0]
    again = flatness.read()
    assert again is not None
    assert again.tolist() == [1.0, 1.0]


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_blocks_make_no_difference(lengths: list[int], seed: int) -> None:
    """The same samples read the same in one block or in many, and each channel as if it were alone."""
    samples = np.random.default_rng(seed).integers(-(2**31), 2**31, (max(WINDOW, sum(lengths)), 3)).astype(np.int32)
    samples[:, 1] = (2**30 * np.sin(np.arange(len(samples)) / 9)).astype(np.int32)
    whole, pieces, alone = Flatness(3, RATE), Flatness(3, RATE), Flatness(1, RATE)
    whole.add(samples)
    for block in np.split(samples, np.cumsum(lengths)):
        pieces.add(block)
    alone.add(samples[:, 1:2])
    read, cut, single = whole.read(), pieces.read(), alone.read()
    assert read is not None
    assert cut is not None
    assert single is not None
    assert read == pytest.approx(cut)
    assert read[1] == pytest.approx(single[0])
