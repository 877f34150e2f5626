"""A whole simulated show, driven by nothing but OSC datagrams, ends as it must however it is driven (see
:mod:`tests.one_show`)."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from liveshow.recorder import address
from tests.one_show import SETUP, SPEED, STEPS, TOLD, Step, told
from tests.osc_stage import Desk
from tests.running_show import RunningShow, running_show, wait_for


@contextmanager
def served(show: RunningShow) -> Iterator[int]:
    """The show, offered by `liveshow serve` in a process of its own: the port at which OSC is heard."""
    words = ["serve", str(show.folder.path), "--osc", "127.0.0.1:0"]
    process = subprocess.Popen([sys.executable, "-m", "liveshow", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        heard = re.search(r"heard at 127\.0\.0\.1:(\d+) \(UDP\)", process.stdout.readline())
        assert heard is not None
        yield int(heard[1])
        assert "the show is ended" in process.stdout.read()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


@asynccontextmanager
async def desk_at(port: int) -> AsyncIterator[Desk]:
    """A subscribed desk."""
    transport, desk = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Desk(port), ("127.0.0.1", 0))
    desk.transport = transport
    try:
        await desk.ask("subscribe")
        await desk.tells("feed/vox1/state", "recording")
        yield desk
    finally:
        transport.close()


async def take(step: Step, desk: Desk, show: RunningShow) -> None:
    """One step of the show, by OSC."""
    match step:
        case ("wait", seconds):
            await asyncio.sleep(int(seconds) / SPEED)
        case ("ago", seconds):
            await desk.done("ago", float(seconds))
        case ("on" | "off" as what, who):
            await desk.done(f"performer/{who}/{what}", 1.0)
        case ("walk-on", name, ident):
            assert (await desk.done("performer/add", name))[1] == ident
            await desk.done(f"performer/{ident}/on")
        case ("item/add", title, ident, performers, minutes, before):
            assert (await desk.done("item/add", title, *performers.split(), float(minutes)))[1] == ident
            await desk.done(f"item/{ident}/move", before)
        case ("item/move", item, before):
            await desk.done(f"item/{item}/move", before)
        case ("item/skip", item, yes):
            await desk.done(f"item/{item}/skip", int(yes == "yes"))
        case ("tag", number, field, value):
            values = value.split() if field == "performers" else [int(value == "yes") if field == "false-take" else value]
            await desk.done(f"segment/{show.folder.state().segments[int(number)].id}/tag", field, *values)
        case (what, *values):
            await desk.done(what, *values)


async def drive(show: RunningShow, port: int) -> None:
    """The whole show."""
    async with desk_at(port) as desk:
        for step in STEPS:
            await take(step, desk, show)


def test_a_show_by_osc(tmp_path: Path) -> None:
    """GO, HOLD, performers, walk-ons, late marks, undo, the running order and corrections, each said by OSC and answered as
    done; who serves it ends with the show."""
    with running_show(tmp_path, SETUP, 30, "--speed", str(SPEED)) as show:
        wait_for("the recorder", lambda: address.look_up(show.folder.path, address.RECORDER))
        with served(show) as port:
            asyncio.run(drive(show, port))
            show.end()
        assert told(show.folder.state()) == TOLD
