"""The HTTP API: routes, from the tables of what can be read and said. Nothing here knows the show; the hub does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from liveshow.errors import LiveshowError, NotFound
from liveshow.events import Go, Sayable, SessionStarted, Undo
from liveshow.model import FeedKind
from liveshow.recorder.address import Address
from liveshow.recorder.client import Client
from liveshow.recorder.control import spec
from liveshow.recorder.control.answers import Written, answer, refusal, refused
from liveshow.recorder.control.door import Door
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.lending import Lending
from liveshow.recorder.control.pictures import Looking, png_of, tag_of
from liveshow.recorder.control.reading import hints_now
from liveshow.recorder.control.saying import SHORTS, TAKES, Said, kind_of, said_in, taken_with
from liveshow.recorder.control.sockets import carry_wire, tell_events
from liveshow.recorder.control.table import FILE, PNG, PPM, READS, Reading
from liveshow.recorder.control.tokens import Keyring
from liveshow.recorder.haste import Guard
from liveshow.showfolder.folder import ShowFolder

LONGEST_BODY = 64 * 1024
ANSWER_LIMIT = 15.0  # seconds for the recorder to have something on disk
Understand = Callable[[bytes, Mapping[str, str]], Said]
"""From a body, and what stood in the path, to what is said. Raises LiveshowError."""
AWAY = NotFound("the recorder is away", where="recorder", todo="ask again when it is back; the recordings may well go on")


class Api:
    """Everything that is served about one show. `find` looks its recorder up and raises NotFound while there is none."""

    def __init__(self, show: Path, hub: Hub, find: Callable[[], Address]) -> None:
        self.keyring = Keyring(show)
        self._folder, self._hub, self._find = ShowFolder(show), hub, find
        self._looking = Looking(self._connect_looking)
        self._lending = Lending(self._library)
        self._guard = Guard()

    def application(self, names: Iterable[str], origins: Iterable[str]) -> ASGIApp:
        """What uvicorn serves; see :class:`Door` for `names` and `origins`."""
        origins = tuple(origins)
        reads = [Route(_route(reading.path), self._reader(reading), methods=["GET"]) for reading in READS]
        says: dict[str, Understand] = {"/api/marks": said_in, **dict.fromkeys(TAKES, self._taken)}
        says |= {short.path: partial(said_in, short=short) for short in SHORTS}
        posts = [Route(_route(path), partial(self._say, understand), methods=["POST"]) for path, understand in says.items()]
        routes: list[BaseRoute] = [*reads, *posts]
        routes += [WebSocketRoute("/api/events", self._events), WebSocketRoute("/api/wire", self._wire)]
        door = Door(Starlette(routes=routes, exception_handlers={HTTPException: _not_served}), self.keyring, names, origins)
        if not origins:
            return door
        heads = ["authorization", "content-type", "if-none-match"]
        return CORSMiddleware(door, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=heads)

    async def close(self) -> None:
        """Nobody looks any more."""
        await self._looking.close()

    def _reader(self, reading: Reading) -> Callable[[Request], Awaitable[Response]]:
        if reading.path.startswith("/api/library"):
            return self._lending.give if reading.answer == FILE else self._lending.offer
        return partial(self._read, reading)

    async def _read(self, reading: Reading, request: Request) -> Response:
        if reading.answer in (PNG, PPM):
            return await self._picture(request, png=reading.answer == PNG)
        if reading.open:
            return answer(spec.openapi() if reading.path.endswith("/spec.json") else spec.asyncapi())
        if not self._hub.connected or reading.read is None:
            return refused(AWAY)
        return answer(reading.read(self._hub))

    async def _say(self, understand: Understand, request: Request) -> Response:
        if request.scope["access"] != "full":
            todo = "use the full token: `liveshow token SHOW`"
            return refusal(403, LiveshowError("this token may only look", where="Authorization", todo=todo))
        try:
            body = await _body(request)
            if body is None:
                return refusal(413, LiveshowError(f"the body is longer than {LONGEST_BODY} bytes", where="body"))
            said = understand(body, request.path_params)
            if not self._counts(said.event, request.url.path):
                todo = "a button that bounces counts once; to go on further, wait a second or name what is meant"
                return refusal(409, LiveshowError("the same was said a moment ago", where=kind_of(type(said.event)), todo=todo))
            async with asyncio.timeout(ANSWER_LIMIT):
                numbers = await self._hub.say(said.event, said.ago, by=_by(request, said.by))
        except TimeoutError:
            todo = "it may have been written down: look before you say it again"
            return refusal(
                503, LiveshowError(f"the recorder did not answer within {ANSWER_LIMIT:.0f} s", where="recorder", todo=todo)
            )
        except LiveshowError as exc:
            return refused(exc)
        return answer(Written(events=tuple(numbers)))

    def _taken(self, body: bytes, path: Mapping[str, str]) -> Said:
        return taken_with(body, hints_now(self._hub), path)

    def _counts(self, event: Sayable, path: str) -> bool:
        """Not when it acts on another thing the second time, and is said twice in haste, whoever says it."""
        about = "take hint" if path == "/api/hints/take" else kind_of(type(event))
        unnamed = about == "take hint" or event in (Go(t=event.t, item=""), Undo(t=event.t, of=0))
        return not unnamed or not self._hub.connected or self._guard.counts(about, about, time.monotonic_ns())

    async def _picture(self, request: Request, *, png: bool) -> Response:
        feed = request.path_params["id"]
        if feed not in [f.id for f in self._hub.state.setup.feeds if f.kind is FeedKind.CAMERA]:
            return refusal(404, LiveshowError(f"no camera {feed!r} in this show", where="feed", todo="see /api/feeds"))
        self._looking.look()
        path = self._folder.preview(feed)
        tag = tag_of(path)
        heads = {"cache-control": "no-cache", "etag": tag or "", "referrer-policy": "no-referrer"}
        if tag is not None and request.headers.get("if-none-match") == tag:
            return Response(None, 304, heads)
        try:
            ppm = await asyncio.to_thread(path.read_bytes)
            data = await asyncio.to_thread(png_of, ppm) if png else ppm
        except (OSError, ValueError):
            return refusal(404, LiveshowError("there is no picture yet", where=feed, todo="ask again in a second"))
        return Response(data, 200, heads, PNG if png else PPM)

    async def _events(self, socket: WebSocket) -> None:
        await tell_events(socket, self._hub, self.keyring)

    async def _wire(self, socket: WebSocket) -> None:
        try:
            found = self._find()
        except NotFound:
            await socket.send_denial_response(refused(AWAY))
            return
        read_only = socket.scope["access"] != "full" or "watch" in socket.query_params
        await carry_wire(socket, found, self.keyring, read_only=read_only)

    def _library(self) -> Path | None:
        """That of the show's last session."""
        sessions = [event for event in self._hub.events if isinstance(event, SessionStarted)]
        return Path(sessions[-1].library) if sessions and sessions[-1].library else None

    async def _connect_looking(self) -> Client:
        return await Client.connect(self._find(), watch=True, previews=True)


def _route(path: str) -> str:
    return path.replace("{alarm}", "{alarm:path}").replace("{path}", "{path:path}")  # an alarm may be about a folder


def _by(request: Request, name: str) -> str:
    address = request.client.host if request.client else "?"
    return f"{name} ({address})" if name else f"http {address}"


async def _body(request: Request) -> bytes | None:
    """All of it, None when it is too long. Raises LiveshowError when it does not come whole."""
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_BODY:
                return None
    except ClientDisconnect as exc:
        raise LiveshowError("the request did not come whole", where="body") from exc
    return body


async def _not_served(request: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    what = {404: "there is nothing at this address", 405: f"{request.method} is not understood here"}.get(
        status, "it went wrong"
    )
    made = refusal(status, LiveshowError(what, where=request.url.path, todo="see /api/spec.json"))
    if isinstance(exc, HTTPException) and exc.headers:
        made.headers.update(exc.headers)
    return made
