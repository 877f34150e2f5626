"""Keeps `liveshow serve` running beside a show whose setup has a [control] table, and `liveshow timecode` beside one that has its
timecode from MIDI.

They are clients like any other: the recorder starts them, and starts them again when they die, but waits for nothing of them. One that an
earlier recorder left goes on. They end by themselves once the show has ended and the recorder is gone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from liveshow.model import ControlSettings, TimecodeSettings
from liveshow.recorder import address, spawn

LOOK_EVERY = 0.5
PAUSES = (0.0, 1.0, 2.0, 5.0, 15.0, 60.0)  # before starting again one that keeps ending at once
LASTING = 30.0  # seconds after which it did not end at once
log = logging.getLogger(__name__)


async def keep_serving(show: Path, control: ControlSettings) -> None:
    """Until cancelled; nothing when nothing is to be served."""
    if control.http or control.osc:
        await _keep(show, address.CONTROL, "serve")


async def keep_listening(show: Path, timecode: TimecodeSettings) -> None:
    """Until cancelled; nothing when the setup names no MIDI input."""
    if timecode.mtc:
        await _keep(show, address.TIMECODE, "timecode")


async def _keep(show: Path, role: str, verb: str) -> None:
    early = 0
    while True:
        if address.look_up(show, role) is None:
            began = time.monotonic()
            await _one(show, role, verb)
            early = early + 1 if time.monotonic() - began < LASTING else 0
            await asyncio.sleep(PAUSES[min(early, len(PAUSES) - 1)])
        await asyncio.sleep(LOOK_EVERY)


async def _one(show: Path, role: str, verb: str) -> None:
    """Start one; returns when it has ended."""
    words = show / "cache" / "log" / f"{role}.log"
    try:
        process = spawn.start(["liveshow", verb, str(show), "--with-show"], words)
    except OSError as exc:  # a full disk, or too many processes
        log.warning("`liveshow %s` cannot be started: %s", verb, exc.strerror)
        return
    while process.poll() is None:
        await asyncio.sleep(LOOK_EVERY)
    log.warning(
        "`liveshow %s` %s: %s", verb, spawn.how_it_ended(process.returncode), await asyncio.to_thread(_last_line, words)
    )


def _last_line(words: Path) -> str:
    try:
        lines = words.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError as exc:
        return f"{words} cannot be read ({exc.strerror})"
    return lines[-1] if lines else f"it said nothing; see {words}"
