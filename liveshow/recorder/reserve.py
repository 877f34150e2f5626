"""What is kept free on the disk, and what gives way before it is touched.

While the disk lasts for less than three times `reserve_minutes`, nothing is handed off, and what can be made again is given up, oldest
first. At `reserve_minutes` recording ends cleanly, or goes on on the mirror alone. A few megabytes are held back from the beginning for
the last words of all: on a full disk the end of every part and of the show could not be written down.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from liveshow.events import MirrorNow

GIVES_WAY = 3
"""So many times the reserve is left to the recording alone."""
LOOKS = 4
"""Looks in a row at which the disk must not last: one who copies a file and deletes it again ends no show."""
HELD_BACK = 8 << 20
PERISHABLE = ("excerpts", "previews")
GOING = ".going"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`withheld`: why nothing is handed off at present; `leave`: why the first disk is left to what is there, and recording goes on on the
    mirror alone; `end`: why recording ends. Each "" when it is not so."""

    withheld: str = ""
    leave: str = ""
    end: str = ""


class Reserve:
    """Judges the disk again and again."""

    def __init__(self, minutes: float) -> None:
        self._seconds = minutes * 60
        self._short = 0
        self._left = ""

    def look(self, seconds_left: float | None, mirror: MirrorNow | None) -> Verdict:
        """seconds_left: of recording, at the present rate; None while that is not known."""
        if seconds_left is None:
            self._short = 0
            return Verdict(_owed(mirror), self._left)
        if self._left and seconds_left > GIVES_WAY * self._seconds:
            self._left = ""
        self._short = self._short + 1 if seconds_left < self._seconds else 0
        if self._short >= LOOKS and not self._left:
            why = f"{seconds_left / 60:.1f} min are left on the disk"
            if not self._goes_on(mirror):
                return Verdict(why, end=why)
            self._left = why
        near = seconds_left < GIVES_WAY * self._seconds
        return Verdict(f"{seconds_left / 60:.0f} min are left on the disk" if near else _owed(mirror), self._left)

    def _goes_on(self, mirror: MirrorNow | None) -> bool:
        """Whether the mirror takes everything, for longer."""
        if mirror is None or mirror.why or mirror.same_disk:
            return False
        return mirror.seconds_left is None or mirror.seconds_left > self._seconds


def _owed(mirror: MirrorNow | None) -> str:
    """Why what is on the first disk is not all there is."""
    if mirror is None or not (mirror.first or mirror.first_lacks):
        return ""
    return "the first disk lacks what the mirror alone has"


def perishable(cache: Path) -> Iterator[Path]:
    """The folders of what can be made again, oldest first; not what is being made. Raises OSError."""
    found = [path for kind in PERISHABLE for path in (cache / kind).rglob("*") if path.is_file()]
    found = [path for path in found if path.parent.name.endswith(GOING) or not path.parent.name.startswith(".")]
    ages = {
        folder: max(path.stat().st_mtime for path in found if path.parent == folder) for folder in {p.parent for p in found}
    }
    yield from sorted(ages, key=lambda folder: ages[folder])


def give_up_oldest(cache: Path) -> Path | None:
    """Delete the oldest of what can be made again; None when there is nothing. Raises OSError."""
    oldest = next(perishable(cache), None)
    if oldest is not None:
        going = oldest if oldest.name.endswith(GOING) else oldest.with_name(f".{oldest.name}{GOING}")
        oldest.rename(going)  # it is whole or absent, for whoever looks at it now
        shutil.rmtree(going)
        log.warning("%s was given up: the disk is nearly full", oldest)
    return oldest


class LastWords:
    """Room for them: a file of some megabytes, deleted when it is needed."""

    def __init__(self, cache: Path) -> None:
        """Take the room. A disk that has none goes without."""
        self._path = cache / "room-for-last-words"
        try:
            if not self._path.exists() or self._path.stat().st_size < HELD_BACK:
                self._path.write_bytes(os.urandom(HELD_BACK))  # nothing that a file system could make small
        except OSError as exc:
            log.warning("no room is held back: %s", exc)

    def give(self) -> None:
        """Make the room free."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as exc:
            log.warning("%s cannot be made free: %s", self._path, exc)
