"""An OSC door for tests: on a fake recorder over the real connection, with desks that speak to it over real UDP on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from liveshow.events import Sayable
from liveshow.recorder.address import recorder_of
from liveshow.recorder.client import Client
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.osc import OscDoor
from liveshow.recorder.control.osc_packets import Value, read_packet, written
from liveshow.recorder.control.tokens import Access
from liveshow.timebase import SECOND
from tests.fake_recorder import FakeRecorder, healthy

T = TypeVar("T")
DEADLINE = 20.0
TOKEN, WATCHING = "sesame", "monitor"


def access(token: str) -> Access | None:
    """What a token gives."""
    found: dict[str, Access] = {TOKEN: "full", WATCHING: "watch"}
    return found.get(token)


async def until(what: str, found: Callable[[], T | None], every: float = 0.005) -> T:
    """The first value that is not None or False, looked for every so many seconds; AssertionError, saying what never came."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while (value := found()) is None or value is False:
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not come"
        await asyncio.sleep(every)
    return value


class Desk(asyncio.DatagramProtocol):
    """A program that sends to the door and hears what it is told; `told` is the newest of each address, `heard` all of it."""

    def __init__(self, door: int) -> None:
        self._door = ("127.0.0.1", door)
        self.heard: list[tuple[str, tuple[Value, ...]]] = []
        self.told: dict[str, tuple[Value, ...]] = {}
        self.transport: asyncio.DatagramTransport

    @property
    def port(self) -> int:
        """Where it is told."""
        return int(self.transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: object) -> None:
        """What the door says."""
        del addr
        for message in read_packet(data):
            self.heard.append((message.address.removeprefix("/liveshow/"), message.values))
            self.told[self.heard[-1][0]] = message.values

    def send(self, address: str, *values: str | int | float) -> None:
        """Say something and wait for nothing."""
        self.raw(written(f"/liveshow/{address}", *values))

    def raw(self, datagram: bytes) -> None:
        """Any bytes."""
        self.transport.sendto(datagram, self._door)

    async def ask(self, address: str, *values: str | int | float) -> tuple[Value, ...]:
        """Say something; the answer's values after the address, done or refused."""
        before = len(self.heard)
        self.send(address, *values)
        return await self.answer(before, address)

    async def done(self, address: str, *values: str | int | float) -> tuple[Value, ...]:
        """Say something that must not be refused; the answer's values after the address."""
        before = len(self.heard)
        answer = await self.ask(address, *values)
        assert ("done", (f"/liveshow/{address}", *answer)) in self.heard[before:], answer
        return answer

    async def answer(self, before: int, address: str) -> tuple[Value, ...]:
        """The answer to an address among what is heard after so many."""

        def answer() -> tuple[Value, ...] | None:
            answers = [v for kind, v in self.heard[before:] if kind in ("done", "refused")]
            return next((v[1:] for v in answers if v[0] == f"/liveshow/{address}"), None)

        return await until(f"an answer to {address}", answer)

    async def tells(self, address: str, *values: str | int | float) -> None:
        """Wait until it was told those values of an address, and nothing newer."""
        await until(f"{address} {values}, but {self.told.get(address)},", lambda: self.told.get(address) == values)


@dataclass
class OscStage:
    """A door, its port and the recorder behind it."""

    recorder: FakeRecorder
    hub: Hub
    door: OscDoor
    port: int
    desks: list[Desk] = field(default_factory=list)

    async def desk(self) -> Desk:
        """A program on a port of its own."""
        loop = asyncio.get_running_loop()
        transport, desk = await loop.create_datagram_endpoint(lambda: Desk(self.port), local_addr=("127.0.0.1", 0))
        desk.transport = transport
        self.desks.append(desk)
        return desk

    async def pulse(self, seconds: float = 1.0, *, gone: tuple[str, ...] = ()) -> None:
        """Time passes for the show, and the door has a pulse of then."""
        pulse = healthy(self.recorder.setup, self.recorder.time + round(seconds * SECOND), gone=gone)
        self.recorder.pulse(pulse)
        await until("the pulse", lambda: self.hub.pulse == pulse)

    @property
    def said(self) -> list[Sayable]:
        """What the recorder was told, in order."""
        return [request.event for request in self.recorder.said]


@asynccontextmanager
async def osc_stage(folder: Path, feedback_to: tuple[str, ...] = ()) -> AsyncIterator[OscStage]:
    """A door that is connected to a recorder whose every feed is proven."""
    recorder = FakeRecorder(folder)
    await recorder.open()
    hub = Hub(lambda: Client.connect(recorder_of(folder), watch=True))
    door = OscDoor(hub, access, feedback_to)
    port = await door.open("127.0.0.1", 0)
    running = [asyncio.create_task(hub.run()), asyncio.create_task(door.run())]
    stage = OscStage(recorder, hub, door, port)
    try:
        await until("the connection", lambda: hub.connected)
        await stage.pulse(60.0)
        yield stage
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for desk in stage.desks:
            desk.transport.close()
        door.close()
        await recorder.close()
