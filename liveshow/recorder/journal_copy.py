"""The journal on the mirror's disk, brought there by a thread of its own: nothing that hangs elsewhere keeps a mark from it."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

from liveshow.recorder.second_disk import NOT_THERE, SILENT
from liveshow.showfolder.disk import sync
from liveshow.showfolder.hand import not_answered

EVERY = 0.2


class JournalCopy:
    """The mirror's journal (a :class:`liveshow.showfolder.journal.Copy`): `data` is to be in it, `kept` bytes of it are on its disk.
    `start` it, and `stop` it at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.news = threading.Condition()
        self.data = bytearray()
        self.kept = 0
        self._file = -1
        self._piece = 0, b""  # what was last written, and where: of a piece that hung it may be there though it was taken back
        self._why = ""
        self._beat = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mirror's journal", daemon=True)

    def start(self) -> None:
        """Begin to bring it what it lacks."""
        if not self._thread.is_alive() and not self._end.is_set():
            self._thread.start()

    def stop(self, within: float) -> None:
        """Bring it what it lacks now, in so many seconds, and nothing more."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(within)

    @property
    def why(self) -> str:
        """Why it is not written, "" while it is."""
        silent = time.monotonic() - self._beat
        return not_answered(silent) if self._thread.is_alive() and silent > SILENT else self._why

    def _run(self) -> None:
        while not (self._end.is_set() and (bool(self._why) or not self.waits)):
            with self.news:
                if not self.waits:
                    self.news.wait(EVERY)
            self._beat = time.monotonic()
            try:
                self.bring()
                self._why = ""
            except OSError as exc:
                self._why = NOT_THERE if exc.errno == errno.ENOENT else exc.strerror or str(exc)
                self.let_go()
                self._end.wait(EVERY)

    def there(self) -> bytes:
        """What is on the mirror's disk now; nothing when there is none. Raises OSError."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            if not self.path.parent.is_dir():
                raise
            return b""

    def begin(self, data: bytes) -> None:
        """This is the journal so far."""
        with self.news:
            self.data = bytearray(data)
            self.kept = min(self.kept, len(data))
            self.news.notify_all()

    def append(self, data: bytes) -> None:
        """And this follows."""
        with self.news:
            self.data += data
            self.news.notify_all()

    def keeps(self, size: int, within: float) -> bool:
        """Whether its first `size` bytes are on the mirror's disk, or come there within so many seconds."""
        with self.news:
            return self.news.wait_for(lambda: self.kept >= size, within)

    def bring(self) -> None:
        """Bring it to the mirror's disk. Raises OSError."""
        if self._file < 0 or not self._in_place():
            self._open()
        with self.news:
            start, piece, whole = self.kept, bytes(self.data[self.kept :]), len(self.data)
        if not piece and os.fstat(self._file).st_size == whole:
            return
        self._piece = start, piece
        os.ftruncate(self._file, start)  # before: never part of a line behind another one
        self._write(piece, start)
        with self.news:
            if self.kept == start and self.data.startswith(piece, start):  # else it was taken back while it hung
                self.kept += len(piece)
            self.news.notify_all()

    @property
    def waits(self) -> bool:
        """Whether anything is to be brought."""
        return self.kept < len(self.data)

    def _in_place(self) -> bool:
        there, here = self.path.stat(), os.fstat(self._file)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def _write(self, piece: bytes, at: int) -> None:
        """Write a piece, to the disk itself. Raises OSError."""
        os.lseek(self._file, at, os.SEEK_SET)
        view = memoryview(piece)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)

    def _open(self) -> None:
        """What lies there now may be older than what was there before. And it may lie in memory only: a disk that did not take it says so
        once, to whoever asked, so what was not seen to come to the disk is written once more, over itself."""
        self.let_go()
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        there = self.path.read_bytes()
        whole = there[: there.rfind(b"\n") + 1]
        at, piece = self._piece
        with self.news:
            if not self.data.startswith(whole) and (self.data[:at] + piece).startswith(whole):
                whole = whole[:at]
            if not self.data.startswith(whole):
                self.let_go()
                raise FileExistsError(errno.EEXIST, "the journal of another evening lies there")
            known = self.kept = min(self.kept, len(whole))
        self._write(whole[known:], known)
        sync(self.path.parent)
        with self.news:
            if self.kept == known and self.data.startswith(whole):  # else it was taken back while it hung
                self.kept = len(whole)
            self.news.notify_all()

    def let_go(self) -> None:
        """Close it; it is opened again."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
