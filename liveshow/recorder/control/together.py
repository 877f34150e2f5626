"""What a server does beside serving, for as long as all of it goes well: the first part that ends is the end of the others."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable
from contextlib import asynccontextmanager

import msgspec
import uvicorn

from liveshow.errors import LiveshowError

GOODBYE = 1.0  # seconds


async def first_of(work: Iterable[Coroutine[None, None, str]]) -> str:
    """Until one of these ends; what it returned, or raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def understood(hearing: Awaitable[None]) -> str:
    """What hears the recorder, with a message for words that it does not know. Raises LiveshowError."""
    try:
        await hearing
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        todo = "run both from the same version of liveshow"
        raise LiveshowError(f"the recorder says what cannot be understood ({exc})", where="recorder", todo=todo) from exc
    return "the recorder is not heard any more"


@asynccontextmanager
async def started(server: uvicorn.Server, sock: socket.socket) -> AsyncIterator[Coroutine[None, None, str]]:
    """A server that has started; what is given waits for its end."""
    running = asyncio.create_task(server.serve(sockets=[sock]))

    async def ended() -> str:
        await asyncio.shield(running)
        return "the server ended"

    until = ended()
    try:
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        yield until
    finally:
        until.close()  # where nobody waited for it
        server.should_exit = True  # everybody is told
        await asyncio.wait([running], timeout=GOODBYE)
        server.force_exit = True  # and not waited for
        await asyncio.gather(running, return_exceptions=True)
