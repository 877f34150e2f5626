"""The WebSockets: events for whoever asks, and the wire for dashboards elsewhere."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from liveshow.events import EndShow, Go, Hold, Login, Message, Note, Say, encode
from liveshow.recorder.control import sockets as control_sockets
from liveshow.recorder.control import web
from liveshow.timebase import SECOND
from tests.control_stage import DEADLINE, Stage, hear, served_show, until
from tests.fake_recorder import START, FakeRecorder, healthy
from tests.test_control_api import FIRST


async def test_events_begin_with_the_state_and_go_on_with_every_event(tmp_path: Path) -> None:
    """A socket is told the state, then a GO as it is in the journal, and the state that follows from it."""
    async with (
        served_show(tmp_path / "show") as stage,
        stage.client() as client,
        stage.socket("/api/events", "watch") as socket,
    ):
        assert json.loads(await socket.recv())["next_item"] == FIRST
        (number,) = (await client.post("/api/go", json={"by": "deck"})).json()["events"]
        go = await hear(socket, "go")
        assert (go["n"], go["item"], go["by"]) == (number, FIRST, "deck (127.0.0.1)")
        assert (await hear(socket, "state"))["on_item"] == FIRST


async def test_health_comes_as_often_as_asked_for(tmp_path: Path) -> None:
    """While one socket is told of health five times, another that asked for it once in ten seconds is told once; events are not held up."""
    async with (
        served_show(tmp_path / "show") as stage,
        stage.socket("/api/events?rate=0.1") as rare,
        stage.socket("/api/events?rate=15") as often,
        beating(stage.recorder),
    ):
        await hear(rare, "pulse")
        for _ in range(5):
            await hear(often, "pulse")
        stage.recorder.write(Hold(t=START))
        kinds: list[object] = []
        while not kinds or kinds[-1] != "hold":
            kinds.append(json.loads(await rare.recv())["kind"])
        assert "pulse" not in kinds


@asynccontextmanager
async def beating(recorder: FakeRecorder) -> AsyncIterator[None]:
    """A recorder that pulses."""

    async def beat() -> None:
        while True:
            recorder.pulse(healthy(recorder.setup, recorder.time + SECOND))
            await asyncio.sleep(0.03)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_socket_is_told_that_the_recorder_is_away_and_back(tmp_path: Path) -> None:
    """ "away" when it is gone, the state again when the next one is there; whoever connects meanwhile hears "away" at once."""
    recorder = FakeRecorder(tmp_path / "show")
    async with served_show(tmp_path / "show", recorder=recorder) as stage, stage.socket("/api/events") as socket:
        await hear(socket, "state")
        await recorder.close()
        await hear(socket, "away")
        async with stage.socket("/api/events") as late:
            await hear(late, "away")
            again = FakeRecorder(tmp_path / "show", events=recorder.events)
            await again.open()
            assert (await hear(socket, "state"))["next_item"] == FIRST
            await hear(late, "state")
            await again.close()


async def test_who_reads_too_slowly_is_let_go_and_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that is not read is closed once too much waits for it; another one beside it hears every event, and marks are taken."""
    monkeypatch.setattr(control_sockets, "MOST_WAITING", 2_000_000)
    monkeypatch.setattr(web, "LINGERS", 0.1)
    async with served_show(tmp_path / "show") as stage, stage.client() as client, stage.socket("/api/events") as reading:
        slow = await unread(stage)
        try:
            for batch in range(16):
                numbers = range(batch * 50, (batch + 1) * 50)
                stage.recorder.write(*(Note(t=START, text=f"{n:06}" + "x" * 20_000) for n in numbers))
                assert await notes_heard(reading, 50) == [f"{n:06}" for n in numbers]
            assert (await client.post("/api/go")).status_code == 200
            await asyncio.to_thread(read_to_the_end, slow)
        finally:
            slow.close()


async def unread(stage: Stage) -> sockets.socket:
    """A WebSocket that was opened and is not read from."""
    host, _, port = stage.place.partition(":")
    raw = sockets.create_connection((host, int(port)))
    request = (
        f"GET /api/events HTTP/1.1\r\nHost: {stage.place}\r\nAuthorization: Bearer {stage.token()}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    raw.sendall(request.encode())
    first = await asyncio.to_thread(raw.recv, 12)
    assert first == b"HTTP/1.1 101"
    return raw


async def notes_heard(socket: ClientConnection, count: int) -> list[str]:
    """The beginnings of the notes that a socket is told, until there are so many."""
    found: list[str] = []
    while len(found) < count:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["kind"] == "note":
            found.append(message["text"][:6])
    return found


async def test_who_connects_and_asks_for_nothing_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection over which nothing comes, or half a request, is closed; one over which something was asked is not."""
    monkeypatch.setattr(web, "SILENT", 0.2)
    async with served_show(tmp_path / "show") as stage, stage.client() as client:
        host, _, port = stage.place.partition(":")
        for half in (b"", b"GET /api/show HTTP/1.1\r\nHost: x"):
            with sockets.create_connection((host, int(port))) as raw:
                raw.sendall(half)
                await asyncio.to_thread(read_to_the_end, raw)
        async with stage.socket("/api/events") as socket:
            assert (await client.get("/api/show")).status_code == 200
            await asyncio.sleep(0.3)
            stage.recorder.write(Hold(t=START))
            await hear(socket, "hold")


def read_to_the_end(raw: sockets.socket) -> None:
    """What was on its way, until the other end hangs up; TimeoutError when it does not."""
    raw.settimeout(DEADLINE)
    with suppress(ConnectionError):
        while raw.recv(1 << 20):
            pass


# Wire ------------------------------------------------------------------------------------------------------------


async def say(socket: ClientConnection, message: Message) -> None:
    """One message of the wire."""
    await socket.send(encode(message).decode())


async def test_the_wire_is_the_recorder_s_own_protocol(tmp_path: Path) -> None:
    """Login, Welcome with the journal, Say, Done, Journaled, Pulse, EndShow: line for line as over the recorder's own door."""
    async with served_show(tmp_path / "show") as stage, stage.socket("/api/wire") as socket:
        await say(socket, Login(token="", by="ada@laptop", watch=True, previews=True))
        welcome = await hear(socket, "welcome")
        assert welcome["show"] == "show"
        assert len(welcome["events"]) == 2  # type: ignore[arg-type]
        await until(lambda: stage.recorder.watched)
        stage.recorder.time = START + 10 * SECOND
        await say(socket, Say(id=7, event=Go(t=0, item=""), ago=2 * SECOND))
        journaled = await hear(socket, "journaled")
        assert await hear(socket, "done") == {"kind": "done", "re": 7, "events": [3]}
        assert journaled["events"][0]["by"] == "ada@laptop"  # type: ignore[index]
        assert stage.recorder.said[-1].ago == 2 * SECOND
        stage.recorder.pulse(healthy(stage.recorder.setup, START + 5))
        assert (await hear(socket, "pulse"))["now"] == START + 5
        await say(socket, Say(id=8, event=Go(t=0, item="nope")))
        assert (await hear(socket, "refused"))["exit_code"] == 4
        await say(socket, EndShow(id=9))
        assert (await hear(socket, "done"))["re"] == 9
        assert stage.recorder.ended.is_set()


@pytest.mark.parametrize(("path", "access"), [("/api/wire", "watch"), ("/api/wire?watch", "full")])
async def test_a_read_only_wire_carries_nothing_to_the_recorder(tmp_path: Path, path: str, access: Any) -> None:
    """With the watch token, or when it was asked for: marks and the end of the show are refused, and what happens is told."""
    async with served_show(tmp_path / "show") as stage, stage.socket(path, access) as socket:
        await say(socket, Login(token="", by="wall", watch=True))
        await hear(socket, "welcome")
        for number, request in ((1, Say(id=1, event=Go(t=0, item=""))), (2, EndShow(id=2))):
            await say(socket, request)
            refused = await hear(socket, "refused")
            assert (refused["re"], refused["what"]) == (number, "this screen may only look")
        stage.recorder.write(Hold(t=START))
        await hear(socket, "journaled")
        assert stage.recorder.said == []
        assert not stage.recorder.ended.is_set()


@pytest.mark.parametrize("first", ["{", '{"kind":"say","id":1,"event":{"kind":"hold","t":0}}', '{"kind":"welcome"}', b"\xff"])
async def test_a_wire_that_does_not_begin_with_a_login_is_closed(tmp_path: Path, first: str | bytes) -> None:
    """Nothing else is taken for a login, and nothing of it reaches the recorder."""
    async with served_show(tmp_path / "show") as stage, stage.socket("/api/wire") as socket:
        await socket.send(first)
        with pytest.raises(ConnectionClosed, match="1008"):
            await socket.recv()
        assert stage.recorder.said == []


async def test_nonsense_after_the_login_ends_only_this_wire(tmp_path: Path) -> None:
    """A line that is none closes its own connection; the recorder and everybody else go on."""
    async with served_show(tmp_path / "show") as stage, stage.client() as client, stage.socket("/api/wire") as socket:
        await say(socket, Login(token="", by="x", watch=True))
        await hear(socket, "welcome")
        await socket.send("nonsense")
        with pytest.raises(ConnectionClosed, match="1008"):
            await hear(socket, "done")
        assert (await client.post("/api/go")).status_code == 200


async def test_without_a_recorder_there_is_no_wire(tmp_path: Path) -> None:
    """A wire ends when the recorder does; while there is none, a new one is answered 503."""
    recorder = FakeRecorder(tmp_path / "show")
    async with served_show(tmp_path / "show", recorder=recorder) as stage:
        async with stage.socket("/api/wire") as socket:
            await say(socket, Login(token="", by="x", watch=True))
            await hear(socket, "welcome")
            await recorder.close()
            with pytest.raises(ConnectionClosed, match="1001"):
                await hear(socket, "done")
        with pytest.raises(InvalidStatus, match="503"):
            async with stage.socket("/api/wire"):
                pass
