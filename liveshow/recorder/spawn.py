"""Starting processes that outlive whoever starts them; what differs between systems is here. Spawned, never forked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import psutil

from liveshow.showfolder.hand import Hand

MOST_FILES = 8192
OPENED_WITHIN = 1.0  # seconds
_LOGS = Hand("logs")
if sys.platform == "win32":
    _FLAGS = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _FLAGS = 0


def start(arguments: Sequence[str], log: Path, stdin: bytes | None = None) -> subprocess.Popen[bytes]:
    """Start `python -m …` apart from this process, its output appended to `log`, and give it its input."""
    with opened(log) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a Ctrl-C or a closed terminal does not reach it (no effect on Windows)
            creationflags=_FLAGS,
        )
    if stdin is not None and process.stdin is not None:
        process.stdin.write(stdin)
        process.stdin.close()
    return process


def start_waiting(arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """The same with its input left open, for what it is to be told later."""
    with opened(log) as output:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            creationflags=_FLAGS,
        )


def opened(log: Path) -> BinaryIO:
    """A log to append to; nowhere when its disk takes nothing, or hangs: what it is the log of goes on all the same."""
    try:
        return _LOGS.do(lambda: _opened(log), OPENED_WITHIN)
    except OSError:
        return Path(os.devnull).open("ab")


def _opened(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def log_to(log: Path) -> None:
    """What this process says goes to another file from now on."""
    with opened(log) as output:
        _redirect(output)


def log_late(log: Path) -> None:
    """What this process says goes to its log as soon as that can be opened, if it goes nowhere at present: its disk did not answer as this
    process was started. Waits for nothing; not for a process that must never wait for that disk."""
    if os.path.samestat(os.fstat(sys.stdout.fileno()), Path(os.devnull).stat()):
        Hand("log").begin(lambda: _say_in(log))


def _say_in(log: Path) -> None:
    with _opened(log) as output:
        _redirect(output)


def _redirect(output: BinaryIO) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(output.fileno(), stream.fileno())


def how_it_ended(code: int | None) -> str:
    """An exit code in words."""
    if code is None:
        return "gone"
    if code < 0 and os.name == "posix":
        known = {int(number): number.name for number in signal.Signals}
        return f"killed by {known.get(-code, f'signal {-code}')}"
    return "stopped" if code == 0 else f"exit code {code}"


def is_over(pid: int) -> bool:
    """Whether nothing of a process of ours runs any more, though the system cannot yet say how it ended: a thread of it waits for a disk
    that hangs."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill(pid: int) -> None:
    """End a process that does not answer."""
    try:
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return


def lower_priority() -> None:
    """Make this process give way to every other: CPU and, where the system has it, disk."""
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.IDLE_PRIORITY_CLASS)
        process.ionice(psutil.IOPRIO_VERYLOW)
        return
    process.nice(19)
    if sys.platform == "linux":
        process.ionice(psutil.IOPRIO_CLASS_IDLE)


def more_files() -> None:
    """Let this process have as many files and connections open as the system allows it; Windows has no such limit."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
