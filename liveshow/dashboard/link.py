"""The line to the recorder: connects, listens, and when the recorder is gone looks it up afresh and connects again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from liveshow.errors import LiveshowError, NotFound
from liveshow.events import Journaled, Pulse, Welcome
from liveshow.recorder.address import Address
from liveshow.recorder.client import Client, Sayable

AGAIN_AFTER = 0.5
News = Welcome | Journaled | Pulse | None


class RecorderLine:
    """`find` looks the recorder up (raises NotFound); `hear` is told the news, None when the connection is gone."""

    def __init__(self, find: Callable[[], Address], hear: Callable[[News], None]) -> None:
        self._find, self._hear = find, hear
        self._client: Client | None = None

    async def run(self) -> None:
        """Listen until cancelled. Raises LiveshowError when the recorder is of a version that cannot be understood."""
        while True:
            try:
                await self._listen_once()
            except NotFound:
                self._hear(None)
            except msgspec.DecodeError as exc:
                todo = "run dashboard and recorder from the same version of liveshow"
                raise LiveshowError(
                    f"the recorder says what cannot be understood ({exc})", where="recorder", todo=todo
                ) from exc
            await asyncio.sleep(AGAIN_AFTER)

    async def say(self, event: Sayable, ago: int) -> tuple[int, ...]:
        """Have something written down; see :meth:`Client.say`. Raises NotFound at once while there is no connection."""
        return await self._connected().say(event, ago=ago)

    async def end_show(self) -> None:
        """End the show; returns when it has ended."""
        await self._connected().end_show()

    def _connected(self) -> Client:
        if self._client is None:
            raise NotFound("there is no connection to the recorder", where="recorder", todo="wait until it is back")
        return self._client

    async def _listen_once(self) -> None:
        client = await Client.connect(self._find(), watch=True, previews=True)
        try:
            self._client = client
            self._hear(client.welcome)
            async for message in client.news():
                self._hear(message)
            self._hear(None)
        finally:
            self._client = None
            await client.close()
