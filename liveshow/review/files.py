"""Films, sounds and pictures, given from the show's folder and from nowhere else.

What is finished never changes, and hundreds of phones ask for the same: it is read once and kept in memory while it is asked for. What is
long, or asked for in an unusual way, is read from the disk each time.
"""

from __future__ import annotations

import asyncio
import os
import re
import weakref
from collections import Counter, OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from liveshow.errors import LiveshowError
from liveshow.recorder.control.answers import refusal
from liveshow.recorder.control.lending import inside
from liveshow.review.door import busy
from liveshow.review.served import Playable, Poster

MOST_PLAYED = 100  # files at a time, for one link
MOST_KEPT, LONGEST_KEPT = 64_000_000, 8_000_000  # bytes in memory, of all and of one: a minute and a half of a film
LOOKS, ANSWERS_WITHIN = 4, 5.0  # looks at a disk at once, and seconds after which whoever asked is to ask again
PIECE = 256 * 1024  # bytes given at once
NOTHING = LiveshowError("there is nothing at this address", where="path")
NOT_YET = LiveshowError("it is not ready yet", where="media", todo="ask again in a second")
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})", re.ASCII)


class Files:
    """Those below `folder` that no link on the way leads out to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._playing: Counter[str] = Counter()
        self._looks = ThreadPoolExecutor(LOOKS, thread_name_prefix="files")  # a disk that hangs takes nobody else's threads
        self._kept = Kept(MOST_KEPT, self._looks)

    async def give(self, request: Request, link: str, found: Playable | Poster) -> Response:
        """Something that is played or shown over a link, with ranges; 202 while its disk does not answer."""
        if self._playing[link] >= MOST_PLAYED:
            return busy(1)
        heads = {"etag": f'"{found.version}"', "cache-control": "private, no-cache"}
        if heads["etag"] in request.headers.get("if-none-match", ""):
            return Response(None, 304, heads)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                given = await self._given(request, found, heads)
        except TimeoutError:
            return not_yet()
        except (OSError, ValueError):
            return refusal(404, NOTHING)
        return given.counted(self._playing, link)

    async def _given(self, request: Request, found: Playable | Poster, heads: dict[str, str]) -> _Given:
        """Raises OSError or ValueError when there is no such file in the folder."""
        usual = _usual(request)
        held = self._kept.get(found) if usual else None
        if usual and held is None:
            there = await self._looked_up(found.path)
            held = await self._kept.read(found, there.st_size) if there.st_size <= LONGEST_KEPT else None
        if usual and held is not None and usual.first < len(held.data):
            return _FromMemory(held, usual, heads, found.media_type)
        there = await self._looked_up(found.path)
        return _FromDisk(found.path, headers=heads, media_type=found.media_type, stat_result=there)

    async def _looked_up(self, path: Path) -> os.stat_result:
        parts = path.relative_to(self._folder).parts
        found = await asyncio.get_running_loop().run_in_executor(self._looks, inside, self._folder, *parts)
        if found is None:
            raise FileNotFoundError(path)
        return found[1]


def not_yet() -> Response:
    """Ask again."""
    made = refusal(202, NOT_YET)
    made.headers["retry-after"] = "1"
    return made


class Held:
    """What a file contains, for as long as somebody has this."""

    __slots__ = ("__weakref__", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data


class Kept:
    """Finished files in memory, those that were asked for last; with what answers under way hold, and what is being read, no more than
    `most` bytes. `disk`: where they are read."""

    def __init__(self, most: int, disk: ThreadPoolExecutor) -> None:
        self._most, self._taken, self._disk = most, 0, disk
        self._found: OrderedDict[Playable | Poster, Held] = OrderedDict()
        self._reading: dict[Playable | Poster, asyncio.Task[Held]] = {}

    def get(self, wanted: Playable | Poster) -> Held | None:
        """None when it is not kept."""
        if wanted in self._found:
            self._found.move_to_end(wanted)
        return self._found.get(wanted)

    async def read(self, wanted: Playable | Poster, size: int) -> Held | None:
        """Read it, once for all who ask meanwhile; None when there is no room for its `size`. Raises OSError."""
        found = self.get(wanted)  # somebody else may have read it since
        if found is not None:
            return found
        if wanted not in self._reading:
            if not self._room_for(size):
                return None
            self._taken += size
            self._reading[wanted] = asyncio.create_task(self._read(wanted, size))
            self._reading[wanted].add_done_callback(_heard)
        return await asyncio.shield(self._reading[wanted])

    async def _read(self, wanted: Playable | Poster, size: int) -> Held:
        try:
            data = await asyncio.get_running_loop().run_in_executor(self._disk, wanted.path.read_bytes)
        except BaseException:
            self._give_back(size)
            raise
        finally:
            del self._reading[wanted]
        self._taken += len(data) - size
        held = self._found[wanted] = Held(data)
        weakref.finalize(held, self._give_back, len(data)).atexit = False
        return held

    def _room_for(self, size: int) -> bool:
        while self._found and self._taken + size > self._most:
            self._found.popitem(last=False)
        return self._taken + size <= self._most

    def _give_back(self, size: int) -> None:
        self._taken -= size


def _heard(read: asyncio.Task[Held]) -> None:
    """Also when nobody waits for it any more."""
    if not read.cancelled():
        read.exception()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Bytes of a file from `first` to before `end`; `part`: it was asked for as a range."""

    first: int = 0
    end: int = LONGEST_KEPT
    part: bool = False


def _usual(request: Request) -> _Asked | None:
    """What is asked for, when that is said in the way that phones do."""
    if request.method != "GET" or "if-range" in request.headers:
        return None
    if "range" not in request.headers:
        return _Asked()
    found = _RANGE.fullmatch(request.headers["range"])
    if found is None:
        return None
    asked = _Asked(int(found[1]), int(found[2]) + 1 if found[2] else LONGEST_KEPT, part=True)
    return asked if asked.first < asked.end else None


class _Given(Response):
    """Counted while it is sent."""

    def counted(self, playing: Counter[str], link: str) -> Self:
        """The same, one of those that are played over a link."""
        self._playing, self._link = playing, link
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See Starlette."""
        self._playing[self._link] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._playing[self._link] -= 1
            if not self._playing[self._link]:
                del self._playing[self._link]


class _FromDisk(_Given, FileResponse):
    """In larger pieces (see :mod:`liveshow.recorder.control.lending`)."""

    chunk_size = PIECE


class _Pieces(Response):
    """Part of what is in memory, no faster than it is read."""

    def __init__(self, held: Held, asked: _Asked, heads: dict[str, str], media_type: str) -> None:
        first, end = asked.first, min(asked.end, len(held.data))
        part = {"content-range": f"bytes {first}-{end - 1}/{len(held.data)}"} if asked.part else {}
        heads = heads | part | {"accept-ranges": "bytes", "content-length": str(end - first)}
        super().__init__(None, 206 if asked.part else 200, heads, media_type)
        self._held, self._first, self._end = held, first, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """See Starlette."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for at in range(self._first, self._end, PIECE):
            stop = min(at + PIECE, self._end)
            await send({"type": "http.response.body", "body": self._held.data[at:stop], "more_body": stop < self._end})


class _FromMemory(_Given, _Pieces):
    """Counted, too."""
