"""What stands in a library: `<library>/<show id>/<slug>/`, each a package. A later version stands beside the earlier ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from liveshow.errors import LiveshowError, MachineError, NotFound
from liveshow.showfolder import contribution
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import TAG_MANIFEST, check_bag, files_in, sync_tree
from liveshow.showfolder.contribution import Contribution


@dataclass(frozen=True, slots=True)
class Entry:
    """One package: where it stands and what it says of itself."""

    path: Path
    about: Contribution

    @property
    def place(self) -> Path:
        """Its path within the library: show id and slug."""
        return Path(self.path.parent.name, self.path.name)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A library as found: every package in order of time, and what could not be read."""

    entries: tuple[Entry, ...]
    faults: tuple[LiveshowError, ...]


def browse(library: Path) -> Shelf:
    """Everything in a library. Raises NotFound when there is no such folder."""
    if not library.is_dir():
        raise NotFound("no such library", where=str(library), todo="name the folder that [handoff] library in the setup names")
    entries: list[Entry] = []
    faults: list[LiveshowError] = []
    for package in sorted(library.glob("[!.]*/[!.]*/bagit.txt")):
        try:
            entries.append(Entry(package.parent, contribution.read(package.parent)))
        except LiveshowError as exc:
            faults.append(exc)
    entries.sort(key=lambda e: (e.about.segment.start.utc, e.about.id, e.about.version))
    return Shelf(tuple(entries), tuple(faults))


def newest(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Of each contribution the latest version only, in the same order."""
    kept: dict[str, Entry] = {}
    for entry in entries:
        if entry.about.id not in kept or kept[entry.about.id].about.version < entry.about.version:
            kept[entry.about.id] = entry
    return tuple(kept.values())


def matches(entry: Entry, performer: str | None, show: str | None, since: datetime | None) -> bool:
    """Whether a package is of this performer (id or name), of this show (id), and begins at or after `since` (a time with zone)."""
    about = entry.about
    if performer is not None and performer.casefold() not in {
        name.casefold() for p in about.performers for name in (p.id, p.name)
    }:
        return False
    return (show is None or about.show.id == show) and (since is None or about.segment.start.utc >= since)


def publish(package: Path, library: Path) -> Path:
    """Put a package into a library, whole or not at all, and say where. It is hard-linked where the disk is the same.

    What stands there already stays: the same package again changes nothing, and another contribution of that name (of a show
    recorded anew on the same day) gets its id added. Raises LiveshowError, MachineError.
    """
    about = contribution.read(package)
    shelf = library / about.show.id
    for name in (package.name, f"{package.name}-{about.id[:8]}"):
        target = shelf / name
        if not target.exists():
            return _put(package, target)
        if same_package(package, target):
            return target
    raise LiveshowError("another package stands there", where=str(target), todo="nothing handed off is replaced: move it away")


def same_package(one: Path, other: Path) -> bool:
    """Whether two packages have the same content, by their tag manifests (which hold the digests of all the rest)."""
    try:
        return (one / TAG_MANIFEST).read_bytes() == (other / TAG_MANIFEST).read_bytes()
    except OSError:
        return False


def _put(package: Path, target: Path) -> Path:
    try:
        with aside(target) as building:
            copied = [_link(package / name, building / name) for name in files_in(package, package)]
            if any(copied) and (faults := check_bag(building)):
                raise faults[0]
            sync_tree(building)
    except OSError as exc:
        if same_package(package, target):
            return target  # another process was faster
        todo = "is there room on the library's disk? may it be written?"
        raise MachineError(f"cannot be put into the library: {exc.strerror or exc}", where=str(target), todo=todo) from exc
    return target


def _link(source: Path, target: Path) -> bool:
    """Hard-link a file, or copy it where that cannot be; whether it was copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        return True
    return False
