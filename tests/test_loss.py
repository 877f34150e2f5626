"""Samples that a device lost are found by the clock, to a millisecond; a busy machine is not mistaken for a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveshow.feeds.base import Block
from liveshow.recorder.loss import Checked, LossWatch
from liveshow.timebase import SECOND

RATE, BLOCK = 48_000, 1024
MS = RATE // 1000  # samples of a millisecond
SILENT = np.zeros((BLOCK, 1), np.int32)
BEGAN = 10**15

seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Device:
    """A simulated sound device. ppm: its clock is fast by so much; jitter: mean (ms) of an exponential delay of each block.

    lost: samples missing before a block; flagged: blocks with the overflow flag; busy: (from, until) in seconds, in which the
    machine takes nothing and then all at once.
    """

    ppm: float = 0.0
    jitter: float = 0.5
    seed: int = 0
    lost: Mapping[int, int] = field(default_factory=dict)
    flagged: Sequence[int] = ()
    busy: Sequence[tuple[float, float]] = ()

    def blocks(self, seconds: float) -> list[Block]:
        """What it delivers."""
        count = int(seconds * RATE / BLOCK)
        gone = np.cumsum([self.lost.get(k, 0) for k in range(count)])
        device_time = (np.arange(1, count + 1) * BLOCK + gone) / RATE
        arrivals = device_time / (1 + self.ppm * 1e-6) + np.random.default_rng(self.seed).exponential(self.jitter / 1000, count)
        for start, until in self.busy:
            arrivals[(arrivals >= start) & (arrivals < until)] = until
        arrivals = np.maximum.accumulate(arrivals)
        return [Block(k * BLOCK, SILENT, BEGAN + int(at * SECOND), k in self.flagged) for k, at in enumerate(arrivals)]

    def watched(self, seconds: float) -> list[Checked]:
        """What a watch makes of it; it gives every block once and in order."""
        watch, blocks = LossWatch(RATE), self.blocks(seconds)
        checked = [one for block in blocks for one in watch.take(block)] + watch.release()
        assert [one.block for one in checked] == blocks
        return checked

    def found(self, seconds: float) -> dict[int, int]:
        """Samples found missing, by the number of the block that they are missing before."""
        return {one.block.first // BLOCK: one.missing for one in self.watched(seconds) if one.missing}


def block_at(seconds: float) -> int:
    return int(seconds * RATE / BLOCK)


# Losses ----------------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(60 * MS, 20 * RATE), st.floats(2, 25), st.floats(0, 1), st.booleans(), seeds)
def test_a_loss_is_found_to_the_millisecond(lost: int, after: float, jitter: float, flagged: bool, seed: int) -> None:
    """Whether the device says so or not, 60 ms and more that are missing are found where they are missing, and how many."""
    at = block_at(after)
    found = Device(jitter=jitter, seed=seed, lost={at: lost}, flagged=[at] if flagged else []).found(after + 4)
    assert list(found) == [at]
    assert abs(found[at] - lost) <= MS


@settings(max_examples=20)
@given(st.integers(5 * MS, 60 * MS), st.floats(2, 25), seeds)
def test_a_flagged_loss_may_be_shorter(lost: int, after: float, seed: int) -> None:
    """When the device says that something is missing, already 5 ms are found."""
    at = block_at(after)
    found = Device(seed=seed, lost={at: lost}, flagged=[at]).found(after + 4)
    assert list(found) == [at]
    assert abs(found[at] - lost) <= MS


@settings(max_examples=20)
@given(st.lists(st.integers(60 * MS, 3 * RATE), min_size=2, max_size=6), seeds)
def test_losses_one_after_another_add_up(lost: list[int], seed: int) -> None:
    """Each of several losses is found, and later samples are in their place: the sum is right to a millisecond."""
    where = {block_at(5 + 3 * k): samples for k, samples in enumerate(lost)}
    found = Device(seed=seed, lost=where).found(5 + 3 * len(lost) + 3)
    assert list(found) == list(where)
    assert abs(sum(found.values()) - sum(lost)) <= MS


def test_two_losses_within_a_second_are_one_gap_or_two_but_none_is_forgotten() -> None:
    """A loss while an earlier one is still being looked at is found as well, a second later at most."""
    first, second = block_at(10), block_at(10.4)
    found = Device(lost={first: 9600, second: 4800}).found(20)
    assert min(found) == first
    assert max(found) <= block_at(11.5)
    assert abs(sum(found.values()) - 14_400) <= MS


@pytest.mark.parametrize("ppm", [-100, 100])
def test_a_loss_on_a_drifting_clock(ppm: float) -> None:
    """A clock that is 100 ppm off moves the result by less than the millisecond that it gains or loses in the watch's memory."""
    at = block_at(100)
    found = Device(ppm=ppm, lost={at: 4800}, flagged=[at]).found(110)
    assert list(found) == [at]
    assert abs(found[at] - 4800) <= 1.5 * MS


def test_a_loss_while_the_machine_is_busy() -> None:
    """Samples lost in the middle of half a second in which nothing was taken are found once the machine is itself again."""
    at = block_at(10.5)
    found = Device(lost={at: 9600}, flagged=[at], busy=[(10.2, 10.7)]).found(20)
    assert block_at(10) <= min(found) <= at
    assert abs(sum(found.values()) - 9600) <= MS


def test_a_clock_that_stood_still_is_time_that_passed() -> None:
    """A device whose clock stops (JACK, when a client is late) loses no sample, but the show went on without it: the watch finds
    that time missing, as it must, for a clap after it would be early otherwise."""
    at = block_at(10)
    assert Device(lost={at: 1024}, flagged=[at]).found(15) == pytest.approx({at: 1024}, abs=MS)


def test_a_device_that_restarts_is_watched_anew() -> None:
    """What is held when a recording ends is given back as it came, nothing added."""
    at = block_at(10)
    checked = Device(lost={at: RATE}).watched(10.5)
    assert [one.missing for one in checked] == [0] * len(checked)


# No losses -------------------------------------------------------------------------------------------------------

bursts = st.lists(st.tuples(st.floats(2, 50), st.floats(0.01, 0.9)), max_size=4)


@settings(max_examples=20)
@given(bursts, st.floats(0, 3), seeds)
def test_a_busy_machine_has_lost_nothing(busy: list[tuple[float, float]], jitter: float, seed: int) -> None:
    """Blocks that all come at once after up to 0.9 s, again and again, are late and nothing else."""
    apart = [(start, start + length) for start, length in busy if all(abs(start - s) > 3 or s == start for s, _ in busy)]
    assert Device(jitter=jitter, seed=seed, busy=apart).found(55) == {}


@pytest.mark.parametrize(("ppm", "minutes"), [(-100, 60), (100, 60), (-300, 5), (300, 5)])
def test_a_clock_that_is_off_has_lost_nothing(ppm: float, minutes: int) -> None:
    """An hour on a clock that is off, with a burst of delay every minute, has no gap."""
    busy = [(60.0 * minute, 60.0 * minute + 0.85) for minute in range(1, minutes)]
    assert Device(ppm=ppm, busy=busy).found(60 * minutes) == {}


@settings(max_examples=20)
@given(st.sets(st.floats(2, 50), max_size=5), st.floats(-100, 100), st.floats(0, 1), seeds)
def test_a_flag_alone_is_no_loss(flags: set[float], ppm: float, jitter: float, seed: int) -> None:
    """A device that cries overflow and has lost nothing gets no silence, also on a clock that is off; the flag is passed on."""
    flagged = sorted(set(map(block_at, flags)))
    checked = Device(ppm=ppm, jitter=jitter, seed=seed, flagged=flagged).watched(55)
    assert {one.block.first // BLOCK: one.missing for one in checked if one.missing} == {}
    assert [one.block.first // BLOCK for one in checked if one.flagged] == flagged


def test_the_first_second_only_settles() -> None:
    """Whatever the start of a stream looks like, it is the measure and no loss."""
    assert Device(busy=[(0, 0.8)], lost={3: 9600}).found(30) == {}


def test_jitter_grows_with_a_rehearsal_s_speed() -> None:
    """On a show clock that runs twenty times faster the host's delays are twenty times longer, and still nothing is lost."""
    watch, speed = LossWatch(RATE, speed=20), 20
    blocks = Device(jitter=0.5 * speed, busy=[(40, 40 + 0.4 * speed)]).blocks(120)
    checked = [one for block in blocks for one in watch.take(block)] + watch.release()
    assert [one.block for one in checked] == blocks
    assert sum(one.missing for one in checked) == 0


@given(st.lists(st.tuples(st.integers(0, 3 * SECOND), st.booleans(), st.integers(1, 4096)), max_size=200))
def test_no_block_is_lost_by_the_watch_itself(said: list[tuple[int, bool, int]]) -> None:
    """Whatever times and flags blocks have, each comes out once, in order, and no gap is negative."""
    watch, blocks, first, at = LossWatch(RATE), list[Block](), 0, BEGAN
    for step, overflow, length in said:
        at += step
        blocks.append(Block(first, np.zeros((length, 1), np.int32), at, overflow))
        first += length
    checked = [one for block in blocks for one in watch.take(block)] + watch.release()
    assert [one.block for one in checked] == blocks
    assert all(one.missing >= 0 for one in checked)
