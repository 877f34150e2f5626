"""Keeps `liveshow prove` running beside a show, `liveshow serve` beside one whose setup has a [control] table, `liveshow review` beside one
that has a [review] table, and `liveshow timecode` beside one that has its timecode from MIDI.

They are clients like any other: the recorder starts them, and starts them again when they die, but waits for nothing of them. One that an
earlier recorder left goes on. They end by themselves once the show has ended and the recorder is gone, the performers' page some time
after.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import time
from pathlib import Path

from liveshow.model import Setup
from liveshow.recorder import address, spawn
from liveshow.showfolder.hand import Hand

LOOK_EVERY = 0.5
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)  # before starting again one that keeps ending at once
LASTING = 10.0  # seconds after which it did not end at once: it was of use by then
BEFORE_PROOF = 3.0  # seconds in which there is nothing to prove
READ_WITHIN = 2.0  # seconds
MOST_HANGING = 3
log = logging.getLogger(__name__)


class Beside:
    """One verb that runs beside a show, found by its role. `why`: why it does not run at present, "" while it does or is not wanted."""

    def __init__(self, show: Path, role: str, verb: str, wanted: bool, after: float = 0.0) -> None:
        """after: seconds before it is first started."""
        self.verb, self.why = verb, ""
        self._show, self._role, self._wanted, self._after = show, role, wanted, after
        self._hanging: list[subprocess.Popen[bytes]] = []
        self._hand = Hand(f"log of {role}")

    async def run(self) -> None:
        """Until cancelled; nothing when it is not wanted."""
        early = 0
        await asyncio.sleep(self._after)
        while self._wanted:
            if self._found() is None:
                began = time.monotonic()
                await self._one()
                early = early + 1 if time.monotonic() - began < LASTING else 0
                await asyncio.sleep(PAUSES[min(early, len(PAUSES) - 1)])
            await asyncio.sleep(LOOK_EVERY)

    async def _one(self) -> None:
        """Start one; returns when it has ended."""
        words = self._show / "cache" / "log" / f"{self._role}.log"
        try:
            process = spawn.start(["liveshow", self.verb, str(self._show), "--with-show"], words)
        except OSError as exc:  # a full disk, or too many processes
            self.why = f"it cannot be started: {exc.strerror}"
            return
        while not self._over(process):
            if self.why and self._found() is not None:
                self.why = ""
            await asyncio.sleep(LOOK_EVERY)
        code, said = process.returncode, await asyncio.to_thread(self._last_line, words)
        how = spawn.how_it_ended(code)
        self.why = said if code is None or code > 0 else how
        log.warning("`liveshow %s` %s: %s", self.verb, how, said)

    def _over(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether it has ended, or all of it but a thread that waits for a disk that hangs: of such, no more than a few are left behind."""
        if process.poll() is not None:
            return True
        self._hanging = [each for each in self._hanging if each.poll() is None]
        if len(self._hanging) >= MOST_HANGING or not spawn.is_over(process.pid):
            return False
        if process.poll() is None:
            self._hanging.append(process)
        return True

    def _last_line(self, words: Path) -> str:
        try:
            return self._hand.do(lambda: _last_line(words), READ_WITHIN)
        except OSError as exc:
            return f"{words} cannot be read ({exc.strerror})"

    def _found(self) -> address.Address | None:
        return address.look_up(self._show, self._role)


def beside(show: Path, setup: Setup) -> tuple[Beside, ...]:
    """What runs beside a show of this setup."""
    control = bool(setup.control.http or setup.control.osc)
    return (
        Beside(show, address.CONTROL, "serve", control),
        Beside(show, address.TIMECODE, "timecode", bool(setup.timecode.mtc)),
        Beside(show, address.REVIEW, "review", bool(setup.review.http)),
        Beside(show, address.PROVER, "prove", True, BEFORE_PROOF),
    )


def _last_line(words: Path) -> str:
    lines = words.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it said nothing; see {words}"
