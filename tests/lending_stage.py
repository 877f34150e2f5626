"""A library that is lent out over HTTP, in a thread, by a server that can be made to behave badly; without the door, which has tests of
its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liveshow.library.http_origin import HttpOrigin
from liveshow.recorder.control.lending import Lending
from liveshow.recorder.control.listening import listening
from liveshow.recorder.control.web import Server

PATIENCE = 20.0


@dataclass
class Trouble:
    """cut: so many bytes into an answer the connection ends; no_ranges: always the whole file; pause: seconds before each piece of an
    answer; busy: it answers 503; asked: the paths and ranges that were asked for."""

    cut: int | None = None
    no_ranges: bool = False
    pause: float = 0.0
    busy: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)


class Lent:
    """The server. `trouble` counts from now on."""

    def __init__(self, library: Path, cache: Path) -> None:
        self.trouble = Trouble()
        self._cache, self._port = cache, 0
        self._origins: list[HttpOrigin] = []
        lending = Lending(lambda: library)
        routes = [Route("/api/library", lending.offer), Route("/api/library/{show}/{slug}/{path:path}", lending.give)]
        self._app = _Troubled(Starlette(routes=routes), self)
        self.start()

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def origin(self, patience: float = PATIENCE) -> HttpOrigin:
        """It, as seen by who pulls."""
        self._origins.append(HttpOrigin(self.base, {}, lambda: None, self._cache, patience=patience))
        return self._origins[-1]

    def start(self) -> None:
        """Serve, again at the same port."""
        self._listening = listening("127.0.0.1", self._port)
        sock = self._listening.__enter__()
        self._port = sock.getsockname()[1]
        self._server = Server(
            uvicorn.Config(self._app, http="h11", ws="none", lifespan="off", log_config=None, log_level=logging.CRITICAL)
        )
        self._thread = threading.Thread(target=self._run, args=(sock,))
        self._thread.start()

    def stop(self) -> None:
        """Every connection ends in the middle, and nobody listens."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._listening.__exit__(None, None, None)

    def close(self) -> None:
        """Nobody pulls any more."""
        for origin in self._origins:
            origin.close()
        self.stop()

    def _run(self, sock: socket.socket) -> None:
        asyncio.run(self._serve(sock))

    async def _serve(self, sock: socket.socket) -> None:
        await self._server.serve(sockets=[sock])
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


class _Troubled:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, lent: Lent) -> None:
        self._app, self._lent = app, lent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        trouble = self._lent.trouble
        heads = dict(scope["headers"])
        trouble.asked.append((scope["path"], heads.get(b"range", b"").decode()))
        if trouble.no_ranges:
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"if-range")]
        if trouble.busy:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        sent = 0

        async def troubled(message: Message) -> None:
            nonlocal sent
            body = message.get("body", b"")
            if body:
                await asyncio.sleep(trouble.pause)
            if trouble.cut is not None and sent + len(body) > trouble.cut:
                await send({**message, "body": body[: trouble.cut - sent], "more_body": True})
                raise ConnectionAbortedError
            sent += len(body)
            await send(message)

        await self._app(scope, receive, troubled)


@contextmanager
def lent(library: Path, cache: Path) -> Iterator[Lent]:
    """A library that is lent out."""
    serving = Lent(library, cache)
    try:
        yield serving
    finally:
        serving.close()
