"""What is tried in a drill, one after the other, and what must hold then.

Each step leaves the show as it found it: every feed proven. Limits are those that the design promises: a worker that dies is back within
seconds, an alarm comes within five, nobody else loses anything. (Workers that die: :mod:`liveshow.recorder.drill.replaced`; cables:
:mod:`liveshow.recorder.drill.cable`.)
"""

from __future__ import annotations

import time

from liveshow.events import Go, Hold, Note, SessionEnded
from liveshow.recorder import address, spawn
from liveshow.recorder.drill.outcome import Outcome, failed, passed
from liveshow.recorder.drill.show import SAME_DISK, DrillShow, of_session, suspended
from liveshow.recorder.drill.step import step

STARTS, LIGHTS, BACK, ACKNOWLEDGED = 30.0, 60.0, 20.0, 1.0  # seconds
GOES_ON = 2.0
STOOD_STILL = 4.0


@step("a recorder is started")
async def started(name: str, show: DrillShow, text: str) -> Outcome:
    """A show folder is made, by the text of a setup, and a recorder records into it."""
    show.make(text)
    return passed(name, f"it answered after {await show.start():.1f} s")


@step("every feed records, proven from the disk")
async def every_light(name: str, show: DrillShow) -> Outcome:
    """Every feed records, and the disk shows it."""
    took = await show.until(lambda: not show.dark(), LIGHTS)
    if took is None:
        return failed(name, f"not within {LIGHTS:.0f} s: {show.why_dark()}")
    return passed(name, f"{len(show.setup.feeds)} feeds after {took:.1f} s")


@step("the mirror has every feed, too, proven from its disk")
async def the_mirror(name: str, show: DrillShow) -> Outcome:
    """Everything is written a second time, on another disk."""
    took = await show.until(lambda: show.unmirrored() in ("", SAME_DISK), LIGHTS)
    if took is None:
        return failed(name, f"not within {LIGHTS:.0f} s: {show.unmirrored()}")
    if show.unmirrored():
        return failed(name, SAME_DISK)
    return passed(name, f"after {took:.1f} s, in {show.setup.recording.mirror}")


@step("GO, a note and HOLD are on disk at once")
async def a_mark(name: str, show: DrillShow) -> Outcome:
    """GO, a note and HOLD are on disk before they are acknowledged, soon."""
    slowest = 0.0
    marks = (Go(t=0, item=show.setup.items[0].id if show.setup.items else ""), Note(t=0, text="drill"), Hold(t=0))
    for mark in marks if show.setup.items else marks[1:]:
        began = time.monotonic()
        await show.say(mark)
        slowest = max(slowest, time.monotonic() - began)
    seen = f"the slowest took {1000 * slowest:.0f} ms"
    return passed(name, seen) if slowest <= ACKNOWLEDGED else failed(name, f"{seen}: is the disk slow?")


@step("the recorder is killed and started again")
async def recorder_killed(name: str, show: DrillShow) -> Outcome:
    """kill -9 of the recorder; the next one takes the workers over."""
    recorder, pids, gaps = show.recorder(), show.pids(), len(show.gaps())
    if recorder is None:
        return failed(name, "there is none")
    spawn.kill(recorder.pid)
    await show.until(lambda: not recorder.alive(), BACK)
    await show.lose()
    await show.start()
    back = await show.until(lambda: not show.dark(), LIGHTS)
    if back is None:
        return failed(name, f"not every feed is proven again within {LIGHTS:.0f} s: {show.why_dark()}")
    if show.pids() != pids or len(show.gaps()) != gaps:
        return failed(name, "feeds were interrupted by it")
    return passed(name, f"every feed proven again {back:.1f} s after the next began; no feed lost anything")


@step("a dashboard hangs, and is killed")
async def dashboard_lost(name: str, show: DrillShow) -> Outcome:
    """A dashboard that reads nothing any more, as in a terminal that hangs, and is killed then."""
    log = show.folder.cache / "log" / "drill-watcher.log"
    process = spawn.start(["liveshow.recorder.drill.watcher", str(show.folder.path)], log)
    try:
        if await show.until(lambda: log.read_bytes().startswith(b"watching"), BACK) is None:
            return failed(name, f"it could not be opened; see {log}")
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
        return failed(name, f"the recorder noticed it: {show.why_dark() or 'it fell silent, or a feed has a gap'}")
    return passed(name, "the recorder, and every feed, went on")


@step("the show is ended")
async def ended(name: str, show: DrillShow) -> Outcome:
    """As on the evening: every part is closed, the journal says so, and nothing runs on."""
    began = time.monotonic()
    await show.end()
    if not any(isinstance(e, SessionEnded) for e in of_session(show.folder.events())):
        return failed(name, "its journal does not say so")
    left = [worker.role for worker in address.workers_of(show.folder.path)]
    if left:
        return failed(name, f"these run on: {', '.join(left)}")
    return passed(name, f"every part was closed, and nothing runs on, after {time.monotonic() - began:.1f} s")
