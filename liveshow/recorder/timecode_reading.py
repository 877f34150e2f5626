"""The house's timecode, read from a microphone's channel as it is recorded.

Frames are found in samples of the recording and brought to the show clock by the same observations that the recording's timing is
made of, so that what a clip is labelled with is what was on that channel at that sample.
"""

from __future__ import annotations

import logging
from collections import deque
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from liveshow.events import TimecodeLost, TimecodeTied
from liveshow.model import Feed
from liveshow.recorder.link import WorkerLink
from liveshow.timebase import MILLISECOND, SECOND
from liveshow.timebase.anchor import Anchor, Follower
from liveshow.timebase.drift import ClockMap, fit
from liveshow.timebase.ltc import LtcDecoder

OBSERVE_EVERY = SECOND // 4
OBSERVATIONS = 2400  # of the last ten minutes
JITTER = 20_000  # ns by which the beginning of a frame, as decoded, may be off
SCALE = np.float32(2**-31)
log = logging.getLogger(__name__)


class TimecodeReading:
    """Reads one channel. `newest`: the timecode that was heard last, "" when none is. Whatever goes wrong in here ends the reading until
    the device is opened again, and never the recording."""

    def __init__(self, feed: Feed, link: WorkerLink) -> None:
        self.feed, self.newest = feed, ""
        self._link = link
        self._run, self._position, self._delay = "", 0, round(feed.delay_ms * MILLISECOND)
        self._decoder: LtcDecoder | None = None
        self._follower = Follower(JITTER)
        self._clock = _RunClock(1)

    def begin(self, run: str, sample_rate: int) -> None:
        """The device was opened; its sample 0 comes next."""
        self._run, self._position = run, 0
        self._decoder, self._clock = LtcDecoder(sample_rate), _RunClock(sample_rate)

    def hear(self, samples: NDArray[np.int32], missing: int, arrival: int) -> None:
        """Samples of the channel, at hand at show-clock ns `arrival`, after so many that are missing."""
        if self._decoder is None:
            return
        try:
            self._hear(self._decoder, samples, missing, arrival)
        except Exception:
            log.exception("the timecode on %s cannot be read", self.feed.id)
            self._decoder = None
            self.end()

    def end(self) -> None:
        """The device is lost: so is its timecode."""
        self._lost(self._follower.lose())

    def _hear(self, decoder: LtcDecoder, samples: NDArray[np.int32], missing: int, arrival: int) -> None:
        if missing:
            decoder.skip(missing)
        self._position += missing + len(samples)
        self._clock.observe(self._position, arrival)
        for frame in decoder.feed(samples.astype(np.float32) * SCALE):
            self.newest = frame.timecode
            anchor = self._follower.frame(frame.timecode, self._clock.to_ns(frame.begin) - self._delay)
            if anchor is not None:
                self._tied(anchor)
        self._lost(self._follower.silent(self._clock.to_ns(self._position) - self._delay))

    def _tied(self, anchor: Anchor) -> None:
        event = TimecodeTied(t=anchor.at, feed=self.feed.id, timecode=anchor.timecode, rate=str(anchor.rate))
        self._link.report(event, self._run)

    def _lost(self, since: int | None) -> None:
        if since is not None:
            self.newest = ""
            self._link.report(TimecodeLost(t=since, feed=self.feed.id), self._run)


class _RunClock:
    """From device positions to the show clock, by what was observed so far; looked at anew as that grows, at least every ten
    seconds."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._seen: deque[tuple[int, int]] = deque(maxlen=OBSERVATIONS)
        self._map: ClockMap | None = None
        self._fit_at = 0

    def observe(self, position: int, arrival: int) -> None:
        """The first `position` samples were at hand at show-clock ns `arrival`."""
        if not self._seen or arrival - self._seen[-1][1] >= OBSERVE_EVERY:
            self._seen.append((position, arrival))
        if position >= self._fit_at:
            positions, seen = zip(*self._seen, strict=True)
            self._map = fit(positions, seen, Fraction(self._rate))
            self._fit_at = position + min(max(position // 4, self._rate // 4), 10 * self._rate)

    def to_ns(self, position: float) -> int:
        """Show-clock ns of a position."""
        return self._map.to_ns(position) if self._map else 0
