"""Says one note after another to a show, and prints the number of each once it is acknowledged: `python -m tests.vm.say_notes SHOW`."""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from liveshow.events import Note
from liveshow.recorder import address
from liveshow.recorder.client import Client

APART = 0.5  # seconds


async def _say(show: Path) -> None:
    client = await Client.connect(address.recorder_of(show))
    for number in count(1):
        (said,) = await client.say(Note(t=0, text=f"note {number}"))
        print(f"said {number} as {said}.", flush=True)
        await asyncio.sleep(APART)


if __name__ == "__main__":
    asyncio.run(_say(Path(sys.argv[1])))
