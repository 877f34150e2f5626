"""How often each microphone was at full scale lately, from the counts its worker sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from liveshow.events import FeedHealth
from liveshow.timebase import SECOND

LATELY = 10 * SECOND


@dataclass(frozen=True, slots=True)
class Clips:
    """`totals`: the counts as last heard; `found`: (when, in ns; feed; samples more) of the last ten seconds."""

    totals: Mapping[str, int] = field(default_factory=dict)
    found: tuple[tuple[int, str, int], ...] = ()

    def heard(self, feeds: Mapping[str, FeedHealth], now: int) -> Clips:
        """After the newest health. A count that is new, or that a new worker began again, adds nothing."""
        totals = {feed: health.clipped for feed, health in feeds.items()}
        more = tuple((now, feed, count - self.totals.get(feed, count)) for feed, count in totals.items())
        fresh = tuple(each for each in self.found if now - each[0] < LATELY)
        return Clips(totals, (*fresh, *(each for each in more if each[2] > 0)))

    def lately(self) -> Mapping[str, int]:
        """Samples at full scale by feed, of those that had any."""
        counts: Counter[str] = Counter()
        for _, feed, count in self.found:
            counts[feed] += count
        return counts
