"""The recorder: takes charge of a show folder, keeps a worker on every device, takes marks, and ends cleanly.

It runs without a screen. Killed, it loses nothing: workers go on, the journal is on disk, and the next recorder takes over.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from liveshow.errors import MachineError, UsageError
from liveshow.events import (
    MARKS,
    ClockTied,
    FeedEvent,
    FeedHealth,
    JournalEvent,
    MirrorState,
    Pulse,
    Say,
    SessionEnded,
    ShowOpened,
    Welcome,
    WorkerEnded,
    WorkerEvent,
    WorkerStarted,
)
from liveshow.model import Segment, Setup
from liveshow.recorder import address
from liveshow.recorder.clients import Clients
from liveshow.recorder.clockwork import WallWatch, clock_for, session_started
from liveshow.recorder.conditions import Sight, recent
from liveshow.recorder.disks import Disks
from liveshow.recorder.lookout import Lookout
from liveshow.recorder.machine_watch import MachineWatch
from liveshow.recorder.marks import pressed, resolve
from liveshow.recorder.mirror_standing import lights_of
from liveshow.recorder.other_hands import beside
from liveshow.recorder.pointing_out import PointingOut
from liveshow.recorder.releases import Releases
from liveshow.recorder.spec import spec_of
from liveshow.recorder.watchman import LOOK_EVERY, Watchman
from liveshow.recorder.workers import Workers
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.state import Folding, ShowState
from liveshow.timebase import Tie

PULSE_EVERY = 1 / 15
PREVIEW_EVERY = 1.0
FOREVER = 2**62
log = logging.getLogger(__name__)


class Session:
    """One recorder's time with a show. Make it (which locks the journal), `run` it, `close` it."""

    def __init__(self, folder: ShowFolder, setup: Setup, setup_text: str, *, speed: int = 1) -> None:
        """Raises MachineError when the disk is full or takes nothing, JournalError when another recorder has the show."""
        self.folder, self.setup, self._setup_text = folder, setup, setup_text
        self._disks = Disks(folder, setup, setup_text, lambda: self._workers.health(), lambda: self.journal)
        if not address.workers_of(folder.path):  # who records already is taken charge of all the same
            self._disks.check_room()
        self.journal = Journal(folder.journal_file, self._disks.journal)
        self._disks.take_setup()  # only now: another recorder's is not touched
        self.clock = clock_for(self.journal.events, speed, self._disks.recorded_until)
        self._folding = Folding(setup)
        self.state: ShowState = self._folding.take(self.journal.events)
        self.ended = asyncio.Event()  # every part is closed and the journal says so
        self._stop = asyncio.Event()
        self._how = "stopped"
        self._known = {(e.feed, e.run, e.seq) for e in self.journal.events if isinstance(e, FeedEvent)}
        self._clients = Clients(self._welcome, self._say, self._end_show, lambda looks: self._lookout.take(looks))
        specs = [spec_of(setup, device, str(folder.path), self.clock, self._disks.mirror) for device in setup.devices]
        self._lookout = Lookout(folder, setup.feeds, self.clock)
        self._workers = Workers(folder.path, specs, self.clock, self._note, self._worker_report, self._lookout.hear)
        self._beside = beside(folder.path, setup)
        self._releases = Releases(folder.path, setup.handoff.handles)
        self._watchman = Watchman(self.state, self.clock, self._sight, self._write)
        self._machine = MachineWatch(LOOK_EVERY)
        self._guard = PointingOut(setup, self.journal, self.clock, self._heard)

    def stop(self, how: str = "stopped") -> None:
        """End the show; `run` returns when that is done. Safe to call twice."""
        self._how = self._how if self._stop.is_set() else how
        self._stop.set()

    async def run(self) -> None:
        """Record until `stop`. Raises MachineError when the journal cannot be written at the start."""
        library = str(Path(self.setup.handoff.library).absolute())
        if not self.journal.events:
            tie = Tie.now(self.clock)
            day, zone = self.setup.show.date.isoformat(), self.setup.show.timezone
            self._write([ShowOpened(t=tie.show, wall=tie.wall, show=self.folder.id, date=day, timezone=zone)])
        self._write([session_started(self.clock, self._setup_text, library)])
        self._clients.token = "-"  # nobody yet: the address is published once we listen
        port = await self._clients.open()
        self._clients.token = address.publish(self.folder.path, address.RECORDER, port).token
        self._disks.begin(self.clock)
        await self._record()

    async def _record(self) -> None:
        self._workers.stage(self.state)
        tasks = [
            asyncio.create_task(self._keep(loop))
            for loop in (
                self._pulses,
                self._lookout.run,
                self._workers.keep_spares,
                self._ties,
                *(other.run for other in self._beside),
                self._hand_off_as_due,
                self._watchman.run,
                self._guard.run,
                self._watch_disks,
            )
        ]
        devices = [asyncio.create_task(self._keep(loop)) for loop in self._workers.loops()]
        await self._stop.wait()
        asked = self.clock.now()  # a segment that is still open ends here, where everything is recorded
        self._disks.make_room()
        await self._workers.stop()
        await asyncio.gather(*devices)
        self._note(SessionEnded(t=asked, how=self._how))
        self.ended.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, loop: Callable[[], Coroutine[None, None, None]]) -> None:
        """Nothing that goes wrong beside the recording ends it: it is logged as the error it is, and the loop begins anew."""
        while True:
            try:
                await loop()
                return
            except Exception:
                log.exception("a loop of the recorder broke")
                await asyncio.sleep(1)

    @property
    def heard(self) -> bool:
        """Whether every device's worker has been heard."""
        return self._workers.heard

    async def hand_off_the_rest(self) -> None:
        """After the end: what is releasable and not yet handed off, the one in hand first, also what failed before."""
        await self._releases.finish()
        self._releases.try_again(self.state)
        while not self.withheld and (due := self._releases.due(self.state, lambda _segment: FOREVER)):
            await self._releases.run(due)

    @property
    def withheld(self) -> str:
        """Why nothing is handed off, "" while it is."""
        return self._disks.withheld

    async def bring_the_rest(self) -> None:
        """After the end: the mirror, or the first disk, gets what it lacks."""
        await self._disks.bring_the_rest()

    async def close(self) -> None:
        """Let go of everything. Workers that still run go on."""
        self._workers.close()
        self._releases.kill()
        self._disks.close()
        await self._clients.close()
        address.withdraw(self.folder.path, address.RECORDER)
        self._lookout.close()
        self.journal.close()

    # What is written down

    def _write(self, events: Sequence[JournalEvent]) -> tuple[JournalEvent, ...]:
        written = self.journal.append(events, said=self.clock.now())
        self.state = self._folding.take(written)
        self._clients.tell(written)
        return written

    def _note(self, event: WorkerStarted | WorkerEnded | ClockTied | MirrorState | SessionEnded) -> None:
        """Write down what nobody waits for; a disk that takes it not is an error in the log, and no end of the recording."""
        try:
            self._write([event])
        except MachineError as exc:
            log.error("%s", exc)

    def _worker_report(self, events: Sequence[WorkerEvent]) -> bool:
        """Write down what is not yet there, all at once (32 microphones begin a part together); whether it is there now."""
        fresh = [e for e in events if (e.feed, e.run, e.seq) not in self._known]
        try:
            if fresh:
                self._write(fresh)
        except MachineError as exc:
            log.error("%s", exc)
            return False
        self._known |= {(e.feed, e.run, e.seq) for e in fresh}
        return True

    async def _say(self, request: Say, by: str) -> Sequence[int]:
        if self._stop.is_set() and isinstance(request.event, MARKS):
            raise UsageError("the show is ended", where="mark", todo="correct a segment with `liveshow tag`")
        if (known := pressed(request.event, self.state)) is not None:
            return [known]
        event = resolve(request.event, self.state, self.clock.now(), request.ago, by)
        written = self._write([event])
        self._workers.stage(self.state)
        return [e.n for e in written]

    async def _end_show(self) -> None:
        self.stop()
        await self.ended.wait()
        if self.journal.fault is not None:
            raise self.journal.fault

    def _welcome(self) -> Welcome:
        events = tuple(self.journal.events)
        place = str(self.folder.path)
        return Welcome(show=self.folder.id, folder=place, setup=self._setup_text, events=events, pid=os.getpid())

    # What goes on all the time

    async def _pulses(self) -> None:
        watched = False
        while True:
            if self._clients.previews_wanted != watched:
                watched = self._clients.previews_wanted
                self._workers.preview(PREVIEW_EVERY if watched else 0.0)
            self._disks.count(self.clock.now(), self.heard)
            if self._clients.watched:
                self._clients.pulse(self._pulse())
            await asyncio.sleep(PULSE_EVERY)

    def _pulse(self) -> Pulse:
        now = self.clock.now()
        feeds = self._workers.since_last_asked()
        disk, mirror = self._disks.figures(), self._disks.mirror_now()
        return Pulse(
            now=now,
            feeds=feeds,
            proofs=lights_of(self._lookout.lights(feeds), feeds, mirror),
            disk_free=disk.free,
            bytes_per_second=disk.rate,
            seconds_left=disk.seconds_left,
            handing_off=self._releases.busy,
            alarms=self._watchman.now(self.state),
            hints=self._guard.hints,
            page=self._clients.page,
            mirror=mirror,
            withheld=self._disks.withheld,
        )

    def _sight(self) -> Sight | None:
        """What alarms are made from; nothing any more once the show is being ended."""
        if self._stop.is_set():
            return None
        now, feeds, disk = self.clock.now(), self._workers.health(), self._disks.figures()
        return Sight(
            now=now,
            state=self.state,
            feeds=feeds,
            proofs=self._lookout.lights(feeds),
            free=disk.free,
            seconds_left=disk.seconds_left,
            recent=recent(self.journal.events, now, self.clock.speed),
            refusal=self.journal.fault,
            speed=self.clock.speed,
            beside={other.verb: other.why for other in self._beside if other.why},
            mirror=self._disks.mirror_now(),
            withheld=self._disks.withheld,
            machine=self._machine.look(),
        )

    async def _watch_disks(self) -> None:
        await self._disks.watch(self.clock, self._note, self._workers.use_first, self.stop)

    def _heard(self) -> tuple[dict[str, FeedHealth], ShowState] | None:
        return None if self._stop.is_set() else (self._workers.health(), self.state)

    async def _ties(self) -> None:
        watch = WallWatch(self.clock)
        while True:
            await asyncio.sleep(2)
            tied = watch.look()
            if tied is not None:
                self._note(tied)

    async def _hand_off_as_due(self) -> None:
        while True:
            due = () if self._disks.withheld else self._releases.due(self.state, self._recorded, self.clock.now())
            if due:
                await self._releases.run(due[:1])
            await asyncio.sleep(0.5)

    def _recorded(self, segment: Segment) -> int:
        return self._workers.recorded(segment.feeds)
