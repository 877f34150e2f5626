"""Ends workers whose device is not in the setup any more: an earlier recorder, which died, left them recording."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import msgspec

from liveshow.events import Ack, FromWorker, Report, StopWorker, WorkerEvent, encode
from liveshow.recorder import spawn
from liveshow.recorder.address import Address
from liveshow.recorder.supervisor import LINE_LIMIT, STOP_LIMIT

_DECODER: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)
DISMISSED = "stopped: its device is not in the setup any more"


async def dismiss(worker: Address, report: Callable[[Sequence[WorkerEvent]], bool]) -> None:
    """Have a worker end its parts, and `report` what it still has for the journal; it is killed when it does not end in time."""
    with contextlib.suppress(OSError, TimeoutError, msgspec.DecodeError):
        async with asyncio.timeout(STOP_LIMIT):
            await _say_goodbye(worker, report)
            while worker.alive():
                await asyncio.sleep(0.05)
    if worker.alive():
        spawn.kill(worker.pid)


async def _say_goodbye(worker: Address, report: Callable[[Sequence[WorkerEvent]], bool]) -> None:
    reader, writer = await asyncio.open_connection(worker.host, worker.port, limit=LINE_LIMIT)
    try:
        writer.write(worker.token.encode() + b"\n" + encode(StopWorker()))
        while line := await reader.readline():
            message = _DECODER.decode(line)
            if isinstance(message, Report) and report(message.events):
                writer.write(encode(Ack(seqs=tuple(event.seq for event in message.events))))
    finally:
        writer.close()
