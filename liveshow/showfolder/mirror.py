"""A show's mirror: where it lies, what it or the first disk lacks, and bringing each what it lacks.

A mirror is a complete show folder of its own. Parts and timings are written on both to the byte, so of two files of one name the longer one
has all that the other has; only the headers of media are written anew as they grow. The journal of which the other is the beginning
is the newer one. Whatever fits neither rule is left as it is and named.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import JournalError, MachineError
from liveshow.model import Setup
from liveshow.showfolder import journal
from liveshow.showfolder.disk import sync
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.hand import Hand
from liveshow.showfolder.names import TIMING, decode_part

HEADER = 1 << 13
"""Bytes at the beginning of a part that are written anew as it grows, or as it ends: sizes, the length, where the index is."""
CHUNK = 1 << 20
AT_ONCE = 64 << 20
"""Bytes that may wait in memory for the disk itself: what is copied then comes there about as it is told."""
ANSWERS_WITHIN = 2.0
"""Seconds in which each disk must, where there are two."""
AHEAD = 2.0
"""Seconds of a recording by which one disk must have more than the other to be read instead: more than a key picture, of which one has
more by chance for a moment."""
MEASURED = 1.0  # seconds, at least, in which it is measured how fast a recording grows
NEWER = "the mirror's journal and the show's each have what the other lacks"


@dataclass(frozen=True, slots=True)
class Lack:
    """A file that one disk has not, or not all of: it is whole at `source`, and belongs at `target`. `bytes`: how many are missing;
    `to_first`: whether it is the first disk that lacks them."""

    source: Path
    target: Path
    bytes: int
    to_first: bool


def mirror_of(setup: Setup, folder: ShowFolder) -> ShowFolder | None:
    """The show folder on the mirror; None when the setup names none, or when this is it."""
    if not setup.recording.mirror:
        return None
    place = ShowFolder(Path(setup.recording.mirror).absolute() / folder.id)
    return None if place.path.resolve() == folder.path.resolve() else place


class Places:
    """Where a show's recordings are read while they grow: on the first disk, or on the mirror while the first lags behind, or does not
    answer. Both grow by turns: whoever reads a feed stays with one of them as long as that is good, for on the other all begins anew."""

    def __init__(self, first: ShowFolder, mirror: ShowFolder | None) -> None:
        self._first, self._mirror = first, mirror
        self._hands = Hand("newest on the first disk"), Hand("newest on the mirror")
        self._grown: dict[str, _Grown] = {}

    def of(self, feed: str) -> ShowFolder:
        """The show folder in which to read a feed: where it was read last, unless the other has more by seconds, or a newer part."""
        if self._mirror is None:
            return self._first
        of_first, of_mirror = self._hands
        there = _answered(of_mirror, self._mirror, feed)  # before: both grow meanwhile
        here = _answered(of_first, self._first, feed)
        grown = self._grown.setdefault(feed, _Grown())
        return self._mirror if grown.on_mirror(here, there, time.monotonic()) else self._first


_Extent = tuple[int, int]
_NOTHING: _Extent = 0, -1


class _Grown:
    """One feed on both disks: on which it is read, and how fast it grows."""

    def __init__(self) -> None:
        self._mirror = False
        self._rate = 0.0  # bytes a second
        self._last, self._seen = _NOTHING, 0.0

    def on_mirror(self, here: _Extent, there: _Extent, now: float) -> bool:
        """Whether to read it on the mirror; so much was on the first disk and on the mirror at `now`, host's monotonic seconds."""
        part, size = max(here, there)
        if part == self._last[0] and now - self._seen >= MEASURED:
            self._rate = max(0.0, (size - self._last[1]) / (now - self._seen))
        if part != self._last[0] or now - self._seen >= MEASURED:
            self._last, self._seen = (part, size), now
        mine, other = (there, here) if self._mirror else (here, there)
        if other[0] > mine[0] or (other[0] == mine[0] and other[1] - mine[1] > AHEAD * self._rate):
            self._mirror = not self._mirror
        return self._mirror


def _answered(hand: Hand, folder: ShowFolder, feed: str) -> _Extent:
    """As much as nothing where a disk does not answer."""
    try:
        return hand.do(lambda: _extent(folder, feed), ANSWERS_WITHIN)
    except OSError:
        return _NOTHING


def _extent(folder: ShowFolder, feed: str) -> _Extent:
    """The number of a feed's newest part, and its size; as much as nothing where a disk takes nothing."""
    try:
        names = folder.part_names(feed)
        return (names[-1].part, folder.part_file(names[-1]).stat().st_size) if names else _NOTHING
    except OSError:
        return _NOTHING


def bring_journal(source: ShowFolder, target: ShowFolder) -> int:
    """Append to a journal, which nobody else may have open, what another one has beyond it; how many bytes. Nothing when it has less.

    Raises JournalError when each has what the other lacks, MachineError when a disk takes it not.
    """
    there, here = _lines(source.journal_file), _lines(target.journal_file)
    if here.startswith(there):
        return 0
    if not there.startswith(here):
        todo = "if it is another evening's, move the mirror's folder away; else copy what is right over the other by hand"
        raise JournalError(NEWER, where=str(source.journal_file), todo=todo)
    with journal.Journal(target.journal_file) as opened:
        opened.take_over(there)
    return len(there) - len(here)


def _lines(path: Path) -> bytes:
    """The whole lines of a journal; none of one that is not there."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as exc:
        raise MachineError(f"cannot be read: {exc.strerror}", where=str(path), todo="look after this disk") from exc
    return data[: data.rfind(b"\n") + 1]


def lacks(first: ShowFolder, mirror: ShowFolder, busy: Collection[Path] = ()) -> Iterator[Lack]:
    """What one of them has not of the recordings, by size. `busy`: parts, relative to the show folder, that are being written; their
    timings are, too.

    Raises OSError when a disk cannot be looked at.
    """
    timings = {part.with_suffix(TIMING) for part in busy}
    for place in sorted((_recorded(first) | _recorded(mirror)) - timings - set(busy)):
        here, there = _size(first.path / place), _size(mirror.path / place)
        if here > there:
            yield Lack(first.path / place, mirror.path / place, here - there, to_first=False)
        elif there > here:
            yield Lack(mirror.path / place, first.path / place, there - here, to_first=True)


def _recorded(folder: ShowFolder) -> set[Path]:
    """Parts and timings, relative to the show folder."""
    found = (path for feed in folder.recordings.iterdir() if feed.is_dir() for path in feed.iterdir())
    return {path.relative_to(folder.path) for path in found if decode_part(path.name) is not None}


def _size(path: Path) -> int:
    """-1 when it is not there, for an empty file is."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def bring(lack: Lack, throughout: bool = True) -> Iterator[int]:
    """Bring a file what it lacks: aside, on the disk, renamed. Gives the bytes copied after each piece, so that others come in between.

    `throughout`: what both have is compared as well. Raises MachineError when it differs, or when a disk takes or gives it not.
    """
    aside = lack.target.with_name(f".{lack.target.name}.aside")
    try:
        lack.target.parent.mkdir(exist_ok=True)
        if throughout and lack.target.exists():
            _compare(lack.source, lack.target)
        with lack.source.open("rb") as source, aside.open("wb") as target:
            while piece := source.read(CHUNK):
                target.write(piece)
                if target.tell() % AT_ONCE < len(piece):
                    target.flush()
                    os.fsync(target.fileno())
                yield len(piece)
            target.flush()
            os.fsync(target.fileno())
        aside.replace(lack.target)
        sync(lack.target.parent)
    except OSError as exc:
        raise MachineError(f"cannot be brought up to date: {exc.strerror or exc}", where=str(lack.target)) from exc
    finally:
        with suppress(OSError):  # its disk takes nothing any more, not even that
            aside.unlink(missing_ok=True)


def _compare(longer: Path, shorter: Path) -> None:
    """Raises MachineError when two files differ in what both have, after their headers."""
    with longer.open("rb") as one, shorter.open("rb") as other:
        one.seek(HEADER)
        other.seek(HEADER)
        while piece := other.read(CHUNK):
            if one.read(len(piece)) != piece:
                todo = "`liveshow verify` says which of both is good; delete the other, and run this again"
                raise MachineError(f"differs from {longer}", where=str(shorter), todo=todo)


def unlike(first: ShowFolder, mirror: ShowFolder) -> Iterator[Path]:
    """The recordings of which both have as many bytes and not the same ones. Raises OSError."""
    for place in sorted(_recorded(first) & _recorded(mirror)):
        with (first.path / place).open("rb") as one, (mirror.path / place).open("rb") as other:
            while (piece := one.read(CHUNK)) == (across := other.read(CHUNK)) and piece:
                pass
            if piece != across:
                yield place
