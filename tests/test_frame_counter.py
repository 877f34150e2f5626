"""The frame counter in a picture: what is written is read back, and nothing else is."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.feeds.encode import PictureEncoder
from liveshow.feeds.frame_counter import NUMBERS, draw_counter, read_counter
from liveshow.feeds.simulated_stage import Role, StagePicture
from liveshow.timebase import SECOND
from tests.film import Grey, frames_of, grey

SIZES = st.sampled_from([(160, 90), (320, 180), (642, 360), (180, 320)])


def through_encoder(drawn: list[Grey], width: int, height: int) -> list[Grey]:
    """Pictures (yuv420p) encoded and decoded again."""
    encoder = PictureEncoder(width, height, Fraction(30), "yuv420p", hardware=False)
    packets = [packet for k, picture in enumerate(drawn) for packet in encoder.encode(picture, k * 3000)]
    seen = grey(frames_of(encoder.format, packets))
    encoder.close()
    return seen


@cache
def lit_stage(width: int, height: int) -> StagePicture:
    """A stage with one performer on it."""
    stage = StagePicture(width, height, "cam", [Role("ana", "Ana", 0)])
    stage.light(["ana"])
    return stage


@settings(max_examples=25, deadline=None)
@given(first=st.integers(0, NUMBERS - 1), size=SIZES, flash=st.integers(0, 3))
def test_counter_survives_the_encoder(first: int, size: tuple[int, int], flash: int) -> None:
    """Every number comes back from encoded pictures of every size, the white one of a clap included."""
    stage = lit_stage(*size)
    drawn = [stage.draw(first + k, k * SECOND // 30, flash=k == flash).copy() for k in range(4)]
    read = [read_counter(picture) for picture in through_encoder(drawn, *size)]
    assert read == [(first + k) % NUMBERS for k in range(4)]


@settings(deadline=None)
@given(number=st.integers(0, NUMBERS - 1), width=st.integers(80, 700))
def test_counter_is_read_at_any_width(number: int, width: int) -> None:
    """The strip is proportional to the picture: no width has cells that are read in the wrong place."""
    picture = np.zeros((90, width), np.uint8)
    picture[:] = draw_counter(number, width)
    assert read_counter(picture) == number


@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_picture_has_no_number(level: int) -> None:
    """A black, grey or white picture reads as None and not as a number."""
    assert read_counter(np.full((180, 320), level, np.uint8)) is None


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), number=st.integers(0, NUMBERS - 1), at=st.integers(64, 256))
def test_damaged_strip_has_no_number(seed: int, number: int, at: int) -> None:
    """Noise, and a strip whose right part is another picture's, read as None or as what the strip really says."""
    noise = np.random.default_rng(seed).integers(0, 256, (180, 320), dtype=np.uint8)
    assert read_counter(noise) is None
    torn = np.concatenate((draw_counter(number, 320)[:at], draw_counter(number ^ 0x5A5A5A, 320)[at:]))
    assert read_counter(np.tile(torn, (180, 1))) in (None, number, number ^ 0x5A5A5A)
