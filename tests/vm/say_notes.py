"""Says one note after another to a show, and prints the number of each once it is acknowledged: `python -m tests.vm.say_notes SHOW [MOST]`.

It begins when every feed is at work, and prints the show clock ten times a second: who reads that knows how late it is when the power
goes. After so many notes (none: never) it ends the show.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from liveshow.events import Note, Pulse, SessionStarted
from liveshow.recorder import address
from liveshow.recorder.client import Client
from liveshow.timebase import SECOND, ShowClock

APART, TICK = 0.5, 0.1  # seconds
WRITTEN = 10 * SECOND


async def _say(show: Path, most: int | None) -> None:
    client = await Client.connect(address.recorder_of(show), watch=True)
    session = next(e for e in reversed(client.welcome.events) if isinstance(e, SessionStarted))
    await _at_work(client)
    print("every feed is at work", flush=True)
    ticking = asyncio.create_task(_tick(ShowClock(session.offset)))
    for number in count(1) if most is None else range(1, most + 1):
        (said,) = await client.say(Note(t=0, text=f"note {number}"))
        print(f"said {number} as {said}.", flush=True)
        await asyncio.sleep(APART)
    ticking.cancel()
    await client.end_show()


async def _at_work(client: Client) -> None:
    """Until so much of every feed was written since the first that was heard of it."""
    first: dict[str, int] = {}
    async for message in client.news():
        if isinstance(message, Pulse):
            written = {feed: health.position for feed, health in message.feeds.items() if health.position}
            first = written | first
            if written.keys() == message.feeds.keys() and all(written[feed] - first[feed] > WRITTEN for feed in written):
                return


async def _tick(clock: ShowClock) -> None:
    while True:
        print(f"clock {clock.now()}.", flush=True)
        await asyncio.sleep(TICK)


if __name__ == "__main__":
    asyncio.run(_say(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
