"""Hands off, when no recorder does it any more, what becomes releasable because somebody says yes on their page after the show."""

from __future__ import annotations

import asyncio
from pathlib import Path

from liveshow.recorder.releases import Due, Releases
from liveshow.review.source import FOREVER, Source
from liveshow.showfolder.state import ShowState

LOOK_EVERY = 1.0


class Aftercare:
    """`run` it within one event loop. What was handed off, or could not be, before it began to look is left as it is until it changes."""

    def __init__(self, folder: Path, source: Source) -> None:
        self._releases = Releases(folder, 0.0)  # all of its handles is recorded
        self._source = source
        self._left: frozenset[Due] | None = None

    async def run(self) -> None:
        """Until cancelled; what is in hand then is stopped, and can be made again at any time."""
        try:
            while True:
                if self._source.events and not self._source.recorder_runs:
                    await self._look(self._source.state)
                else:
                    self._left = None
                await asyncio.sleep(LOOK_EVERY)
        finally:
            self._releases.kill()

    async def _look(self, state: ShowState) -> None:
        due = self._releases.due(state, lambda _segment: FOREVER)
        if self._left is None:
            self._left = frozenset(d for d in due if not d.withdraw and d.segment.id in {*state.handed, *state.failed})
        fresh = tuple(d for d in due if d not in self._left)
        if fresh:
            await self._releases.run(fresh)
