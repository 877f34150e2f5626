"""A show that `liveshow serve` offers, as an origin: what there is by GET /api/library, files by GET with ranges (RFC 9110, 14).

What a connection that breaks had brought is kept, and the next one goes on after it; whoever does not answer for half a minute is away.
The entity tag of a file is the SHA-256 that its manifest gives, so `If-Range` asks for the rest of the very same file.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import quote

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, SSLError

from liveshow.errors import LiveshowError, NotFound
from liveshow.library.mirror import Mirror
from liveshow.library.origin import Away, Look, damaged, refused
from liveshow.showfolder.bag import CHUNK, TAG_MANIFEST
from liveshow.showfolder.offered import Offered

T = TypeVar("T")
PATIENCE = 30.0  # seconds without a single new byte
GLANCE = 1.0  # seconds that a look may take: a kept connection that broke is made anew
PAUSES = (0.0, 0.05, 0.2, 0.5, 1.0, 2.0)
SMALL = 64 * 2**20  # bytes: a manifest is not larger
TIMEOUT = urllib3.Timeout(connect=5.0, read=15.0)
GOOD, NOT_MODIFIED, PAST_THE_END = (200, 206), 304, 416
Response = urllib3.BaseHTTPResponse


class _Broken(Exception):
    """A connection broke, or was not taken just now: once more."""


class _Words(msgspec.Struct):
    """What a server says when it refuses."""

    what: str = ""
    todo: str = ""


class HttpOrigin:
    """See :class:`liveshow.library.origin.Origin`."""

    def __init__(
        self,
        base: str,
        headers: dict[str, str],
        tls: Callable[[], ssl.SSLContext | None],
        cache: Path,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """`base`: as "https://host:port"; `headers` let us in; `tls`: how TLS is spoken there (None: not at all), asked when it has to
        be connected to; it may raise NotFound while nobody answers. `cache`: the user's, for the catalogue."""
        self.where = base
        self._headers = {**headers, "Accept-Encoding": "identity"}
        self._tls, self._patience = tls, patience
        self._mirror = Mirror(cache, base, self._small)
        self._connecting = threading.Lock()
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._known: tuple[str, Look] | None = None
        self._answered = False

    def look(self) -> Look:
        """See :class:`liveshow.library.origin.Origin`. Raises LiveshowError when we are not let in, MachineError when the catalogue cannot
        be kept."""
        since = {"If-None-Match": self._known[0]} if self._known else {}
        status, tag, body = self._patiently(lambda: self._whole("/api/library", since), GLANCE)
        if status == NOT_MODIFIED and self._known:
            return self._known[1]
        try:
            offered = msgspec.json.decode(body, type=Offered)
        except msgspec.DecodeError as exc:
            raise self._no_liveshow(str(exc)) from exc
        seen = self._mirror.follow(offered)
        self._known = (tag, seen) if tag and not seen.faults else None
        return seen

    def size(self, place: Path) -> int:
        """See :class:`liveshow.library.origin.Origin`."""
        return self._mirror.size(place)

    def rest(self, place: Path, name: str, digest: str, offset: int) -> Generator[bytes]:
        """See :class:`liveshow.library.origin.Origin`."""
        at, since, tries = offset, time.monotonic(), 0
        while True:
            try:
                with closing(self._stretch(place, name, digest, at)) as chunks:
                    for chunk in chunks:
                        at += len(chunk)
                        yield chunk
                        since, tries = time.monotonic(), 0
            except _Broken as exc:
                self._pause(since, tries, self._patience, exc)
                tries += 1
            else:
                return

    def still_given(self, place: Path) -> None:
        """See :class:`liveshow.library.origin.Origin`."""
        self._small(place, TAG_MANIFEST)

    def close(self) -> None:
        """See :class:`liveshow.library.origin.Origin`."""
        with self._connecting:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    # One request ------------------------------------------------------------------------------------------------------

    def _stretch(self, place: Path, name: str, digest: str, at: int) -> Generator[bytes]:
        heads = {"Range": f"bytes={at}-", "If-Range": f'"{digest}"'} if at else {}
        with closing(self._asked(_path(place, name), heads)) as response:
            if response.status == PAST_THE_END:
                return
            begins = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
            if response.status == 206 and begins != str(at):
                raise self._no_liveshow(f"asked for bytes from {at} it gives those from {begins}")
            skip = at if response.status == 200 else 0  # it gives no ranges, or has another file now: its digest will tell
            try:
                while chunk := response.read1(CHUNK, decode_content=False):
                    fresh, skip = chunk[skip:], max(0, skip - len(chunk))
                    if fresh:
                        yield fresh
            except HTTPError as exc:
                raise _Broken(str(exc)) from exc

    def _small(self, place: Path, name: str) -> bytes:
        """A file whole. Raises as `rest` does."""
        return self._patiently(lambda: self._whole(_path(place, name), {}), self._patience)[2]

    def _whole(self, path: str, heads: dict[str, str]) -> tuple[int, str, bytes]:
        """Status, entity tag and body."""
        with closing(self._asked(path, heads)) as response:
            try:
                body = response.read(SMALL, decode_content=False)
            except HTTPError as exc:
                raise _Broken(str(exc)) from exc
            return response.status, response.headers.get("ETag", ""), body

    def _asked(self, path: str, heads: dict[str, str]) -> Response:
        """An answer that is one. Raises _Broken, LiveshowError."""
        try:
            response = self._connected().request(
                "GET",
                path,
                headers=self._headers | heads,
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
                timeout=TIMEOUT,
            )
        except SSLError as exc:
            todo = "give the whole token, with the dot and what follows it; and look at the clocks of both machines"
            raise LiveshowError(f"the server's certificate is not trusted ({exc})", where=self.where, todo=todo) from exc
        except (HTTPError, NotFound) as exc:
            raise _Broken(exc.what if isinstance(exc, NotFound) else str(exc)) from exc
        self._answered = True
        if response.status not in (*GOOD, NOT_MODIFIED, PAST_THE_END):
            self._turned_away(response, path)
        return response

    def _connected(self) -> urllib3.HTTPConnectionPool:
        with self._connecting:
            if self._pool is None:
                context = self._tls()
                more = (
                    {}
                    if context is None
                    else {"ssl_context": context, "assert_hostname": None if context.check_hostname else False}
                )
                self._pool = urllib3.connection_from_url(self.where, maxsize=32, block=False, **more)
            return self._pool

    def _turned_away(self, response: Response, path: str) -> NoReturn:
        with closing(response):
            try:
                words = msgspec.json.decode(response.read(SMALL), type=_Words)
            except (HTTPError, msgspec.DecodeError):
                words = _Words()
        status, where = response.status, self.where + path.removeprefix("/api/library")
        if status == 410:
            raise refused(where, words.what)
        if status == 429 or status >= 500:
            raise _Broken(words.what or f"it answers {status}")
        if status == 404 and where != self.where:
            raise damaged(where, "is missing")
        if status in (401, 403, 421) and words.what:
            raise LiveshowError(words.what, where=self.where, todo=words.todo)
        raise self._no_liveshow(f"it answers {status}")

    def _no_liveshow(self, why: str) -> LiveshowError:
        todo = "is it `liveshow serve` that listens there, of this version or a newer one?"
        return LiveshowError(f"it does not answer as liveshow does ({why})", where=self.where, todo=todo)

    # Patience ---------------------------------------------------------------------------------------------------------

    def _patiently(self, ask: Callable[[], T], patience: float) -> T:
        since, tries = time.monotonic(), 0
        while True:
            try:
                return ask()
            except _Broken as exc:
                self._pause(since, tries, patience, exc)
                tries += 1

    def _pause(self, since: float, tries: int, patience: float, exc: _Broken) -> None:
        """Wait before asking again. Raises Away when nothing has come for too long, or never did."""
        pause = PAUSES[min(tries, len(PAUSES) - 1)]
        if not self._answered or time.monotonic() + pause - since > patience:
            todo = "does `liveshow serve` run over there, and does its firewall let you in? What came is kept: pull again"
            raise Away(f"nobody answers: {exc}", where=self.where, todo=todo) from exc
        time.sleep(pause)


def _path(place: Path, name: str) -> str:
    return quote(f"/api/library/{place.as_posix()}/{name}")
