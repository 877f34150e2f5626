"""What is kept free on the disk, and what gives way before it is touched.

While the disk lasts for less than three times `reserve_minutes`, nothing is handed off, and what can be made again is given up, oldest
first. At `reserve_minutes` recording ends cleanly, or goes on on the mirror alone for as long as that lasts. A few megabytes are held back
from the beginning for the last words of all: on a full disk the end of every part and of the show could not be written down.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from liveshow.events import MirrorNow
from liveshow.showfolder.hand import Hand

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
    """`near`: what can be made again is to be given up; `withheld`: why nothing is handed off at present; `leave`: why the first disk is
    left to what is there, and recording goes on on the mirror alone; `end`: why recording ends. Each "" when it is not so."""

    near: bool = False
    withheld: str = ""
    leave: str = ""
    end: str = ""


class Reserve:
    """Judges the disks again and again."""

    def __init__(self, minutes: float) -> None:
        self._seconds = minutes * 60
        self._short = self._alone = 0  # looks in a row: the first disk does not last; the mirror does not, which has everything
        self._left = self._why = ""  # why the first is left; why it was, the last time

    def look(self, seconds_left: float | None, mirror: MirrorNow | None) -> Verdict:
        """seconds_left: of recording on the first disk, at the present rate; None while that is not known."""
        if seconds_left is None:
            self._short = self._alone = 0
            return Verdict(withheld=_owed(mirror), leave=self._left)
        if self._left and seconds_left > GIVES_WAY * self._seconds:
            self._left = ""
        dead = mirror is not None and mirror.first not in ("", self._why)
        near = seconds_left < GIVES_WAY * self._seconds and not dead  # how much room a disk has that takes nothing is not known
        if mirror is not None and (self._left or dead):
            end = self._look_at_mirror(mirror, seconds_left, dead)
            near = near and not end
        else:
            end = self._look_at_first(mirror, seconds_left)
        withheld = end or (f"{seconds_left / 60:.0f} min are left on the disk" if near else _owed(mirror))
        return Verdict(near, withheld, self._left, end)

    def _look_at_first(self, mirror: MirrorNow | None, seconds_left: float) -> str:
        """Leave it to the mirror when it does not last; why recording ends when the mirror takes not everything, for longer, or ""."""
        self._alone = 0
        self._short = self._short + 1 if seconds_left < self._seconds else 0
        if self._short < LOOKS:
            return ""
        why = f"{seconds_left / 60:.1f} min are left on the disk"
        if mirror is None or mirror.same_disk or not self._lasts(mirror):
            return why
        self._left = self._why = why
        return ""

    def _look_at_mirror(self, mirror: MirrorNow, seconds_left: float, dead: bool) -> str:
        """It alone is written: go back to the first disk when it takes no more, or does not last; why recording ends when that is not
        possible either, or "". While neither takes anything nothing can be ended cleanly, and recording goes on as soon as one does."""
        self._short = 0
        self._alone = 0 if self._lasts(mirror) else self._alone + 1
        if self._alone < LOOKS or (dead and mirror.why):
            return ""
        left, self._left, self._alone = self._left, "", 0
        if not dead and seconds_left > self._seconds:
            return ""
        if mirror.why or mirror.seconds_left is None:
            return left
        return f"{mirror.seconds_left / 60:.1f} min are left on the mirror, and nothing is written elsewhere"

    def _lasts(self, mirror: MirrorNow) -> bool:
        """Whether the mirror takes what is written, and lasts."""
        return not mirror.why and (mirror.seconds_left is None or mirror.seconds_left >= self._seconds)


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


class GivingUp:
    """Gives up what can be made again, one thing after another, in a thread of its own: a disk that is nearly full may be slow, or hang."""

    def __init__(self, cache: Path) -> None:
        self._cache, self._hand = cache, Hand("giving up")
        self._nothing = False  # as of the last time

    def go_on(self) -> bool:
        """Have one more thing given up, if none is being; whether that may make room: not when there was none the last time, or when the
        disk does not answer. Waits for nothing."""
        self._hand.begin(self._one)
        return not self._nothing and not self._hand.hangs

    def _one(self) -> None:
        try:
            self._nothing = give_up_oldest(self._cache) is None
        except OSError as exc:
            self._nothing = True
            log.warning("nothing can be given up: %s", exc)


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
