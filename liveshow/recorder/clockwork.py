"""Which show clock a recorder runs by, and what the wall clock does meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from liveshow import __version__
from liveshow.events import ClockTied, JournalEvent, SessionStarted, ShowOpened
from liveshow.timebase import MILLISECOND, SECOND, ShowClock, Tie, boot_id

TIE_EVERY = 600 * SECOND
STEP = 20 * MILLISECOND


def clock_for(events: Sequence[JournalEvent], speed: int = 1, recorded: Callable[[], int] = int) -> ShowClock:
    """The show clock to go on with: within one boot the one that there was, after a reboot one that continues it by the wall
    clock, and in any case later than everything that was written down or (`recorded`, show-clock ns; asked only then) recorded: no
    instant comes twice, though the machine's clock may have lost its battery."""
    opened = next((e for e in events if isinstance(e, ShowOpened)), None)
    if opened is None:
        return ShowClock(speed=speed, epoch=time.monotonic_ns() if speed != 1 else 0)
    last = next((e for e in reversed(events) if isinstance(e, SessionStarted)), None)
    if last is not None and last.boot == boot_id():
        return ShowClock(offset=last.offset, speed=last.speed, epoch=last.epoch)
    latest = max(recorded(), *(max(e.said, e.t) for e in events))
    by_wall = Tie(opened.t, opened.wall).to_show(time.time_ns())
    return ShowClock(offset=max(by_wall, latest + SECOND) - time.monotonic_ns())


def session_started(clock: ShowClock, setup: str, library: str) -> SessionStarted:
    """The event of a recorder that takes charge now."""
    tie = Tie.now(clock)
    return SessionStarted(
        t=tie.show,
        wall=tie.wall,
        offset=clock.offset,
        boot=boot_id(),
        pid=os.getpid(),
        version=__version__,
        setup=setup,
        library=library,
        speed=clock.speed,
        epoch=clock.epoch,
    )


class WallWatch:
    """Compares the wall clock with the show clock. `look` gives an event every ten minutes, and whenever the wall clock was set."""

    def __init__(self, clock: ShowClock) -> None:
        self._host = replace(clock, speed=1, offset=0, epoch=0)
        self._clock = clock
        self._last = self._tied = Tie.now(self._host)

    def look(self) -> ClockTied | None:
        """The event that is due, if one is."""
        now = Tie.now(self._host)
        step = (now.wall - self._last.wall) - (now.show - self._last.show)
        self._last = now
        stepped = abs(step) > STEP
        if not stepped and now.show - self._tied.show < TIE_EVERY:
            return None
        self._tied = now
        return ClockTied(t=self._clock.at(now.show), wall=now.wall, step=step if stepped else 0)
