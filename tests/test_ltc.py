"""Linear timecode: what the encoder writes the decoder reads, through whatever a cable does to it; and the same with somebody else's."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from liveshow.timebase import parse_timecode, timecode
from liveshow.timebase.ltc import LtcDecoder, LtcFrame, encode_ltc
from tests import libltc

NTSC = Fraction(30000, 1001)
COUNTS = [
    (Fraction(24000, 1001), False),
    (Fraction(24), False),
    (Fraction(25), False),
    (NTSC, True),
    (NTSC, False),
    (Fraction(30), False),
]
SAMPLE_RATES = [44_100, 48_000, 96_000]
FRAMES = 12
Floats = NDArray[np.float32]

counts = st.sampled_from(COUNTS)
numbers = st.integers(0, 24 * 3600 * 24 - FRAMES)


def signal(
    number: int, rate: Fraction, drop: bool, sample_rate: int, speed: float = 1, rise: float = 2.0
) -> tuple[Floats, float]:
    """A dozen frames at full level, from the middle of the one before; and samples to a frame."""
    frame = float(sample_rate / rate) / speed
    return encode_ltc(
        range(-int(frame) // 2, int(frame * (FRAMES + 1))), number, frame, rate, drop=drop, level=1, rise=rise
    ), frame


def decoded(samples: Floats, sample_rate: int, cuts: list[int] | None = None) -> list[LtcFrame]:
    """What a decoder finds in samples that come in blocks cut at these places."""
    decoder = LtcDecoder(sample_rate)
    edges = [0, *sorted(min(cut, len(samples)) for cut in cuts or []), len(samples)]
    return [frame for begin, end in pairwise(edges) for frame in decoder.feed(samples[begin:end])]


def assert_right(found: list[LtcFrame], number: int, rate: Fraction, drop: bool, frame: float, within: float) -> None:
    """Every frame but perhaps the last is there, with its timecode and, to so many samples, its place."""
    assert len(found) >= FRAMES - 1
    for k, each in enumerate(found):
        assert each.timecode == timecode(number + k, rate, drop)
        assert each.begin == pytest.approx(int(frame) // 2 + (int(frame) % 2) + k * frame, abs=within)
        assert each.length == pytest.approx(frame, abs=within)


@settings(max_examples=60)
@given(
    counts,
    numbers,
    st.sampled_from(SAMPLE_RATES),
    st.floats(0.9, 1.1),
    st.floats(-40, 0),
    st.floats(1, 6),
    st.sampled_from([1, -1]),
    st.floats(-0.5, 0.5),
    st.lists(st.integers(0, 60_000), max_size=30),
    st.integers(0, 2**32),
)
def test_what_was_encoded_is_decoded(
    count: tuple[Fraction, bool],
    number: int,
    sample_rate: int,
    speed: float,
    dbfs: float,
    rise: float,
    polarity: int,
    offset: float,
    cuts: list[int],
    seed: int,
) -> None:
    """At every rate, 10 % too slow or too fast, down to -40 dBFS, either way round, with slow edges, off centre, with noise 26 dB
    below it and in blocks of any size: every frame is read, and where it began is known to a third of a sample."""
    samples, frame = signal(number, *count, sample_rate, speed, rise)
    level = 10 ** (dbfs / 20)
    noise = np.random.default_rng(seed).normal(0, 0.05, samples.size)
    found = decoded(((samples * polarity + noise + offset) * level).astype(np.float32), sample_rate, cuts)
    assert_right(found, number, *count, frame, 0.34)


@given(counts, numbers, st.lists(st.integers(0, 30_000), max_size=50))
def test_where_blocks_end_changes_nothing(count: tuple[Fraction, bool], number: int, cuts: list[int]) -> None:
    """However the samples are cut into blocks, the very same frames are found at the very same places."""
    samples, _ = signal(number, *count, 48_000)
    assert decoded(samples, 48_000, cuts) == decoded(samples, 48_000)


def test_a_place_is_known_to_far_less_than_a_sample() -> None:
    """With edges of two samples and no noise, a frame that begins between two samples is found there to a thousandth of one."""
    for shift in (0.0, 0.25, 0.5, 0.75):
        frame = 1920 + shift / 10
        found = decoded(encode_ltc(range(-500, 20_000), 900_000, frame, Fraction(25)), 48_000)
        assert [each.begin for each in found] == pytest.approx([500 + k * frame for k in range(len(found))], abs=1e-3)
        assert len(found) == 10


def test_hum_and_a_fading_level_do_no_harm() -> None:
    """A fifth of its level in mains hum, and a level that falls by 30 dB within half a second, cost no frame."""
    samples, frame = signal(90_000, Fraction(25), False, 48_000)
    time = np.arange(samples.size) / 48_000
    fading = (samples + 0.2 * np.sin(2 * np.pi * 50 * time)) * 10 ** (-3 * time)
    assert_right(decoded(fading.astype(np.float32), 48_000), 90_000, Fraction(25), False, frame, 0.5)


def test_a_loss_costs_only_the_frames_it_touches() -> None:
    """Samples that are missing are counted, so that the frames after them are found in their place."""
    samples, frame = signal(0, Fraction(25), False, 48_000)
    decoder = LtcDecoder(48_000)
    found = decoder.feed(samples[:9_000])
    decoder.skip(1_500)
    found += decoder.feed(samples[10_500:])
    assert [each.timecode for each in found] == [timecode(k, Fraction(25)) for k in (0, 1, 2, *range(5, 12))]
    assert found[-1].begin == pytest.approx(frame / 2 + 11 * frame, abs=0.01)


@given(st.integers(0, 2**32), st.floats(0.001, 1))
def test_noise_is_no_timecode(seed: int, level: float) -> None:
    """Two seconds of noise at any level give no frame."""
    noise = np.random.default_rng(seed).normal(0, level, 96_000).astype(np.float32)
    assert decoded(noise, 48_000) == []


def test_backwards_is_no_timecode() -> None:
    """A tape that is wound back is not taken for one that plays."""
    samples, _ = signal(90_000, Fraction(25), False, 48_000)
    assert decoded(samples[::-1].copy(), 48_000) == []


@pytest.mark.parametrize("dbfs", [-1, -20, -30])  # libltc writes 8 bits: much less would be a step or two
@pytest.mark.parametrize(
    ("rate", "begins"), [("24", "09:59:58:20"), ("25", "23:59:58:20"), ("30000/1001", "00:00:58;25"), ("30", "10:00:00:00")]
)
def test_what_libltc_encodes_is_decoded(rate: str, begins: str, dbfs: int) -> None:
    """libltc's frames are read, drop-frame and the turns of minute and day included, and to half a sample in their place."""
    exact, drop = Fraction(rate), ";" in begins
    samples = libltc.encode(begins, exact, 100, 48_000, dbfs, 40.0)
    found = decoded(np.concatenate((samples, np.zeros(2_000, np.float32))), 48_000)
    first = parse_timecode(begins, exact, drop) + 1  # the beginning of their first is no change of the signal
    assert [each.timecode for each in found] == [timecode(first + k, exact, drop) for k in range(98)]
    frame = float(48_000 / exact)  # theirs begins with the sample after a change, which lies between two
    assert [each.begin for each in found] == pytest.approx([k * frame - 0.5 for k in range(1, 99)], abs=0.5)


@pytest.mark.parametrize(("rate", "drop"), [("24", False), ("25", False), ("30000/1001", True), ("30", False)])
@pytest.mark.parametrize("seconds", [0, 59, -1])
def test_libltc_decodes_what_we_encode(rate: str, drop: bool, seconds: int) -> None:
    """libltc reads every frame of ours as it was meant, over a turn of the minute and of the day."""
    exact = Fraction(rate)
    frame, number = 48_000 / exact, seconds * round(exact)
    theirs = libltc.decode(encode_ltc(range(-200, int(frame * 62)), number, frame, exact, drop=drop), int(frame))
    assert [each.timecode for each in theirs] == [timecode(number + k, exact, drop) for k in range(61)]
