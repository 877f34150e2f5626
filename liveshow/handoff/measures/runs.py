"""Where something holds for a while: runs of True in what comes block after block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Runs:
    """Finds runs of at least `least` in a row, also across blocks."""

    def __init__(self, least: int) -> None:
        self._least = max(1, least)
        self._at, self._begun = 0, -1
        self._found: list[tuple[int, int]] = []

    def take(self, block: NDArray[np.bool_]) -> None:
        """The next ones."""
        if block.any() or self._begun >= 0:
            turns = np.flatnonzero(np.diff(np.concatenate(([self._begun >= 0], block)).astype(np.int8)))
            for turn in turns:
                self._turn(self._at + int(turn))
        self._at += block.size

    def _turn(self, at: int) -> None:
        if self._begun < 0:
            self._begun = at
            return
        if at - self._begun >= self._least:
            self._found.append((self._begun, at - self._begun))
        self._begun = -1

    def end(self) -> list[tuple[int, int]]:
        """All runs, as (position of the first, how many)."""
        if self._begun >= 0:
            self._turn(self._at)
        return self._found
