"""Reads a sound device through `liveshow.feeds.microphone`, in a process of its own, and says what happens as it happens.

`python -m tests.read_microphone NAME CHANNELS RATE FILE`: one JSON object a line, `did` says what: "opened" (with the format),
"read" (a block: first, frames, arrival, now, overflow, silent), "refused", "lost" (with the message). Opened again after a
loss or a refusal. Ends when its stdin does; saved in FILE is then what came since it last opened, of shape (channels, samples).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds.base import Capture
from liveshow.feeds.microphone import KIND
from liveshow.model import Device, Feed, FeedKind
from liveshow.timebase import ShowClock
from tests.devices.signals import Samples


def main(name: str, channels: int, rate: int, saved: Path) -> None:
    """Read until told to end."""
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    feeds = tuple(Feed(f"mic{n}", FeedKind.MIC, "stagebox", channel=n) for n in range(1, channels + 1))
    device = Device("stagebox", FeedKind.MIC, f"device:{name}", feeds, rate)
    blocks: list[Samples] = []
    while not ended.is_set():
        try:
            _record(Capture(device, ShowClock(), {}, {}), blocks, ended)
        except FeedError as exc:
            _say("refused", why=str(exc))
            ended.wait(0.5)
        except FeedLost as exc:
            _say("lost", why=str(exc))
    np.save(saved, np.concatenate(blocks).T if blocks else np.zeros((channels, 0), np.int32))


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _record(capture: Capture, blocks: list[Samples], ended: threading.Event) -> None:
    assert KIND.sound
    microphone = KIND.sound(capture)
    try:
        opened = microphone.open()
        blocks.clear()
        _say("opened", rate=opened.sample_rate, channels=opened.channels, what=opened.what)
        while not ended.is_set():
            if (block := microphone.read()) is not None:
                blocks.append(block.samples)
                told = {"first": block.first, "frames": len(block.samples), "overflow": block.overflow}
                _say("read", **told, arrival=block.arrival, now=time.monotonic_ns(), silent=not block.samples.any())
    finally:
        microphone.close()


def _say(did: str, **more: Any) -> None:
    print(json.dumps({"did": did, **more}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
