"""The show's library, offered to who pulls from another machine: what there is, and each file of it, with ranges.

Only what a package's manifests list is given, nothing that a link leads out to, and nothing that was withdrawn since.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from liveshow.errors import LiveshowError, NotFound
from liveshow.recorder.control.answers import answer, refusal
from liveshow.showfolder.bag import MANIFEST, PAYLOAD, TAG_MANIFEST, is_inside, read_manifest
from liveshow.showfolder.contribution import FILE
from liveshow.showfolder.offered import Offered, PackageOffered, PackageWithdrawn
from liveshow.showfolder.withdrawn import notice_of

_RACY = 2_000_000_000  # ns: a folder changed so recently may change again within the same tick of its clock
NO_LIBRARY = NotFound("the library is not known yet", where="recorder", todo="ask again when the recorder is back")
NOT_GIVEN = LiveshowError("no package in the library has such a file", where="path", todo="see /api/library")


class _File(FileResponse):
    """In larger pieces: each costs a visit to another thread, so half as much of a processor that has a show to record."""

    chunk_size = 256 * 1024


class _OnlyId(msgspec.Struct):
    id: str


class _Shelved(msgspec.Struct, frozen=True):
    """A package that stands in the library, and the id of its contribution."""

    slug: str
    digest: str
    id: str


class Lending:
    """`library` says which one it is, None while that is not known."""

    def __init__(self, library: Callable[[], Path | None]) -> None:
        self._library = library
        self._shelves: dict[str, tuple[int, tuple[_Shelved, ...]]] = {}

    async def offer(self, request: Request) -> Response:
        """All that there is, with an entity tag (If-None-Match: 304)."""
        library = self._library()
        if library is None:
            return refusal(503, NO_LIBRARY)
        made = answer(await asyncio.to_thread(self._offered, library))
        tag = f'"{hashlib.sha256(bytes(made.body)).hexdigest()[:32]}"'
        heads = {"cache-control": "no-cache", "etag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(None, 304, heads)
        made.headers.update(heads)
        return made

    async def give(self, request: Request) -> Response:
        """One file, or ranges of it."""
        library = self._library()
        if library is None:
            return refusal(503, NO_LIBRARY)
        show, slug, name = (request.path_params[key] for key in ("show", "slug", "path"))
        return await asyncio.to_thread(_given, library, show, slug, name)

    def _offered(self, library: Path) -> Offered:
        packages: list[PackageOffered] = []
        gone: list[PackageWithdrawn] = []
        for show in sorted(p.name for p in _folders(library)):
            for shelved in self._shelf(library / show):
                notice = notice_of(library, shelved.id)
                if notice is None:
                    packages.append(PackageOffered(show=show, slug=shelved.slug, digest=shelved.digest))
                else:
                    gone.append(PackageWithdrawn(show=show, slug=shelved.slug, digest=shelved.digest, why=notice.why))
        return Offered(packages=tuple(packages), withdrawn=tuple(gone))

    def _shelf(self, folder: Path) -> tuple[_Shelved, ...]:
        """The packages of a show; read again when the folder has changed."""
        changed = folder.stat().st_mtime_ns
        known = self._shelves.get(folder.name)
        if known is not None and known[0] == changed:
            return known[1]
        found = tuple(s for p in sorted(_folders(folder)) if (s := _shelved(p)) is not None)
        if time.time_ns() - changed > _RACY:
            self._shelves[folder.name] = (changed, found)
        return found


def _folders(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    return [p for p in place.iterdir() if not p.name.startswith(".") and not p.is_symlink() and p.is_dir()]


def _shelved(package: Path) -> _Shelved | None:
    """None for what is no package, or does not say which."""
    try:
        digest = hashlib.sha256((package / TAG_MANIFEST).read_bytes()).hexdigest()
        return _Shelved(package.name, digest, _id_of(package))
    except (OSError, msgspec.DecodeError):
        return None


def _id_of(package: Path) -> str:
    return msgspec.json.decode((package / PAYLOAD / FILE).read_bytes(), type=_OnlyId).id


def _given(library: Path, show: str, slug: str, name: str) -> Response:
    """A file of a package, or why it is not given."""
    package = library / show / slug
    if not all(is_inside(part) and not part.startswith(".") and "/" not in part for part in (show, slug)):
        return refusal(404, NOT_GIVEN)
    try:
        notice = notice_of(library, _id_of(package))
        if notice is not None:
            why = LiveshowError(notice.why, where=f"{show}/{slug}", todo="it was withdrawn: it may not be used")
            return refusal(410, why)
        digest = _listed(package).get(name)
        found = inside(library, show, slug, *name.split("/")) if digest is not None else None
    except (OSError, msgspec.DecodeError, LiveshowError):
        return refusal(404, NOT_GIVEN)
    if found is None:
        return refusal(404, NOT_GIVEN)
    heads = {"cache-control": "no-cache", "etag": f'"{digest}"', "x-content-type-options": "nosniff"}
    return _File(found[0], headers=heads, media_type="application/octet-stream", stat_result=found[1])


def _listed(package: Path) -> dict[str, str]:
    """Files and digests. Raises LiveshowError when it cannot be told."""
    own = hashlib.sha256((package / TAG_MANIFEST).read_bytes()).hexdigest()
    return {TAG_MANIFEST: own, **read_manifest(package / TAG_MANIFEST), **read_manifest(package / MANIFEST)}


def inside(folder: Path, *parts: str) -> tuple[Path, os.stat_result] | None:
    """A file in a folder that no link on the way leads out to, None when there is none such. Raises OSError."""
    path = folder
    for part in parts:
        path /= part
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            return None
    return (path, found) if stat.S_ISREG(found.st_mode) else None
