"""The simulated camera: a stage with a figure for each performer, the show clock burnt in, and a frame counter to read back.

Options of its source, besides those in :mod:`liveshow.feeds.simulated_source`:

============== ============================================================================================================
width, height  of the picture, even numbers of pixels (640, 360)
fps            pictures a second, exact: "25", "30000/1001" (30)
stamped        1: the device says when each picture was taken (`capture`), 0: only its arrival is known (0)
============== ============================================================================================================

Picture k is of the instant start + k / (fps · (1 + ppm · 10⁻⁶)) and shows that instant on its clock; its pts count the camera's
own time. The one picture whose interval covers a clap is white. A camera shows the performers patched to it, or else all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from liveshow.errors import FeedLost
from liveshow.feeds.base import CameraPacket, Capture, Kind, Patched, StreamFormat
from liveshow.feeds.encode import TIME_BASE, PictureEncoder
from liveshow.feeds.simulated_source import DeviceClock, Pace, Timing, fault_of, options_of, within
from liveshow.feeds.simulated_stage import Role, StagePicture
from liveshow.timebase import SECOND


@dataclass(frozen=True, slots=True)
class CameraOptions(Timing):
    """The options of a simulated camera, see above."""

    width: int = field(default=640, metadata=within(160, 3840, multiple=2))
    height: int = field(default=360, metadata=within(90, 2160, multiple=2))
    fps: Fraction = field(default=Fraction(30), metadata=within(1, 240))
    stamped: int = field(default=0, metadata=within(0, 1))


class _Take:
    """One opening: the encoder, and where its pictures have got to."""

    def __init__(self, capture: Capture, options: CameraOptions) -> None:
        self.encoder = PictureEncoder(options.width, options.height, options.fps, "yuv420p", hardware=False)
        self.pace = Pace(capture, options)
        self.clock = DeviceClock.of(self.pace.start, options.fps, options.ppm)
        self.number = 0
        self.due = self.pace.arrival(self.clock.time_of(0))

    def next(self) -> None:
        """Go on to the next picture."""
        self.number += 1
        self.due = self.pace.arrival(self.clock.time_of(self.number))


class SimulatedCamera:
    """See :class:`liveshow.feeds.base.Camera`."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._options = CameraOptions()
        self._picture: StagePicture | None = None
        self._take: _Take | None = None
        self._on: tuple[str, ...] = ()
        self._lit: tuple[str, ...] = ()

    def open(self) -> Sequence[StreamFormat]:
        """Begin with picture 0, now. Raises FeedError for a source with a wrong option."""
        self.close()
        self._options = options_of(self._capture, CameraOptions)
        if self._picture is None:
            feed = self._capture.device.feeds[0].id
            self._picture = StagePicture(self._options.width, self._options.height, feed, _roles(self._capture, feed))
        self._take = _Take(self._capture, self._options)
        return (self._take.encoder.format,)

    def read(self) -> CameraPacket | None:
        """The next picture, when it is due."""
        take, picture = self._take, self._picture
        if take is None or picture is None:
            raise FeedLost("it is not open", where=self._capture.device.id)
        if not take.pace.wait(take.due):
            return None
        if self._lit != self._on:
            self._lit = self._on
            picture.light(self._lit)
        taken, arrival = take.clock.time_of(take.number), take.due
        clap = bool(take.clock.claps(take.number, 1, round(self._options.clap * SECOND)))
        drawn = picture.draw(take.number, taken, flash=clap)
        (packet,) = take.encoder.encode(drawn, round(take.number / (self._options.fps * TIME_BASE)))
        take.next()
        return CameraPacket(0, packet, arrival, capture=taken if self._options.stamped else None)

    def close(self) -> None:
        """Let go of the encoder."""
        if self._take is not None:
            self._take.encoder.close()
            self._take = None

    def cue(self, on: Patched) -> None:
        """These perform from the next picture on."""
        self._on = tuple(on)


def _roles(capture: Capture, feed: str) -> list[Role]:
    patched = capture.patched.get(feed, ())
    cast = [Role(id, name, index) for index, (id, name) in enumerate(capture.performers.items())]
    return [role for role in cast if role.id in patched] or cast


KIND = Kind(name="simulated camera", schemes=("simulated",), camera=SimulatedCamera, sound=None, check=fault_of(CameraOptions))
