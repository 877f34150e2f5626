"""A whole simulated show, driven by nothing but OSC datagrams, ends as it must however it is driven (see :mod:`tests.one_show`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from liveshow.recorder.address import recorder_of
from liveshow.recorder.client import Client
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.osc import OscDoor
from liveshow.timebase import SECOND
from tests.one_show import SETUP, SPEED, STEPS, TOLD, Step, told
from tests.osc_stage import Desk, access, until
from tests.running_show import RunningShow, running_show


@asynccontextmanager
async def desk_of(show: RunningShow) -> AsyncIterator[tuple[Desk, Hub]]:
    """A subscribed desk, by a door on a running show."""
    hub = Hub(lambda: Client.connect(recorder_of(show.folder.path), watch=True))
    door = OscDoor(hub, access)
    port = await door.open("127.0.0.1", 0)
    running = [asyncio.create_task(hub.run()), asyncio.create_task(door.run())]
    transport, desk = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Desk(port), ("127.0.0.1", 0))
    desk.transport = transport
    try:
        await until("the recorder", lambda: hub.connected)
        await desk.ask("subscribe")
        await desk.tells("feed/vox1/state", "recording")
        yield desk, hub
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        transport.close()
        door.close()


async def take(step: Step, desk: Desk, hub: Hub) -> None:
    """One step of the show, by OSC."""
    match step:
        case ("wait", seconds):
            until_then = now(hub) + int(seconds) * SECOND
            await until("that time", lambda: now(hub) >= until_then)
        case ("ago", seconds):
            await said(desk, "ago", float(seconds))
        case ("on" | "off" as what, who):
            await said(desk, f"performer/{who}/{what}", 1.0)
        case ("walk-on", name, ident):
            assert (await said(desk, "performer/add", name))[1] == ident
            await said(desk, f"performer/{ident}/on")
        case ("item/add", title, ident, performers, minutes, before):
            assert (await said(desk, "item/add", title, *performers.split(), float(minutes)))[1] == ident
            await said(desk, f"item/{ident}/move", before)
        case ("item/move", item, before):
            await said(desk, f"item/{item}/move", before)
        case ("item/skip", item, yes):
            await said(desk, f"item/{item}/skip", int(yes == "yes"))
        case ("tag", number, field, value):
            values = value.split() if field == "performers" else [int(value == "yes") if field == "false-take" else value]
            await said(desk, f"segment/{hub.state.segments[int(number)].id}/tag", field, *values)
        case (what, *values):
            await said(desk, what, *values)


async def said(desk: Desk, address: str, *values: str | int | float) -> tuple[object, ...]:
    """Have it said, and the answer, which must be that it was done."""
    answer = await desk.ask(address, *values)
    assert desk.heard[-1][0] == "done", answer
    return answer


def now(hub: Hub) -> int:
    """The show clock, as last heard."""
    return hub.pulse.now if hub.pulse else 0


async def drive(show: RunningShow) -> None:
    """The whole show."""
    async with desk_of(show) as (desk, hub):
        for step in STEPS:
            await take(step, desk, hub)


def test_a_show_by_osc(tmp_path: Path) -> None:
    """GO, HOLD, performers, walk-ons, late marks, undo, the running order and corrections, each said by OSC and answered as done."""
    with running_show(tmp_path, SETUP, 30, "--speed", str(SPEED)) as show:
        asyncio.run(drive(show))
        show.end()
        assert told(show.folder.state()) == TOLD
