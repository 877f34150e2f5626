"""One package on its way to an editor's disk: verified while it is copied, resumed where it stopped, whole or absent under its name.

On its way it is `<dest>/<show id>/.<slug>.partial/`. A file in there was verified in full and is on disk; one that is being copied is
`.incoming-<first digits of its SHA-256>` and is taken up where it ends. `.<slug>.lock` keeps two pulls from one package.

What lets one begin before the clips are there (all but these: pictures to look at, timelines, credits) may be shown early, as copies in
`<slug>.preview/`, in the places that they have in the package; they go when the package is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath
from typing import Literal

from liveshow.errors import LiveshowError, MachineError
from liveshow.library.origin import Origin, damaged
from liveshow.library.shelf import same_package
from liveshow.showfolder.aside import aside
from liveshow.showfolder.bag import (
    CHUNK,
    MANIFEST,
    PAYLOAD,
    TAG_MANIFEST,
    Progress,
    files_in,
    read_manifest,
    sync,
    sync_tree,
)
from liveshow.showfolder.contribution import CLIPS
from liveshow.showfolder.disk import lock

PREVIEW = ".preview"
HEAVY = (".otioz",)
"""Endings of timelines that hold their media."""
Standing = Literal["ours", "there", "busy"]


class Arrival:
    """A package that is to come from `origin` to `final`, which `catalogue` describes. `files`: its files and their SHA-256, in the order
    in which they come: what lets one begin first."""

    def __init__(self, origin: Origin, catalogue: Path, place: Path, dest: Path) -> None:
        self.place, self.final = place, dest / place
        self._origin, self._about = origin, catalogue / place
        self.partial, self.preview = _partial(self.final), _preview(self.final)
        self._lock = -1
        self.files: dict[str, str] = {}

    def begin(self) -> Standing:
        """Take hold of it, unless it is there, or another process has ("busy"). What is there of another state of the package is dropped.

        Raises LiveshowError when the package is damaged, or something else stands in its place; MachineError.
        """
        wanted = _wanted(self._about)
        try:
            self.final.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(_lock_file(self.final))
            if self._lock < 0:
                return "busy"
            if same_package(self._about, self.final):
                return "there"
            if self.final.exists():
                todo = "nothing is overwritten: move it away, or verify it with `liveshow verify`"
                raise LiveshowError("something else of that name stands there", where=str(self.final), todo=todo)
            if self.partial.exists() and not same_package(self._about, self.partial):
                shutil.rmtree(self.partial)
            self._begin_partial()
        except OSError as exc:
            raise self._unwritable(exc) from exc
        self.files = dict(sorted(wanted.items(), key=lambda item: (_rank(item[0]), item[0])))
        return "ours"

    def bring(self, name: str, progress: Progress) -> None:
        """One file, verified as it comes; what an earlier pull copied of it is hashed and kept if it fits.

        Raises LiveshowError when it is damaged at its origin, Refused, Away, MachineError.
        """
        target, digest = self.partial / name, self.files[name]
        try:
            if target.exists():
                progress(target.stat().st_size)
                return
            incoming = self._brought(name, digest, progress)
            sync(incoming)
            target.parent.mkdir(parents=True, exist_ok=True)
            incoming.replace(target)
        except OSError as exc:
            raise self._unwritable(exc) from exc

    def show_early(self) -> None:
        """Have what came early lie in `<slug>.preview`, whole or not at all. Raises MachineError."""
        if self.preview.exists():
            return
        try:
            with aside(self.preview) as building:
                for name in filter(is_early, self.files):
                    (building / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(self.partial / name, building / name)  # no links: it may be written to
                sync_tree(building)
        except OSError as exc:
            raise self._unwritable(exc) from exc

    def finish(self) -> Path:
        """All files are there: the package appears. Raises Refused when it was withdrawn meanwhile, and what was copied of it goes;
        MachineError."""
        try:
            try:
                self._origin.still_given(self.place)
            except LiveshowError:
                self.drop()
                raise
            for left in self.partial.glob(".incoming-*"):  # of an earlier liveshow
                left.unlink()
            sync_tree(self.partial)
            self.partial.rename(self.final)
            sync(self.final.parent)
        except OSError as exc:
            raise self._unwritable(exc) from exc
        take_preview_away(self.final)
        return self.final

    def drop(self) -> None:
        """What was copied of it goes. Raises MachineError."""
        try:
            drop(self.final)
        except OSError as exc:
            raise self._unwritable(exc) from exc

    def let_go(self) -> None:
        """Others may have it."""
        if self._lock >= 0:
            _unlock(_lock_file(self.final), self._lock)
            self._lock = -1

    def _begin_partial(self) -> None:
        self.partial.mkdir(parents=True, exist_ok=True)
        if not (self.partial / TAG_MANIFEST).exists():
            incoming = self.partial / ".incoming-tagmanifest"
            shutil.copyfile(self._about / TAG_MANIFEST, incoming)
            incoming.replace(self.partial / TAG_MANIFEST)

    def _brought(self, name: str, digest: str, progress: Progress) -> Path:
        incoming = self.partial / f".incoming-{digest[:16]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        resumed = incoming.exists()
        found = self._copy(name, digest, incoming, progress)
        if found != digest and resumed:  # the fault may be in what was there: once more from the beginning
            incoming.unlink()
            found = self._copy(name, digest, incoming, progress)
        if found != digest:
            incoming.unlink()
            raise damaged(
                f"{self._origin.where}/{self.place.as_posix()}/{name}",
                f"is altered: its SHA-256 is {found[:12]}…, not {digest[:12]}…",
            )
        return incoming

    def _copy(self, name: str, digest: str, incoming: Path, progress: Progress) -> str:
        """Append to `incoming` what it lacks; the SHA-256 of all of it."""
        found = hashlib.sha256()
        with incoming.open("a+b") as out:
            out.seek(0)
            while chunk := out.read(CHUNK):
                found.update(chunk)
                progress(len(chunk))
            with closing(self._origin.rest(self.place, name, digest, out.tell())) as rest:
                for chunk in rest:
                    out.write(chunk)
                    found.update(chunk)
                    progress(len(chunk))
        return found.hexdigest()

    def _unwritable(self, exc: OSError) -> MachineError:
        todo = "is there room? may it be written?"
        where = str(exc.filename or self.final)
        return MachineError(f"cannot be written: {exc.strerror or exc}", where=where, todo=todo)


def is_early(name: str) -> bool:
    """Whether a file of a package lets one begin: all of the payload but clips and what holds them."""
    return _rank(name) == 1


def comes_first(name: str) -> bool:
    """Whether a file is one of those, or a manifest."""
    return _rank(name) < 2


def take_preview_away(final: Path) -> None:
    """What was shown early of a package goes; what somebody else put there stays, and so does what cannot be removed now."""
    preview = _preview(final)
    if not preview.exists():
        return
    of = final if final.exists() else _partial(final)
    names = [name for name in files_in(of / PAYLOAD, of) if is_early(name)]
    folders = {folder for name in names for folder in PurePosixPath(name).parents}
    with suppress(OSError):  # not empty, or open in a program (Windows)
        for name in names:
            (preview / name).unlink(missing_ok=True)
        for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
            (preview / folder).rmdir()


def drop(final: Path) -> None:
    """What was copied of a package that is not whole goes. Raises OSError."""
    if _partial(final).exists():
        take_preview_away(final)
        shutil.rmtree(_partial(final))


def take_lock_away(final: Path) -> None:
    """What a killed pull left, unless another one is at work there."""
    file = _lock_file(final)
    if file.exists() and (fd := _locked(file)) >= 0:
        _unlock(file, fd)


def _locked(file: Path) -> int:
    """A lock, which ends with this process at the latest; -1 when another process has it. Raises OSError."""
    while True:
        fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            lock(fd)
        except OSError:
            os.close(fd)
            return -1
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), file.stat()):
                return fd
        os.close(fd)  # who had it has just removed it: it would keep nobody away


def _unlock(file: Path, fd: int) -> None:
    with suppress(OSError):  # Windows keeps a file that is open; it is empty, and used again
        file.unlink()
    os.close(fd)


def _lock_file(final: Path) -> Path:
    return final.with_name(f".{final.name}.lock")


def _partial(final: Path) -> Path:
    return final.with_name(f".{final.name}.partial")


def _preview(final: Path) -> Path:
    return final.with_name(f"{final.name}{PREVIEW}")


def _rank(name: str) -> int:
    """0: what says what there is; 1: what lets one begin; 2: the rest."""
    if not name.startswith(f"{PAYLOAD}/"):
        return 0
    return 2 if name.startswith(f"{PAYLOAD}/{CLIPS}/") or name.endswith(HEAVY) else 1


def _wanted(package: Path) -> dict[str, str]:
    """The files of a package and their digests. Raises LiveshowError when it holds more than it lists."""
    payload = read_manifest(package / MANIFEST)
    more = set(files_in(package / PAYLOAD, package)) - set(payload)
    if more:
        raise damaged(package / min(more), "is not in the manifest")
    tags = read_manifest(package / TAG_MANIFEST)
    if not {"bagit.txt", MANIFEST} <= set(tags):
        raise damaged(package / TAG_MANIFEST, "does not list the manifest")
    return tags | payload
