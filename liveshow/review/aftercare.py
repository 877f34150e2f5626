"""Hands off, when no recorder does it any more, what becomes releasable because somebody says yes on their page after the show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from liveshow.recorder.releases import Due, Releases
from liveshow.review.source import FOREVER, Source

LOOK_EVERY = 1.0


class Aftercare:
    """`run` it within one event loop. What was handed off, or could not be, before it began to look is left as it is until it changes."""

    def __init__(self, folder: Path, source: Source, now: Callable[[], int]) -> None:
        """`now`: the show clock's ns."""
        self._releases = Releases(folder, 0.0)  # all of its handles is recorded
        self._source, self._now = source, now
        self._left: frozenset[Due] | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is in hand, and nothing to be done, also of what is being corrected."""
        return not self._releases.busy and not self._due(None)

    async def run(self) -> None:
        """Until cancelled; what is in hand then is stopped, and can be made again at any time."""
        try:
            while True:
                if self._source.recorder_runs:
                    self._left = self._known()
                elif due := self._due(self._now()):
                    await self._releases.run(due)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            self._releases.kill()

    def _due(self, now: int | None) -> tuple[Due, ...]:
        """What changed since."""
        if self._left is None and self._source.events:
            self._left = self._known()
        due = self._releases.due(self._source.state, lambda _segment: FOREVER, now)
        return tuple(d for d in due if d not in (self._left or ()))

    def _known(self) -> frozenset[Due]:
        """What became of segments as they are now, and need not be made again."""
        state = self._source.state
        every = self._releases.due(state, lambda _segment: FOREVER)
        return frozenset(d for d in every if not d.withdraw and d.segment.id in {*state.handed, *state.failed})
