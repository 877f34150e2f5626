"""Clocks of feeds that run off: a sound card's crystal, a camera's, and a camera whose time stamps jump."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks._alarm_stage import MICS, the_stage
from tests.benchmarks._alarm_watch import Fault, Watch, false_ones, suffer
from tests.crystal import off_by
from tests.servers.camera import Controls
from tests.servers.films import shift

CARD, CAMERA, JUMP = 300.0, 1000.0, 60.0  # ppm, ppm, ms
CAMERAS = {"steady": "bright", "fast": "bright", "jumps": "bright"}
Does = tuple[Callable[[], None], Callable[[], None]]
BEFORE = 100.0  # seconds until it is known how a clock runs


def drift(place: Path) -> tuple[Sequence[Fault], list[tuple[float, str, str]]]:
    """All at once. The sound card is off from the beginning, as such a card is: when it began to record is when its limit begins."""
    began = time.monotonic()
    with off_by(place, CARD), the_stage(place, CAMERAS) as (watch, cameras, _):
        since = time.monotonic()
        card = Fault(f"sound card: fast by {CARD:.0f} ppm, from the beginning", "box:drift", 0.0, lambda: began, lambda: None)
        fast = Fault(f"camera: fast by {CAMERA:.0f} ppm, later", "fast:drift", 0.0, *_off(cameras["fast"]), also=("fast:sync",))
        jump = Fault(f"camera: its clock jumps by {JUMP:.0f} ms", "jumps:sync", 0.0, *_jumps(cameras["jumps"]))
        suffer_later(watch, card, (fast, jump))
        _tell(watch)
        faults = (card, fast, jump)
        return faults, false_ones(watch, faults, since)


def suffer_later(watch: Watch, first: Fault, later: Sequence[Fault]) -> None:
    """The first from now on, the others after the time that it takes to know a clock."""
    thread = threading.Thread(target=suffer, args=(watch, (first,)))
    thread.start()
    time.sleep(BEFORE)
    suffer(watch, later)
    thread.join()


def _off(camera: Controls) -> Does:
    return lambda: camera.skew(CAMERA), lambda: camera.skew(0)


def _jumps(camera: Controls) -> Does:
    return lambda: shift(camera, JUMP), lambda: shift(camera, -JUMP)


def _tell(watch: Watch) -> None:
    """What is shown of the clocks."""
    for feed in (*CAMERAS, MICS[0]):
        proof = watch.pulse.proofs.get(feed) if watch.pulse else None
        look = proof.look if proof else None
        if look is not None:
            print(f"  shown of {feed}: {look.ppm} ppm over {look.measured:.0f} s, drift {look.drift} ms, jump {look.jump} ms")
