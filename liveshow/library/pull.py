"""Pulling contributions from a library to an editor's disk: what is not yet there, verified while it is copied, resumed where a
killed pull stopped, and each package whole or absent.

While a package is on its way it is `<dest>/<show id>/.<slug>.partial/`. A file in there was verified in full and is on disk; the
one being copied is `.incoming-<first digits of its SHA-256>` and is taken up where it ends.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import LiveshowError, MachineError
from liveshow.library.index import Index
from liveshow.library.search import EVERY, EVERYTHING, Query, search
from liveshow.library.shelf import same_package
from liveshow.showfolder.bag import (
    CHUNK,
    MANIFEST,
    PAYLOAD,
    TAG_MANIFEST,
    Progress,
    files_in,
    read_manifest,
    size_of,
    sync,
    sync_tree,
)

Watch = Callable[[str, int, int], None]
"""Called with the package at hand, the bytes done and the bytes to do. It may raise to interrupt."""


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did: packages that came, that were there already, and the faults of those that did not come."""

    pulled: tuple[Path, ...]
    there: tuple[Path, ...]
    faults: tuple[LiveshowError, ...]


def unwatched(_: str, __: int, ___: int) -> None:
    """The progress nobody watches."""


def pull(
    library: Path,
    dest: Path,
    query: Query = EVERYTHING,
    *,
    progress: Watch = unwatched,
) -> PullReport:
    """Copy each contribution that a query finds and that is not yet in `dest`, the oldest first.

    A package that is damaged at its source, or for which something else stands in `dest`, is a fault in the report; the others
    go on. Raises NotFound without a library, MachineError when `dest` cannot be written. Killed at any moment, it can be run again.
    """
    with Index(library) as index:
        faults = index.catch_up()
        wanted = [found.place for found in reversed(search(index, query, EVERY))]
    there = [dest / place for place in wanted if same_package(library / place, dest / place)]
    to_do = [place for place in wanted if dest / place not in there]
    watched = _Watched(progress, sum(size_of(library / place) for place in to_do))
    pulled: list[Path] = []
    for place in to_do:
        watched.package = place.name
        try:
            pulled.append(_pull_one(library / place, dest / place, watched))
        except MachineError:
            raise
        except LiveshowError as exc:
            faults.append(exc)
    return PullReport(tuple(pulled), tuple(there), tuple(faults))


class _Watched:
    """Turns bytes into progress over all packages."""

    def __init__(self, tell: Watch, total: int) -> None:
        self.package = ""
        self._tell, self._total, self._done = tell, total, 0

    def __call__(self, more: int) -> None:
        self._done += more
        self._tell(self.package, min(self._done, self._total), self._total)


def _pull_one(package: Path, final: Path, progress: Progress) -> Path:
    if final.exists():
        todo = "nothing is overwritten: move it away, or verify it with `liveshow verify`"
        raise LiveshowError("something else of that name stands there", where=str(final), todo=todo)
    partial = final.with_name(f".{final.name}.partial")
    wanted = _wanted(package)
    try:
        _begin(package, partial)
        for name, digest in wanted.items():
            _bring(package / name, partial / name, digest, partial, progress)
        sync_tree(partial)
        partial.rename(final)
        sync(final.parent)
    except OSError as exc:
        todo = "is there room? may it be written? is another pull at work there?"
        raise MachineError(f"cannot be written: {exc.strerror or exc}", where=str(exc.filename or final), todo=todo) from exc
    return final


def _wanted(package: Path) -> dict[str, str]:
    """The files of a package and their digests, tag files first. Raises LiveshowError when it holds more than it lists."""
    payload = read_manifest(package / MANIFEST)
    more = set(files_in(package / PAYLOAD, package)) - set(payload)
    if more:
        raise _damaged(package / min(more), "is not in the manifest")
    tags = read_manifest(package / TAG_MANIFEST)
    if not {"bagit.txt", MANIFEST} <= set(tags):
        raise _damaged(package / TAG_MANIFEST, "does not list the manifest")
    return tags | payload


def _damaged(path: Path, what: str) -> LiveshowError:
    return LiveshowError(
        what, where=str(path), todo="the package is damaged at its source and was not pulled; hand it off again"
    )


def _begin(package: Path, partial: Path) -> None:
    """A folder to copy into; what is there of another state of the package is dropped."""
    if partial.exists() and not same_package(package, partial):
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    if not (partial / TAG_MANIFEST).exists():
        incoming = partial / ".incoming-tagmanifest"
        shutil.copyfile(package / TAG_MANIFEST, incoming)
        incoming.replace(partial / TAG_MANIFEST)


def _bring(source: Path, target: Path, digest: str, partial: Path, progress: Progress) -> None:
    """One file, verified as it comes; what an earlier pull copied of it is hashed from `partial` and kept if it fits."""
    if target.exists():
        progress(target.stat().st_size)
        return
    if source.is_symlink() or not source.is_file():
        raise _damaged(source, "is missing")
    incoming = partial / f".incoming-{digest[:16]}"
    resumed = incoming.exists()
    found = _copy(source, incoming, progress)
    if found != digest and resumed:  # the fault may be in what was there: once more from the beginning
        incoming.unlink()
        found = _copy(source, incoming, progress)
    if found != digest:
        incoming.unlink()
        raise _damaged(source, f"is altered: its SHA-256 is {found[:12]}…, not {digest[:12]}…")
    sync(incoming)
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming.replace(target)


def _copy(source: Path, incoming: Path, progress: Progress) -> str:
    """Append to `incoming` what it lacks of `source`; the SHA-256 of all of it."""
    digest = hashlib.sha256()
    with incoming.open("a+b") as out:
        out.seek(0)
        while chunk := out.read(CHUNK):
            digest.update(chunk)
            progress(len(chunk))
        for chunk in _rest(source, out.tell()):
            out.write(chunk)
            digest.update(chunk)
            progress(len(chunk))
    return digest.hexdigest()


def _rest(source: Path, offset: int) -> Iterator[bytes]:
    """The bytes of a file from `offset` on. Raises LiveshowError when the source cannot be read (the disk it is on may be bad)."""
    try:
        with source.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as exc:
        raise _damaged(source, f"cannot be read ({exc.strerror})") from exc
