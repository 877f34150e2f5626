"""One connection to the recorder for all other hands: what it says is kept, what they say is passed on; when it is gone it is looked
up again and again, and nothing is said later than it was meant.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from liveshow.errors import NotFound
from liveshow.events import Journaled, JournalEvent, Pulse, Sayable, Welcome
from liveshow.model import Setup
from liveshow.recorder.client import Client
from liveshow.recorder.control.mailbox import Mailbox
from liveshow.showfolder.setups import setup_as_run
from liveshow.showfolder.state import Folding, ShowState

AGAIN_AFTER = 0.5
MOST_NEWS = 10_000  # news that may wait for one watcher
Change = Welcome | Journaled | Pulse | None
"""What a watcher is told: let in by a recorder (the first or a later one), new journal lines, its health; None: it is gone."""

log = logging.getLogger(__name__)


class Hub:
    """What is known of the show, and who wants to know. `run` it within one event loop.

    welcome: the recorder's, None while it is away; setup, events, state: the last known, None, empty or bare before the first
    welcome; setup is as run, `state.setup` has the changes of the running order; pulse: the newest of this connection.
    """

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        """`connect` looks the recorder up and connects to it, watching; raises NotFound while there is none."""
        self.welcome: Welcome | None = None
        self.setup: Setup | None = None
        self.events: tuple[JournalEvent, ...] = ()
        self.state = ShowState()
        self.pulse: Pulse | None = None
        self._connect = connect
        self._folding: Folding | None = None
        self._client: Client | None = None
        self._watchers: set[Mailbox[Change]] = set()
        self._heard = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the recorder is there."""
        return self._client is not None

    async def run(self) -> None:
        """Connect and listen, until cancelled. Raises msgspec.DecodeError or SetupError when the recorder, being of another version,
        cannot be understood."""
        while True:
            try:
                await self._listen_once()
            except NotFound:
                log.debug("no recorder yet")
            await asyncio.sleep(AGAIN_AFTER)

    async def say(self, event: Sayable, ago: int = 0, *, by: str = "") -> tuple[int, ...]:
        """Have an event written down (`ago` ns before now, when its `t` is 0), said by `by`; returns the journal numbers, once on
        disk.

        Raises NotFound (where: "recorder") at once while the recorder is away, or when it was lost before it answered;
        LiveshowError with the recorder's words when it refuses.
        """
        if self._client is None:
            raise NotFound(
                "the recorder is away", where="recorder", todo="say it again when it is back; nothing was written down"
            )
        numbers = await self._client.say(event, ago=ago, by=by)
        while self.connected and self.events[-1].n < max(
            numbers, default=0
        ):  # so that who says something and then looks sees it
            await self._heard.wait()
        return numbers

    async def watch(self) -> AsyncGenerator[Change, None]:
        """Everything from now on; first the welcome, when there is a recorder. Of pulses that were not fetched in time only the newest.

        Raises :class:`Behind` for a watcher that leaves more than 10 000 news lying.
        """
        box: Mailbox[Change] = Mailbox(MOST_NEWS)
        if self.welcome is not None:
            box.put(msgspec.structs.replace(self.welcome, events=self.events))
        self._watchers.add(box)
        try:
            while True:
                yield await box.get()
        finally:
            self._watchers.discard(box)

    async def _listen_once(self) -> None:
        client = await self._connect()
        try:
            self._welcomed(client)
            async for message in client.news():
                self._hear(message)
        finally:
            self._client, self.welcome, self.pulse = None, None, None
            self._wake()
            await client.close()
            for box in self._watchers:
                box.put(None)

    def _welcomed(self, client: Client) -> None:
        welcome = client.welcome
        self.setup = setup_as_run(welcome.setup, "setup.toml", welcome.events)
        self.events = welcome.events
        self._folding = Folding(self.setup)
        self.state = self._folding.take(self.events)
        self._client, self.welcome = client, welcome
        for box in self._watchers:
            box.put(welcome)

    def _hear(self, message: Journaled | Pulse) -> None:
        if isinstance(message, Pulse):
            self.pulse = message
            for box in self._watchers:
                box.replace(message)
            return
        last = self.events[-1].n if self.events else 0
        fresh = [e for e in message.events if e.n > last]
        self.events = (*self.events, *fresh)
        if self._folding is not None:
            self.state = self._folding.take(fresh)
        self._wake()
        for box in self._watchers:
            box.put(message, len(message.events))

    def _wake(self) -> None:
        self._heard.set()
        self._heard = asyncio.Event()
