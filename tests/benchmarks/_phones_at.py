"""Phones, many of them, in one process: `python -m tests.benchmarks._phones_at`, told on standard input as JSON what :class:`Told` says.

Each has an address of its own and two connections, as a browser would: over one it waits for news of its page, over the other it plays,
reading no faster than the film goes. A connection that is cut is made anew after a second, which is counted. When standard input ends, so
do they, and what they found is printed as JSON (:class:`Found`). They give way to everything else: real ones are on other machines.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from liveshow.recorder.spawn import lower_priority

CHUNK = 64 * 1024
RAMP = 5.0  # seconds in which they come
BITS = 700_000  # a second, of a film


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """port: of the page on loopback; tokens: of a link for each phone, "" for each that only plays `path`; share: of the time that one
    plays."""

    port: int
    tokens: tuple[str, ...]
    share: float
    path: str = ""


class Found(msgspec.Struct, kw_only=True):
    """latency: by kind of request, seconds to the first byte of each; ready: by "segment feed", when (host's monotonic clock, seconds) each
    phone had the first bytes of it; requests, bytes; failed: answers that should not be, by what they were."""

    latency: dict[str, list[float]] = msgspec.field(default_factory=dict)
    ready: dict[str, list[float]] = msgspec.field(default_factory=dict)
    requests: int = 0
    bytes: int = 0
    failed: dict[str, int] = msgspec.field(default_factory=dict)
    seconds: float = 0.0


class Line:
    """One connection, kept alive."""

    def __init__(self, port: int, found: Found, address: str = "127.0.0.1") -> None:
        self._port, self._found = port, found
        self._from = (address, 0) if sys.platform == "linux" else None  # elsewhere loopback has one address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        heads: Mapping[str, str],
        body: bytes = b"",
        pace: float = 0.0,
        most: int = 2**40,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, heads and body; the body is read no faster than `pace` bits a second (0: at once), and not kept then; after `most` bytes
        of it the connection is closed, as a browser does that seeks."""
        reader, writer = self._streams or await asyncio.open_connection(
            "127.0.0.1", self._port, limit=CHUNK, local_addr=self._from
        )
        self._streams = reader, writer
        sent = {"host": f"127.0.0.1:{self._port}", **heads, **({"content-length": str(len(body))} if body else {})}
        head = "\r\n".join((f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())))
        began = time.monotonic()
        writer.write(f"{head}\r\n\r\n".encode() + body)
        await writer.drain()
        status, got = _parsed(await reader.readuntil(b"\r\n\r\n"))
        self._found.latency.setdefault(kind, []).append(time.monotonic() - began)
        self._found.requests += 1
        length = 0 if status in (204, 304) else int(got.get("content-length", 0))
        kept = await self._body(reader, min(length, most), pace)
        if length > most or got.get("connection") == "close":
            self.close()
        return status, got, kept

    async def _body(self, reader: asyncio.StreamReader, length: int, pace: float) -> bytes:
        began, read, kept = time.monotonic(), 0, bytearray()
        while read < length:
            data = await reader.readexactly(min(CHUNK, length - read))
            read += len(data)
            self._found.bytes += len(data)
            if not pace:
                kept += data
            elif (ahead := read * 8 / pace - (time.monotonic() - began)) > 0:
                await asyncio.sleep(ahead)
        return bytes(kept)

    async def insist(
        self, kind: str, method: str, path: str, heads: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """The same, again and again until it is answered."""
        while True:
            try:
                return await self.ask(kind, method, path, heads, body)
            except (ConnectionError, asyncio.IncompleteReadError):
                self._found.failed[f"{kind} cut"] = self._found.failed.get(f"{kind} cut", 0) + 1
                self.close()
                await asyncio.sleep(1)

    def close(self) -> None:
        """Let go."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


class Media(msgspec.Struct):
    feed: str
    ready: bool
    url: str = ""


class Segment(msgspec.Struct):
    id: str
    media: tuple[Media, ...]


class State(msgspec.Struct):
    segments: tuple[Segment, ...]


async def phone(told: Told, number: int, found: Found, chance: random.Random) -> None:
    """One, from its link to the end."""
    await asyncio.sleep(chance.uniform(0, RAMP))
    token, address = told.tokens[number], f"127.0.{1 + number // 250}.{1 + number % 250}"
    asking, playing = Line(told.port, found, address), Line(told.port, found, address)
    if not token:
        while True:
            await _play(playing, told.path, {}, told.share, found, chance)
    origin = {"origin": f"http://127.0.0.1:{told.port}", "content-type": "application/json"}
    status, heads, body = await asking.insist("enter", "POST", "/enter", origin, msgspec.json.encode({"token": token}))
    if status != 200:
        found.failed[f"enter {status}"] = found.failed.get(f"enter {status}", 0) + 1
        return
    page = msgspec.json.decode(body)["page"]
    cookie = {"cookie": heads["set-cookie"].split(";")[0]}
    films: list[str] = []
    player = asyncio.create_task(_player(playing, films, cookie, told.share, found, chance))
    seen: set[tuple[str, str]] = set()
    tag = ""
    while True:
        patient = {"if-none-match": tag, "prefer": "wait=25"} if tag else {}
        status, heads, body = await asking.insist("news" if tag else "state", "GET", f"{page}state", cookie | patient)
        tag = heads.get("etag", tag)
        if status == 200:
            state = msgspec.json.decode(body, type=State)
            fresh = [(s.id, m) for s in state.segments for m in s.media if m.ready and (s.id, m.feed) not in seen]
            for segment, media in fresh:
                seen.add((segment, media.feed))
                got, _, _ = await asking.insist("first bytes", "GET", page + media.url, cookie | {"range": "bytes=0-65535"})
                if got == 206:
                    found.ready.setdefault(f"{segment} {media.feed}", []).append(time.monotonic())
            films[:] = [page + m.url for s in state.segments for m in s.media if m.ready and m.feed.startswith("cam")]
        elif status != 304:
            found.failed[f"state {status}"] = found.failed.get(f"state {status}", 0) + 1
            await asyncio.sleep(1)
        if player.done():
            player.result()


async def _player(
    line: Line, films: list[str], cookie: dict[str, str], share: float, found: Found, chance: random.Random
) -> None:
    while True:
        if not films:
            await asyncio.sleep(0.5)
            continue
        await _play(line, chance.choice(films), cookie, share, found, chance)


async def _play(line: Line, url: str, cookie: dict[str, str], share: float, found: Found, chance: random.Random) -> None:
    """Ten seconds of it from somewhere, and then something else for as long as `share` leaves."""
    heads = cookie | {"range": f"bytes={chance.randrange(4) * CHUNK}-"}
    try:
        status, _, _ = await line.ask("range", "GET", url, heads, pace=BITS, most=BITS * 10 // 8)
        if status not in (206, 416):
            found.failed[f"media {status}"] = found.failed.get(f"media {status}", 0) + 1
            await asyncio.sleep(1)
    except (ConnectionError, asyncio.IncompleteReadError):
        found.failed["media cut"] = found.failed.get("media cut", 0) + 1
        line.close()
    await asyncio.sleep(chance.uniform(0.5, 1.5) * 10 * (1 - share) / share)


def _parsed(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _run(told: Told) -> Found:
    found, began = Found(), time.monotonic()
    phones = [asyncio.create_task(phone(told, k, found, random.Random(k))) for k in range(len(told.tokens))]
    over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    done, _ = await asyncio.wait([*phones, over], return_when=asyncio.FIRST_COMPLETED)
    for task in done - {over}:
        if (fault := task.exception()) is not None:
            found.failed[repr(fault)] = found.failed.get(repr(fault), 0) + 1
    await over
    for task in phones:
        task.cancel()
    broken = await asyncio.gather(*phones, return_exceptions=True)
    counts: dict[str, int] = defaultdict(int, found.failed)
    for fault in broken:
        if isinstance(fault, Exception):
            counts[repr(fault)] += 1
    found.failed, found.seconds = dict(counts), time.monotonic() - began
    return found


def main() -> None:
    """Until standard input ends; its first line is what they are told."""
    lower_priority()
    told = msgspec.json.decode(sys.stdin.buffer.readline(), type=Told)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_run(told))))


if __name__ == "__main__":
    main()
