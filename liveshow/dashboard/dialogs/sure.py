"""Enter that asks, and Enter that means it: two presses, not one that was held down."""

from __future__ import annotations

from collections.abc import Callable

from liveshow.recorder.haste import Guard


class Sure:
    """What was asked about, if anything. `now_ns` is the host's monotonic clock."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns, self._guard = now_ns, Guard()
        self._asked, self._counted = "", False

    def asks(self, about: str) -> bool:
        """Enter was pressed on this: whether the question is new, and has to be put."""
        new = about != self._asked
        self._asked = about
        self._counted = self._guard.counts("enter", "enter", self._now_ns())
        return new

    @property
    def meant(self) -> bool:
        """Whether the last press was one of its own, and not the one before held down or doubled in haste."""
        return self._counted

    def forget(self) -> None:
        """Nothing was asked."""
        self._asked = ""
