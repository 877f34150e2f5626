"""Connections from an audience's Wi-Fi: so many and no more, of one address and of all, and nobody holds one for nothing.

Let go is who does not finish a TLS handshake or a request in time, who does not read what is sent, and who has asked for nothing in a
while. Who waits for an answer may wait.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter, deque
from collections.abc import Callable
from time import monotonic

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from liveshow.recorder.control import web
from liveshow.recorder.control.certificate import Certificate
from liveshow.recorder.control.door import household
from liveshow.review.door import LARGEST_HEAD

MOST_AT_ONCE, MOST_OF_ONE, MOST_OF_LINK = 3000, 100, 250
HANDSHAKE, REQUEST, IDLE, UNREAD = 8.0, 10.0, 20, 20.0  # seconds
WORDS_A_MINUTE = 20
PROVEN = "proven"
"""In `scope["state"]`: to be called with the link that a request has proved to have."""


class Room:
    """Who is connected. A connection counts for its address until it has proved to be a performer's phone, and then for that link: a house
    whose Wi-Fi gives all phones one address is not kept out, and one stranger takes no more than a stranger's share.

    `most`: of all; `of_one`: of one address; `of_link`: of one link.
    """

    def __init__(self, most: int, of_one: int, of_link: int) -> None:
        self.taken = 0
        self._most, self._of_one, self._of_link = most, of_one, of_link
        self._here: Counter[str] = Counter()

    @classmethod
    def made(cls) -> Room:
        """For as many as a house full of phones needs."""
        return cls(MOST_AT_ONCE, MOST_OF_ONE, MOST_OF_LINK)

    def enter(self, address: str) -> str | None:
        """For whom one more counts, until they `leave`; None when there is no room."""
        who = household(address)
        if self.taken >= self._most or self._here[who] >= self._of_one:
            return None
        self.taken += 1
        self._here[who] += 1
        return who

    def prove(self, who: str, link: str) -> str:
        """For whom it counts from now on that counted for `who`."""
        proven = f"link {link}"
        if who == proven or self._here[proven] >= self._of_link:
            return who
        self._forget(who)
        self._here[proven] += 1
        return proven

    def leave(self, who: str) -> None:
        """One who counted for `who` is gone."""
        self.taken -= 1
        self._forget(who)

    def _forget(self, who: str) -> None:
        self._here[who] -= 1
        if not self._here[who]:
            del self._here[who]


class Http(H11Protocol):
    """One connection. `room` is that of the server (see :func:`protocol_for`)."""

    room: Room
    counts_for: str | None = None
    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.counts_for = self.room.enter(str(peer[0]) if peer else "")
        if self.counts_for is None:
            transport.abort()
            return
        self.app_state[PROVEN] = self.proven
        self._expect_request()

    def proven(self, link: str) -> None:
        """It is the phone of somebody who has that link."""
        if self.counts_for is not None:
            self.counts_for = self.room.prove(self.counts_for, link)

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        super().connection_lost(exc)
        self._cancel()
        if self.counts_for is not None:
            self.room.leave(self.counts_for)
            self.counts_for = None

    def data_received(self, data: bytes) -> None:
        """A piece of a request: the rest of it has to come in time."""
        super().data_received(data)
        if self._owes_request():
            self._expect_request()
        elif self._late is not None:
            self._late.cancel()
            self._late = None

    def pause_writing(self) -> None:
        """They do not read."""
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(UNREAD, self.transport.abort)

    def resume_writing(self) -> None:
        """They read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _owes_request(self) -> bool:
        cycle = vars(self)["cycle"]
        return cycle is None or cycle.response_complete or cycle.more_body

    def _expect_request(self) -> None:
        self._late = self._late or self.loop.call_later(REQUEST, self.transport.abort)

    def _cancel(self) -> None:
        for timer in (self._late, self._unread):
            if timer is not None:
                timer.cancel()


class Server(web.Server):
    """Gives up a TLS handshake that takes long."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn; on sockets that listen already."""
        loop, config = asyncio.get_running_loop(), self.config
        timeout = HANDSHAKE if config.ssl else None

        def protocol() -> asyncio.Protocol:
            kind: Callable[..., asyncio.Protocol] = config.http_protocol_class
            return kind(config=config, server_state=self.server_state, app_state={})

        self.servers = [
            await loop.create_server(protocol, sock=sock, ssl=config.ssl, backlog=config.backlog, ssl_handshake_timeout=timeout)
            for sock in sockets or ()
        ]
        self.started = True


def protocol_for(room: Room) -> type[Http]:
    """The kind of connection of a server that has this room."""
    return type("HttpInRoom", (Http,), {"room": room})


def config_for(app: ASGIApp, certificate: Certificate | None, room: Room) -> uvicorn.Config:
    """How an application is served; plain HTTP without a certificate."""
    return uvicorn.Config(
        app,
        http=protocol_for(room),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.ERROR,  # below that, every malformed request writes a line
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_keep_alive=IDLE,
        ssl_certfile=certificate.certificate if certificate else None,
        ssl_keyfile=certificate.key if certificate else None,
    )


class Sparing(logging.Filter):
    """Lets only so many lines through a minute: whoever finds a way to make errors does not fill the disk with them."""

    def __init__(self, most: int = WORDS_A_MINUTE, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: deque[float] = deque(maxlen=most)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is one of those."""
        del record
        now = self._clock()
        if len(self._said) == self._said.maxlen and now - self._said[0] < 60:
            return False
        self._said.append(now)
        return True
