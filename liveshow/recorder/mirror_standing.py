"""How the mirror stands, as the journal is told."""

from __future__ import annotations

from liveshow.events import MirrorNow, MirrorState

BEHIND = 5.0
"""Seconds of recording that the mirror lacks, above which it counts as late."""


def standing_of(now: MirrorNow) -> str:
    """As :class:`MirrorState` has it."""
    if now.first:
        return "alone"
    if now.why:
        return "unwritten"
    return "behind" if now.behind > BEHIND else "written"


class MirrorStanding:
    """Remembers what was said, so that only a change is, once it has been so for two looks."""

    def __init__(self) -> None:
        self._said = self._seen = ""

    def look(self, now: MirrorNow, at: int) -> MirrorState | None:
        """The event that is due at show-clock ns `at`, if one is."""
        state = standing_of(now)
        settled, self._seen = state == self._seen, state
        if state == self._said or not settled:
            return None
        self._said = state
        alone = state == "alone"
        lacks = now.first_lacks if alone else now.lacks
        return MirrorState(t=at, folder=now.folder, state=state, why=now.first if alone else now.why, lacks=lacks)
