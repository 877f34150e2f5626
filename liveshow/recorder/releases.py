"""Hands segments off while the show runs, without anyone asking: one low-priority process at a time, apart from the recorder.

Another one makes their small films, which takes longer and which no hand-off waits for; what it does not get done before the recorder
ends is made by `liveshow preview`.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import FAULT, OK
from liveshow.events import Credited, Tag
from liveshow.model import Performer, Segment
from liveshow.recorder import spawn
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

SETTLE = 3 * SECOND
QUIET = 15 * SECOND  # after a performer corrected something: more may follow, and each next version is as large as the first
TRIES = 3


@dataclass(frozen=True, slots=True)
class Due:
    """A segment to be handed off as it is, with the performers in it as they are `credited`; or, if `withdraw`, one that was and may not
    be any more."""

    segment: Segment
    credited: tuple[Performer | None, ...] = ()
    withdraw: bool = False


class Releases:
    """Decides which segments are due and runs `liveshow handoff` on them. `busy`: the segments in hand.

    A segment is due once it is closed, everyone in it said yes, its handles are recorded, and it is not what was handed off last; once
    more, as its next version, when it or a credit in it was corrected; and when somebody takes their yes back, to be withdrawn.
    """

    def __init__(self, folder: Path, handles: float) -> None:
        self.busy: tuple[str, ...] = ()
        self._folder = folder
        self._wait = int(handles * SECOND) + SETTLE
        self._done: dict[str, Due] = {}
        self._tries: Counter[str] = Counter()
        self._process: asyncio.subprocess.Process | None = None
        self._previews: asyncio.subprocess.Process | None = None

    def due(self, state: ShowState, recorded: Callable[[Segment], int], now: int | None = None) -> tuple[Due, ...]:
        """What to hand off or withdraw. `recorded`: up to which show-clock ns the feeds of a segment are recorded; `now`: on the show
        clock, None when what is being corrected is not waited for."""
        may = [s for s in state.segments if state.releasable(s) and recorded(s) >= (s.end or 0) + self._wait]
        found = [Due(s, tuple(map(state.setup.performer, s.performers))) for s in may]
        found += [Due(s, withdraw=True) for s in state.segments if state.to_withdraw(s)]
        fresh = (due for due in found if self._done.get(due.segment.id) != due)
        return tuple(due for due in fresh if due.withdraw or now is None or _settled(due.segment, state, now))

    async def run(self, every: tuple[Due, ...]) -> None:
        """Hand these off; returns when done. What failed is in the journal and is tried again when the segment changes."""
        self.busy = tuple(due.segment.id for due in every)
        self._process = await self._begin("handoff", "--no-previews", str(self._folder), *self.busy)
        await self.finish(every)
        if self._previews is None or self._previews.returncode is not None:
            self._previews = await self._begin("preview", str(self._folder))

    async def _begin(self, verb: str, *words: str) -> asyncio.subprocess.Process:
        """A verb of ours in a process that gives way to everything else."""
        log = self._folder / "cache" / "log" / "handoff.log"
        with spawn.opened(log) as output:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "liveshow",
                verb,
                "--low-priority",
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def finish(self, every: tuple[Due, ...] = ()) -> None:
        """Wait for what is in hand; `every` of it is then not tried again as they are, unless its process did not come to an end of
        its own (it was killed): then twice more."""
        code = await self._process.wait() if self._process is not None else OK
        for due in every:
            ident = due.segment.id
            self._tries[ident] += 1
            if code in (OK, FAULT) or self._tries[ident] >= TRIES:
                self._done[ident] = due
                del self._tries[ident]
        self.busy = ()

    def try_again(self, state: ShowState) -> None:
        """What did not become a contribution, or not this time, is due once more: what was in its way may be gone."""
        self._done = {i: s for i, s in self._done.items() if i in state.handed and i not in state.failed}

    def kill(self) -> None:
        """Stop what is in hand; it can be run again at any time."""
        for process in (self._process, self._previews):
            if process is not None and process.returncode is None:
                spawn.kill(process.pid)


def _settled(segment: Segment, state: ShowState, now: int) -> bool:
    """Whether what was handed off already is not being corrected on somebody's page at this moment."""
    if segment.id not in state.handed:
        return True
    about = (
        e.said
        for e in state.from_pages
        if (isinstance(e, Tag) and e.segment == segment.id) or (isinstance(e, Credited) and e.performer in segment.performers)
    )
    return now - max(about, default=0) >= QUIET
