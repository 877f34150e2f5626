"""A file that is written twice: on the first disk at once, by whoever writes, and on the mirror by a thread (see `mirroring`).

What goes to the mirror waits in memory, as bytes at their places, so that both files are the same to the byte whoever makes them
(Matroska's muxer, libsndfile, a timing). When the mirror does not keep up, what waits is let go and read from the first file later.
When the first disk takes no more, writing goes on as long as the mirror takes it, and whoever writes does not notice.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Protocol

CHUNK = 1 << 20
"""Bytes read at once of what is brought to the mirror afterwards."""
WAITING = 32 << 20
"""Bytes of one file that may wait for the mirror: half a minute of a camera with 8 Mbit/s."""
STEP = 0.5
_CREATE = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


Span = tuple[int, int]
"""A place in a file, and how many bytes from there."""


class Missing(OSError):
    """What the mirror lacks cannot be read from the first disk either."""


class Keeper(Protocol):
    """Who brings files to the mirror, as a file sees it."""

    @property
    def carries(self) -> bool:
        """Whether the mirror takes what is written at present."""

    @property
    def first(self) -> str:
        """Why nothing is written on the first disk at present, "" while it is."""

    def leave_first(self, why: str) -> None:
        """The first disk takes no more."""


class Twofold:
    """One growing file on both disks. `first` and `second`: where; `size`: bytes written; `ended`: nothing more will be; `void`: it
    came to nothing, and neither disk keeps it. Raw: what is written is gone to the system."""

    def __init__(self, first: Path, second: Path, keeper: Keeper) -> None:
        """Create it on the first disk; on the mirror it is created later. Raises OSError when neither takes it."""
        self.first, self.second = first, second
        self.size = 0
        self.ended = self.void = False
        self._keeper = keeper
        self._lock = threading.Lock()
        self._at = 0
        self._tail, self._tail_at = bytearray(), 0  # the newest bytes, from `_tail_at` on, that nobody has taken to the mirror
        self._missed_to = 0  # what the mirror lacks before this place is not in memory any more
        self._anew: dict[Span, bytes] = {}  # what was written before and was written anew, the newest last
        self._moments: deque[tuple[float, int]] = deque(maxlen=1 << 16)  # when so many bytes were written
        self._copy, self._done, self._synced = -1, 0, 0
        self._on_first = True
        self._file = self._created()

    def _created(self) -> int:
        try:
            if self._keeper.first:
                raise OSError(self._keeper.first)
            return os.open(self.first, _CREATE | os.O_EXCL, 0o666)
        except FileExistsError:
            raise
        except OSError as exc:
            self._leave(exc)
            return -1

    def _leave(self, fault: OSError) -> None:
        """Go on without the first disk; what it has of this file stays."""
        if not self._carried:
            raise fault
        self._on_first = False
        self._keeper.leave_first(fault.strerror or str(fault))

    @property
    def _carried(self) -> bool:
        """Whether the mirror has what was written so far, or will have it without the first disk."""
        return self._keeper.carries and self._missed_to <= self._done and len(self._tail) <= WAITING

    # For whoever writes

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Write all of it here. Raises OSError when neither disk takes it; then nothing was written."""
        piece = bytes(data)
        with self._lock:
            if self._on_first:
                try:
                    _write_all(self._file, piece, self._at)
                except OSError as exc:
                    self._leave(exc)
            elif not self._carried:
                raise OSError(self._keeper.first or "it is not on the first disk, and the mirror takes no more")
            self._keep(piece)
        return len(piece)

    def _keep(self, piece: bytes) -> None:
        """For the mirror."""
        again = piece[: max(0, self.size - self._at)]
        if again:
            _put_last(self._anew, (self._at, len(again)), again)
        self._tail += piece[len(again) :]
        self._at += len(piece)
        self.size = max(self.size, self._at)
        if len(self._tail) > WAITING and self._on_first:
            self._tail, self._tail_at = bytearray(), self.size
            self._missed_to = self.size
        now = time.monotonic()
        if not self._moments or now - self._moments[-1][0] >= STEP:
            self._moments.append((now, self.size))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; returns it."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        return self._at

    def tell(self) -> int:
        """The place that is written to next."""
        return self._at

    def truncate(self) -> int:
        """Nothing: all of what is written stands, or nothing of it does."""
        return self._at

    def fileno(self) -> int:
        """Of the first file, for fsync; -1 when there is none."""
        return self._file

    def close(self) -> None:
        """Nothing more is written; the mirror gets the rest."""
        with self._lock:
            self.ended = True
            if self._file >= 0:
                os.close(self._file)
            self._file = -1

    # For who brings it to the mirror, in one thread

    @property
    def lacks(self) -> int:
        """Bytes that the mirror has not."""
        return self.size - self._done

    def behind(self, now: float) -> float:
        """Seconds of writing that the mirror lacks, at host's monotonic `now`."""
        late = next((moment for moment, size in tuple(self._moments) if size > self._done), now)
        return max(0.0, now - late)

    @property
    def complete(self) -> bool:
        """Whether nothing more is to be brought to the mirror."""
        return self.ended and self._copy >= 0 and not self.lacks and not self._anew and self._synced == self.size

    def bring(self) -> bool:
        """Bring the mirror what waits, or a piece of what it missed; whether there is more at once. Raises OSError."""
        if self._copy < 0:
            self._open_copy()
        start = self._done
        missed = self._missed()
        taken, anew = self._taken(missed)
        try:
            _write_all(self._copy, taken, start)
            for place, length in tuple(anew):
                if place + length > start + len(taken):
                    break  # the mirror is not that far, and a later one may lie over it
                _write_all(self._copy, anew[place, length], place)
                del anew[place, length]
        except OSError:
            self._give_back(b"" if missed else taken, start, anew)
            raise
        self._done = start + len(taken)
        self._give_back(b"", start, anew)
        self._forget()
        return bool(missed)

    def _open_copy(self) -> None:
        """The mirror's file, perhaps not for the first time: then only what was brought to the disk itself is there for sure. (A disk that
        went away has been seen to come back with files of the right size, and zeros in them.)"""
        self._copy = os.open(self.second, _CREATE, 0o666)
        self._done = self._synced = min(self._synced, os.fstat(self._copy).st_size)
        with self._lock:
            if self._done < self._tail_at:
                self._missed_to = self._tail_at

    def _taken(self, missed: bytes) -> tuple[bytes | bytearray, dict[Span, bytes]]:
        """What is to be written next, and what anew: taken from memory after what was read from the disk, so never older."""
        with self._lock:
            anew, self._anew = self._anew, {}
            if missed:
                return missed, anew
            taken, self._tail = self._tail, bytearray()
            self._tail_at = self.size
            return taken, anew

    def _give_back(self, taken: bytes | bytearray, start: int, anew: dict[Span, bytes]) -> None:
        with self._lock:
            if taken:
                self._tail, self._tail_at = bytearray(taken) + self._tail, start
            for span, piece in self._anew.items():
                _put_last(anew, span, piece)
            self._anew = anew

    def _missed(self) -> bytes:
        """Of what does not wait in memory, the next piece."""
        wanted = min(CHUNK, self._missed_to - self._done)
        if wanted <= 0:
            return b""
        try:
            with self.first.open("rb") as file:
                file.seek(self._done)
                found = file.read(wanted)
        except OSError as exc:
            raise Missing(exc.errno, exc.strerror) from exc
        if not found:
            raise Missing(f"{self.lacks} bytes of it are nowhere")
        return found

    def _forget(self) -> None:
        while self._moments and self._moments[0][1] <= self._done:
            self._moments.popleft()

    def sync(self) -> None:
        """Bring the mirror's file to its disk, and see that it still lies at its place. Raises OSError."""
        if self._copy < 0:
            return
        done, here = self._done, os.fstat(self._copy)
        try:
            there = self.second.stat()
            if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
                raise FileNotFoundError(2, "it is not where it was (unmounted, or replaced?)")
        except OSError:
            self.let_copy_go()
            raise
        if self._synced != done or self.ended:
            os.fsync(self._copy)
            self._synced = done

    def let_copy_go(self) -> None:
        """Close the mirror's file; what is not on its disk for sure is brought again."""
        if self._copy >= 0:
            os.close(self._copy)
        self._copy = -1


def _put_last(anew: dict[Span, bytes], span: Span, piece: bytes) -> None:
    anew.pop(span, None)
    anew[span] = piece


def _write_all(file: int, data: bytes | bytearray, at: int) -> None:
    os.lseek(file, at, os.SEEK_SET)  # no pwrite on Windows
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
