"""The page's own files, read once at the start: a fixed table, so that no request ever reaches the disk."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
SMALL = 512  # bytes, below which nothing is gained by compressing


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: `plain` and, where that is smaller, compressed by gzip; `tag`: its entity tag."""

    plain: bytes
    zipped: bytes | None
    media_type: str
    tag: str

    @classmethod
    def of(cls, data: bytes, media_type: str) -> Asset:
        """From its bytes."""
        zipped = gzip.compress(data, 9, mtime=0) if len(data) >= SMALL else data
        return cls(data, zipped if len(zipped) < len(data) else None, media_type, f'"{hashlib.sha256(data).hexdigest()[:32]}"')

    def answer(self, request: Request) -> Response:
        """It, or 304 for who has it. The entity tag is asked for each time, so that nobody is left with a page of an older version."""
        heads = {"etag": self.tag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(None, 304, heads)
        if self.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.zipped, 200, heads | {"content-encoding": "gzip"}, self.media_type)
        return Response(self.plain, 200, heads, self.media_type)


@cache
def pages() -> Mapping[str, Asset]:
    """Every file below :mod:`liveshow.review.pages` that a browser takes, by its path there."""
    return {
        name: Asset.of(found.read_bytes(), TYPES[_ending(name)])
        for name, found in _below(files("liveshow.review") / "pages", "")
    }


def _below(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{path}{entry.name}/")
        elif _ending(entry.name) in TYPES:
            found.append((path + entry.name, entry))
    return found


def _ending(name: str) -> str:
    return name[name.rfind(".") :]
