"""Cameras that are told what to show.

    python -m tests.servers.films --width 1920 bright+frozen bright+black …

Each takes a number of films (see `tests.stage_pictures`) and begins with the first. The lines that `tests.servers.camera` describes, and
two more:
`show INDEX NAME`: another film, from its beginning, with no picture missing in between; `shift INDEX MS`: from now on its pictures are
stamped so much later than they were.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.servers.camera import Controls, serve
from tests.servers.clock import SECOND
from tests.servers.rtp import Track, sender_report, video_track
from tests.servers.rtsp import RtspCamera
from tests.stage_pictures import SIZE, Size, film

REPORT_EVERY = 2  # seconds
FILMS: dict[tuple[str, Size], Track] = {}


class FilmCamera(RtspCamera):
    """A phone on a stand, with films for what may become of its picture."""

    def __init__(self, names: Sequence[str], seed: int = 0, size: Size = SIZE) -> None:
        super().__init__(film(names[0], size), seed=seed)
        self._size = size
        for name in names:
            if (name, size) not in FILMS:
                FILMS[name, size] = video_track(film(name, size))
        self._next: Track | None = None

    async def command(self, name: str, arguments: Sequence[str]) -> dict[str, Any]:
        """Also the two of these cameras."""
        if name == "show":
            self._next = FILMS[arguments[0], self._size]
        elif name == "shift":
            self.zero -= Fraction(arguments[0]) / 1000
        else:
            return await super().command(name, arguments)
        return {}

    async def play(self) -> None:
        """Every picture when it is due by the camera's clock; the first of another film when that is wanted."""
        try:
            await self._play_films()
        finally:
            for each in self.udp:
                each.close()

    async def _play_films(self) -> None:
        own, index, (sending,) = Fraction(0), 0, self.sendings
        while True:
            while (wait := self.clock.due(int(own * SECOND)) - time.monotonic_ns()) > 0:
                await asyncio.sleep(wait / SECOND)
            if self._next is not None:
                sending.track, self._next, index = self._next, None, 0
            if self.frozen:
                for listener in sending.listeners:
                    listener.ready = False
            else:
                await self._send_at(own, index)
            own, index, self.sent = own + 1 / sending.track.rate, index + 1, self.sent + 1

    async def _send_at(self, own: Fraction, index: int) -> None:
        (sending,) = self.sendings
        unit, stamp = sending.track.unit(index), self._timestamp(sending, own)
        begin = [each for each in sending.listeners if not each.ready and unit.key]
        for listener in begin:
            listener.ready = True
        ready = [each for each in sending.listeners if each.ready]
        due = int(own / REPORT_EVERY) != int((own - 1 / sending.track.rate) / REPORT_EVERY)
        report = sender_report(sending.source, self.clock.wall(int(own * SECOND)), stamp, sending.packets, sending.octets)
        for listener in ready if due else begin:
            listener.way.report(report)
        if ready:
            wire = unit.batch.stamped(sending.sequence, stamp, sending.source)
            for listener in ready:
                await listener.way.send(wire, unit.batch)
        sending.sequence = (sending.sequence + len(unit.batch.spans)) % 2**16
        sending.packets += len(unit.batch.spans)


def show(camera: Controls, name: str) -> None:
    """Have a camera show another of its films."""
    camera._do("show", name)


def shift(camera: Controls, ms: float) -> None:
    """Have a camera stamp its pictures later by so many milliseconds."""
    camera._do("shift", ms)


def main() -> None:
    """The main program."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers.films", description=__doc__)
    parser.add_argument("--width", type=int, default=SIZE[1])
    parser.add_argument("cameras", nargs="+")
    given = parser.parse_args()
    size = given.width * SIZE[0] // SIZE[1], given.width
    serve([FilmCamera(names.split("+"), seed, size) for seed, names in enumerate(given.cameras)])


if __name__ == "__main__":
    main()
