"""The cameras' newest pictures, for browsers and for dashboards elsewhere. The recorder makes them only while somebody looks."""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from liveshow.errors import NotFound
from liveshow.recorder.client import Client

LOOKED_FOR = 30.0  # seconds that a look keeps them being made
_HEADER = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")


class Looking:
    """A client that asks for previews for as long as somebody fetches them. `connect`: watching, and showing previews."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect
        self._until = 0.0
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Somebody fetches one."""
        self._until = asyncio.get_running_loop().time() + LOOKED_FOR
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Nobody does any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        try:
            client = await self._connect()
        except NotFound:
            return  # the next look tries again
        try:
            async for _ in client.news():
                if asyncio.get_running_loop().time() > self._until:
                    return
        finally:
            await client.close()


def tag_of(path: Path) -> str | None:
    """What tells this picture from the one before (RFC 9110, ETag); None when there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def png_of(ppm: bytes) -> bytes:
    """A binary PPM as PNG (https://www.w3.org/TR/png-3/): 8-bit RGB, no filter. Raises ValueError for what is no PPM."""
    header = _HEADER.match(ppm)
    if header is None:
        raise ValueError("no PPM")
    wide, tall = int(header[1]), int(header[2])
    pixels = ppm[header.end() :]
    if len(pixels) < wide * tall * 3:
        raise ValueError("cut off")
    lines = b"".join(b"\0" + pixels[y * wide * 3 : (y + 1) * wide * 3] for y in range(tall))
    head = struct.pack(">IIBBBBB", wide, tall, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines, 6)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
