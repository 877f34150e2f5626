"""Clocks of feeds that run off: a sound card's crystal, a camera's, and a camera whose time stamps jump."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from liveshow.events import PartStarted
from liveshow.recorder.conditions.clocks import LATE
from liveshow.timebase import SECOND
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
    """All at once. The sound card is off from the beginning, as such a card is. The limit of a clock that runs off is when it has run away
    by the 15 ms that EBU R 37 allows: nobody has seen it by then."""
    with off_by(place, CARD), the_stage(place, CAMERAS) as (watch, cameras, _):
        since = time.monotonic()
        words = f"sound card: fast by {CARD:.0f} ppm, from the beginning"
        card = Fault(words, "box:drift", LATE * 1000 / CARD, partial(_began, watch), lambda: None, lasts=True)
        words = f"camera: fast by {CAMERA:.0f} ppm from now on"
        fast = Fault(words, "fast:sync", LATE * 1000 / CAMERA, *_off(cameras["fast"]), also=("fast:drift",))
        jump = Fault(f"camera: its clock jumps by {JUMP:.0f} ms", "jumps:sync", 0.0, *_jumps(cameras["jumps"]))
        suffer_later(watch, card, (fast, jump))
        _tell(watch)
        faults = (card, fast, jump)
        return faults, false_ones(watch, faults, since)


def _began(watch: Watch) -> float:
    """When the sound card began to be recorded: a show's clock is the host's monotonic one."""
    first = next(e for e in watch.show.folder.events() if isinstance(e, PartStarted) and e.feed == MICS[0])
    return first.t / SECOND


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
