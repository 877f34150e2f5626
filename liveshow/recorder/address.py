"""How processes of one show find each other: a small file for each, in the user's state folder.

Not in the runtime folder (XDG_RUNTIME_DIR): that one is deleted when the last SSH session logs out, and a recorder outlives it.
A file names a loopback port, a token that must be said first, and the process; it counts only while that process lives, so a
file left by a crash or an earlier boot misleads nobody. What is left of a process that was killed counts no more, though a thread of it may
wait for a disk that hangs for as long as that does: whoever comes after it need not.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil

from liveshow.errors import MachineError, NotFound
from liveshow.showfolder.disk import lock
from liveshow.showfolder.private import run_folder as run_folder
from liveshow.timebase import boot_id

RECORDER, CONTROL, TIMECODE, REVIEW, PROVER = "recorder", "control", "timecode", "review", "prover"
TURN_WITHIN, TURN_EVERY = 5.0, 0.01  # seconds: what is done by turns takes some milliseconds


class Address(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a process listens. `born`: what tells it from another process of the same number (see :func:`born`)."""

    host: str
    port: int
    token: str
    pid: int
    born: str
    folder: str
    role: str

    def alive(self) -> bool:
        """Whether that very process still runs."""
        try:
            return born(self.pid) == self.born and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def born(pid: int) -> str:
    """What tells a process from another one that has, or will have, the same number. Raises psutil.NoSuchProcess.

    Linux: boot and clock tick of its start (proc_pid_stat(5), field 22). psutil's create_time is no use there: it moves whenever
    the wall clock is set, and a show's processes must find each other after that too.
    """
    if sys.platform != "linux":
        return str(round(psutil.Process(pid).create_time()))
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError) as exc:
        raise psutil.NoSuchProcess(pid) from exc
    return f"{boot_id()} {stat.rpartition(')')[2].split()[19]}"


def folder_of(show: Path) -> Path:
    """Where the address files of one show lie; `show` is its folder."""
    show = show.resolve()
    digest = hashlib.sha256(os.fsencode(show)).hexdigest()[:10]
    return run_folder() / f"{show.name}-{digest}"


def publish(show: Path, role: str, port: int) -> Address:
    """Make this process known as `role` ("recorder", "control", "timecode", or "worker-<device>"), with a fresh token. Readable by this
    user only.

    Raises MachineError when it cannot be written down.
    """
    me = os.getpid()
    address = Address(
        host="127.0.0.1",
        port=port,
        token=secrets.token_urlsafe(24),
        pid=me,
        born=born(me),
        folder=str(show.resolve()),
        role=role,
    )
    place = folder_of(show)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = place / f"{role}.{me}.aside"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(address))
        aside.replace(place / f"{role}.json")
    except OSError as exc:
        raise _not_found_by_anybody(role, place, exc) from exc
    return address


def _not_found_by_anybody(role: str, place: Path, exc: OSError) -> MachineError:
    todo = "make it writable, or name another folder in LIVESHOW_RUN"
    return MachineError(f"nobody could find this {role}: {exc.strerror}", where=str(place), todo=todo)


def publish_alone(show: Path, role: str, port: int) -> Address:
    """The same for a role that there is once: whoever comes first has it until it withdraws or is no more. A recorder that is killed as it
    starts its workers leaves some whom nobody can find yet, and the next one starts others.

    Raises MachineError also when another process has it.
    """
    place = folder_of(show)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _by_turns(place / f"{role}.lock"):
            other = look_up(show, role)
            if other is None or other.pid == os.getpid():
                return publish(show, role, port)
    except OSError as exc:
        raise _not_found_by_anybody(role, place, exc) from exc
    todo = "nothing: the recorder takes over the one that there is"
    raise MachineError(f"process {other.pid} is that already", where=role, todo=todo)


@contextmanager
def _by_turns(path: Path) -> Iterator[None]:
    """One process at a time does what is done within. Raises OSError when another one does not come to its end."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + TURN_WITHIN
        while True:
            try:
                lock(fd)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(TURN_EVERY)
        yield
    finally:
        os.close(fd)


def withdraw(show: Path, role: str) -> None:
    """This process is no longer `role`."""
    found = look_up(show, role)
    if found is not None and found.pid == os.getpid():
        (folder_of(show) / f"{role}.json").unlink(missing_ok=True)


def look_up(show: Path, role: str) -> Address | None:
    """The live process of that role, if there is one."""
    return _read(folder_of(show) / f"{role}.json")


def recorder_of(show: Path) -> Address:
    """The recorder of a show. Raises NotFound when none runs."""
    found = look_up(show, RECORDER)
    if found is None:
        todo = "start it with `liveshow run SETUP`; `liveshow status` lists shows that are running"
        raise NotFound("no recorder runs on this show", where=str(show), todo=todo)
    return found


def workers_of(show: Path) -> tuple[Address, ...]:
    """The workers of a show that run, with or without a recorder."""
    return tuple(_live(folder_of(show).glob("worker-*.json")))


def running() -> tuple[Address, ...]:
    """The recorders of all shows of this user that run now."""
    return tuple(_live(run_folder().glob(f"*/{RECORDER}.json")))


def everybody() -> tuple[Address, ...]:
    """Every process of every show of this user that runs now."""
    return tuple(_live(run_folder().glob("*/*.json")))


def _live(paths: Iterator[Path]) -> Iterator[Address]:
    for path in sorted(paths):
        address = _read(path)
        if address is not None:
            yield address


def _read(path: Path) -> Address | None:
    try:
        address = msgspec.json.decode(path.read_bytes(), type=Address)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return address if address.alive() else None
