"""Films, sounds and pictures, given from the show's folder and from nowhere else."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from liveshow.errors import LiveshowError
from liveshow.recorder.control.answers import refusal
from liveshow.recorder.control.lending import inside
from liveshow.review.door import busy
from liveshow.review.served import Playable, Poster

MOST_PLAYED = 100  # files at a time, for one link
NOTHING = LiveshowError("there is nothing at this address", where="path")
NOT_YET = LiveshowError("it is not ready yet", where="media", todo="ask again in a second")


class Files:
    """Those below `folder` that no link on the way leads out to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._playing: Counter[str] = Counter()

    async def give(self, request: Request, link: str, found: Playable | Poster | None) -> Response:
        """Something that is played or shown over a link, with ranges; 202 while there is none."""
        if self._playing[link] >= MOST_PLAYED:
            return busy(1)
        if found is None:
            made = refusal(202, NOT_YET)
            made.headers["retry-after"] = "1"
            return made
        heads = {"etag": f'"{found.version}"', "cache-control": "private, no-cache"}
        if heads["etag"] in request.headers.get("if-none-match", ""):
            return Response(None, 304, heads)
        try:
            there = await asyncio.to_thread(inside, self._folder, *found.path.relative_to(self._folder).parts)
        except (OSError, ValueError):
            there = None
        if there is None:
            return refusal(404, NOTHING)
        made = _Given(there[0], headers=heads, media_type=found.media_type, stat_result=there[1])
        return made.counted(self._playing, link)


class _Given(FileResponse):
    """In larger pieces (see :mod:`liveshow.recorder.control.lending`), and counted while it is sent."""

    chunk_size = 256 * 1024

    def counted(self, playing: Counter[str], link: str) -> _Given:
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
