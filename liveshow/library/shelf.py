"""What stands in a library: `<library>/<show id>/<slug>/`, each a package. A later version stands beside the earlier ones."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from liveshow.errors import LiveshowError, MachineError
from liveshow.library.index import Index
from liveshow.showfolder import contribution
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import TAG_MANIFEST, check_bag, files_in, sync_tree
from liveshow.showfolder.contribution import PREVIEWS, Contribution
from liveshow.showfolder.withdrawn import restore

log = logging.getLogger(__name__)


def publish(package: Path, library: Path) -> Path:
    """Put a package into a library, whole or not at all, and say where. It is hard-linked where the disk is the same.

    What stands there already stays: the same package again changes nothing, and another contribution of that name (of a show
    recorded anew on the same day) gets its id added.
    A notice that it was withdrawn goes: who publishes has everybody's yes. Raises LiveshowError, MachineError.
    """
    about = contribution.read(package)
    shelf = library / about.show.id
    for name in (package.name, f"{package.name}-{about.id[:8]}"):
        target = shelf / name
        if not target.exists():
            placed = _put(package, target)
            restore(library, about.id)
            _list(library, target, about)
            return placed
        if same_package(package, target):
            restore(library, about.id)
            return target
    raise LiveshowError("another package stands there", where=str(target), todo="nothing handed off is replaced: move it away")


def show_preview(preview: Path, package: Path, library: Path) -> Path | None:
    """Put the preview of a package (a folder) beside it: `<library>/<show id>/.previews/<its name there>/`, whole or not at all; None
    when there is nothing to do: it is there already, or the package is not in the library. Raises MachineError."""
    about = contribution.read(package)
    shelf = library / about.show.id
    names = (package.name, f"{package.name}-{about.id[:8]}")
    placed = next((shelf / name for name in names if same_package(package, shelf / name)), None)
    if placed is None or (target := shelf / PREVIEWS / placed.name).is_dir():
        return None
    return _put(preview, target)


def _list(library: Path, target: Path, about: Contribution) -> None:
    """Put it into the index. One that takes it not is no harm: the next who searches catches up."""
    try:
        with Index(library) as index:
            index.add([(target.relative_to(library), about)])
    except MachineError as exc:
        log.warning("%s", exc)


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
            if any(copied) and (package / TAG_MANIFEST).exists() and (faults := check_bag(building)):
                raise faults[0]
            sync_tree(building)
    except OSError as exc:
        if same_package(package, target) or (target.parent.name == PREVIEWS and target.is_dir()):
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
