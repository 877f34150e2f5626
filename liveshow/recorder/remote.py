"""A recorder on another machine, by way of the `liveshow serve` that runs there: the same lines over a WebSocket, pictures over HTTP.

Over TLS, to the very server that the token's pin names (:mod:`liveshow.recorder.pin`). A token without a pin is for loopback, or for a
server whose certificate this machine's own authorities vouch for.
"""

from __future__ import annotations

import asyncio
import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from liveshow.errors import LiveshowError, NotFound
from liveshow.events import Login
from liveshow.recorder.client import Client, whoami
from liveshow.recorder.pin import CONNECT_LIMIT, context_for, pin_in, unheard
from liveshow.recorder.transport import LINE_LIMIT
from liveshow.setupfile.hostport import is_loopback, joined

PING_EVERY, PING_LIMIT = 5.0, 10.0  # seconds; a network that is gone says nothing


@dataclass(frozen=True, slots=True)
class Server:
    """Where a `liveshow serve` listens, and the token it takes."""

    host: str
    port: int
    token: str

    @property
    def where(self) -> str:
        """As it is written."""
        return joined(self.host, self.port)

    def tls(self) -> ssl.SSLContext | None:
        """How to speak to it, None for without TLS. Blocks. Raises NotFound, and LiveshowError when it is not the one of the pin."""
        if pin_in(self.token):
            return context_for(self.host, self.port, pin_in(self.token))
        return None if is_loopback(self.host) else ssl.create_default_context()

    @property
    def headers(self) -> dict[str, str]:
        """What lets us in."""
        return {"Authorization": f"Bearer {self.token}"}


class RemoteTransport:
    """See :class:`liveshow.recorder.transport.Transport`."""

    def __init__(self, connection: ClientConnection, where: str) -> None:
        self.where = where
        self._connection = connection

    @classmethod
    async def open(cls, server: Server, *, read_only: bool) -> RemoteTransport:
        """Connect; `read_only`: nothing that is said is taken. Raises NotFound while nobody answers or the recorder is away, LiveshowError
        when we are not let in."""
        context = await asyncio.to_thread(server.tls)
        address = f"{'wss' if context else 'ws'}://{server.where}/api/wire{'?watch' if read_only else ''}"
        try:
            connection = await connect(
                address,
                ssl=context,
                additional_headers=server.headers,
                open_timeout=CONNECT_LIMIT,
                max_size=LINE_LIMIT,
                ping_interval=PING_EVERY,
                ping_timeout=PING_LIMIT,
                close_timeout=2,
                proxy=None,
            )
        except InvalidStatus as exc:
            raise _turned_away(exc.response.status_code, server.where) from exc
        except ssl.SSLCertVerificationError as exc:
            raise _unverified(exc, server.where) from exc
        except InvalidHandshake as exc:
            todo = "is it `liveshow serve` that listens there? Over TLS the token ends in a dot and 16 characters more"
            raise LiveshowError("it does not answer as liveshow does", where=server.where, todo=todo) from exc
        except OSError as exc:
            raise unheard(server.host, server.port, exc) from exc
        return cls(connection, server.where)

    async def send(self, line: bytes) -> None:
        """See :class:`liveshow.recorder.transport.Transport`."""
        try:
            await self._connection.send(line.decode())
        except ConnectionClosed as exc:
            raise ConnectionError("closed") from exc

    async def receive(self) -> bytes:
        """See :class:`liveshow.recorder.transport.Transport`."""
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed:
            return b""

    async def close(self) -> None:
        """See :class:`liveshow.recorder.transport.Transport`."""
        await self._connection.close()


async def connect_to(server: Server, *, read_only: bool, previews: bool = True) -> Client:
    """A client of the recorder over there, watching. Raises NotFound while it is away, LiveshowError when we are not let in."""
    transport = await RemoteTransport.open(server, read_only=read_only)
    return await Client.over(transport, Login(token="", by=whoami(), watch=True, previews=previews))


class Fetcher:
    """Fetches cameras' pictures over one connection, which is opened again when it broke. Blocks; for a thread of its own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: http.client.HTTPConnection | None = None
        self._tags: dict[str, str] = {}

    def fetch(self, feed: str) -> bytes | None:
        """The newest picture (binary PPM); None when there is no newer one than was fetched, or nobody answers."""
        try:
            return self._fetch(feed)
        except (OSError, http.client.HTTPException, LiveshowError):
            self.close()
            return None

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _fetch(self, feed: str) -> bytes | None:
        self._connection = self._connection or self._connect()
        heads = self._server.headers | ({"If-None-Match": self._tags[feed]} if feed in self._tags else {})
        self._connection.request("GET", f"/api/feeds/{quote(feed, safe='')}/preview.ppm", headers=heads)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != http.client.OK:
            return None
        self._tags[feed] = answer.getheader("ETag", "")
        return data

    def _connect(self) -> http.client.HTTPConnection:
        context = self._server.tls()
        if context is None:
            return http.client.HTTPConnection(self._server.host, self._server.port, timeout=CONNECT_LIMIT)
        return http.client.HTTPSConnection(self._server.host, self._server.port, timeout=CONNECT_LIMIT, context=context)


def _turned_away(status: int, where: str) -> LiveshowError:
    match status:
        case 401:
            todo = "ask for it anew: `liveshow token SHOW` on the recorder's machine"
            return LiveshowError("the token is wrong, or was made anew", where=where, todo=todo)
        case 429:
            return NotFound("too many wrong tokens came from here", where=where, todo="wait a minute")
        case 503:
            return NotFound("the recorder is away", where=where, todo="wait until it is back")
        case 403 | 421:
            return LiveshowError("that name is none of the machine's over there", where=where, todo="use its address")
    return LiveshowError(
        f"it does not answer as liveshow does ({status})", where=where, todo="is it `liveshow serve` that listens there?"
    )


def _unverified(exc: ssl.SSLCertVerificationError, where: str) -> LiveshowError:
    todo = "give the whole token, with the dot and what follows it; and look at the clocks of both machines"
    return LiveshowError(f"the server's certificate is not trusted ({exc.verify_message})", where=where, todo=todo)
