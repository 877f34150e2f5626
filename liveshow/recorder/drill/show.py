"""The show of a drill: a recorder in a process of its own, as on the evening, and one client that watches it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from liveshow.errors import MachineError, NotFound
from liveshow.events import Gap, Journaled, JournalEvent, Pulse, Sayable
from liveshow.model import Device, Setup
from liveshow.recorder import address, spawn
from liveshow.recorder.client import Client
from liveshow.showfolder.folder import ShowFolder

ANSWERS = 30.0  # seconds in which a recorder must answer
LOOK_EVERY = 0.05


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

    async def start(self) -> None:
        """Have a recorder, and listen to it. Raises MachineError with its words when it does not answer."""
        words = ["liveshow", "record", str(self.setup_file), "--into", str(self.folder.path), "--rehearsal"]
        process = spawn.start(words, self.log)
        found = await self.until(
            lambda: address.look_up(self.folder.path, address.RECORDER) or process.poll() is not None, ANSWERS
        )
        where = address.look_up(self.folder.path, address.RECORDER)
        if found is None or where is None:
            said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"]
            raise MachineError(
                f"the recorder did not start: {said[-1]}", where=str(self.log), todo="`liveshow check` this setup"
            )
        self._client = await Client.connect(where, by="drill", watch=True)
        self.events = list(self._client.welcome.events)
        self._listening = asyncio.create_task(self._listen(self._client))

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
        """Have it written down. Raises LiveshowError when it is not."""
        if self._client is None:
            raise NotFound("the recorder is away", where="drill")
        await self._client.say(event)

    async def end(self) -> None:
        """End the show and wait until its recorder is gone."""
        recorder = self.recorder()
        if self._client is not None:
            await self._client.end_show()
        await self.lose()
        if recorder is not None:
            await self.until(lambda: not recorder.alive(), ANSWERS)

    def kill_all(self) -> None:
        """Nothing of it goes on."""
        for found in (self.recorder(), *address.workers_of(self.folder.path)):
            if found is not None:
                spawn.kill(found.pid)

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

    def dark(self, but: Device | None = None) -> list[str]:
        """Feeds that are not proven at this moment; those of one device may be left out."""
        pulse = self.pulse
        feeds = [f.id for d in self.setup.devices if d is not but for f in d.feeds]
        return [f for f in feeds if pulse is None or f not in pulse.proofs or pulse.proofs[f].light != "proven"]

    def alarmed(self, device: Device) -> bool:
        """Whether an alarm stands about one of a device's feeds."""
        about = {device.id, *(f.id for f in device.feeds)}
        return self.pulse is not None and any(a.about in about for a in self.pulse.alarms)

    def gaps(self, but: Device | None = None) -> list[Gap]:
        """Those that the journal has, but for those of one device."""
        others = {f.id for f in but.feeds} if but else set()
        return [e for e in self.events if isinstance(e, Gap) and e.feed not in others]


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
