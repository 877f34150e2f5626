"""Hands segments off while the show runs, without anyone asking: one low-priority process at a time, apart from the recorder."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from liveshow.errors import FAULT, OK
from liveshow.model import Segment
from liveshow.recorder import spawn
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

SETTLE = 3 * SECOND
TRIES = 3


class Releases:
    """Decides which segments are due and runs `liveshow handoff` on them. `busy`: the segments in hand.

    A segment is due once it is closed, everyone in it said yes, its handles are recorded, and it is not what was handed off last.
    """

    def __init__(self, folder: Path, handles: float) -> None:
        self.busy: tuple[str, ...] = ()
        self._folder = folder
        self._wait = int(handles * SECOND) + SETTLE
        self._done: dict[str, Segment] = {}
        self._tries: Counter[str] = Counter()
        self._process: asyncio.subprocess.Process | None = None

    def due(self, state: ShowState, recorded: Callable[[Segment], int]) -> tuple[Segment, ...]:
        """The segments to hand off now. `recorded`: up to which show-clock ns the feeds of a segment are recorded."""
        return tuple(
            s
            for s in state.segments
            if state.releasable(s) and self._done.get(s.id) != s and recorded(s) >= (s.end or 0) + self._wait
        )

    async def run(self, segments: tuple[Segment, ...]) -> None:
        """Hand these off; returns when done. What failed is in the journal and is tried again when the segment changes."""
        self.busy = tuple(s.id for s in segments)
        log = self._folder / "cache" / "log" / "handoff.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "liveshow",
                "handoff",
                "--low-priority",
                str(self._folder),
                *self.busy,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        await self.finish(segments)

    async def finish(self, segments: tuple[Segment, ...] = ()) -> None:
        """Wait for what is in hand; `segments` are then not tried again as they are, unless its process did not come to an end of
        its own (it was killed): then twice more."""
        code = await self._process.wait() if self._process is not None else OK
        for segment in segments:
            self._tries[segment.id] += 1
            if code in (OK, FAULT) or self._tries[segment.id] >= TRIES:
                self._done[segment.id] = segment
                del self._tries[segment.id]
        self.busy = ()

    def try_again(self, state: ShowState) -> None:
        """What did not become a contribution, or not this time, is due once more: what was in its way may be gone."""
        self._done = {i: s for i, s in self._done.items() if i in state.handed and i not in state.failed}

    def kill(self) -> None:
        """Stop what is in hand; it can be run again at any time."""
        if self._process is not None and self._process.returncode is None:
            spawn.kill(self._process.pid)
