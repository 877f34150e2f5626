"""`liveshow timecode`: one process that hears MIDI Time Code and tells the recorder, as a client like any other, and ends with the show.

The recorder's show clock is known, for it runs on the same machine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from liveshow.errors import MachineError, NotFound
from liveshow.events import SessionStarted, TimecodeLost, TimecodeTied
from liveshow.recorder import address
from liveshow.recorder.client import Client
from liveshow.recorder.midi_port import MidiInput, Stamps
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import MILLISECOND, ShowClock
from liveshow.timebase.anchor import Anchor, Follower
from liveshow.timebase.mtc import MtcReader, full_frame

JITTER = 2 * MILLISECOND  # what a busy machine and a USB cable may delay a message by
LOOK_EVERY, LOOK_FOR_PORT_EVERY = 0.01, 5.0
SYSTEM_EXCLUSIVE, QUARTER_FRAME = 0xF0, 0xF1


async def listen(show: Path, wanted: str, tell: Callable[[str], None], *, as_set_up: bool = False) -> str:
    """Tell the recorder of a show the timecode that comes in at a MIDI input, until the show has ended; returns why it ended. `tell`
    is told the input's name, and each tie in words; `as_set_up`: the setup names that input, and when it names another this ends.

    Raises NotFound when there is no such input or no recorder, MachineError when this machine has no MIDI, the input goes, or
    somebody listens already.
    """
    address.recorder_of(show)
    if (other := address.look_up(show, address.TIMECODE)) is not None:
        raise MachineError(f"process {other.pid} listens for this show already", where=str(show), todo="end that one first")
    with closing(MidiInput(wanted)) as port:
        address.publish(show, address.TIMECODE, 0)
        tell(f"listening to {port.name}")
        try:
            return await _until_over(show, wanted if as_set_up else "", port, tell)
        finally:
            address.withdraw(show, address.TIMECODE)


async def _until_over(show: Path, set_up: str, port: MidiInput, tell: Callable[[str], None]) -> str:
    while True:
        if set_up and ShowFolder(show).setup().timecode.mtc != set_up:
            return "the setup has its timecode from elsewhere now"
        try:
            async with _connected(show) as client:
                await _Listening(client, port, tell).run()
        except NotFound:  # the recorder is away: the show is over, or the next one comes
            if ShowFolder(show).state().ended:
                return "the show is ended"
        await asyncio.sleep(0.5)


@asynccontextmanager
async def _connected(show: Path) -> AsyncIterator[Client]:
    client = await Client.connect(address.recorder_of(show))
    try:
        yield client
    finally:
        await client.close()


class _Listening:
    """One connection's time: what is heard is told to that recorder."""

    def __init__(self, client: Client, port: MidiInput, tell: Callable[[str], None]) -> None:
        session = next(e for e in reversed(client.welcome.events) if isinstance(e, SessionStarted))
        self._clock = ShowClock(session.offset, session.speed, session.epoch)
        self._client, self._port, self._tell = client, port, tell
        self._reader, self._follower, self._stamps = MtcReader(), Follower(JITTER * session.speed), Stamps()
        self._heard_at = 0.0

    async def run(self) -> None:
        """Until the connection ends, which raises NotFound. Raises MachineError when the input is gone."""
        gone = asyncio.create_task(self._until_gone())
        self._port.arrived()  # what came while nobody was there to be told
        try:
            while not gone.done():
                asked = time.monotonic_ns()
                for message, since_last in self._port.arrived():
                    await self._hear(message, self._stamps.at(since_last, asked))
                await self._lost(self._follower.silent(self._clock.now()))
                await self._look_for_port(asked / 1e9)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            gone.cancel()
        raise NotFound("the recorder is away", where="recorder")

    async def _until_gone(self) -> None:
        async for _ in self._client.news():
            pass

    async def _hear(self, message: Sequence[int], at: int) -> None:
        if message[0] == SYSTEM_EXCLUSIVE and (stands := full_frame(message[1:-1])) is not None:
            self._tell(f"MTC stands at {stands}")
        if message[0] != QUARTER_FRAME or len(message) < 2:
            return
        self._heard_at = at / 1e9
        frame = self._reader.quarter_frame(message[1] >> 4 & 7, message[1] & 15, self._clock.at(at))
        anchor = self._follower.frame(frame.timecode, frame.at) if frame else None
        if anchor is not None:
            await self._tied(anchor)

    async def _tied(self, anchor: Anchor) -> None:
        await self._client.say(TimecodeTied(t=anchor.at, feed="", timecode=anchor.timecode, rate=str(anchor.rate)))
        self._tell(f"MTC {anchor.timecode} at {anchor.rate} frames a second")

    async def _lost(self, since: int | None) -> None:
        if since is not None:
            await self._client.say(TimecodeLost(t=since, feed=""))
            self._tell("MTC is not heard any more")

    async def _look_for_port(self, now: float) -> None:
        """While nothing comes: whether the input is still there. No driver says that it went."""
        if now - self._heard_at < LOOK_FOR_PORT_EVERY:
            return
        self._heard_at = now
        if not self._port.is_there():
            await self._lost(self._follower.lose())
            raise MachineError(
                f"{self._port.name} is gone", where="MIDI", todo="plug it in again: it is then listened to again"
            )
