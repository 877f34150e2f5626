"""uvicorn as it is wanted here: quiet, without proxies, and with nobody who holds a connection for nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from liveshow.recorder.control.certificate import Certificate

MOST_AT_ONCE = 200  # connections
LARGEST_LINE = 1024 * 1024  # that a dashboard may say, as over the recorder's own door
LINGERS = 5.0  # seconds that the last words to somebody who does not read may take
SILENT = 10.0  # seconds in which a new connection must have asked for something


class Server(uvicorn.Server):
    """Leaves Ctrl-C to asyncio."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield


class Sockets(WebSocketsSansIOProtocol):
    """Lets go for good: a reader who does not read would else hold the connection open for ever. And takes a refusal for the answer that it
    is (uvicorn 0.54 logs it as an error)."""

    async def send(self, message: Any) -> None:
        """See ASGI."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The conversation is over."""
        super().on_task_complete(task)
        self.loop.call_later(LINGERS, self.transport.abort)


class Http(H11Protocol):
    """Lets go of whoever connects and asks for nothing: browsers do that in advance, and others until there is room for nobody."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there."""
        super().connection_made(transport)
        self.loop.call_later(SILENT, self._leave_if_silent)

    def _leave_if_silent(self) -> None:
        if self.transport.get_protocol() is self and vars(self)["cycle"] is None:  # no request has come
            self.transport.abort()


def config_for(app: ASGIApp, certificate: Certificate | None) -> uvicorn.Config:
    """How an application is served; plain HTTP without a certificate."""
    return uvicorn.Config(
        app,
        http=Http,
        ws=Sockets,
        lifespan="off",
        log_config=None,
        log_level=logging.WARNING,  # below that, addresses are logged as they were asked for, with the token in them
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        ws_max_size=LARGEST_LINE,
        ssl_certfile=certificate.certificate if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )
