"""How lines go to a recorder and come back: over the local connection, or (:mod:`liveshow.recorder.remote`) by way of a server."""

from __future__ import annotations

import asyncio
from typing import Protocol

LINE_LIMIT = 64 * 1024 * 1024


class Transport(Protocol):
    """A two-way stream of lines, each with its newline. `where` names the other end in messages."""

    where: str

    async def send(self, line: bytes) -> None:
        """One line out; waits while the other end is slow. Raises OSError when it is gone."""

    async def receive(self) -> bytes:
        """The next line, b"" at the end. Raises OSError when the connection broke."""

    async def close(self) -> None:
        """Hang up."""


class LocalTransport:
    """Over TCP on loopback."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, where: str) -> None:
        self.where = where
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, host: str, port: int) -> LocalTransport:
        """Connect. Raises OSError."""
        reader, writer = await asyncio.open_connection(host, port, limit=LINE_LIMIT)
        return cls(reader, writer, f"{host}:{port}")

    async def send(self, line: bytes) -> None:
        """See :class:`Transport`."""
        self._writer.write(line)
        await self._writer.drain()

    async def receive(self) -> bytes:
        """See :class:`Transport`."""
        return await self._reader.readline()

    async def close(self) -> None:
        """See :class:`Transport`."""
        self._writer.close()
