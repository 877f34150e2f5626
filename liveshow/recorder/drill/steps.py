"""What is made to go wrong in a drill, one after the other, and what must hold then.

Each step leaves the show as it found it: every feed proven. Limits are those that the design promises: a worker that dies is back within
seconds, an alarm comes within five, nobody else loses anything.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from liveshow.errors import LiveshowError
from liveshow.events import Go, Hold, Note
from liveshow.model import Device
from liveshow.recorder import spawn
from liveshow.recorder.drill.outcome import Outcome, failed, passed, skipped
from liveshow.recorder.drill.show import DrillShow, suspended
from liveshow.recorder.supervisor import SILENCE_LIMIT
from liveshow.timebase import SECOND

LIGHTS, BACK, ALARM, ACKNOWLEDGED = 60.0, 20.0, 5.0, 1.0  # seconds
HANGS = SILENCE_LIMIT + ALARM
GOES_ON = 2.0
STOOD_STILL = 4.0
Ask = Callable[[str], Awaitable[bool]]
"""Asks the crew to do something; whether they did."""


async def every_light(show: DrillShow) -> Outcome:
    """Every feed records, and the disk shows it."""
    step = "every feed records, proven from the disk"
    took = await show.until(lambda: not show.dark(), LIGHTS)
    if took is None:
        return failed(step, f"not within {LIGHTS:.0f} s: {', '.join(_why(show, feed) for feed in show.dark())}")
    return passed(step, f"{len(show.setup.feeds)} feeds after {took:.1f} s")


async def a_mark(show: DrillShow) -> Outcome:
    """GO, a note and HOLD are on disk before they are acknowledged, soon."""
    step = "GO, a note and HOLD are on disk at once"
    slowest = 0.0
    marks = (Go(t=0, item=show.setup.items[0].id if show.setup.items else ""), Note(t=0, text="drill"), Hold(t=0))
    for mark in marks if show.setup.items else marks[1:]:
        began = time.monotonic()
        try:
            await show.say(mark)
        except LiveshowError as exc:
            return failed(step, str(exc))
        slowest = max(slowest, time.monotonic() - began)
    seen = f"the slowest took {1000 * slowest:.0f} ms"
    return passed(step, seen) if slowest <= ACKNOWLEDGED else failed(step, f"{seen}: is the disk slow?")


async def killed(show: DrillShow, device: Device) -> Outcome:
    """kill -9 of a device's worker."""
    return await _replaced(show, device, f"the process of {device.id} is killed", BACK, kill=True)


async def hung(show: DrillShow, device: Device) -> Outcome:
    """A device's worker stands still, as when a driver hangs."""
    return await _replaced(show, device, f"the process of {device.id} hangs", HANGS + BACK, kill=False)


async def _replaced(show: DrillShow, device: Device, step: str, limit: float, *, kill: bool) -> Outcome:
    worker = show.worker(device)
    if worker is None:
        return failed(step, "it has no process")
    pids, gaps = show.pids(), len(show.gaps(device))
    began = time.monotonic()
    if kill:
        spawn.kill(worker.pid)
        back = await show.until(lambda: _another(show, device, worker.pid) and not show.dark(), limit)
    else:
        with suspended(worker.pid):
            back = await show.until(lambda: _another(show, device, worker.pid) and not show.dark(), limit)
    if back is None:
        return failed(
            step, f"not back within {limit:.0f} s: {', '.join(_why(show, f) for f in show.dark()) or 'no new process'}"
        )
    harmed = [d for d, pid in pids.items() if d != device.id and show.pids().get(d) != pid]
    if harmed or len(show.gaps(device)) != gaps:
        return failed(step, f"back after {back:.1f} s, but {', '.join(harmed) or 'another feed'} lost something with it")
    lost = [g for g in show.gaps() if g.feed in {f.id for f in device.feeds}]
    gap = max(((g.until - g.t) / SECOND for g in lost[-len(device.feeds) :]), default=0.0)
    return passed(step, f"proven again after {time.monotonic() - began:.1f} s, a gap of {gap:.1f} s; all others lost nothing")


def _another(show: DrillShow, device: Device, pid: int) -> bool:
    found = show.worker(device)
    return found is not None and found.pid != pid


async def recorder_killed(show: DrillShow) -> Outcome:
    """kill -9 of the recorder; the next one takes the workers over."""
    step = "the recorder is killed and started again"
    recorder, pids, gaps = show.recorder(), show.pids(), len(show.gaps())
    if recorder is None:
        return failed(step, "there is none")
    spawn.kill(recorder.pid)
    await show.until(lambda: not recorder.alive(), BACK)
    await show.lose()
    await show.start()
    back = await show.until(lambda: not show.dark(), LIGHTS)
    if back is None:
        return failed(step, f"not every feed is proven again within {LIGHTS:.0f} s: {', '.join(show.dark())}")
    if show.pids() != pids or len(show.gaps()) != gaps:
        return failed(step, "feeds were interrupted by it")
    return passed(step, f"every feed proven again {back:.1f} s after the next began; no feed lost anything")


async def dashboard_lost(show: DrillShow) -> Outcome:
    """A dashboard that reads nothing any more, as in a terminal that hangs, and is killed then."""
    step = "a dashboard hangs, and is killed"
    log = show.folder.cache / "log" / "drill-watcher.log"
    process = spawn.start(["liveshow.recorder.drill.watcher", str(show.folder.path)], log)
    try:
        if await show.until(lambda: log.read_bytes().startswith(b"watching"), BACK) is None:
            return failed(step, f"it could not be opened; see {log}")
        gaps = len(show.gaps())
        with suspended(process.pid):
            await show.until(lambda: False, STOOD_STILL)
            alive = time.monotonic() - show.heard < 1
            process.kill()
        await show.until(lambda: False, GOES_ON)
    finally:
        process.kill()
        process.wait()
    if not alive or show.dark() or len(show.gaps()) != gaps:
        return failed(step, f"the recorder noticed it: {', '.join(show.dark()) or 'it fell silent, or a feed has a gap'}")
    return passed(step, "the recorder, and every feed, went on")


async def cable_pulled(show: DrillShow, device: Device, ask: Ask) -> Outcome:
    """The crew pulls a cable and puts it back."""
    step = f"the cable of {device.id} is pulled"
    if device.source.startswith(("simulated:", "file:")):
        return skipped(step, f"{device.source.partition(':')[0]}: has no cable")
    if not await ask(f"Pull the cable of {device.id} ({_place(device)}), and say so at that moment."):
        return skipped(step, "nobody pulled it")
    told = await show.until(lambda: show.alarmed(device), ALARM)
    if not await ask(f"Put the cable of {device.id} back, and say when that is done."):
        return failed(step, "nobody put it back")
    back = await show.until(lambda: not show.dark(), LIGHTS)
    if told is None:
        return failed(step, f"no alarm within {ALARM:.0f} s: was it this cable?")
    if back is None:
        return failed(step, f"an alarm after {told:.1f} s, but not back within {LIGHTS:.0f} s: {', '.join(show.dark())}")
    return passed(step, f"an alarm after {told:.1f} s; proven again {back:.1f} s after it was put back")


def _place(device: Device) -> str:
    """Where it is, without a password."""
    scheme, _, rest = device.source.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if rest else device.source


def _why(show: DrillShow, feed: str) -> str:
    pulse = show.pulse
    if pulse is None:
        return f"{feed} (the recorder says nothing)"
    health, proof = pulse.feeds.get(feed), pulse.proofs.get(feed)
    return f"{feed} ({(health.why if health else '') or (proof.why if proof else '') or 'not proven'})"
