"""A show for the steps of a drill in which nothing runs: a test says what is seen of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from msgspec import structs

from liveshow import setupfile
from liveshow.events import (
    AlarmNow,
    Gap,
    JournalEvent,
    MirrorNow,
    PartStarted,
    Proof,
    Pulse,
)
from liveshow.model import Device, Setup
from liveshow.recorder import address
from liveshow.recorder.drill.show import DrillShow
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND, ShowClock

SETUP = """
[show]
title = "Drill"
date = 2026-11-29
timezone = "Europe/Berlin"
[recording]
[[camera]]
id = "wide"
source = "simulated:?width=320&height=180&fps=25"
[[audio]]
id = "box"
source = "simulated:"
  [[audio.mic]]
  id = "vox"
  channel = 1
[[performer]]
id = "ada"
name = "Ada"
feeds = ["vox"]
[[item]]
id = "solo"
title = "Solo"
performers = ["ada"]
"""


RTSP = "rtsp://user:secret@10.0.0.9/stream"


def read_setup(place: Path) -> Setup:
    """It, read from a file there."""
    file = place / "setup.toml"
    file.write_text(SETUP, encoding="utf-8")
    return setupfile.load(file, date(2026, 11, 29))


def lit(*dark: str, at: int = SECOND, alarms: tuple[AlarmNow, ...] = (), mirror: MirrorNow | None = None) -> Pulse:
    """Everything is proven, by a look at `at`, but these."""
    proofs = {
        feed: Proof(light="unproven" if feed in dark else "proven", at=at, why="it does not grow") for feed in ("wide", "vox")
    }
    return Pulse(now=at, feeds={}, proofs=proofs, disk_free=10**12, bytes_per_second=10**6, alarms=alarms, mirror=mirror)


class At(ShowClock):
    """A show clock that stands still, at its offset."""

    def now(self) -> int:
        return self.offset


class StandIn(DrillShow):
    """A show of which a test says what is seen; time passes without being waited for. `then`: what has come to pass each time that
    something is waited for; `t`: its clock; `workers`: the processes of devices."""

    def __init__(self, setup: Setup, place: Path, *then: Callable[[StandIn], object]) -> None:
        super().__init__(place / "setup.toml", setup, ShowFolder(place / "show"), lit())
        self.said: list[object] = []
        self.then = list(then)
        self.t = 10 * SECOND
        self.workers: dict[str, int] = {}
        self.has_spare = True
        self.events: list[JournalEvent] = []

    async def until(self, true: Callable[[], object], seconds: float) -> float | None:
        if self.then:
            self.then.pop(0)(self)
        return min(0.5, seconds) if true() else None

    async def say(self, event: object) -> None:
        self.said.append(event)

    async def spare(self, device: Device, within: float) -> bool:
        return self.has_spare and bool(device.id and within)

    def clock(self) -> ShowClock:
        return At(self.t)

    def worker(self, device: Device) -> address.Address | None:
        pid = self.workers.get(device.id)
        role = f"worker-{device.id}"
        return address.Address(host="127.0.0.1", port=1, token="", pid=pid, born="", folder="", role=role) if pid else None

    def write(self, *events: JournalEvent) -> None:
        """The journal says so, at the time that the show has."""
        self.events += [structs.replace(event, said=self.t) for event in events]

    def gap(self, feed: str, seconds: float = 0.3) -> None:
        """The journal says that a feed had a gap, until now."""
        self.write(Gap(t=self.t - round(seconds * SECOND), until=self.t, feed=feed, why="lost"))

    def part(self, feed: str) -> None:
        """And that another part begins now."""
        self.write(PartStarted(t=self.t, feed=feed, part=2, file=f"{feed}.mkv", what=""))


def the(setup: Setup, device: str) -> Device:
    return next(d for d in setup.devices if d.id == device)
