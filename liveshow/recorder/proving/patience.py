"""How long a look is waited for: a disk that hangs, or a decoder that goes round for ever, must not keep all other feeds unproven.

A look that takes long on a busy machine is none that hangs: whoever has the lowest priority may not run for minutes. So what counts is not
how long it takes, but for how long the thread that looks was seen to wait for one and the same thing, and how much of a processor it used.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from liveshow.errors import MachineError

STEP = 0.5
WAITS = 20.0 if sys.platform == "linux" else 60.0
"""Seconds: no longer than a look counts (see `lookout.FRESH`), so that those of other feeds are hardly missed. Only Linux tells a thread
that waits from one that is not let run; elsewhere, where this was not tried, every second counts."""
USES = 60.0  # seconds of a processor: hundreds of times what the dearest look costs
T = TypeVar("T")


class Hangs(MachineError):
    """What was to be done does not come to an end. Its thread cannot be ended: only the process can."""


class Patience:
    """Has one thing after another done, each in a thread that may hang. `lost`: whether one did."""

    def __init__(self) -> None:
        self.lost = False

    async def wait(self, work: Callable[[], T], what: str, waits: float) -> T:
        """Have something done; what it returns or raises. Raises Hangs, in which it is called `what`, after it was seen to wait for so many
        seconds in which this process ran."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def do() -> None:
            try:
                tell, said = answer.set_result, work()
            except Exception as exc:  # noqa: BLE001 -- it is raised where it was asked for
                tell, said = answer.set_exception, exc  # type: ignore[assignment]
            with contextlib.suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(_unless_done, answer, tell, said)

        thread = threading.Thread(target=do, name="look", daemon=True)
        used = time.process_time()
        thread.start()
        steps, was = 0, ""
        while not (await asyncio.wait([answer], timeout=STEP))[0]:
            now = _waits_at(thread.native_id)
            steps, was = steps + 1 if now and now == was else 0, now
            if steps * STEP >= waits or time.process_time() - used > USES:
                self.lost = True
                raise Hangs(f"{what} does not come to an end", todo="look at the disk that it is on")
        return answer.result()


def _unless_done(answer: asyncio.Future[T], tell: Callable[[T], None], said: T) -> None:
    if not answer.done():
        tell(said)


def _waits_at(thread: int | None) -> str:
    """What tells one wait of a thread of ours from the next; "" when it does not wait: it runs, or would if it were let."""
    if sys.platform != "linux":
        return "somewhere"
    try:
        lines = Path(f"/proc/self/task/{thread}/status").read_text().splitlines()
    except OSError:  # it has ended, and its answer is on the way
        return ""
    known = dict(line.partition(":\t")[::2] for line in lines)
    return "" if known["State"].startswith("R") else known["voluntary_ctxt_switches"]
