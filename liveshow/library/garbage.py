"""What may go from a library: what killed hand-offs left half built, and, when asked, versions that a correction superseded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import MachineError
from liveshow.library.index import Index
from liveshow.library.search import EVERY, Query, search
from liveshow.showfolder.aside import left_over
from liveshow.showfolder.bag import size_of
from liveshow.showfolder.contribution import PREVIEWS

_REMOVED = ".removed"  # ends the name of what is being removed


@dataclass(frozen=True, slots=True)
class Garbage:
    """A folder that may go, why, and how large it is."""

    path: Path
    why: str
    bytes: int


def garbage(index: Index, *, superseded: bool) -> tuple[Garbage, ...]:
    """What may go from a library whose index has caught up."""
    return tuple(_garbage(index, superseded))


def _garbage(index: Index, superseded: bool) -> Iterator[Garbage]:
    for show in sorted(p for p in index.library.iterdir() if p.is_dir()):
        half = [*left_over(show), *sorted(show.glob(f".*{_REMOVED}"))]
        half += left_over(show / PREVIEWS)
        yield from (Garbage(path, "half built, or half removed", size_of(path)) for path in half)
        alone = (p for p in sorted(show.glob(f"{PREVIEWS}/[!.]*")) if not (show / p.name).is_dir())
        yield from (Garbage(path, "the preview of what is gone", size_of(path)) for path in alone)
    if superseded:
        newest = {found.place for found in search(index, Query(), EVERY)}
        for found in search(index, Query(superseded=True), EVERY):
            path = index.library / found.place
            if found.place not in newest and path.is_dir():
                yield Garbage(path, f"superseded: version {found.version}", size_of(path))


def remove(index: Index, things: Sequence[Garbage]) -> None:
    """Remove it; a package goes under a hidden name first, so that nobody sees half of it. Raises MachineError."""
    for thing in things:
        try:
            hidden = thing.path if thing.path.name.startswith(".") else thing.path.with_name(f".{thing.path.name}{_REMOVED}")
            if hidden != thing.path:
                thing.path.rename(hidden)
            shutil.rmtree(hidden)
        except OSError as exc:
            todo = "may the library be written?"
            raise MachineError(f"cannot be removed: {exc.strerror}", where=str(thing.path), todo=todo) from exc
    index.catch_up()
