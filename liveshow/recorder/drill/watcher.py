"""A dashboard that shows nothing: watches a show as one does, and says so. Started by a drill, to be hung and killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from liveshow.recorder import address
from liveshow.recorder.client import Client


async def _watch(show: Path) -> None:
    client = await Client.connect(address.recorder_of(show), by="drill (a dashboard)", watch=True, previews=True)
    said = False
    async for _ in client.news():
        if not said:
            print("watching", flush=True)
            said = True


if __name__ == "__main__":
    asyncio.run(_watch(Path(sys.argv[1])))
