"""What the tag guard goes by at one moment, and the words its reasons have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from liveshow.model import Segment
from liveshow.recorder.hearing import Hearing
from liveshow.recorder.hint_book import Fix
from liveshow.recorder.whose import Whose
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

Would = Callable[[Fix], ShowState]
"""The state that there would be if this were said."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`now` in show-clock ns; `shared`: which of the microphones heard are, shape (mics,); `standing`: what is pointed out already."""

    now: int
    state: ShowState
    whose: Whose
    hearing: Hearing
    shared: NDArray[np.bool_]
    would: Would
    standing: Collection[str] = ()

    @property
    def main(self) -> Segment | None:
        """The item's own segment, or else the first that runs."""
        running = self.state.running
        return next((s for s in running if s.item is not None), next(iter(running), None))

    def place(self, mic: str) -> int:
        """Where a microphone stands in what is heard."""
        return self.hearing.place[mic]

    def name(self, performer: str) -> str:
        """A performer's name."""
        found = self.state.setup.performer(performer)
        return found.name if found else performer

    def names(self, performers: Sequence[str]) -> str:
        """Some performers' names, one of which it is."""
        return " or ".join(self.name(p) for p in performers)

    def since(self, t: int) -> str:
        """How long ago that was."""
        return f"{max(0, self.now - t) // SECOND} s"


def is_on(performer: str, state: ShowState) -> bool:
    """Whether somebody is on stage."""
    return performer in state.on_stage
