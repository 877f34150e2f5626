"""What the process that makes excerpts is told, and what it tells: JSON, one object a line."""

from __future__ import annotations

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of which these `mics` and `cameras` are to be playable, from `start` to `end` on the show clock, in ns; `end` None while it
    runs: then what can be is made ready. `voices`: the microphones that are heard with its cameras."""

    segment: str
    start: int
    end: int | None
    mics: tuple[str, ...]
    cameras: tuple[str, ...]
    voices: tuple[str, ...]

    @property
    def feeds(self) -> tuple[str, ...]:
        """All of them, in the order in which they are made."""
        return (*self.mics, *self.cameras)

    def heard(self, feed: str) -> tuple[str, ...]:
        """The microphones that are heard with a feed: itself, or the voices."""
        return self.voices if feed in self.cameras else (feed,)


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """All that is wanted now, the most urgent first; it replaces what was wanted before. `room`: bytes that excerpts may take on the
    disk."""

    orders: tuple[Order, ...]
    room: int


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """One that is made. `place`: its folder, relative to `cache/excerpts`; `file` in it, whether that has `pictures`, and `poster`, "" for
    none. `start` and `end`: show clock, in ns, at its first and last instant; `wanted`: in, out and voices of the order it was made for;
    `rung`: how good it is (see :class:`Rung`); `version`: of its content; `size`: of the file, in bytes."""

    segment: str
    feed: str
    place: str
    file: str
    pictures: bool
    poster: str
    start: int
    end: int
    wanted: tuple[int, int, tuple[str, ...]]
    rung: int
    version: str
    size: int


class Rung:
    """How good an excerpt is. FIRST: all from in to out, with what was recorded of the context then; WHOLE: with all the context there is;
    SMOOTH: and made of all pictures (of sound the same as whole)."""

    FIRST, WHOLE, SMOOTH = 1, 2, 3


class Made(msgspec.Struct, frozen=True, kw_only=True, tag="made"):
    """An excerpt was finished."""

    excerpt: Excerpt


class Gone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    """An excerpt was removed."""

    place: str


class Alive(msgspec.Struct, frozen=True, kw_only=True, tag="alive"):
    """It is at work, or waits."""


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """An excerpt could not be made, and why; it is not tried again until the order changes."""

    segment: str
    feed: str
    why: str


Told = Made | Gone | Alive | Failed
