"""The show of a drill: a recorder in a process of its own, as on the evening, and one client that watches it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from liveshow.errors import MachineError, NotFound
from liveshow.events import Gap, Journaled, JournalEvent, Pulse, Sayable, SessionStarted
from liveshow.model import Device, Setup
from liveshow.recorder import address, spawn
from liveshow.recorder.client import Client
from liveshow.recorder.drill.left_over import kill_all
from liveshow.recorder.drill.spare import one_waits
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.timebase import ShowClock

ANSWERS, ENDS = 30.0, 60.0  # seconds in which a recorder must answer, end its show
LOOK_EVERY = 0.05
SAME_DISK = "it lies on the same disk as the recordings, and dies with it"


@dataclass(slots=True)
class DrillShow:
    """`pulse` and `events` are the newest that were heard; `heard`: host's monotonic seconds of the newest pulse."""

    setup_file: Path
    setup: Setup
    folder: ShowFolder
    pulse: Pulse | None = None
    events: list[JournalEvent] = field(default_factory=list)
    heard: float = 0.0
    _client: Client | None = None
    _listening: asyncio.Task[None] | None = None

    @property
    def log(self) -> Path:
        """What the recorder says."""
        return self.folder.cache / "log" / "recorder.log"

    def make(self, text: str) -> None:
        """Make its folder, by the text of its setup. Raises MachineError."""
        make(self.folder.path, text, [f.id for f in self.setup.feeds])

    async def start(self) -> float:
        """Have a recorder, and listen to it; how many seconds it took. Raises MachineError with its words when it does not answer."""
        words = ["liveshow", "record", str(self.setup_file), "--into", str(self.folder.path), "--rehearsal"]
        said_before = self.log.stat().st_size if self.log.exists() else 0
        process = spawn.start(words, self.log)
        try:
            took = await self.until(lambda: self.recorder() or process.poll() is not None, ANSWERS)
            where = self.recorder()
            if took is None or where is None:
                raise MachineError(f"the recorder did not start: {self._said(said_before)}", where=str(self.log))
            self._client = await Client.connect(where, by="drill", watch=True)
        except BaseException:
            self.kill_all()  # it may not be known yet, nor be the parent of who is
            process.kill()
            raise
        self.events = list(self._client.welcome.events)
        self._listening = asyncio.create_task(self._listen(self._client))
        return took

    def _said(self, before: int) -> str:
        """The last that the recorder said after so many bytes of its log."""
        lines = self.log.read_bytes()[before:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    async def _listen(self, client: Client) -> None:
        async for news in client.news():
            if isinstance(news, Journaled):
                self.events += news.events
            else:
                self.pulse, self.heard = news, time.monotonic()

    async def lose(self) -> None:
        """The recorder is gone: let go of the connection."""
        self.pulse = None
        if self._client is not None:
            await self._client.close()
        if self._listening is not None:
            await asyncio.gather(self._listening, return_exceptions=True)
        self._client = self._listening = None

    async def say(self, event: Sayable) -> None:
        """Have it written down. Raises LiveshowError when it is not, TimeoutError when nobody answers."""
        if self._client is None:
            raise NotFound("the recorder is away", where="drill")
        async with asyncio.timeout(ANSWERS):
            await self._client.say(event)

    async def end(self) -> None:
        """End the show and wait until its recorder is gone. Raises LiveshowError or TimeoutError when it is not."""
        recorder = self.recorder()
        if self._client is None or recorder is None:
            raise NotFound("the recorder is away", where="drill")
        async with asyncio.timeout(ENDS):
            await self._client.end_show()
        await self.lose()
        if await self.until(lambda: not recorder.alive(), ENDS) is None:
            raise MachineError(
                f"its recorder does not end ({ENDS:.0f} s after it said that the show is ended)", where=str(self.log)
            )

    def kill_all(self) -> None:
        """Nothing of it goes on, and nothing is written into its folder any more."""
        kill_all(self.folder.path)

    async def until(self, true: Callable[[], object], seconds: float) -> float | None:
        """How many seconds it took until it was true; None when it was not within so many."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > seconds:
                return None
            await asyncio.sleep(LOOK_EVERY)
        return time.monotonic() - began

    # What is seen

    def recorder(self) -> address.Address | None:
        """Where it is, while it lives."""
        return address.look_up(self.folder.path, address.RECORDER)

    def worker(self, device: Device) -> address.Address | None:
        """A device's, while it lives."""
        return address.look_up(self.folder.path, f"worker-{device.id}")

    def pids(self) -> dict[str, int]:
        """The worker of each device, where there is one."""
        return {d.id: found.pid for d in self.setup.devices if (found := self.worker(d)) is not None}

    async def spare(self, device: Device, within: float) -> bool:
        """Whether a process waits to take a device's place, or does within so many seconds."""
        recorder = self.recorder()
        return recorder is not None and await one_waits(recorder.pid, device, self.pids().values(), within)

    def clock(self) -> ShowClock:
        """The show's. Raises NotFound before it has one."""
        told = next((e for e in reversed(self.events) if isinstance(e, SessionStarted)), None)
        if told is None:
            raise NotFound("its journal does not say that a recorder began", where=self.folder.id)
        return ShowClock(told.offset, told.speed, told.epoch)

    def dark(self) -> list[str]:
        """Feeds that are not proven at this moment."""
        proofs = self.pulse.proofs if self.pulse else {}
        return [f.id for f in self.setup.feeds if f.id not in proofs or proofs[f.id].light != "proven"]

    def why_dark(self) -> str:
        """Those, each with its reason; "" when there are none."""
        return ", ".join(_why(self.pulse, feed) for feed in self.dark())

    def unmirrored(self) -> str:
        """Why not every feed is on the mirror, proven from its disk; "" when it is."""
        mirror = self.pulse.mirror if self.pulse else None
        if mirror is None or mirror.why or mirror.first:
            return mirror.why or mirror.first if mirror else "the recorder says nothing of a mirror"
        if mirror.same_disk:
            return SAME_DISK
        dark = [f.id for f in self.setup.feeds if f.id not in mirror.proofs or mirror.proofs[f.id].light != "proven"]
        return f"not proven there: {', '.join(dark)}" if dark else ""

    def gaps(self) -> list[Gap]:
        """Those that the journal has."""
        return [e for e in self.events if isinstance(e, Gap)]


def of_session(events: Sequence[JournalEvent]) -> Sequence[JournalEvent]:
    """What the newest recorder wrote down, or had written down, since it began."""
    began = max((at for at, event in enumerate(events) if isinstance(event, SessionStarted)), default=len(events))
    return events[began:]


def _why(pulse: Pulse | None, feed: str) -> str:
    if pulse is None:
        return f"{feed} (the recorder says nothing)"
    health, proof = pulse.feeds.get(feed), pulse.proofs.get(feed)
    return f"{feed} ({(health.why if health else '') or (proof.why if proof else '') or 'not proven'})"


@contextlib.contextmanager
def suspended(pid: int) -> Iterator[None]:
    """A process stands still meanwhile; it may be killed."""
    process = psutil.Process(pid)
    process.suspend()
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()
