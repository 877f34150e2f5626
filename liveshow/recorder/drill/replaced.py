"""A device's process is killed, or hangs, and another takes its place.

What may be missing then by our doing: a second, from the last that is on the disk until the next process has the device to open; of one
that hangs as much more as it takes to know that it hangs. That holds where a process waits to take over, as on the evening, so one
is waited for first. How long a device then takes to open is its own affair (a network camera: some seconds, and as long again to its next
key picture): the report says it, and it fails nothing as long as every feed is proven again in time. What has no device opens at once.
"""

from __future__ import annotations

from liveshow.model import Device
from liveshow.recorder import spawn
from liveshow.recorder.drill.outcome import Outcome, failed, passed
from liveshow.recorder.drill.show import DrillShow, suspended
from liveshow.recorder.drill.since import Since
from liveshow.recorder.drill.step import step
from liveshow.recorder.supervisor import SILENCE_LIMIT
from liveshow.timebase import SECOND

BACK, ALARM, WAITS = 20.0, 5.0, 60.0  # seconds
LACKS = 1.0
"""Seconds of each of its feeds that the death of a process may cost."""
KNOWN = SILENCE_LIMIT + 1.0
"""Seconds after the last that it brought to the disk in which one that hangs must be dead: its last word comes somewhat later, and
silence is counted in half seconds."""
NO_DEVICE = ("simulated:", "file:")


@step("the process of {} is killed")
async def killed(name: str, show: DrillShow, device: Device) -> Outcome:
    """kill -9 of a device's worker."""
    return await _replaced(name, show, device, kill=True)


@step("the process of {} hangs")
async def hung(name: str, show: DrillShow, device: Device) -> Outcome:
    """A device's worker stands still, as when a driver hangs."""
    return await _replaced(name, show, device, kill=False)


async def _replaced(name: str, show: DrillShow, device: Device, *, kill: bool) -> Outcome:
    worker = show.worker(device)
    if worker is None:
        return failed(name, "it has no process")
    if not await show.spare(device, WAITS):
        return failed(name, f"it was left alone: within {WAITS:.0f} s no process came that waits to take its place")
    pids, since = show.pids(), Since.now(show)
    limit = BACK if kill else SILENCE_LIMIT + ALARM + BACK

    def back() -> bool:
        return show.pids().get(device.id, worker.pid) != worker.pid and since.proven(device) and not show.dark()

    if kill:
        spawn.kill(worker.pid)
        after = await show.until(back, limit)
    else:
        with suspended(worker.pid):
            after = await show.until(back, limit)
    if after is None:
        return failed(name, f"not back within {limit:.0f} s: {show.why_dark() or 'no part of another process was read back'}")
    fault = harm(show, device, since, pids)
    if fault:
        return failed(name, f"back after {after:.1f} s, but {fault}")
    return _weighed(name, device, since, after, LACKS if kill else KNOWN + LACKS)


def harm(show: DrillShow, device: Device, since: Since, pids: dict[str, int]) -> str:
    """What it did to others, or what the journal does not tell of the device itself; "" for nothing. `pids`: the workers before."""
    now = show.pids()
    harmed = {d for d, pid in pids.items() if d != device.id and now.get(d) != pid} | set(since.harmed(but=device))
    if harmed:
        return f"{', '.join(sorted(harmed))} lost something with it"
    untold = since.untold(device)
    return f"the journal does not tell what is missing of {', '.join(untold)}" if untold else ""


def _weighed(name: str, device: Device, since: Since, after: float, may: float) -> Outcome:
    """By what is missing; `may`: seconds that may be by our doing."""
    gap, ours = missing(device, since)
    seen, rest = f"proven again after {after:.1f} s, a gap of {gap:.1f} s", "it"
    if not device.source.startswith(NO_DEVICE):
        seen, rest = f"{seen}, {gap - ours:.1f} s of it for the device to open", "the rest"
    if ours > may:
        return failed(name, f"{seen}: {rest} may be {may:.1f} s at most")
    return passed(name, f"{seen} ({rest} may be {may:.1f} s); all others lost nothing")


def missing(device: Device, since: Since) -> tuple[float, float]:
    """Seconds that are missing of the feed that lost most, and how many of them passed before its next process had the device to open."""
    begun = since.begun(device)
    opens = begun.t if begun and not device.source.startswith(NO_DEVICE) else None
    gaps = [since.gaps(f.id) for f in device.feeds]
    whole = max(sum(g.until - g.t for g in of_feed) for of_feed in gaps)
    ours = max(sum(g.until - g.t if opens is None else max(0, min(g.until, opens) - g.t) for g in of_feed) for of_feed in gaps)
    return whole / SECOND, ours / SECOND
