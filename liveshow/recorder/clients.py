"""The recorder's door: lets clients in that know the token, answers what they ask, and tells watchers what is new.

A watcher that does not read (a stopped terminal) is skipped for pulses, and let go when the journal's news pile up.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from liveshow.errors import LiveshowError
from liveshow.events import (
    Done,
    EndShow,
    FromClient,
    Journaled,
    JournalEvent,
    Login,
    Looks,
    Pulse,
    Refused,
    Say,
    ToClient,
    Welcome,
    encode,
)

LINE_LIMIT = 1024 * 1024
PULSE_BACKLOG = 256 * 1024
NEWS_BACKLOG = 64 * 1024 * 1024
LOGIN_LIMIT = 10.0
_DECODER: msgspec.json.Decoder[FromClient] = msgspec.json.Decoder(FromClient)


class Clients:
    """Everyone connected. `say` and `end_show` carry out requests and raise LiveshowError to refuse; `looks` is told what a prover saw."""

    def __init__(
        self,
        welcome: Callable[[], Welcome],
        say: Callable[[Say, str], Awaitable[Sequence[int]]],
        end_show: Callable[[], Awaitable[None]],
        looks: Callable[[Looks], None],
    ) -> None:
        self.token = ""
        self._welcome, self._say, self._end_show, self._looks = welcome, say, end_show, looks
        self._watchers: dict[asyncio.StreamWriter, Login] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._closed = False

    async def open(self) -> int:
        """Listen on loopback; returns the port. `token` must be set before anybody is let in."""
        self._closed = False
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=LINE_LIMIT)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Say goodbye to everyone, and to who is just coming in.

        Python 3.11's `asyncio.wait_for` forgets that its caller was cancelled when what it waits for has just come: who waits so within
        a task that is ended here, or within one of a client, goes on for ever. `asyncio.timeout` does not.
        """
        self._closed = True
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    @property
    def previews_wanted(self) -> bool:
        """Whether anybody who is connected shows pictures."""
        return any(login.previews for login in self._watchers.values())

    @property
    def page(self) -> str:
        """Where the performers' page is served, as the client that came last and watches says; "" when none does."""
        return next((login.serves for login in reversed(self._watchers.values()) if login.serves), "")

    def tell(self, events: Sequence[JournalEvent]) -> None:
        """New journal lines, after they are on disk."""
        self._broadcast(Journaled(events=tuple(events)), NEWS_BACKLOG)

    def pulse(self, pulse: Pulse) -> None:
        """The recorder's health; who is behind misses it."""
        self._broadcast(pulse, PULSE_BACKLOG)

    def _broadcast(self, message: ToClient, backlog: int) -> None:
        line = encode(message)
        for writer in tuple(self._watchers):
            if writer.transport.get_write_buffer_size() <= backlog:
                writer.write(line)
            elif isinstance(message, Journaled):
                del self._watchers[writer]
                writer.transport.abort()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            async with asyncio.timeout(LOGIN_LIMIT):
                login = await _request(reader)
            if self._closed:
                return  # accepted as the door was closed
            if isinstance(login, Login) and hmac.compare_digest(login.token.encode(), self.token.encode()):
                await self._serve(login, reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # a client that leaves or stays silent is let go, and so is everyone at the end; all they asked was answered
        finally:
            self._watchers.pop(writer, None)
            writer.close()

    async def _serve(self, login: Login, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(self._welcome()))
        if login.watch:
            self._watchers[writer] = login
        while request := await _request(reader):
            if isinstance(request, Looks):
                self._looks(request)
            elif not isinstance(request, Login):
                writer.write(encode(await self._answer(request, login.by)))
                await writer.drain()

    async def _answer(self, request: Say | EndShow, by: str) -> Done | Refused:
        try:
            if isinstance(request, Say):
                return Done(re=request.id, events=tuple(await self._say(request, request.by or by)))
            await self._end_show()
            return Done(re=request.id)
        except LiveshowError as exc:
            return Refused(re=request.id, what=exc.what, where=exc.where, todo=exc.todo, exit_code=exc.exit_code)


async def _request(reader: asyncio.StreamReader) -> FromClient | None:
    """The next request; None when the client left, or said a line that is none or too long: it is not listened to any more."""
    try:
        line = await reader.readline()
        return _DECODER.decode(line) if line else None
    except (ValueError, msgspec.DecodeError):  # ValueError: asyncio's word for a line over its limit
        return None
