"""The ring between a sound callback and its reader, and what becomes of the samples in it."""

import threading
from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liveshow.feeds.ring import Ring, to_int32

SLOTS, SLOT_FRAMES, CHANNELS = 5, 4, 3
words = st.integers(-(2**23), 2**23 - 1)
putting = st.tuples(st.just("put"), st.integers(1, 11), st.booleans())
taking = st.tuples(st.just("take"), st.integers(1, 7), st.just(False))


def numbered(first: int, frames: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Samples that name their place, exact in 24 bits: frame × channels + channel."""
    numbers = np.arange(first * CHANNELS, (first + frames) * CHANNELS, dtype=np.float32)
    return numbers.reshape(frames, CHANNELS) / np.float32(2**23)


@given(st.lists(words, min_size=1, max_size=50))
def test_24_bit_samples_are_exact(samples: list[int]) -> None:
    """What a 24-bit device gives as floats comes out as the same words, in the upper 24 bits and nothing below them."""
    floats = np.array(samples, np.float32)[:, None] / np.float32(2**23)
    assert (to_int32(floats)[:, 0] == np.array(samples, np.int64) * 256).all()


@given(arrays(np.float32, (20, 2)))
def test_no_float_whatever_wraps_around(floats: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    """Beyond full scale samples stay at full scale with their sign, infinite ones too; what is no number is silence."""
    given_floats = floats.astype(np.float64)
    limited = np.clip(np.where(np.isnan(given_floats), 0, given_floats), -1, 1 - 2**-23)
    assert (to_int32(floats) == np.trunc(limited * 2**31)).all()


@given(st.lists(st.one_of(putting, taking), max_size=60))
def test_what_fits_comes_out_in_order_and_what_does_not_is_marked(steps: list[tuple[str, int, bool]]) -> None:
    """Whatever the order of puts and takes, samples come out once, in order, with the time of the last, and a loss is marked
    before the sample that follows it and nowhere else."""
    ring = Ring(SLOTS, SLOT_FRAMES, CHANNELS)
    model: deque[tuple[int, int, int, bool]] = deque()  # first, frames, at, after a loss
    frame, losing = 0, False
    for at, (step, size, flag) in enumerate(steps):
        if step == "put":
            ring.put(numbered(frame, size), at, flag)
            for begin in range(0, size, SLOT_FRAMES):
                frames = min(SLOT_FRAMES, size - begin)
                if len(model) == SLOTS:
                    losing = True
                else:
                    model.append((frame + begin, frames, at, losing or (flag and begin == 0)))
                    losing = False
            frame += size
        else:
            expected = [model.popleft()] if model else []
            while model and len(expected) < size and not model[0][3]:
                expected.append(model.popleft())
            taken = ring.take(size)
            assert (taken is None) == (not expected)
            if taken is not None:
                whole = np.concatenate([numbered(first, frames) for first, frames, _, _ in expected])
                assert (taken.samples == to_int32(whole)).all()
                assert (taken.at, taken.after_loss) == (expected[-1][2], expected[0][3])
        assert ring.waiting == len(model)


def test_a_writer_and_a_reader_at_once_lose_nothing_unsaid() -> None:
    """With two threads at work, every sample is either read whole and in its place, or missing where a loss is marked."""
    ring, total = Ring(8, 16, CHANNELS), 4000

    def write() -> None:
        for n in range(total):
            ring.put(numbered(n * 16, 16), n, False)

    writer = threading.Thread(target=write)
    writer.start()
    expected = 0
    while writer.is_alive() or ring.waiting:
        taken = ring.take(3)
        if taken is None:
            continue
        numbers = taken.samples[:, 0].astype(np.int64) // 256 // CHANNELS
        assert taken.after_loss == (numbers[0] != expected)
        assert (np.diff(numbers) == 1).all()
        expected = int(numbers[-1]) + 1
    assert expected > 0
