"""The line to the recorder, here or elsewhere: connects, listens, and when the recorder is gone looks it up afresh and connects again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from liveshow.errors import LiveshowError, NotFound
from liveshow.events import Journaled, Pulse, Sayable, Welcome
from liveshow.recorder.address import Address
from liveshow.recorder.client import Client

AGAIN_AFTER = 0.5
News = Welcome | Journaled | Pulse | None
Hear = Callable[[News], None]


class Line(Protocol):
    """What the dashboard needs of a line to the recorder."""

    async def run(self, hear: Hear) -> None:
        """Listen until cancelled; `hear` is told the news, None when the connection is gone."""

    async def say(self, event: Sayable, ago: int) -> tuple[int, ...]:
        """Have something written down that was `ago` ns before now; returns the journal numbers. Raises LiveshowError."""

    async def end_show(self) -> None:
        """End the show; returns when it has ended. Raises LiveshowError."""


class ClientLine:
    """A line of clients, one after the other. `connect` looks the recorder up, and raises NotFound while there is none."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect
        self._client: Client | None = None

    async def run(self, hear: Hear) -> None:
        """See :class:`Line`. Raises LiveshowError when the recorder is of a version that cannot be understood."""
        while True:
            try:
                await self._listen_once(hear)
            except NotFound:
                hear(None)
            except msgspec.DecodeError as exc:
                todo = "run dashboard and recorder from the same version of liveshow"
                raise LiveshowError(
                    f"the recorder says what cannot be understood ({exc})", where="recorder", todo=todo
                ) from exc
            await asyncio.sleep(AGAIN_AFTER)

    async def say(self, event: Sayable, ago: int) -> tuple[int, ...]:
        """See :class:`Line`. Raises NotFound at once while there is no connection."""
        return await self._connected().say(event, ago=ago)

    async def end_show(self) -> None:
        """See :class:`Line`."""
        await self._connected().end_show()

    def _connected(self) -> Client:
        if self._client is None:
            raise NotFound("there is no connection to the recorder", where="recorder", todo="wait until it is back")
        return self._client

    async def _listen_once(self, hear: Hear) -> None:
        client = await self._connect()
        try:
            self._client = client
            hear(client.welcome)
            async for message in client.news():
                hear(message)
            hear(None)
        finally:
            self._client = None
            await client.close()


class RecorderLine(ClientLine):
    """The line over the local connection. `find` looks the recorder's address up, and raises NotFound while there is none."""

    def __init__(self, find: Callable[[], Address]) -> None:
        super().__init__(lambda: Client.connect(find(), watch=True, previews=True))
