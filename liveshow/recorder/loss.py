"""Finds samples that a sound device lost, by the clock and not only by its word.

A block's last sample is at hand some time after it sounded; over many blocks the shortest such delay is steady. When blocks
come later than that by a constant that does not go away, as many samples are missing. PortAudio's overflow flag says that some
are, but not how many, and some host APIs never set it (PulseAudio: measured); a busy machine delays blocks without losing any. So
suspicious blocks are held for a moment: if their delay returns to what it was, nothing was lost; if not, the lasting part of it
is the length of the gap, which lies before the first held block.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from liveshow.feeds.base import Block
from liveshow.timebase import MILLISECOND, SECOND

HOLD = SECOND
UNFLAGGED = 40 * MILLISECOND
FLAGGED = 2 * MILLISECOND
SETTLE = SECOND
MEMORY = 6


@dataclass(frozen=True, slots=True)
class Checked:
    """A block, with the number of samples that are missing right before it, and whether the device said so."""

    block: Block
    missing: int = 0
    flagged: bool = False


class LossWatch:
    """Takes blocks in order and gives them back in order, now or a second later, with what is missing before them."""

    def __init__(self, sample_rate: int, speed: int = 1) -> None:
        """speed: that of the show clock; jitter is the host's and grows with it."""
        self._rate, self._speed = sample_rate, speed
        self._started: int | None = None
        self._added = 0
        self._minima: deque[tuple[int, int]] = deque()
        self._held: list[Block] = []
        self._excess: int | None = None

    def take(self, block: Block) -> list[Checked]:
        """What can be written now."""
        delay = self._delay(block)
        if self._started is None:
            self._started = block.arrival
        floor = self._floor()
        if floor is None or block.arrival - self._started < SETTLE * self._speed:
            self._remember(block.arrival, delay)
            return [Checked(block)]
        limit = self._speed * (FLAGGED if block.overflow or (self._held and self._held[0].overflow) else UNFLAGGED)
        if delay - floor <= limit and not (block.overflow and not self._held):
            self._remember(block.arrival, delay)
            return [*self.release(), Checked(block)]
        return self._hold(block, delay - floor)

    def release(self) -> list[Checked]:
        """The held blocks as they are: what held them up has gone, or the recording ends."""
        held, self._held, self._excess = self._held, [], None
        return [Checked(block, 0, block.overflow) for block in held]

    def _hold(self, block: Block, excess: int) -> list[Checked]:
        self._held.append(block)
        self._excess = excess if self._excess is None else min(self._excess, excess)
        if block.arrival - self._held[0].arrival < HOLD * self._speed:
            return []
        missing = max(0, round(self._excess * self._rate / SECOND))
        self._added += missing
        held, self._held, self._excess = self._held, [], None
        for kept in held:
            self._remember(kept.arrival, self._delay(kept))
        return [Checked(held[0], missing, held[0].overflow), *(Checked(kept) for kept in held[1:])]

    def _delay(self, block: Block) -> int:
        position = block.first + len(block.samples) + self._added
        return block.arrival - position * SECOND // self._rate

    def _remember(self, arrival: int, delay: int) -> None:
        """Keep the shortest delay of each of the last seconds (few: a clock 300 ppm off moves it by 2 ms in that time)."""
        second = arrival // (SECOND * self._speed)
        if self._minima and self._minima[-1][0] == second:
            self._minima[-1] = (second, min(delay, self._minima[-1][1]))
        else:
            self._minima.append((second, delay))
        while len(self._minima) > MEMORY:
            self._minima.popleft()

    def _floor(self) -> int | None:
        return min((delay for _, delay in self._minima), default=None)
