"""Many phones in one process, as `python -m tests.benchmarks._phones PORT SECONDS`, with a token and how many have it on each line of
standard input: each opens its link, waits for news, and now and then plays a piece of what there is. Prints what they saw as JSON."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from liveshow.recorder.spawn import more_files

PLAYS_EVERY, PIECE = 20.0, 400_000  # seconds and bytes


@dataclass
class Saw:
    """states: new ones; unchanged: 304; refused: anything else; played: bytes; ready: seconds from the end of a segment until each of its
    feeds could be played on a phone."""

    states: int = 0
    unchanged: int = 0
    refused: int = 0
    played: int = 0
    errors: list[str] = field(default_factory=list)
    ready: dict[str, float] = field(default_factory=dict)


class Wire:
    """One connection, kept."""

    def __init__(self, port: int, address: str) -> None:
        self._port = port
        self._from = (address, 0) if sys.platform == "linux" else None  # elsewhere loopback has one address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, heads: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """One request; status, heads and body. A connection that the server let go of is made anew."""
        try:
            return await self._ask(method, path, heads, body)
        except (OSError, asyncio.IncompleteReadError):
            if self._streams is None:
                raise
            self._streams = None
            return await self._ask(method, path, heads, body)

    async def _ask(self, method: str, path: str, heads: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20, local_addr=self._from)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", *(f"{k}: {v}" for k, v in heads.items())]
        lines += [f"Content-Length: {len(body)}"] if body else []
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        data = await reader.readexactly(int(found.get("content-length", 0)))
        if found.get("connection") == "close":
            self._streams = None
        return int(head[0].split(" ")[1]), found, data


async def phone(port: int, token: str, address: str, until: float, saw: Saw) -> None:
    """One of them, at an address of its own."""
    await asyncio.sleep(random.random() * 10)
    wire, player = Wire(port, address), Wire(port, address)
    origin = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    status, heads, data = await wire.ask("POST", "/enter", origin, json.dumps({"token": token}).encode())
    if status != 200:
        saw.refused += 1
        return
    page, cookie = json.loads(data)["page"], {"Cookie": heads["set-cookie"].partition(";")[0]}
    tag, state, plays = "", {}, time.monotonic() + random.random() * PLAYS_EVERY
    while time.monotonic() < until:
        wait = {"If-None-Match": tag, "Prefer": f"wait={min(25, max(1, int(plays - time.monotonic())))}"} if tag else {}
        status, heads, data = await wire.ask("GET", f"{page}state", cookie | wait | {"Accept-Encoding": "gzip"})
        if status == 200:
            tag, state = heads["etag"], json.loads(gzip.decompress(data) if "content-encoding" in heads else data)
            saw.states += 1
            note_ready(state, saw)
        elif status == 304:
            saw.unchanged += 1
        else:
            saw.refused += 1
            await asyncio.sleep(float(heads.get("retry-after", 1)))
        if time.monotonic() >= plays:
            await play(player, page, cookie, state, saw)
            plays = time.monotonic() + PLAYS_EVERY * random.uniform(0.5, 1.5)


def note_ready(state: dict[str, Any], saw: Saw) -> None:
    """What can be played now, and for how long it has been over."""
    for segment in state["segments"]:
        for media in segment["media"]:
            name = f"{segment['id']}/{media['feed']}"
            if media["ready"] and name not in saw.ready:
                saw.ready[name] = time.monotonic() - segment["out_ms"] / 1000


async def play(player: Wire, page: str, cookie: dict[str, str], state: dict[str, Any], saw: Saw) -> None:
    """A piece of something."""
    there = [m["url"] for s in state.get("segments", ()) for m in s["media"] if m["ready"]]
    if there:
        first = random.randrange(0, 4) * PIECE
        wanted = cookie | {"Range": f"bytes={first}-{first + PIECE - 1}"}
        status, _, data = await player.ask("GET", page + random.choice(there), wanted)
        saw.played += len(data) if status in (200, 206) else 0
        saw.refused += status not in (200, 206, 416)


async def main() -> None:
    """All of them."""
    port, until = int(sys.argv[1]), time.monotonic() + float(sys.argv[2])
    saw = Saw()

    async def one(token: str, number: int) -> None:
        try:
            await phone(port, token, f"127.0.{1 + number // 250}.{1 + number % 250}", until, saw)
        except (OSError, asyncio.IncompleteReadError) as exc:
            saw.errors.append(type(exc).__name__)

    tokens = [token for token, count in (line.split() for line in sys.stdin) for _ in range(int(count))]
    await asyncio.gather(*(one(token, number) for number, token in enumerate(tokens)))
    print(json.dumps(asdict(saw)))


if __name__ == "__main__":
    more_files()
    asyncio.run(main())
