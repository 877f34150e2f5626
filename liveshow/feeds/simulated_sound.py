"""The simulated sound device: up to 64 microphones, and a voice of its own for each performer.

A feed hears the performers patched to it, while they are on stage; a shared feed with nobody patched hears all of them, as
from further away. Otherwise there is a faint noise, and on every channel the claps. Options of its source, besides those in
:mod:`liveshow.feeds.simulated_source` and those of the house's timecode in :mod:`liveshow.feeds.simulated_timecode`:

=============== ===========================================================================================================
signal          voices, or counter: every sample names its channel and its number, and there are no claps (voices)
overflow_at     so many seconds after each opening samples are lost (never)
overflow_frames how many of each channel (4800)
flag            1: the device says so (`overflow`), 0: only the clock tells (1)
=============== ===========================================================================================================

Sample n begins at start + n / (sample rate · (1 + ppm · 10⁻⁶)); a clap begins with the sample that covers its instant. 24 bit.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds.base import Block, Capture, Kind, Patched, Samples, SoundFormat
from liveshow.feeds.simulated_source import DeviceClock, Pace, fault_of, one_of, options_of, within
from liveshow.feeds.simulated_timecode import TimecodeOptions, TimecodeSignal
from liveshow.feeds.voice import click, noise, voice
from liveshow.timebase import SECOND

BLOCK = 1024
MOST_CHANNELS = 64
NOISE_DBFS = -70.0
FAR = 0.2
PRIME = 2**24 - 3
FIRST_STRIDE, EPOCHS = 5_000_011, 128


@dataclass(frozen=True, slots=True)
class SoundOptions(TimecodeOptions):
    """The options of a simulated sound device, see above."""

    signal: str = field(default="voices", metadata=one_of("voices", "counter"))
    overflow_at: float = field(default=-1.0, metadata=within(0, 1e6))
    overflow_frames: int = field(default=4800, metadata=within(1, 10**7))
    flag: int = field(default=1, metadata=within(0, 1))


class SimulatedSound:
    """See :class:`liveshow.feeds.base.SoundDevice`."""

    def __init__(self, capture: Capture) -> None:
        self._capture, self._device = capture, capture.device
        self._channels = max(feed.channel for feed in capture.device.feeds)
        self._on: Patched = {}
        self._stage: Stage | None = None
        self._take: _Take | None = None
        self._timecode: TimecodeSignal | None = None

    def open(self) -> SoundFormat:
        """Begin with sample 0, now. Raises FeedError for a source with a wrong option."""
        options = options_of(self._capture, SoundOptions)
        if self._channels > MOST_CHANNELS:
            what = f"channel {self._channels} of a simulated device"
            raise FeedError(what, where=self._device.id, todo=f"use channels 1 to {MOST_CHANNELS}")
        if self._stage is None and options.signal == "voices":
            self._stage = Stage(self._capture, self._channels, options.seed)
        self._take = _Take(self._capture, options)
        if self._timecode is None and 0 < options.ltc <= self._channels:
            self._timecode = TimecodeSignal(options, self._take.clock.start)
        return SoundFormat(self._device.sample_rate, self._channels, f"simulated {options.signal}, 24 bit")

    def read(self) -> Block | None:
        """The next 1024 samples of every channel, when they are due."""
        take = self._take
        if take is None:
            raise FeedLost("it is not open", where=self._device.id)
        if not take.pace.wait(take.due):
            return None
        if self._stage is None:
            samples = named_samples(self._channels, take.true, BLOCK)
        else:
            samples = self._stage.block(take.true, BLOCK, self._on)
            take.add_claps(samples)
        if self._timecode is not None:
            self._timecode.put(samples, take.true, take.clock.start, take.clock.true_rate)
        block = Block(take.first, samples, take.due, overflow=take.flagged)
        take.next()
        return block

    def close(self) -> None:
        """Nothing is held."""
        self._take = None

    def cue(self, on: Patched) -> None:
        """These speak into what is theirs from the next block on."""
        self._on = dict(on)


class _Take:
    """One opening: how many samples were delivered (`first`), and which number the device gave the next one (`true`)."""

    def __init__(self, capture: Capture, options: SoundOptions) -> None:
        rate = capture.device.sample_rate
        self.pace = Pace(capture, options)
        self.clock = DeviceClock.of(self.pace.start, rate, options.ppm)
        self.first = self.true = 0
        self.flagged = False
        self._options = options
        self._click = click(rate)
        self._lose_at = round(options.overflow_at * rate) if options.overflow_at >= 0 else None
        self._begin()

    def next(self) -> None:
        """Go on to the next block."""
        self.first += BLOCK
        self.true += BLOCK
        self._begin()

    def add_claps(self, samples: Samples) -> None:
        """Put a click at every clap; one that began in the block before goes on."""
        every, length = round(self._options.clap * SECOND), self._click.size
        for sample in self.clock.claps(self.true - length, BLOCK + length, every):
            at = sample - self.true
            heard = self._click[max(0, -at) : BLOCK - at]
            samples[max(0, at) : max(0, at) + heard.size] = heard[:, None]

    def _begin(self) -> None:
        self.flagged = False
        if self._lose_at is not None and self.true >= self._lose_at:
            self.true += self._options.overflow_frames
            self.flagged, self._lose_at = bool(self._options.flag), None
        self.due = self.pace.arrival(self.clock.time_of(self.true + BLOCK))


class Stage:
    """What the microphones of a device hear. Everything is computed beforehand; a block is a few sums."""

    def __init__(self, capture: Capture, channels: int, seed: int) -> None:
        rate = capture.device.sample_rate
        names = list(capture.performers)
        self._floor = _floor(channels, rate, seed + zlib.crc32(capture.device.id.encode()))
        self._loops = {performer: voice(performer, index, rate) for index, performer in enumerate(names)}
        self._channels = {feed.id: feed.channel - 1 for feed in capture.device.feeds}
        self._far = [feed.id for feed in capture.device.feeds if feed.shared and not capture.patched.get(feed.id)]
        self._gains: dict[tuple[str, str], float] = {}  # performer and feed

    def block(self, number: int, count: int, on: Patched) -> Samples:
        """The samples [number, number + count) of every channel, shape (count, channels). Coming on and off is faded."""
        begin = number % (self._floor.shape[0] - count)
        samples = self._floor[begin : begin + count].copy()
        gains = self._heard(on)
        for performer, loop in self._loops.items():
            feeds = [feed for feed in self._channels if (performer, feed) in gains.keys() | self._gains.keys()]
            spoken = loop[np.arange(number, number + count) % loop.size] if feeds else loop[:0]
            for feed in feeds:
                before, after = self._gains.get((performer, feed), 0.0), gains.get((performer, feed), 0.0)
                _mix(samples[:, self._channels[feed]], spoken, np.linspace(before, after, count, dtype=np.float32))
        self._gains = gains
        return samples

    def _heard(self, on: Patched) -> dict[tuple[str, str], float]:
        near = {(performer, feed): 1.0 for performer, feeds in on.items() for feed in feeds if feed in self._channels}
        return {(performer, feed): FAR for performer in on for feed in self._far} | near


def _mix(channel: Samples, spoken: Samples, gain: NDArray[np.float32]) -> None:
    mixed = channel + (spoken * gain).astype(np.int64)
    channel[:] = np.clip(mixed, -(2**31), 2**31 - 256) & ~0xFF


def _floor(channels: int, sample_rate: int, seed: int) -> Samples:
    """A second of faint noise, shape (samples, channels), and a block more so that it can be read on past its end."""
    samples = sample_rate + BLOCK
    return noise(seed % 2**32, samples * channels, NOISE_DBFS).reshape(samples, channels)


def named_samples(channels: int, first: int, count: int) -> Samples:
    """Samples that say which they are, shape (count, channels), for the frames [first, first + count).

    Frame n of channel c (from 0) lies in epoch e = n div (P - 1), P = 2²⁴ - 3 (a prime), and its upper 24 bits hold
    (5 000 011 + 128 c + e) · (1 + n mod (P - 1)) mod P: never 0, and the difference of neighbours names channel and epoch.
    """
    epochs, places = np.divmod(np.arange(first, first + count, dtype=np.int64), PRIME - 1)
    strides = FIRST_STRIDE + EPOCHS * np.arange(channels) + epochs[:, None]
    words: NDArray[np.int64] = strides * (places[:, None] + 1) % PRIME
    return (words << 8).astype(np.uint32).view(np.int32)


KIND = Kind(name="simulated sound", schemes=("simulated",), camera=None, sound=SimulatedSound, check=fault_of(SoundOptions))
