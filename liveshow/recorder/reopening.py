"""A device is opened, recorded until it is lost or the disk takes no more, and opened again, until the recording is to end."""

from __future__ import annotations

import time
from collections.abc import Callable

from liveshow.errors import FeedLost, MachineError
from liveshow.recorder.link import OPENING, READING, WorkerLink

PAUSES = (0.1, 0.5, 1.0, 1.5)
"""Seconds before each next try; the first again after a recording of ten seconds."""


def keep_recording(
    link: WorkerLink, record: Callable[[], None], close: Callable[[], None], say: Callable[[str, str], None]
) -> None:
    """Call `record` again and again until the link says stop, `close` after each, and `say` (state, why) what became of it. What is
    neither a loss nor mended by waiting (FeedStuck) is raised, and ends the worker."""
    tries = 0
    while not link.stop.is_set():
        began = time.monotonic()
        link.beat(OPENING)
        try:
            record()
        except (FeedLost, MachineError) as exc:
            say("lost" if isinstance(exc, FeedLost) else "failed", str(exc))
        finally:
            link.beat(READING)
            close()
        tries = 0 if time.monotonic() - began > 10 else tries + 1
        link.stop.wait(PAUSES[min(tries, len(PAUSES) - 1)])
    say("stopped", "")
