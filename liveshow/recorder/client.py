"""The other end of the recorder: dashboards and the shell's verbs are clients that come and go.

A client says who it is and may watch: it is then sent the journal so far, every new event once it is on disk, and a pulse
about fifteen times a second. A request is answered when what it asked for is on disk, or refused with a reason.
"""

from __future__ import annotations

import asyncio
import getpass
import itertools
import socket
from collections.abc import AsyncIterator

import msgspec

from liveshow.errors import LiveshowError, NotFound, UsageError
from liveshow.events import (
    Done,
    EndShow,
    FromClient,
    Journaled,
    Login,
    Looks,
    Pulse,
    Refused,
    Say,
    Sayable,
    ToClient,
    Welcome,
    encode,
)
from liveshow.recorder.address import Address
from liveshow.recorder.transport import LocalTransport, Transport

WELCOME_LIMIT = 10.0
_DECODER: msgspec.json.Decoder[ToClient] = msgspec.json.Decoder(ToClient)


def whoami() -> str:
    """Who marks are by: user@host."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class Client:
    """One connection to a recorder. Make it with :meth:`connect` or :meth:`over`, use it within one event loop, and `close` it."""

    def __init__(self, transport: Transport, welcome: Welcome) -> None:
        self.welcome = welcome
        self._transport = transport
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Done]] = {}
        self._news: asyncio.Queue[Journaled | Pulse | None] = asyncio.Queue()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def connect(
        cls, address: Address, *, by: str = "", watch: bool = False, previews: bool = False, serves: str = ""
    ) -> Client:
        """Connect over loopback and be welcomed; `serves`: see :class:`liveshow.events.Login`. Raises NotFound when nobody answers or the
        token is not taken."""
        try:
            transport = await LocalTransport.open(address.host, address.port)
        except OSError as exc:
            raise _unheard(f"{address.host}:{address.port}") from exc
        login = Login(token=address.token, by=by or whoami(), watch=watch, previews=previews, serves=serves)
        return await cls.over(transport, login)

    @classmethod
    async def over(cls, transport: Transport, login: Login) -> Client:
        """Say who we are over a connection that stands, and be welcomed. Raises NotFound."""
        try:
            await transport.send(encode(login))
            async with asyncio.timeout(WELCOME_LIMIT):  # not wait_for, see `Clients`
                line = await transport.receive()
            welcome = _DECODER.decode(line) if line else None
        except msgspec.DecodeError:
            await transport.close()
            raise
        except (OSError, TimeoutError) as exc:
            await transport.close()
            raise _unheard(transport.where) from exc
        if not isinstance(welcome, Welcome):
            await transport.close()
            raise NotFound("the recorder did not let us in", where=transport.where, todo="is the token right?")
        return cls(transport, welcome)

    async def say(self, event: Sayable, *, ago: int = 0, by: str = "") -> tuple[int, ...]:
        """Have an event written down (`ago` ns before now, when its `t` is 0), said by `by` when it is not by who logged in; returns the
        journal numbers, once on disk.

        Raises LiveshowError with the recorder's reason when it is refused, UsageError for what is no text, NotFound when the
        connection is lost before an answer (then it may or may not stand: look at the journal).
        """
        number = next(self._ids)
        return (await self._ask(number, Say(id=number, event=event, ago=ago, by=by))).events

    async def tell(self, looks: Looks) -> None:
        """What a prover saw; nobody answers. Raises NotFound when the connection is lost."""
        try:
            await self._transport.send(encode(looks))
        except OSError as exc:
            raise _lost() from exc

    async def end_show(self) -> None:
        """End the show; returns when every part is closed and the journal says so."""
        number = next(self._ids)
        await self._ask(number, EndShow(id=number))

    async def news(self) -> AsyncIterator[Journaled | Pulse]:
        """What comes in, until the connection ends. Pulses that were not fetched in time are replaced by the newest."""
        while True:
            message = await self._news.get()
            while isinstance(message, Pulse) and not self._news.empty():
                following = self._news.get_nowait()
                if following is None or isinstance(following, Journaled):
                    yield message
                message = following
            if message is None:
                return
            yield message

    async def close(self) -> None:
        """Leave. The show goes on."""
        self._listening.cancel()
        await self._transport.close()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _ask(self, number: int, request: FromClient) -> Done:
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        try:
            line = encode(request)
        except UnicodeEncodeError as exc:
            raise UsageError(f"{exc.object!r} is no text", todo="write it in UTF-8") from exc
        if self._listening.done():
            raise _lost()
        self._waiting[number] = answer
        try:
            await self._transport.send(line)
            return await answer
        except OSError as exc:
            raise _lost() from exc
        finally:
            self._waiting.pop(number, None)

    async def _listen(self) -> None:
        try:
            while line := await self._transport.receive():
                self._take(_DECODER.decode(line))
        except OSError:
            pass  # the same as an orderly end: the recorder is gone, and everyone who waits is told below
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(_lost())
            self._news.put_nowait(None)

    def _take(self, message: ToClient) -> None:
        match message:
            case Journaled() | Pulse():
                self._news.put_nowait(message)
            case Done():
                if message.re in self._waiting:
                    self._waiting[message.re].set_result(message)
            case Refused():
                if message.re in self._waiting:
                    refusal = LiveshowError(message.what, where=message.where, todo=message.todo)
                    refusal.exit_code = message.exit_code
                    self._waiting[message.re].set_exception(refusal)
            case Welcome():
                pass


def _unheard(where: str) -> NotFound:
    return NotFound("the recorder does not answer", where=where, todo="`liveshow status` says what runs")


def _lost() -> NotFound:
    todo = "it may have been written down: look before you say it again"
    return NotFound("the connection to the recorder was lost", where="recorder", todo=todo)
