"""What can be wrong with clocks: that of a feed against the show clock, and the machine's wall clock.

Drift alone is no fault: it is measured all evening and corrected wherever clips meet (:mod:`liveshow.timebase.drift`). It is one when it
is more than any working crystal has, for then the device runs on the wrong clock; and when it is not steady, for what jumps within
minutes is not followed. Then sound and picture part: EBU R 37 allows sound 5 ms too early and 15 ms too late. A device that is off by 300
ppm, half as much again as `drift` allows, can be told from one that is right after 40 seconds at the earliest, in which it has run away
by 12 ms, and later where what it delivers comes irregularly; one that is off by more, sooner.
"""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.events import ClockTied
from liveshow.model import Feed, FeedKind
from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.feeds import together
from liveshow.recorder.conditions.sight import Sight
from liveshow.timebase import SECOND

EARLY, LATE = 5.0, 15.0  # ms
STEPPED = SECOND // 10  # of the wall clock


def drifting(sight: Sight) -> Iterator[Condition]:
    """A clock that is further off than any working crystal."""

    def of(feed: Feed) -> Condition | None:
        look, limit = sight.look(feed), feed.alarms.drift
        if look is None or look.ppm is None or not limit or abs(look.ppm) - look.unsure * 1000 / look.measured <= limit:
            return None
        what = f"its clock is off by {look.ppm:+.0f} ppm, {abs(look.ppm) * 0.06:.0f} ms a minute"
        return Condition(feed.id, "drift", Rank.QUALITY, what, "set the device to its own clock, or to the house's word clock")

    return together(sight, of)


def out_of_step(sight: Sight) -> Iterator[Condition]:
    """Sound that came to lie too early or too late against the pictures, or pictures against the sound."""

    def of(feed: Feed) -> Condition | None:
        look = sight.look(feed)
        if look is None or look.jump is None or not feed.alarms.drift:
            return None
        early, late = (EARLY, LATE) if feed.kind is FeedKind.MIC else (LATE, EARLY)
        if -early <= look.jump <= late:
            return None
        what = f"lies {abs(look.jump):.0f} ms {'later' if look.jump > 0 else 'earlier'} than a minute ago"
        todo = "check its connection; at the edit, check lip-sync from here on"
        return Condition(feed.id, "sync", Rank.QUALITY, what, todo)

    return together(sight, of)


def clock_set(sight: Sight) -> Iterator[Condition]:
    """Somebody, or a time server, sets this machine's clock."""
    steps = [e.step for e in sight.recent if isinstance(e, ClockTied) and abs(e.step) >= STEPPED]
    if steps:
        what = (
            f"this machine's clock was set by {sum(steps) / SECOND:+.1f} s{f' in {len(steps)} steps' if len(steps) > 1 else ''}"
        )
        todo = "recordings keep the time they had; do not set the clock during a show"
        yield Condition("clock", "set", Rank.QUALITY, what, todo, after=0)
