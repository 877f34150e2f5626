"""A button pressed twice in haste, that bounces or is held down, counts once: the same for keys, OSC and pedals."""

from __future__ import annotations

from liveshow.timebase import MILLISECOND

NEXT_IN_LINE = ("go", "go to", "undo", "take hint", "dismiss hint", "take", "dismiss")
"""What acts on another thing the second time, by the words of keys and of OSC addresses: it waits longer."""
WAITS = dict.fromkeys(NEXT_IN_LINE, 700 * MILLISECOND)
OTHER_WAIT = 300 * MILLISECOND
MOST_KEPT = 1000


class Guard:
    """Whether a press counts. Every press, counted or not, begins the wait anew, so that a key held down counts once."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def counts(self, action: str, about: str, at: int) -> bool:
        """A press of what `about` names, at host's monotonic ns; `action` is what it does."""
        last = self._last.pop(about, None)
        self._last[about] = at
        if len(self._last) > MOST_KEPT:
            del self._last[next(iter(self._last))]  # the one that was pressed longest ago
        return last is None or at - last >= WAITS.get(action, OTHER_WAIT)
