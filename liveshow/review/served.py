"""What the page's server needs of whoever makes media playable (:mod:`liveshow.review.media`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from liveshow.model import Segment
from liveshow.showfolder.state import ShowState


@dataclass(frozen=True, slots=True)
class Playable:
    """A file that a phone plays, finished, and never changed any more. `start` and `end`: the show clock, in ns, at its first
    and last instant, context included; `version`: another one for another content, in characters that may stand in a URL;
    `media_type` as in MIME."""

    path: Path
    start: int
    end: int
    version: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Poster:
    """A picture of a segment, finished. `version` as for :class:`Playable`."""

    path: Path
    version: str
    media_type: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A segment and the feeds of it that somebody may play; `voices`: the microphones that are heard with its cameras; `start` and `end`:
    from and to where, in show-clock ns, without context."""

    segment: Segment
    feeds: tuple[str, ...]
    voices: tuple[str, ...]
    start: int
    end: int


class Excerpts(Protocol):
    """Playable media of segments. All is called in the server's event loop, and `playable` and `poster` at every answer: they
    look at what is known, not at the disk."""

    def playable(self, segment: str, feed: str, version: str = "") -> Playable | None:
        """The newest that is finished, None while there is none; that of a `version`, as long as it stays: who plays it goes on with
        it when there is a better one."""

    def poster(self, segment: str) -> Poster | None:
        """The newest that is finished, None while there is none."""

    def want(self, wanted: Sequence[Wanted], state: ShowState, recorded: Callable[[str], int]) -> None:
        """What is wanted now, the most urgent first; said anew whenever it changes. `recorded`: up to which show-clock ns a
        feed is on disk (a large number when nobody records)."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Make what is wanted, in processes of low priority, until cancelled; `changed` is called when something has been
        finished."""
