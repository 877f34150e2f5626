"""Who writes a show's journal: one at a time. The journal's file itself is locked (advisory on Linux and macOS, a byte beyond its end on
Windows), so a killed writer leaves no stale lock behind.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from liveshow.errors import JournalError, MachineError
from liveshow.showfolder.disk import lock

_LOCK_BYTE = 1 << 62
_BINARY = getattr(os, "O_BINARY", 0)
_REFUSALS = frozenset((errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK))
"""What the system says of a lock that somebody else has."""


class JournalBusy(JournalError):
    """Somebody else has the journal open for writing."""


def is_locked(path: Path) -> bool:
    """Whether a recorder (or another writer) has the journal open for writing at this moment; nobody has one that is not there. Raises
    MachineError."""
    try:
        os.close(hold(path))
    except JournalBusy:
        return True
    except FileNotFoundError:
        return False
    return False


def hold(path: Path) -> int:
    """Keep every writer from the journal until what this returns is closed; nothing in it is touched. On a disk or in a folder that may not
    be written it is opened for reading, which is enough for that. Raises JournalBusy, FileNotFoundError or MachineError."""
    try:
        fd = os.open(path, os.O_RDWR | _BINARY)
    except FileNotFoundError:
        raise
    except OSError:
        fd = _open(path, os.O_RDONLY, "cannot be read")
        return _locked(fd, path, _REFUSALS)
    return _locked(fd, path)


def open_locked(path: Path) -> int:
    """The journal, there from now on, for its one writer. Raises JournalBusy or MachineError."""
    return _locked(_open(path, os.O_RDWR | os.O_CREAT, "cannot be written"), path)


def _open(path: Path, flags: int, what: str) -> int:
    try:
        return os.open(path, flags | _BINARY, 0o666)
    except OSError as exc:
        raise MachineError(f"{what}: {exc.strerror}", where=str(path), todo="check the folder's permissions") from exc


def _locked(fd: int, path: Path, refusals: frozenset[int] | None = None) -> int:
    """refusals: what the system says when somebody else has it, where there may be no locks at all; None: whatever it says."""
    try:
        lock(fd, _LOCK_BYTE)
    except OSError as exc:
        if refusals is not None and exc.errno not in refusals:
            return fd
        os.close(fd)
        todo = "attach to it with `liveshow attach`, or end it with `liveshow stop`; a `liveshow repair` is waited for"
        raise JournalBusy("another recorder is writing this show", where=str(path), todo=todo) from exc
    return fd
