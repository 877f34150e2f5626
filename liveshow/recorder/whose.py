"""Whose the microphones are at this moment: by the patch, the item and who is on stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liveshow.model import FeedKind, Item, Setup
from liveshow.showfolder.state import ShowState


@dataclass(frozen=True, slots=True)
class Whose:
    """`mics`: performer → their own microphones (those that are not shared); `performers`: microphone → whose it may be, the likeliest
    first: who is in the item, or else in the next one, then in the order of the setup. `on`: who is on stage; `left`: when each last
    went off, show-clock ns."""

    mics: Mapping[str, tuple[str, ...]]
    performers: Mapping[str, tuple[str, ...]]
    on: tuple[str, ...]
    left: Mapping[str, int]

    def taken(self, mic: str) -> bool:
        """Whether somebody who is on stage has it."""
        return any(p in self.on for p in self.performers.get(mic, ()))

    def rivals(self, mics: tuple[str, ...]) -> NDArray[np.bool_]:
        """Which microphones' sound may bleed into which, shape (mics, mics): [i, j] for j into i. Those of one performer who is on, or
        who would be the likeliest for both, are no rivals: one who sings and plays is heard on both."""
        return np.array([[self._rival(mic, other) for other in mics] for mic in mics], dtype=bool).reshape(len(mics), len(mics))

    def _rival(self, mic: str, other: str) -> bool:
        if other == mic or other not in self.performers:
            return False
        mine, theirs = self.performers.get(mic, ()), self.performers[other]
        if self.taken(mic) or self.taken(other):
            return not any(p in self.on for p in set(mine) & set(theirs))
        return not mine or mine[:1] != theirs[:1]


def whose(state: ShowState) -> Whose:
    """Whose the microphones are by what the journal says so far."""
    setup, on = state.setup, state.on_stage
    item = state.on_item if state.running else state.next_item
    personal = [f.id for f in setup.feeds if f.kind is FeedKind.MIC and not f.shared and f.id != setup.timecode.ltc]
    patched = {p.id: setup.patched(p.id, item) for p in setup.performers}
    mics = {p: tuple(m for m in personal if m in feeds) for p, feeds in patched.items()}
    likeliest = _likeliest(setup, item, state.next_item)
    performers = {m: tuple(p for p in likeliest if m in mics[p]) for m in personal}
    return Whose(mics, performers, on, _left(state))


def _left(state: ShowState) -> dict[str, int]:
    left: dict[str, int] = {}
    for presence in (p for s in state.segments for p in s.presence):
        left[presence.performer] = max(left.get(presence.performer, 0), presence.end or 0)
    return left


def _likeliest(setup: Setup, *items: Item | None) -> tuple[str, ...]:
    first = [p for item in items if item is not None for p in item.performers]
    return tuple(dict.fromkeys([*(p for p in first if setup.performer(p)), *(p.id for p in setup.performers)]))
