"""A show that is served to other hands, for tests: a fake recorder, and a real server on loopback in the test's own event loop."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect

from liveshow.model import ControlSettings
from liveshow.recorder.control.serving import Served, serve
from liveshow.recorder.control.tokens import Access, tokens_of
from liveshow.recorder.pin import context_for
from tests.fake_recorder import START, FakeRecorder, healthy

DEADLINE = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; AssertionError when it does not come."""
    deadline = asyncio.get_running_loop().time() + DEADLINE
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


@dataclass
class Stage:
    """A served show. `ended`: why serving ended, once it has."""

    recorder: FakeRecorder
    served: Served
    serving: asyncio.Task[str]
    tls: ssl.SSLContext | None

    @property
    def place(self) -> str:
        """Where it is served, as HOST:PORT; over TLS that is loopback as well, among all others."""
        port = self.served.places[0].rpartition(":")[2]
        return f"127.0.0.1:{port}"

    def token(self, access: Access = "full") -> str:
        """The token as it stands now."""
        return tokens_of(self.recorder.folder_path).of(access)

    def client(self, access: Access | None = "full", **headers: str) -> httpx.AsyncClient:
        """An HTTP client that has a token, or none."""
        bearer = {"Authorization": f"Bearer {self.token(access)}"} if access else {}
        scheme = "https" if self.tls else "http"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.AsyncClient(
            base_url=f"{scheme}://{self.place}",
            headers=bearer | named,
            verify=self.tls or True,
            trust_env=False,
            timeout=DEADLINE,
        )

    def socket(self, path: str, access: Access = "full", **headers: str) -> connect:
        """A WebSocket, to be used as a context."""
        scheme = "wss" if self.tls else "ws"
        heads = {"Authorization": f"Bearer {self.token(access)}", **headers}
        return connect(f"{scheme}://{self.place}{path}", ssl=self.tls, additional_headers=heads, proxy=None, max_size=2**26)


@asynccontextmanager
async def served_show(
    folder: Path, settings: ControlSettings | None = None, text: str = "", recorder: FakeRecorder | None = None
) -> AsyncIterator[Stage]:
    """A show that is served, by default on loopback; its feeds are healthy."""
    recorder = recorder or FakeRecorder(folder, text)
    await recorder.open()
    told: list[Served] = []
    serving = asyncio.create_task(serve(folder, settings or ControlSettings(http="127.0.0.1:0"), told.append))
    try:
        await until(lambda: told or serving.done())
        if not told:
            raise AssertionError(f"it ended: {serving.result()}")
        (served,) = told
        port = int(served.places[0].rpartition(":")[2])
        tls = await asyncio.to_thread(context_for, "127.0.0.1", port, served.tokens.pin) if served.tls else None
        stage = Stage(recorder, served, serving, tls)
        await healthy_now(stage)
        yield stage
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await recorder.close()


async def healthy_now(stage: Stage) -> None:
    """The server knows that the recorder is there and that all is well."""
    async with stage.client() as client:
        deadline = asyncio.get_running_loop().time() + DEADLINE
        while True:
            stage.recorder.pulse(healthy(stage.recorder.setup, START))
            answer = await client.get("/api/show")
            if answer.status_code == 200 and answer.json()["recording"]:
                return
            assert asyncio.get_running_loop().time() < deadline, f"waited in vain: {answer.text}"
            await asyncio.sleep(0.01)


async def hear(socket: ClientConnection, kind: str) -> dict[str, object]:
    """The next message of a kind."""
    async with asyncio.timeout(DEADLINE):
        while True:
            message: dict[str, object] = msgspec.json.decode(await socket.recv())
            if message["kind"] == kind:
                return message
