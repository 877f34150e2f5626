"""A log that nobody waits for. What a process says goes to a file on the first disk; when that hangs, whoever says something would hang
with it. So where there is a mirror it goes through a pipe that a thread empties, and is lost while that hangs and the pipe is full."""

from __future__ import annotations

import atexit
import os
import stat
import sys
import threading
from contextlib import suppress

PIECE = 1 << 16
LAST = 1.0  # seconds in which the last words are brought there


def never_wait() -> None:
    """What this process says from now on, where that goes to a file, is brought there by a thread. Windows' pipes cannot refuse (before
    Python 3.12): there nothing changes."""
    if os.name == "nt":
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # none, or one that is no file of the system's
            if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                _through_a_pipe(stream.fileno())


def _through_a_pipe(descriptor: int) -> None:
    log = os.dup(descriptor)
    outlet, inlet = os.pipe()
    os.set_blocking(inlet, False)
    os.dup2(inlet, descriptor)
    os.close(inlet)
    emptied = threading.Thread(target=_empty, args=(outlet, log), name="log", daemon=True)
    emptied.start()
    atexit.register(_end, descriptor, emptied)


def _empty(outlet: int, log: int) -> None:
    while piece := os.read(outlet, PIECE):
        with suppress(OSError):  # its disk is full, or gone: what is said then is lost
            os.write(log, piece)


def _end(descriptor: int, emptied: threading.Thread) -> None:
    with suppress(OSError):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
    emptied.join(LAST)
