"""One of the two files of which a :class:`~liveshow.recorder.twofold.Twofold` consists, and how bytes get into it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

Span = tuple[int, int]
"""A place in a file, and how many bytes from there."""
Read = Callable[[Path, Span], bytes]
"""How a file is read there; fewer bytes where it ends. Raises OSError, TimeoutError when its disk does not answer at once."""


class Side:
    """One of both files, as its disk's thread has it. `done`: bytes that are in it; `anew`: what was written before and was written anew,
    the newest last; `flying`: what of that is being written; `unsynced`: what of that is written, though not on the disk itself yet, where
    it may go away and come back without it; `missed_to`: what it lacks before this place is not in memory any more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1
        self.done = self.missed_to = 0
        self.anew: dict[Span, bytes] = {}
        self.flying: dict[Span, bytes] = {}
        self.unsynced: dict[Span, bytes] = {}

    @property
    def wants(self) -> int:
        """From where on what is written must stay in memory for it."""
        return max(self.done, self.missed_to)

    def write_again(self) -> None:
        """What was written anew and is not on the disk itself is to be written once more, before what is newer."""
        newer, self.anew, self.unsynced = self.anew, self.unsynced, {}
        for span, piece in newer.items():
            put_last(self.anew, span, piece)

    def close(self) -> None:
        """Close the file, if it is open."""
        if self.file >= 0:
            os.close(self.file)
        self.file = -1


def put_last(anew: dict[Span, bytes], span: Span, piece: bytes) -> None:
    """Of what is written anew, this is the newest."""
    anew.pop(span, None)
    anew[span] = piece


def read_piece(path: Path, span: Span) -> bytes:
    """Wait for it, however long its disk takes. Raises OSError."""
    place, length = span
    with path.open("rb") as file:
        file.seek(place)
        return file.read(length)


def overlay(found: bytearray, start: int, place: int, piece: bytes) -> None:
    """Put what lies at `place` of a file over what was read of it from `start` on, as far as it lies there."""
    low, high = max(start, place), min(start + len(found), place + len(piece))
    if low < high:
        found[low - start : high - start] = piece[low - place : high - place]


if sys.platform == "win32":

    def write_all(file: int, data: bytes | bytearray, at: int) -> None:
        """Write all of it at a place of an open file. Raises OSError."""
        os.lseek(file, at, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
else:

    def write_all(file: int, data: bytes | bytearray, at: int) -> None:
        """Write all of it at a place of an open file. Raises OSError."""
        view = memoryview(data)
        while view:
            done = os.pwrite(file, view, at)
            view, at = view[done:], at + done
