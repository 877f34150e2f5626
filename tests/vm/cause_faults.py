"""Causes one fault after the other in the devices of a running show, inside the machine: `python -m tests.vm.cause_faults SHOW`.

Each is caused, until what it should bring is seen, and taken back, until everything records and is proven again. Notes say when it
begins and when it is over, and what was waited for in vain; the rest the journal tells.

Commands are run by bash, after devices.sh. The controls are those of the kernel's `vivid` (its documentation: "The Virtual Video
Test Driver", "Error Injection Controls").
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from liveshow.events import AlarmRaised, Gap, Journaled, JournalEvent, Note, Pulse
from liveshow.recorder import address
from liveshow.recorder.client import Client

PATIENCE, AT_WORK = 150.0, 10.0  # seconds: opening a device takes ten in here; what should bring nothing is given so long


@dataclass(frozen=True)
class Fault:
    """What goes wrong with `feed`: the commands that cause it and take it back. `alarm`: which must be raised, "" for none; `gap`: whether
    one must be written down."""

    feed: str
    cause: str
    back: str = ""
    alarm: str = ""
    gap: bool = False


def _camera(*settings: str) -> str:
    return "v4l2-ctl -d /dev/video0" + "".join(f" -c {setting}" for setting in settings)


BROKEN = "inject_fatal_streaming_error=1"
FAULTS = {
    "half of its buffers dropped": Fault(
        "raw", _camera("percentage_of_dropped_buffers=50"), _camera("percentage_of_dropped_buffers=0"), "raw:dropping", True
    ),
    "stalled": Fault(
        "raw", _camera("percentage_of_dropped_buffers=100"), _camera("percentage_of_dropped_buffers=0"), "raw:lost", True
    ),
    "disconnected": Fault("raw", _camera("disconnect=1"), "", "raw:lost", True),
    "its stream broken": Fault("raw", _camera(BROKEN), "", "raw:lost", True),
    "broken, and refuses to start": Fault("raw", _camera("inject_vidioc_streamon_error=1", BROKEN), "", "raw:lost", True),
    "broken, and refuses buffers": Fault("raw", _camera("inject_vidioc_reqbufs_error=1", BROKEN), "", "raw:lost", True),
    "a buffer not taken back": Fault("raw", _camera("inject_vidioc_qbuf_error=1")),
    "a damaged picture": Fault("raw", _camera("inject_v4l2_buf_flag_error=1")),
    "back with a clock of its own": Fault(
        "raw", _camera("wrap_timestamp=1", BROKEN), _camera("wrap_timestamp=0"), "raw:lost", True
    ),
    "another size": Fault("mjpeg", "kill -USR1 $PLAYER", gap=True),  # opened again sooner than there is an alarm
    "unplugged, and back under another number": Fault("card", "quiet; unplug", "plug_in; sound 8000 1", "card:lost", True),
}


class Watch:
    """What a recorder says: its journal since we came, and its newest pulse."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events: list[JournalEvent] = []
        self.pulse: Pulse | None = None
        self._news = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for message in self.client.news():
            if isinstance(message, Journaled):
                self.events += message.events
            else:
                self.pulse = message
            self._news.set()

    async def until(self, what: str, there: Callable[[], bool]) -> str:
        """Wait for something; "" when it came, else what was waited for."""
        deadline = time.monotonic() + PATIENCE
        while not there():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return what
        return ""

    def whole(self) -> Callable[[], bool]:
        """Whether every feed was proven since. Not all at once: in emulation the one or other is looked at too late now and then."""
        seen: set[str] = set()

        def were_proven() -> bool:
            proofs = self.pulse.proofs if self.pulse else {}
            seen.update(feed for feed, proof in proofs.items() if proof.light == "proven")
            return bool(proofs) and seen >= proofs.keys()

        return were_proven

    def stands(self, alarm: str) -> bool:
        """Whether an alarm does."""
        return self.pulse is not None and any(now.alarm == alarm for now in self.pulse.alarms)


async def _cause(watch: Watch, name: str, fault: Fault) -> None:
    await watch.client.say(Note(t=0, text=f"begins: {name}"))
    before = len(watch.events)

    def raised() -> bool:
        return any(isinstance(e, AlarmRaised) and e.alarm == fault.alarm for e in watch.events[before:])

    def gap() -> bool:
        feed = "vox1" if fault.feed == "card" else fault.feed
        return any(isinstance(e, Gap) and e.feed == feed for e in watch.events[before:])

    in_vain = [_run(fault.cause)]
    if fault.alarm:
        in_vain.append(await watch.until(f"the alarm {fault.alarm}", raised))
    else:
        await asyncio.sleep(AT_WORK)
    in_vain.append(_run(fault.back))
    if fault.gap:
        in_vain.append(await watch.until("a gap", gap))
    in_vain.append(await watch.until("every feed proven", watch.whole()))
    in_vain.append(await watch.until("the end of the alarm", lambda: not watch.stands(fault.alarm)))
    await watch.client.say(Note(t=0, text=f"over: {name}: {', '.join(filter(None, in_vain)) or 'nothing in vain'}"))


def _run(command: str) -> str:
    """What came of it: "" for nothing but what was wanted."""
    code = subprocess.run(["bash", "-euc", f". tests/vm/devices.sh\n{command}"], check=False).returncode
    return f"{command}: exit code {code}" if code else ""


async def _main(show: Path) -> None:
    client = await Client.connect(address.recorder_of(show), watch=True)
    watch = Watch(client)
    print(await watch.until("every feed proven", watch.whole()) or "every feed is proven", flush=True)
    for name, fault in FAULTS.items():
        await _cause(watch, name, fault)
        print(name, flush=True)
    await client.end_show()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
