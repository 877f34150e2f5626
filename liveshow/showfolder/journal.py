"""The journal: every event of a show, one JSON object a line, on disk before anybody is told so.

Append-only. A line counts once its newline is on disk; what follows the last newline was never acknowledged (the process or
the machine died while writing it) and is cut off by the next writer. Any other line that cannot be read is an error that
names it: nothing is skipped.

The writer knows every line, so it goes on when the file was replaced, deleted, or on a disk that was gone: whatever lies in its place
later is given what it lacks of them, as long as it is the beginning of the same journal. Where there is a mirror, a line that the first
disk does not take, or not in time because it hangs, counts once it is on the mirror's.

One writer at a time, see :mod:`liveshow.showfolder.journal_lock`.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol

import msgspec

from liveshow.errors import JournalError, LiveshowError, MachineError
from liveshow.events import JournalEvent, encode
from liveshow.showfolder.disk import sync
from liveshow.showfolder.hand import Hand
from liveshow.showfolder.journal_lock import JournalBusy, open_locked

_DECODER: msgspec.json.Decoder[JournalEvent] = msgspec.json.Decoder(JournalEvent)
FULL = frozenset((errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)))
ANSWERS_WITHIN = 0.5
"""Seconds after which the first disk is not waited for any more, where there is a mirror."""
KEPT_WITHIN = 3.0
"""Seconds that the mirror may take for what the first disk does not take."""


class Copy(Protocol):
    """The journal on the mirror, which gets the same bytes."""

    def there(self) -> bytes:
        """What is on the mirror's disk now. Raises OSError."""

    def begin(self, data: bytes) -> None:
        """This is the journal so far."""

    def append(self, data: bytes) -> None:
        """And this follows."""

    def keeps(self, size: int, within: float) -> bool:
        """Whether its first `size` bytes are on the mirror's disk, or come there within so many seconds."""


def read(path: Path) -> tuple[JournalEvent, ...]:
    """Every acknowledged event, in order. Raises JournalError with file:line for a line that is not one."""
    return decode(_bytes_of(path), path)


def decode(data: bytes, path: Path, first_line: int = 1) -> tuple[JournalEvent, ...]:
    """The events in `data`, without a torn last line. `first_line` is the number of its first line."""
    lines = data.split(b"\n")[:-1]
    return tuple(_decode_line(line, path, number) for number, line in enumerate(lines, first_line))


def _decode_line(line: bytes, path: Path, number: int) -> JournalEvent:
    try:
        event = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        todo = "it was altered, or written by another version: put a copy of the journal back; the recordings stand without it"
        raise JournalError(f"not a journal event ({exc})", where=f"{path}:{number}", todo=todo) from exc
    if event.n != number:
        raise JournalError(
            f"event says it is number {event.n}", where=f"{path}:{number}", todo="a line is missing or was added"
        )
    return event


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise JournalError(f"cannot be read: {exc.strerror}", where=str(path), todo="is this a show folder?") from exc


class Journal:
    """The one writer of a journal. `events` are all that stand in it; `fault`: why the last that was to be written is not."""

    def __init__(self, path: Path, copy: Copy | None = None) -> None:
        """Open for appending, locked, with a torn last line cut off. Where there is a mirror, what that has will do when this disk does
        not take it, or not in time. Raises JournalError or MachineError."""
        self.path = path
        self.fault: MachineError | None = None
        self._copy = copy
        self._hand = Hand("journal")  # where there is a mirror it alone touches the first disk, `_fd` and `_size`
        self._lock = threading.Lock()  # of `_data` and `_size` together
        self._why = ""  # what the first disk said last, or "" when it has everything
        self._fd, self._size = -1, 0
        events, data = self._open() if copy is None else self._open_in_time(copy)
        self.events: list[JournalEvent] = list(events)
        self._data = bytearray(data)
        if copy is not None:
            copy.begin(data)

    def _open(self) -> tuple[tuple[JournalEvent, ...], bytes]:
        """What is in it, and its whole lines. Raises JournalError or MachineError."""
        fd = open_locked(self.path)
        try:
            data = _bytes_of(self.path)
            events = decode(data, self.path)
            sync(self.path.parent)
            size = data.rfind(b"\n") + 1
            os.ftruncate(fd, size)
        except BaseException:
            os.close(fd)
            raise
        self._fd, self._size = fd, size
        return events, data[:size]

    def _open_in_time(self, copy: Copy) -> tuple[tuple[JournalEvent, ...], bytes]:
        try:
            return self._hand.do(self._open, KEPT_WITHIN)
        except JournalBusy:
            raise
        except (OSError, LiveshowError) as exc:
            cause = exc if isinstance(exc, OSError) else exc.__cause__
            if not isinstance(cause, OSError):  # it can be read, and is none
                raise
            self._why = cause.strerror or str(cause)
            try:
                there = copy.there()
            except OSError:
                raise MachineError(f"cannot be written: {self._why}", where=str(self.path), todo="look after its disk") from exc
            return decode(there, self.path), there[: there.rfind(b"\n") + 1]

    def append(self, events: Iterable[JournalEvent], *, said: int) -> tuple[JournalEvent, ...]:
        """Write events down, numbered and stamped with `said` (show-clock ns); returns them once they are on disk.

        All or none. Raises MachineError when neither this disk nor the mirror takes them; then the journal is as before.
        """
        first = len(self.events) + 1
        numbered = tuple(msgspec.structs.replace(e, n=first + i, said=said) for i, e in enumerate(events))
        data = b"".join(map(encode, numbered))
        with self._lock:
            self._data += data
        if self._copy is not None:
            self._copy.append(data)
        try:
            self._put()
            self.fault = None
        except OSError as exc:
            self._only_on_the_mirror(exc, len(data))
        self.events.extend(numbered)
        return numbered

    @property
    def alone(self) -> str:
        """Why the mirror alone has the newest, "" while it does not."""
        if self._copy is None or self._size == len(self._data):
            return ""
        return self._why or self._hand.hangs

    def catch_up(self) -> None:
        """Have the first disk brought what the mirror alone has, if it takes it by now, and wait for nothing."""
        if self._copy is not None and self._size < len(self._data):
            size, again = len(self._data), bool(self._why)
            self._hand.begin(lambda: self._put_now(size, again))

    def take_over(self, data: bytes) -> None:
        """Take what `data`, which begins as this journal does, has beyond it. Raises JournalError, or MachineError when the disk takes it
        not."""
        self.events = list(decode(data, self.path))
        self._data = bytearray(data)
        try:
            self._put()
        except OSError as exc:
            raise MachineError(f"the journal cannot be written: {exc.strerror or exc}", where=str(self.path)) from exc

    def _put(self) -> None:
        """Bring the file what it lacks. Raises OSError, also when it may yet be brought: the disk hangs, and the mirror is to keep it."""
        size, again = len(self._data), self.fault is not None or bool(self._why)
        if self._copy is None:
            self._put_now(size, again)
        else:
            self._hand.do(lambda: self._put_now(size, again), ANSWERS_WITHIN)

    def _put_now(self, size: int, again: bool) -> None:
        """Bring the file what it lacks of the first `size` bytes; `again`: it is opened anew for that. Raises OSError."""
        try:
            if again or not self._in_place():
                self._open_again()
            piece = bytes(self._data[self._size : size])
            _write_all(self._fd, piece, self._size)
            os.fsync(self._fd)
        except OSError as exc:
            self._why = exc.strerror or str(exc)
            self._cut_back()
            raise
        with self._lock:
            stands = self._data.startswith(piece, self._size)
            if stands:
                self._size, self._why = self._size + len(piece), ""
        if not stands:  # it hung until that was refused
            self._cut_back()

    def _only_on_the_mirror(self, exc: OSError, new: int) -> None:
        """The last `new` bytes are not on this disk. Raises MachineError when they are not on the mirror either."""
        why = exc.strerror or str(exc)
        if self._copy is not None and self._copy.keeps(len(self._data), KEPT_WITHIN):
            self.fault = None
            return
        with self._lock:
            if self._size == len(self._data):  # it came through after all
                return
            del self._data[len(self._data) - new :]
        if self._copy is not None:
            self._copy.begin(bytes(self._data))
        do = "free room on" if exc.errno in FULL else "look after"
        todo = f"{do} this disk: nothing the crew says can be kept until then"
        self.fault = MachineError(f"the journal cannot be written: {why}", where=str(self.path), todo=todo)
        raise self.fault from exc

    def _cut_back(self) -> None:
        """Take back part of a line. When that cannot be done now, it is before the next is written."""
        if self._fd >= 0:
            with suppress(OSError):
                os.ftruncate(self._fd, self._size)

    def _in_place(self) -> bool:
        """Whether the open file is the one that others find at its path. Raises OSError when that cannot be told."""
        try:
            there, here = self.path.stat(), os.fstat(self._fd)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def _open_again(self) -> None:
        """Whatever lies at its path now, if it is this journal as far as it goes. Raises OSError."""
        if not self.path.exists() and not (self.path.parent / "recordings").is_dir():
            raise OSError(errno.ENOENT, "the show folder is not there (is its disk unmounted?)")
        self._close()  # before: two locks of one process would be in each other's way
        try:
            self._fd = open_locked(self.path)
            there = self.path.read_bytes()
        except LiveshowError as exc:
            number = exc.__cause__.errno if isinstance(exc.__cause__, OSError) else None
            raise OSError(number or errno.EIO, exc.what.removeprefix("cannot be written: ")) from exc
        whole = there[: there.rfind(b"\n") + 1]
        if not self._data.startswith(whole):
            self._close()
            raise OSError(errno.EEXIST, "another journal lies in its place")
        os.ftruncate(self._fd, len(whole))
        self._size = len(whole)

    def close(self) -> None:
        """Let go of the file and its lock; of one that hangs, with this process."""
        if not self._hand.silent:
            self._close()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _write_all(fd: int, data: bytes | bytearray, at: int) -> None:
    os.lseek(fd, at, os.SEEK_SET)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
