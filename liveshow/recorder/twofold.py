"""A file that is written twice: by a thread for each disk (see `mirroring`), so that neither holds up whoever writes, even when it hangs.

What is written waits in memory, as bytes at their places, until both have it, so that both files are the same to the byte whoever makes
them (Matroska's muxer, libsndfile, a timing). What may wait is bounded. When the mirror does not keep up, what waits for it is let go
and read from the first file later. When the first disk takes no more, or hangs for longer than memory lasts, it is left: writing goes
on as long as the mirror takes it, and whoever writes does not notice.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Protocol

from liveshow.recorder.side import Read, Side, Span, overlay, put_last, read_piece, write_all

CHUNK = 1 << 20
"""Bytes written at once, and read of what is brought to the mirror afterwards."""
WAITING = 64 << 20
"""Bytes of all files of a worker that may wait: a minute of a camera with 8 Mbit/s, 14 seconds of 32 microphones."""
STEP = 0.5
"""Seconds between two moments of which is known how much was written by then; longer the more of them there are, which is while the mirror
takes nothing: a thousand are an hour, three thousand ten."""
FINE = 64  # moments after which they are further apart
_CREATE = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


class Missing(OSError):
    """What the mirror lacks cannot be read from the first disk either, or not now."""


class Keeper(Protocol):
    """Who brings files to their disks, as a file sees it. `lock`: of all its files; `waits`: bytes of them that wait in memory."""

    lock: threading.Lock
    waits: int

    @property
    def carries(self) -> bool:
        """Whether the mirror takes what is written at present."""

    @property
    def first(self) -> str:
        """Why nothing is written on the first disk at present, "" while it is."""

    @property
    def left(self) -> bool:
        """Whether the first disk is left until it is good again."""

    def make_room(self, more: int) -> None:
        """So many more bytes are to wait than may."""


class Twofold:
    """One growing file on both disks. `first` and `second`: where; `size`: bytes written; `ended`: nothing more will be; `void`: it
    came to nothing, and neither disk keeps it; `on_first`: it is written there; `kept`: it has ended, and all of it is on one of the disks.
    Raw: what is written is soon gone to both systems."""

    def __init__(self, first: Path, second: Path, keeper: Keeper) -> None:
        """Neither file is created yet. Raises OSError when neither disk takes it."""
        self.first, self.second = first, second
        self.size = 0
        self.ended = self.void = self.kept = False
        self.on_first = not keeper.left
        self._keeper = keeper
        self._lock = keeper.lock
        self._at = 0
        self._tail, self._tail_at = bytearray(), 0  # the newest bytes, from `_tail_at` on, that not both have
        self._one, self._other = Side(first), Side(second)
        self._moments: deque[tuple[float, int]] = deque()  # when so many bytes were written
        self._synced = 0
        self._fault = ""
        self._check(0)

    @property
    def _carried(self) -> bool:
        """Whether the mirror has what was written so far, or will have it without the first disk."""
        return self._keeper.carries and self._other.missed_to <= self._other.done

    # For whoever writes

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take all of it. Raises OSError when neither disk takes it; then nothing was written."""
        piece = bytes(data)
        if self._keeper.waits + len(piece) > WAITING:
            self._keeper.make_room(len(piece))
        with self._lock:
            self._check(len(piece))
            self._keep(piece)
        return len(piece)

    def _check(self, more: int) -> None:
        """Raises OSError when so many more bytes have no place to go."""
        if self._fault:
            raise OSError(self._fault)
        if not self.on_first and not self._carried:
            raise OSError(self._keeper.first or "it is not on the first disk, and the mirror takes no more")
        if self._keeper.waits + more > WAITING:
            raise OSError(self._keeper.first or "both disks are too slow")

    def _keep(self, piece: bytes) -> None:
        again = piece[: max(0, self.size - self._at)]
        if again:
            for side in (self._one, self._other) if self.on_first else (self._other,):
                put_last(side.anew, (self._at, len(again)), again)
        self._tail += piece[len(again) :]
        self._keeper.waits += len(piece) - len(again)
        self._at += len(piece)
        self.size = max(self.size, self._at)
        now = time.monotonic()
        if not self._moments or now - self._moments[-1][0] >= STEP * (1 + len(self._moments) // FINE):
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
        """None that whoever writes may use: -1."""
        return -1

    def close(self) -> None:
        """Nothing more is written; both disks get the rest."""
        self.ended = True

    def let_go(self) -> None:
        """What waits for the mirror alone does not wait any more: it is read from the first file."""
        with self._lock:
            if self.on_first and self._one.wants > self._other.wants:
                self._other.missed_to = self._one.done
                self._trim()

    # For the threads of the disks

    def leave_first(self, why: str) -> None:
        """Go on without the first disk; what it has of this file stays. When the mirror is not far enough for that, writing fails."""
        with self._lock:
            if not self.on_first or self.over_first:
                return
            if not self._carried:
                self._fault = why
            self.on_first = False
            self._one.anew = {}
            self._trim()

    @property
    def over_first(self) -> bool:
        """Whether the first disk has all of it, in a file that is to be closed."""
        return self.ended and self._has_all(self._one)

    @property
    def lacks(self) -> int:
        """Bytes that the mirror has not."""
        return self.size - self._other.done

    @property
    def can_wait(self) -> bool:
        """Whether it has ended and is whole on the first disk, and the mirror's is shorter: then whoever has both disks at hand sees what
        it lacks, and brings it when it can be."""
        return self.ended and self.kept and self.lacks > 0

    def behind(self, now: float) -> float:
        """Seconds of writing that the mirror lacks, at host's monotonic `now`."""
        with self._lock:
            late = next((moment for moment, size in self._moments if size > self._other.done), now)
        return max(0.0, now - late)

    @property
    def complete(self) -> bool:
        """Whether nothing more is to be brought to the mirror."""
        return self.ended and self._has_all(self._other) and self._synced == self.size and not self._other.unsynced

    def _has_all(self, side: Side) -> bool:
        return side.file >= 0 and side.done == self.size and not side.anew and not side.flying

    def open_first(self) -> int:
        """Create the first disk's file, once; its descriptor, for fsync. Raises OSError."""
        if self._one.file < 0:
            self._one.file = os.open(self.first, _CREATE | os.O_EXCL, 0o666)
        return self._one.file

    def bring_first(self) -> bool:
        """Bring the first disk what waits, or a piece of it; whether there is more at once. Raises OSError."""
        return self._bring(self._one, b"") if self.on_first else False

    def close_first(self) -> None:
        """Close the first disk's file."""
        self._one.close()

    def bring(self, read: Read = read_piece) -> bool:
        """Bring the mirror what waits, or a piece of what it missed; whether there is more at once. `read`: how to ask the first disk for
        that. Raises OSError."""
        if self._other.file < 0:
            self._open_other()
        more = self._bring(self._other, self._missed(read))
        self._forget()
        return more

    def _bring(self, side: Side, missed: bytes) -> bool:
        """`missed`: what comes next, where it was read from the first disk."""
        start = side.done
        if start == self.size and not side.anew:
            return False
        taken, anew = self._taken(side, missed)
        try:
            write_all(side.file, taken, start)
            for place, length in tuple(anew):
                if place + length > start + len(taken):
                    break  # this disk is not that far, and a later one may lie over it
                write_all(side.file, anew[place, length], place)
                piece = anew.pop((place, length))
                if side is self._other:
                    put_last(side.unsynced, (place, length), piece)
        except OSError:
            self._brought(side, start, anew)
            raise
        self._brought(side, start + len(taken), anew)
        return side.done < self.size

    def _taken(self, side: Side, missed: bytes) -> tuple[bytes, dict[Span, bytes]]:
        """What is to be written next, and what anew: taken from memory after what was read from the disk, so never older. Nothing is next
        when it was let go since then."""
        with self._lock:
            side.flying, side.anew = side.anew, {}
            at = side.done - self._tail_at
            waiting = bytes(self._tail[at : at + CHUNK]) if at >= 0 else b""
            return missed or waiting, dict(side.flying)

    def _brought(self, side: Side, done: int, anew: dict[Span, bytes]) -> None:
        """It has so many bytes now, and `anew` is still to be written."""
        with self._lock:
            for span, piece in side.anew.items():
                put_last(anew, span, piece)
            side.anew, side.flying = anew, {}
            side.done = done
            self._trim()

    def _trim(self) -> None:
        """Let go of what both have."""
        wanted = min(self._one.wants, self._other.wants) if self.on_first else self._other.wants
        over = min(max(0, wanted - self._tail_at), len(self._tail))
        del self._tail[:over]
        self._tail_at += over
        self._keeper.waits -= over

    def _open_other(self) -> None:
        """The mirror's file, perhaps not for the first time: then only what was brought to the disk itself is there for sure. (A disk that
        went away has been seen to come back with files of the right size, and zeros in them.)"""
        side = self._other
        side.file = os.open(self.second, _CREATE, 0o666)
        with self._lock:
            side.done = self._synced = min(self._synced, os.fstat(side.file).st_size)
            side.write_again()
            if side.done < self._tail_at:
                side.missed_to = self._tail_at

    def _missed(self, read: Read) -> bytes:
        """Of what does not wait in memory, the next piece, with what is being written anew in it."""
        start = self._other.done
        wanted = min(CHUNK, self._other.missed_to - start)
        if wanted <= 0:
            return b""
        if self._keeper.first:
            raise Missing(f"{self.lacks} bytes of it are on the first disk only")
        try:
            found = bytearray(read(self.first, (start, wanted)))
        except OSError as exc:
            raise Missing(exc.errno, exc.strerror) from exc
        if not found:
            raise Missing(f"{self.lacks} bytes of it are nowhere")
        with self._lock:
            for newer in (self._one.flying, self._one.anew):
                for (place, _), piece in newer.items():
                    overlay(found, start, place, piece)
        return bytes(found)

    def _forget(self) -> None:
        with self._lock:
            while self._moments and self._moments[0][1] <= self._other.done:
                self._moments.popleft()

    def sync(self) -> None:
        """Bring the mirror's file to its disk, and see that it still lies at its place. Raises OSError."""
        if self._other.file < 0:
            return
        done, here = self._other.done, os.fstat(self._other.file)
        try:
            there = self.second.stat()
            if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino):
                raise FileNotFoundError(2, "it is not where it was (unmounted, or replaced?)")
        except OSError:
            self.let_copy_go()
            raise
        if self._synced != done or self._other.unsynced or self.ended:
            os.fsync(self._other.file)
            self._synced, self._other.unsynced = done, {}

    def let_copy_go(self) -> None:
        """Close the mirror's file; what is not on its disk for sure is brought again."""
        self._other.close()

    def without_mirror(self) -> None:
        """The mirror gets no more of it from here."""
        with self._lock:
            self._other.missed_to = self.size
            self._trim()
