"""A worker's two disks: a thread for each that brings what is recorded there, and how far they are.

They hold nobody up, neither who records nor each other: what is written waits in memory until both have it (see `twofold`). When the first
disk takes no more, or hangs for longer than memory lasts, the mirror alone keeps what is recorded until the first is good again; parts are
then begun anew on both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from liveshow.events import MirrorHealth
from liveshow.recorder.first_disk import FirstDisk
from liveshow.recorder.second_disk import SILENT, SecondDisk
from liveshow.recorder.syncer import Syncer
from liveshow.recorder.twofold import WAITING, Twofold
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.hand import Hand

LAST = 5.0  # seconds that the end of a worker waits for either
T = TypeVar("T")


class Mirroring:
    """The two disks of one worker. `disk`: the first; `lock` and `waits` as a :class:`~liveshow.recorder.twofold.Keeper`."""

    def __init__(self, folder: ShowFolder, mirror: ShowFolder) -> None:
        self.lock = threading.Lock()
        self.waits = 0
        self._folders = folder, mirror
        self._untold: list[tuple[Sequence[Twofold], Callable[[], None]]] = []
        self.disk = FirstDisk(folder.recordings, self._tell)
        self._second = SecondDisk(self._tell)
        self._hands = Hand("newest on the first disk"), Hand("newest on the mirror")

    def create(self, path: Path, syncer: Syncer) -> Twofold:
        """A new file of the show folder, on both disks; `syncer` brings the first's to the disk itself. Raises OSError when neither takes
        it."""
        folder, mirror = self._folders
        made = Twofold(path, mirror.path / path.relative_to(folder.path), self)
        self._second.add(made)
        self.disk.add(made, syncer)
        return made

    @staticmethod
    def forget(file: Twofold) -> None:
        """It came to nothing: neither disk keeps it."""
        file.void = True
        file.close()

    def when_kept(self, files: Sequence[Twofold], tell: Callable[[], None]) -> None:
        """Have something told, by one of our threads, once these files, which have ended, are whole on one of the disks."""
        with self.lock:
            self._untold.append((files, tell))

    def _tell(self) -> None:
        with self.lock:
            kept = [each for each in self._untold if all(file.kept for file in each[0])]
            self._untold = [each for each in self._untold if each not in kept]
        for _, tell in kept:
            tell()

    def both(self, ask: Callable[[ShowFolder], T], none: T) -> tuple[T, ...]:
        """What each disk answers, `none` for one that does not in time."""
        return tuple(_answered(hand, ask, folder, none) for hand, folder in zip(self._hands, self._folders, strict=True))

    @property
    def first(self) -> str:
        """Why nothing is written on the first disk at present, "" while it is."""
        return self.disk.why

    @property
    def left(self) -> bool:
        """Whether the first disk is left until it is good again."""
        return self.disk.left

    @property
    def carries(self) -> bool:
        """Whether the mirror takes what is written at present."""
        return not self._second.why

    def make_room(self, more: int) -> None:
        """So many more bytes are to wait than may: what waits for the mirror is let go, for the first disk has it; and when it is the first
        that does not keep up, that is left."""
        for file in self._second.files:
            file.let_go()
        if self.waits + more > WAITING and self.carries:
            self.disk.leave(self.first or "it is too slow")

    def health(self, feed: str) -> MirrorHealth:
        """How the mirror of a feed is."""
        now = time.monotonic()
        files = self._second.of(feed)
        return MirrorHealth(
            why=self._second.why,
            behind=round(max((file.behind(now) for file in files), default=0.0), 2),
            lacks=sum(file.lacks for file in files),
            first=self.first,
        )

    def stop(self) -> None:
        """Bring both the rest, as long as they take it and for no longer than some seconds, and tell what is to be told."""
        deadline = time.monotonic() + LAST
        for disk in (self.disk, self._second):
            disk.end(deadline)
        for disk in (self._second, self.disk):
            disk.join()
        with self.lock:
            untold, self._untold = self._untold, []
        for _, tell in untold:
            tell()


def _answered(hand: Hand, ask: Callable[[ShowFolder], T], folder: ShowFolder, none: T) -> T:
    try:
        return hand.do(lambda: ask(folder), SILENT)
    except OSError:  # it is gone, or hangs
        return none
