"""The house's timecode, as one channel of a simulated sound device hears it: LTC that counts by the show clock, whatever the device's
own clock does. Options of its source, besides those in :mod:`liveshow.feeds.simulated_source`:

=============== ===========================================================================================================
ltc             the channel that carries it, counted from 1 (none)
ltc_rate        frames a second; at 30000/1001 it is drop-frame (25)
ltc_from        the timecode when the device is first opened, in seconds since 00:00:00:00 (36000, which is 10:00:00:00)
ltc_jump_at     so many seconds after that it jumps (never)
ltc_jump        how far, in seconds (60)
ltc_off_at      so many seconds after that nobody sends it any more (never)
ltc_back_at     so many seconds after that it is sent again (never)
=============== ===========================================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from liveshow.feeds.base import Samples
from liveshow.feeds.simulated_source import Timing, within
from liveshow.timebase import SECOND, is_drop_frame
from liveshow.timebase.ltc import encode_ltc

LEVEL = 0.25  # -12 dBFS


@dataclass(frozen=True, slots=True)
class TimecodeOptions(Timing):
    """See above. Times are negative for never."""

    ltc: int = field(default=0, metadata=within(0, 64))
    ltc_rate: Fraction = field(default=Fraction(25), metadata=within(23, 30))
    ltc_from: float = field(default=36_000.0, metadata=within(0, 86_400))
    ltc_jump_at: float = field(default=-1.0, metadata=within(0, 1e6))
    ltc_jump: float = field(default=60.0, metadata=within(-86_400, 86_400))
    ltc_off_at: float = field(default=-1.0, metadata=within(0, 1e6))
    ltc_back_at: float = field(default=-1.0, metadata=within(0, 1e6))


class TimecodeSignal:
    """Its first frame begins at show-clock ns `origin`, the first time that the device was opened."""

    def __init__(self, options: TimecodeOptions, origin: int) -> None:
        self._options, self._origin = options, origin
        self._first = round(options.ltc_from * options.ltc_rate)

    def put(self, samples: Samples, first: int, opened: int, true_rate: Fraction) -> None:
        """Into its channel of a block whose sample 0 has the number `first` since the device was opened, at show-clock ns `opened`;
        `true_rate` samples to a second of the show clock."""
        options, frame = self._options, true_rate / self._options.ltc_rate
        channel = samples[:, options.ltc - 1]
        begin = first + round((opened - self._origin) * true_rate / SECOND)
        jump = (
            -int(-round(options.ltc_jump_at * options.ltc_rate) * frame // 1) - begin
            if options.ltc_jump_at >= 0
            else channel.size
        )
        jump = min(max(jump, 0), channel.size)
        self._write(channel[:jump], begin, 0, frame)
        self._write(channel[jump:], begin + jump, round(options.ltc_jump * options.ltc_rate), frame)
        if options.ltc_off_at >= 0:
            off, back = (max(0, round(at * true_rate) - begin) for at in (options.ltc_off_at, options.ltc_back_at))
            channel[off : back if options.ltc_back_at >= 0 else None] = 0

    def _write(self, channel: Samples, begin: int, ahead: int, frame: Fraction) -> None:
        if channel.size:
            rate, span = self._options.ltc_rate, range(begin, begin + channel.size)
            signal = encode_ltc(span, self._first + ahead, frame, rate, drop=is_drop_frame(rate), level=LEVEL)
            channel[:] = (signal * np.float32(2**31)).astype(np.int32) & ~0xFF
