"""Where contributions are pulled from: a folder or a mounted share here, or a show that is served elsewhere
(:mod:`liveshow.library.http_origin`).

An origin says what it has as a *catalogue*: a folder like a library, in which each package has at least its manifests and its
contribution.json, so that the same index and the same query serve for all of them.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from liveshow.errors import LiveshowError, MachineError, NotFound
from liveshow.library.index import Index
from liveshow.library.search import EVERY, Query, search
from liveshow.showfolder.bag import CHUNK, TAG_MANIFEST, size_of
from liveshow.showfolder.withdrawn import notice_of

_LOST = {"ENOTCONN", "ESTALE", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ETIMEDOUT", "ECONNRESET", "ENODEV"}
LOST = frozenset(code for name in _LOST if (code := getattr(errno, name, None)) is not None)
"""What a share that went away says (errno(3)); a bad disk says EIO."""


class Away(NotFound):
    """An origin that does not answer at present. What was pulled of it is kept, and a later pull goes on there."""


class Refused(LiveshowError):
    """A contribution that may not be exported any more, and why."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A package that may not be exported any more: its place in the library, the SHA-256 of its tag manifest, and why."""

    place: Path
    digest: str
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """What an origin had at one moment: its catalogue, what was withdrawn, and what of it cannot be read."""

    catalogue: Path
    gone: tuple[Gone, ...]
    faults: tuple[LiveshowError, ...]


class Origin(Protocol):
    """Its methods may be called from several threads at once, `look` from one. Each raises :class:`Away` while it does not answer."""

    where: str

    def look(self) -> Look:
        """What there is now. Raises NotFound when it is no library."""

    def size(self, place: Path) -> int:
        """Bytes of a package of the catalogue."""

    def rest(self, place: Path, name: str, digest: str, offset: int) -> Generator[bytes]:
        """The bytes of a file from `offset` on, none when it is no longer than that; `digest` is the SHA-256 that its manifest gives, which
        nobody has checked. Raises LiveshowError when it cannot be read, :class:`Refused` when the package was withdrawn."""

    def still_given(self, place: Path) -> None:
        """Raises :class:`Refused` when a package was withdrawn meanwhile."""

    def close(self) -> None:
        """Let go of it."""


def damaged(where: Path | str, what: str) -> LiveshowError:
    """A fault of a package as it lies at its origin."""
    todo = "the package is damaged at its source and was not pulled; hand it off again"
    return LiveshowError(what, where=str(where), todo=todo)


def refused(where: str, why: str) -> Refused:
    """The fault of a withdrawn package."""
    return Refused(f"was withdrawn: {why}", where=where, todo="it is not pulled, and may not be used")


class FolderOrigin:
    """A library that this machine reaches as a folder. It is its own catalogue."""

    def __init__(self, library: Path) -> None:
        self._library, self.where = library, str(library)
        self._ids: dict[Path, str] = {}
        self._seen = False

    def look(self) -> Look:
        """See :class:`Origin`. Raises MachineError when no index can be made."""
        if self._seen and not self._library.is_dir():
            raise self._away(None)
        try:
            with Index(self._library) as index:
                faults = index.catch_up()
                every = search(index, Query(superseded=True), EVERY)
                gone = search(index, Query(superseded=True, withdrawn=True), EVERY)
        except OSError as exc:
            raise self._away(exc) from exc
        except MachineError as exc:
            if self._library.is_dir():
                raise
            raise self._away(None) from exc
        self._seen = True
        self._ids = {found.place: found.id for found in every}
        return Look(self._library, tuple(self._gone(found.place, found.id) for found in gone), tuple(faults))

    def size(self, place: Path) -> int:
        """See :class:`Origin`."""
        try:
            return size_of(self._library / place)
        except OSError as exc:
            raise self._away(exc) from exc

    def rest(self, place: Path, name: str, digest: str, offset: int) -> Generator[bytes]:  # noqa: ARG002
        """See :class:`Origin`."""
        source = self._library / place / name
        if source.is_symlink() or not source.is_file():
            raise damaged(source, "is missing") if self._library.is_dir() else self._away(None)
        try:
            with source.open("rb") as file:
                file.seek(offset)
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as exc:
            if exc.errno in LOST or not self._library.is_dir():
                raise self._away(exc) from exc
            raise damaged(source, f"cannot be read ({exc.strerror})") from exc

    def still_given(self, place: Path) -> None:
        """See :class:`Origin`."""
        notice = notice_of(self._library, self._ids.get(place, ""))
        if notice is not None:
            raise refused(str(self._library / place), notice.why)

    def close(self) -> None:
        """See :class:`Origin`."""

    def _gone(self, place: Path, ident: str) -> Gone:
        notice = notice_of(self._library, ident)
        return Gone(place, digest_of_package(self._library / place), notice.why if notice else "")

    def _away(self, exc: OSError | None) -> Away:
        why = f": {exc.strerror or exc}" if exc else ""
        return Away(f"the library is not there{why}", where=self.where, todo="is the share mounted? run it again then")


def digest_of_package(package: Path) -> str:
    """SHA-256 of a package's tag manifest, which stands for all that is in it; "" when it has none."""
    try:
        return hashlib.sha256((package / TAG_MANIFEST).read_bytes()).hexdigest()
    except OSError:
        return ""
