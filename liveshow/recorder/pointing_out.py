"""Has the tag guard look at every message of the microphones, beside the recording and whether anybody watches or not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from liveshow.events import FeedHealth, Hint
from liveshow.model import Setup
from liveshow.recorder.hint_book import Fix
from liveshow.recorder.tag_guard import TagGuard
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import ShowClock

LOOK_EVERY = 1 / 15


class PointingOut:
    """`sight` gives the feeds' health and what the journal says; None when the show is being ended. `hints` are what stands."""

    def __init__(
        self,
        setup: Setup,
        journal: Journal,
        clock: ShowClock,
        sight: Callable[[], tuple[Mapping[str, FeedHealth], ShowState] | None],
    ) -> None:
        self.hints: tuple[Hint, ...] = ()
        self._setup, self._journal, self._clock, self._sight = setup, journal, clock, sight

    async def run(self) -> None:
        """Look until there is nothing to look at any more. Called again after a fault it begins with a new guard."""
        self.hints = ()
        guard = TagGuard(self._setup)
        while (seen := self._sight()) is not None:
            guard.look(self._clock.now(), *seen, self._would)
            self.hints = guard.hints
            await asyncio.sleep(LOOK_EVERY)
        self.hints = ()

    def _would(self, event: Fix) -> ShowState:
        """The state that there would be if this were said now."""
        events = self._journal.events
        return fold(self._setup, [*events, msgspec.structs.replace(event, n=events[-1].n + 1)])
