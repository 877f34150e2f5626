"""Whose turn it is: every feed about every two and a half seconds, and never more of a core than was allowed."""

from __future__ import annotations

from collections.abc import Iterable

EVERY = 2.5  # seconds between two looks at a feed
SHARE, SHARE_OF_ALL = 0.03, 0.4  # of a core: for one feed, and for all together


class Turns:
    """Times in seconds of any clock that goes on steadily."""

    def __init__(self, feeds: Iterable[str], now: float) -> None:
        """Those named last come last."""
        order = list(feeds)
        self._due = {feed: now + k * EVERY / len(order) for k, feed in enumerate(order)}
        self._rest = now

    def next(self) -> tuple[str, float]:
        """The feed whose turn is next, and when that is."""
        feed = min(self._due, key=self._due.__getitem__)
        return feed, max(self._due[feed], self._rest)

    def looked(self, feed: str, began: float, cost: float, at_least: float = EVERY) -> None:
        """A look that began at `began` cost so many seconds of a core: the dearer, the rarer."""
        self._due[feed] = began + max(at_least, cost / SHARE)
        self._rest = began + cost / SHARE_OF_ALL
