"""Keeps one device's worker running: finds one that an earlier recorder left, or starts one; hears it; starts it again.

Knows nothing of what the worker records.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from liveshow.events import (
    Ack,
    FeedHealth,
    FromWorker,
    Health,
    Hello,
    Preview,
    Report,
    Stage,
    StopWorker,
    ToWorker,
    UseFirst,
    WorkerEnded,
    WorkerEvent,
    WorkerStarted,
    encode,
)
from liveshow.recorder import address, spawn
from liveshow.recorder.spares import Spares
from liveshow.recorder.spec import WorkerSpec

ANSWER_LIMIT = 20.0  # seconds a worker may take to be found, on a machine that is busy starting 16 of them
LONGEST_ANSWER = 160.0  # what that limit grows to, doubled each time a worker was too slow for it
SILENCE_LIMIT = 5.0  # seconds without a word after which a worker counts as hung
REPLACED = "replaced by one with the new setup"
HUNG = f"silent for {SILENCE_LIMIT:.0f} s"
STEP = 0.5
STOP_LIMIT = 15.0
PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0)  # before starting again one that keeps dying before it has written anything
LASTING = 10.0  # seconds after which one that has no device to write from did not die at once
LINE_LIMIT = 4 * 1024 * 1024
_DECODER: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)


class Supervisor:
    """One device. `health` is the worker's last word; `heard`: host's monotonic seconds when it came."""

    def __init__(
        self,
        spec: WorkerSpec,
        journal: Callable[[WorkerStarted | WorkerEnded], None],
        report: Callable[[Sequence[WorkerEvent]], bool],
        spares: Spares | None = None,
        hear: Callable[[Mapping[str, FeedHealth]], None] = lambda _: None,
    ) -> None:
        """hear: called with every word of a worker's, also where several came at once."""
        self.spec = spec
        self.health: dict[str, FeedHealth] = {f.id: FeedHealth() for f in spec.device.feeds}
        self.heard = 0.0
        self.pid = 0
        self._folder = Path(spec.folder)
        self._journal, self._report, self._spares, self._hear_all = journal, report, spares, hear
        self._stopping, self._running = asyncio.Event(), False
        self._wrote = False  # anything, the worker that there is now
        self._answer_limit = ANSWER_LIMIT
        self._writer: asyncio.StreamWriter | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._peaks: dict[str, float] = {}
        self._stage: Stage | None = None
        self._preview: Preview | None = None
        self._use_first = UseFirst()

    @property
    def role(self) -> str:
        """The role of its worker."""
        return f"worker-{self.spec.device.id}"

    async def run(self) -> None:
        """Until `stop`: have a worker, hear it, have the next one."""
        in_vain = 0
        self._running = True
        while not self._stopping.is_set():
            began, self._wrote = time.monotonic(), False
            await self._one_worker()
            in_vain = 0 if self._wrote or time.monotonic() - began > LASTING else in_vain + 1
            pause = PAUSES[min(in_vain, len(PAUSES)) - 1] if in_vain else 0.0
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause or 0.01)
        self._running = False

    async def stop(self) -> None:
        """Have the worker, also one that is still starting, end its parts, as long as that may take; then it is killed."""
        self._stopping.set()
        deadline = time.monotonic() + STOP_LIMIT
        while self._running and time.monotonic() < deadline:
            self._send(StopWorker())
            await asyncio.sleep(0.05)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()  # a disk that hangs may keep it from ending even so
        elif self._alive():
            spawn.kill(self.pid)

    def stage(self, on: dict[str, tuple[str, ...]]) -> None:
        """Tell the worker who is on stage and what is patched to them, now and whenever it starts again."""
        told, self._stage = self._stage, Stage(on=on)
        if told != self._stage:
            self._send(self._stage)

    def use_first(self, why_not: str) -> None:
        """Tell the worker whether to write on the first disk: not while there is a reason."""
        wanted = UseFirst(why_not=why_not)
        if wanted != self._use_first:
            self._use_first = wanted
            self._send(wanted)

    def preview(self, every: float) -> None:
        """Tell the worker how often somebody wants to see a picture."""
        self._preview = Preview(every=every)
        self._send(self._preview)

    def since_last_asked(self) -> dict[str, FeedHealth]:
        """The worker's last word, with the highest peak since this was last asked: a short one is seen too."""
        peaks, self._peaks = self._peaks, {}
        return {f: msgspec.structs.replace(h, peak=peaks.get(f, h.peak)) for f, h in self.health.items()}

    async def _one_worker(self) -> None:
        there = address.look_up(self._folder, self.role)
        found = there or await self._start()
        if found is None:
            return
        self.pid = found.pid
        how = await self._hear(found, there is not None or not self._is_ours())
        if how == HUNG or (how == REPLACED and not await self._gone_within(1.0)):
            _kill(found)
        patience = STOP_LIMIT if self._stopping.is_set() or how in (HUNG, REPLACED) else 1.0
        if not await self._gone_within(patience):
            return  # only the connection broke: the worker will be found again
        code = await self._exit_code()
        if how not in (HUNG, REPLACED):
            how = spawn.how_it_ended(code)
        now = self.spec.clock.now()
        self._journal(WorkerEnded(t=now, device=self.spec.device.id, pid=found.pid, how=how))
        why = f"its process is gone ({how}), starting it again"
        self.health = {f: msgspec.structs.replace(h, state="lost", why=why) for f, h in self.health.items()}

    async def _start(self) -> address.Address | None:
        """Start a worker; it, or the one that an earlier recorder started and nobody could find so far, because of which ours ends."""
        log = self._folder / "cache" / "log" / f"{self.spec.device.id}.log"
        spec = self.spec.encode()
        spare = self._spares.take(self.spec.device, log, spec) if self._spares else None
        self._process = spare or spawn.start(["liveshow.recorder.worker"], log, spec)
        deadline = time.monotonic() + self._answer_limit
        while time.monotonic() < deadline:
            over = self._process.poll() is not None  # before: who it gave way to is there by then
            found = address.look_up(self._folder, self.role)
            if found is not None and (over or found.pid == self._process.pid):
                return found
            if over:
                self._failed(f"its process ended at once ({spawn.how_it_ended(self._process.returncode)}); see {log}")
                return None
            await asyncio.sleep(0.02)
        self._process.kill()
        self._failed(f"its process did not answer for {self._answer_limit:.0f} s; see {log}")
        # A machine too slow for this limit would otherwise start workers for ever and record nothing.
        self._answer_limit = min(2 * self._answer_limit, LONGEST_ANSWER)
        return None

    def _failed(self, why: str) -> None:
        self.health = {f: FeedHealth(state="failed", why=why) for f in self.health}

    async def _hear(self, found: address.Address, adopted: bool) -> str:
        """Listen to a worker until it is gone or silent; says how it ended."""
        try:
            reader, writer = await asyncio.open_connection(found.host, found.port, limit=LINE_LIMIT)
            writer.write(found.token.encode() + b"\n")
            hello = _DECODER.decode(await next_line(reader, SILENCE_LIMIT))
        except (OSError, TimeoutError, msgspec.DecodeError):
            return HUNG
        self._writer = writer
        try:
            return await self._converse(reader, hello, adopted)
        except TimeoutError:
            return HUNG
        except (OSError, msgspec.DecodeError) as exc:
            return f"its connection broke ({exc})"
        finally:
            self._writer = None
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, hello: FromWorker, adopted: bool) -> str:
        if not isinstance(hello, Hello):
            return "it said nothing sensible"
        if hello.spec != self.spec.digest():
            return await self._replace(reader)
        self._journal(WorkerStarted(t=self.spec.clock.now(), device=hello.device, pid=hello.pid, adopted=adopted))
        for message in (self._stage, self._preview, self._use_first):
            if message is not None:
                self._send(message)
        while line := await next_line(reader, SILENCE_LIMIT):
            self._take(_DECODER.decode(line))
        return "gone"

    async def _replace(self, reader: asyncio.StreamReader) -> str:
        """End a worker that records by an older setup."""
        self._send(StopWorker())
        with contextlib.suppress(TimeoutError):  # it does not end: it will be killed
            async with asyncio.timeout(STOP_LIMIT):
                while line := await reader.readline():
                    self._take(_DECODER.decode(line))
        return REPLACED

    def _take(self, message: FromWorker) -> None:
        self.heard = time.monotonic()
        if isinstance(message, Health):
            self.health = self.health | message.feeds  # a worker that is still starting names none
            self._hear_all(message.feeds)
            for feed, health in message.feeds.items():
                self._wrote = self._wrote or health.position > 0
                if health.peak is not None:
                    self._peaks[feed] = max(health.peak, self._peaks.get(feed, health.peak))
        elif isinstance(message, Report) and self._report(message.events):
            self._send(Ack(seqs=tuple(event.seq for event in message.events)))

    def _send(self, message: ToWorker) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(encode(message))

    def _is_ours(self) -> bool:
        return self._process is not None and self._process.pid == self.pid

    def _alive(self) -> bool:
        if self._process is not None and self._is_ours():
            return self._process.poll() is None and not spawn.is_over(self.pid)
        found = address.look_up(self._folder, self.role)
        return found is not None and found.pid == self.pid

    async def _exit_code(self) -> int | None:
        """Of a process of ours that is over, whose threads the system may still be ending. None: one of them waits for a disk that
        hangs, or somebody else started it."""
        if self._process is None or self._process.pid != self.pid:
            return None
        deadline = time.monotonic() + STEP
        while (code := self._process.poll()) is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return code

    async def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return not self._alive()


def _kill(worker: address.Address) -> None:
    """End one that does not answer; it may be gone by now, and another process have its number."""
    if worker.alive():
        spawn.kill(worker.pid)


async def next_line(reader: asyncio.StreamReader, limit: float) -> bytes:
    """The next line, or TimeoutError when none comes for so many seconds in which this process ran.

    In steps: when the recorder itself was stopped (by a signal, by a machine that stood still) the limit is long past as it wakes,
    and what the worker said meanwhile has yet to be read.
    """
    for _ in range(round(limit / STEP)):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP):  # not wait_for, see `Clients`
                return await reader.readline()
    raise TimeoutError
