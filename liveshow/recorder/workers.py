"""The workers of a show, taken together: a supervisor for each device, and who records by an earlier setup and has none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path

from liveshow.events import FeedHealth, WorkerEnded, WorkerEvent, WorkerStarted
from liveshow.recorder import address
from liveshow.recorder.dismissal import DISMISSED, dismiss
from liveshow.recorder.spares import Spares
from liveshow.recorder.spec import WorkerSpec
from liveshow.recorder.supervisor import Supervisor
from liveshow.showfolder.state import ShowState
from liveshow.timebase import ShowClock

Loop = Callable[[], Coroutine[None, None, None]]


class Workers:
    """Runs nothing by itself: whoever has it runs `keep_spares` and each of `loops`, calls `stop`, and waits for the loops' end."""

    def __init__(
        self,
        folder: Path,
        specs: Sequence[WorkerSpec],
        clock: ShowClock,
        journal: Callable[[WorkerStarted | WorkerEnded], None],
        report: Callable[[Sequence[WorkerEvent]], bool],
        hear: Callable[[Mapping[str, FeedHealth]], None],
    ) -> None:
        """folder: the show's; the rest as of :class:`Supervisor`."""
        self._folder, self._clock, self._journal, self._report = folder, clock, journal, report
        self._spares = Spares(folder, [spec.device for spec in specs])
        self._supervisors = [Supervisor(spec, journal, report, self._spares, hear) for spec in specs]

    async def keep_spares(self) -> None:
        """Have workers in waiting."""
        await self._spares.run()

    def loops(self) -> list[Loop]:
        """One for each device and for each worker that no device of the setup takes over; all end after `stop`."""
        ours = {s.role for s in self._supervisors}
        left = [worker for worker in address.workers_of(self._folder) if worker.role not in ours]
        return [*(s.run for s in self._supervisors), *(partial(self._dismiss, worker) for worker in left)]

    async def _dismiss(self, worker: address.Address) -> None:
        await dismiss(worker, self._report)
        device = worker.role.removeprefix("worker-")
        self._journal(WorkerEnded(t=self._clock.now(), device=device, pid=worker.pid, how=DISMISSED))

    async def stop(self) -> None:
        """Have each worker end its parts."""
        await asyncio.gather(*(s.stop() for s in self._supervisors))

    def close(self) -> None:
        """Let go of those in waiting. Those that record go on."""
        self._spares.close()

    @property
    def heard(self) -> bool:
        """Whether every device's worker has been heard."""
        return all(s.heard for s in self._supervisors)

    def health(self) -> dict[str, FeedHealth]:
        """Their last words, by feed."""
        return {feed: health for s in self._supervisors for feed, health in s.health.items()}

    def since_last_asked(self) -> dict[str, FeedHealth]:
        """The same with the highest peak since this was last asked."""
        return {feed: health for s in self._supervisors for feed, health in s.since_last_asked().items()}

    def recorded(self, feeds: Collection[str]) -> int:
        """Show-clock ns up to which the slowest of these is recorded; one that does not record now keeps nobody waiting."""
        health = [h for feed, h in self.health().items() if feed in feeds]
        return min((h.position for h in health if h.state == "recording"), default=self._clock.now())

    def stage(self, state: ShowState) -> None:
        """Tell them who is on and what is patched to them."""
        on = {p: state.setup.patched(p, state.on_item) for p in state.on_stage}
        for supervisor in self._supervisors:
            supervisor.stage(on)

    def preview(self, every: float) -> None:
        """Tell them how often, in seconds, somebody wants to see a picture; 0.0: nobody does."""
        for supervisor in self._supervisors:
            supervisor.preview(every)

    def use_first(self, why_not: str) -> None:
        """Tell them whether to write on the first disk: not while there is a reason."""
        for supervisor in self._supervisors:
            supervisor.use_first(why_not)
