"""The hub: one connection to the recorder for all other hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from liveshow.errors import LiveshowError, NotFound
from liveshow.events import Go, Journaled, Note, Pulse, Welcome
from liveshow.recorder.address import recorder_of
from liveshow.recorder.client import Client
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.mailbox import Behind, Mailbox
from tests.fake_recorder import START, FakeRecorder, healthy

DEADLINE = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; AssertionError when it does not come."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def hub_on(folder: Path) -> AsyncIterator[Hub]:
    """A hub that runs on whatever recorder the show has."""

    async def connect() -> Client:
        return await Client.connect(recorder_of(folder), by="hub", watch=True)

    hub = Hub(connect)
    running = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_said_through_the_hub_is_journaled_by_whoever_said_it(tmp_path: Path) -> None:
    """A GO is on disk when `say` returns its number, is by the name given or else by the hub, and is in the hub's state."""
    recorder = FakeRecorder(tmp_path / "show")
    await recorder.open()
    async with hub_on(tmp_path / "show") as hub:
        await until(lambda: hub.connected)
        (named,) = await hub.say(Go(t=0, item=""), by="a red button")
        (unnamed,) = await hub.say(Note(t=0, text="the bell"))
        await until(lambda: hub.events[-1].n == unnamed)
        assert [e.by for e in hub.events if e.n in (named, unnamed)] == ["a red button", "hub"]
        assert hub.state.on_item is not None
        assert hub.state.on_item.title == "The Tiny Book of Tiny Stories"
        recorder.refuse = "not now"
        with pytest.raises(LiveshowError, match="not now"):
            await hub.say(Go(t=0, item=""))
    await recorder.close()


async def test_a_hub_outlives_the_recorder(tmp_path: Path) -> None:
    """While the recorder is away nothing is taken, and watchers know; the next one is found, and watchers are told all it says."""
    recorder = FakeRecorder(tmp_path / "show")
    await recorder.open()
    async with hub_on(tmp_path / "show") as hub, aclosing(hub.watch()) as changes:
        assert isinstance(await anext(changes), Welcome)
        recorder.pulse(healthy(recorder.setup, START))
        assert isinstance(await anext(changes), Pulse)
        await recorder.close()
        assert await anext(changes) is None
        assert hub.pulse is None
        with pytest.raises(NotFound, match="away"):
            await hub.say(Go(t=0, item=""))
        again = FakeRecorder(tmp_path / "show", events=recorder.events)
        await again.open()
        assert isinstance(await anext(changes), Welcome)
        await hub.say(Go(t=0, item=""))
        told = await anext(changes)
        assert isinstance(told, Journaled)
        assert told.events == tuple(again.events[-1:])
        await again.close()


async def test_a_watcher_who_comes_late_is_told_all_there_is(tmp_path: Path) -> None:
    """The welcome that a watcher begins with has also what was journaled since the hub was let in."""
    recorder = FakeRecorder(tmp_path / "show")
    await recorder.open()
    async with hub_on(tmp_path / "show") as hub:
        await until(lambda: hub.connected)
        await hub.say(Go(t=0, item=""))
        await until(lambda: len(hub.events) == len(recorder.events))
        async with aclosing(hub.watch()) as changes:
            welcome = await anext(changes)
            assert isinstance(welcome, Welcome)
            assert welcome.events == tuple(recorder.events)
    await recorder.close()


async def test_a_mailbox_keeps_news_in_order_and_only_the_newest_of_what_replaces_itself() -> None:
    """Three pulses that nobody fetched are one; what must not be missed comes before it, in order."""
    box: Mailbox[str] = Mailbox(3)
    for word in ("pulse 1", "pulse 2", "pulse 3"):
        box.replace(word)
    box.put("first")
    box.put("second")
    assert [await box.get() for _ in range(3)] == ["first", "second", "pulse 3"]


async def test_a_mailbox_that_nobody_empties_lets_its_reader_go() -> None:
    """More than is kept is not kept: the reader is told so, instead of a part of it."""
    box: Mailbox[str] = Mailbox(3)
    for word in ("a", "b", "c", "d"):
        box.put(word)
    with pytest.raises(Behind):
        await box.get()
