"""Looks about twice a second whether anything is wrong, and has it written down when an alarm comes or goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from liveshow.errors import MachineError
from liveshow.events import AlarmNow, JournalEvent
from liveshow.recorder.alarms import Alarms
from liveshow.recorder.clips import Clips
from liveshow.recorder.conditions import Sight, conditions
from liveshow.recorder.conditions.sound import NO_SIGNAL
from liveshow.showfolder.state import ShowState
from liveshow.timebase import ShowClock

LOOK_EVERY = 0.5
SHOWN_WITHIN = 0.15
"""Seconds after which an alarm is written down: on every screen by then, for a disk that is slow holds up whoever writes on it."""


class Watchman:
    """`sight` gives what the recorder sees, None when there is nothing to watch any more; `write` writes down, or raises
    MachineError: then the alarms stand all the same, and it is tried again at the next look."""

    def __init__(
        self,
        state: ShowState,
        clock: ShowClock,
        sight: Callable[[], Sight | None],
        write: Callable[[Sequence[JournalEvent]], object],
    ) -> None:
        self._alarms = Alarms.taken_over(state.alarms, clock.now(), clock.speed)
        self._clips = Clips()
        # What an earlier recorder heard tonight is not known: it may have been any of them.
        self._heard: set[str] = {feed.id for feed in state.setup.feeds} if state.started else set()
        self._clock, self._sight, self._write = clock, sight, write

    async def run(self) -> None:
        """Look until there is nothing more to watch."""
        while (sight := self._sight()) is not None:
            news = self._judge(sight)
            if news:
                await asyncio.sleep(SHOWN_WITHIN)
                self._write_down(news)
            await asyncio.sleep(LOOK_EVERY)

    def _judge(self, sight: Sight) -> Sequence[JournalEvent]:
        """Look once; what is to be written down of it."""
        self._clips = self._clips.heard(sight.feeds, sight.now // self._clock.speed)
        self._heard |= {feed for feed, health in sight.feeds.items() if health.rms is not None and health.rms > NO_SIGNAL}
        held = conditions(replace(sight, clipped=self._clips.lately(), heard=self._heard))
        self._alarms = self._alarms.looked(held, sight.now, self._clock.speed)
        return self._alarms.unwritten(sight.state.alarms, sight.now)

    def _write_down(self, news: Sequence[JournalEvent]) -> None:
        if news:
            try:
                self._write(news)
            except MachineError:
                return  # an alarm itself as of the next look (see `conditions.journal_unwritten`)

    def now(self, state: ShowState) -> tuple[AlarmNow, ...]:
        """The alarms that stand, worst first."""
        return self._alarms.now(state.alarms, state.acknowledged)
