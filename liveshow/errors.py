"""What can go wrong, said so that a person can act on it.

Every error that reaches a user is a :class:`LiveshowError`: what was found, where, and what to do about it.
Anything else that escapes is a bug, and `cli.py` says so without a traceback.

Exit codes (also in the README):

==== ==============================================================================
0    done
1    a check or a verification found a fault (`check`, `verify`, `pull`)
2    the command line or the setup file is wrong
3    this machine lacks something: a device, a package, a permission, room on the disk
4    no such show, segment, performer or contribution, or no recorder answers
70   a bug in liveshow
130  interrupted with Ctrl-C
==== ==============================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OK, FAULT, USAGE, MACHINE, NOT_FOUND, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130


class LiveshowError(Exception):
    """A fault a user can act on.

    what: what was found; where: file:line, feed or key; todo: what would be right or what to do next.
    """

    exit_code = FAULT

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what, where, todo)
        self.what, self.where, self.todo = what, where, todo

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" — {self.todo}" if self.todo else "")


@dataclass(frozen=True, slots=True)
class SetupFault:
    """One fault of a setup file: where (file, line, dotted key), what was found, and what would be right."""

    file: str
    line: int | None
    key: str
    what: str
    todo: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        return f"{place}:{key} {self.what}" + (f" — {self.todo}" if self.todo else "")


class SetupError(LiveshowError):
    """A setup file that cannot be used; carries every fault found, in file order."""

    exit_code = USAGE

    def __init__(self, faults: Sequence[SetupFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class UsageError(LiveshowError):
    """A command or request that makes no sense as given."""

    exit_code = USAGE


class MachineError(LiveshowError):
    """This machine lacks something: a device, a package, a permission, room on the disk."""

    exit_code = MACHINE


class FeedError(MachineError):
    """A feed or its device cannot be opened; `where` is the device or feed id."""


class FeedLost(LiveshowError):
    """A feed that was open delivers no more (stall, unplugged, end of stream). It is to be opened again."""


class FeedStuck(LiveshowError):
    """A feed that this process cannot open any more, because a driver hangs in it: the process is to end, for a fresh one may."""

    exit_code = MACHINE


class NotFound(LiveshowError):
    """No such show, segment, performer or contribution, or nobody answers there."""

    exit_code = NOT_FOUND


class JournalError(LiveshowError):
    """A journal that cannot be read or written; `where` is file:line."""

    exit_code = MACHINE
