"""Watches a show as its crew does, by its pulses, and keeps when each alarm came and went."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from liveshow.errors import LiveshowError
from liveshow.events import Pulse
from liveshow.recorder import address
from liveshow.recorder.client import Client
from tests.running_show import RunningShow, wait_for

PATIENCE, CLEARED_WITHIN = 25.0, 75.0  # seconds after its limit, and after its end
LATEST = 5.0  # seconds after its limit


@dataclass
class Fault:
    """Something that goes wrong. `alarm`: what is to come of it; `also`: alarms that may come of it as well; `limit`: seconds for which it
    must hold; `cause` and `cure` make it begin and end, `cause` may give the moment from which the limit counts (host's monotonic
    seconds). What became of it: when it was caused, when the limit began, when the alarm `came`, when it was cured, when it `went`."""

    words: str
    alarm: str
    limit: float
    cause: Callable[[], float | None]
    cure: Callable[[], object]
    also: Sequence[str] = ()
    lasts: bool = False  # to the end of the show
    caused: float | None = None
    counts: float | None = None
    came: float | None = None
    cured: float | None = None
    went: float | None = None

    @property
    def latency(self) -> float | None:
        """Seconds after its limit."""
        return None if self.came is None or self.counts is None else self.came - self.counts - self.limit

    @property
    def good(self) -> bool:
        """Whether the alarm came in time, and went."""
        return self.latency is not None and self.latency <= LATEST and (self.lasts or self.went is not None)

    def __str__(self) -> str:
        came = None if self.came is None or self.caused is None else self.came - self.caused
        went = None if self.went is None or self.cured is None else self.went - self.cured
        figures = "".join(f"{'never' if x is None else f'{x:.1f}':>9}" for x in (came, self.latency, went))
        return f"{self.words:<44}{self.alarm:<22}{self.limit:>7.1f}{figures}"


HEADS = f"{'caused in the middle of a show':<44}{'alarm':<22}{'limit s':>7}{'came s':>9}{'late s':>9}{'cleared':>9}"


@dataclass
class Watch:
    """`log`: (host's monotonic seconds, alarm, whether it came or went), as a screen would have shown it."""

    show: RunningShow
    log: list[tuple[float, str, bool]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    pulse: Pulse | None = None
    ended: bool = False

    def watch(self) -> None:
        """Until ended; comes back when the recorder does."""
        while not self.ended:
            try:
                asyncio.run(self._once())
            except (LiveshowError, OSError):
                time.sleep(0.1)

    async def _once(self) -> None:
        found = address.look_up(self.show.folder.path, address.RECORDER)
        if found is None:
            await asyncio.sleep(0.1)
            return
        client = await Client.connect(found, watch=True)
        try:
            async for news in client.news():
                if self.ended:
                    return
                if isinstance(news, Pulse):
                    self._see(news)
        finally:
            await client.close()

    def _see(self, pulse: Pulse) -> None:
        now = time.monotonic()
        before = {a.alarm for a in self.pulse.alarms} if self.pulse else set()
        stands = {a.alarm for a in pulse.alarms}
        self.words.update({a.alarm: a.what for a in pulse.alarms})
        self.log += [(now, name, True) for name in sorted(stands - before)]
        self.log += [(now, name, False) for name in sorted(before - stands)]
        self.pulse = pulse

    def first(self, alarm: str, came: bool, since: float) -> float | None:
        """When an alarm came (or went) for the first time since then."""
        return next((at for at, name, kind in self.log if name == alarm and kind is came and at >= since), None)

    def gaps(self, feed: str) -> int:
        """Of a feed, so far."""
        return self.pulse.feeds[feed].gaps if self.pulse and feed in self.pulse.feeds else 0


def put_ahead(show: RunningShow, server: int) -> None:
    """Put a show, and the process of its cameras, ahead of whatever else runs on this machine, by as much as it is otherwise: what is
    measured is the show, not who shares a machine with it. The prover stays behind the others, as it puts itself."""
    prover = wait_for("the prover", lambda: address.look_up(show.folder.path, address.PROVER))
    own = [show.process.pid, *(worker.pid for worker in address.workers_of(show.folder.path))]
    for pid, nice in ((server, -19), *((pid, -15) for pid in own), (prover.pid, -5)):
        psutil.Process(pid).nice(nice)


@contextmanager
def watching(show: RunningShow) -> Iterator[Watch]:
    """While it runs."""
    watch = Watch(show)
    thread = threading.Thread(target=watch.watch, name="watch", daemon=True)
    thread.start()
    try:
        wait_for("a pulse", lambda: watch.pulse)
        yield watch
    finally:
        watch.ended = True
        thread.join(5)


def suffer(watch: Watch, faults: Sequence[Fault]) -> None:
    """Cause them all at once, cure each when its alarm came, and wait until all are cleared."""
    threads = [threading.Thread(target=_suffer_one, args=(watch, fault)) for fault in faults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _suffer_one(watch: Watch, fault: Fault) -> None:
    fault.caused = time.monotonic()
    fault.counts = fault.cause() or fault.caused
    fault.came = _until(lambda: watch.first(fault.alarm, True, fault.caused or 0.0), fault.counts + fault.limit + PATIENCE)
    if fault.lasts:
        return
    if fault.came is not None:
        time.sleep(3)
    fault.cure()
    fault.cured = time.monotonic()
    if fault.came is not None:
        fault.went = _until(lambda: watch.first(fault.alarm, False, fault.came or 0.0), fault.cured + CLEARED_WITHIN)


def _until(found: Callable[[], float | None], deadline: float) -> float | None:
    while (value := found()) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return value


def false_ones(watch: Watch, faults: Sequence[Fault], since: float) -> list[tuple[float, str, str]]:
    """Alarms that nothing was the cause of: when (seconds after `since`), which, and its words."""
    return [
        (at - since, name, watch.words.get(name, ""))
        for at, name, came in watch.log
        if came and at >= since and not any(_explains(fault, name, at) for fault in faults)
    ]


def _explains(fault: Fault, name: str, at: float) -> bool:
    during = fault.caused is not None and fault.caused <= at <= (fault.went or float("inf"))
    return during and name in (fault.alarm, *fault.also)
