"""A show on disk of which excerpts are made, and what is in them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from liveshow.handoff.excerpts.maker import Maker
from liveshow.handoff.excerpts.orders import Excerpt, Failed, Made, Order, Orders, Rung, Told
from liveshow.handoff.excerpts.shelf import Shelf
from liveshow.model import Segment
from liveshow.showfolder.folder import ShowFolder
from tests.servers.pictures import Codec, Wanted, counter_of, media
from tests.synthetic_show import SETUP, ClockOf, SyntheticShow, at, record_camera, record_mic

RATE = 48_000
ROOM = 10**9
CAMERAS: dict[str, Codec] = {"wide": "h264", "left": "hevc", "desk": "mjpeg"}
CLICKS = tuple(range(1, 45, 2))  # seconds after the show began
BEGAN, FPS = 0.5, 30
_DESK = '[[camera]]\nid = "desk"\nsource = "simulated:"\nshared = true\ndelay_ms = 7\n[[audio]]'


def clicks(first: int, count: int) -> NDArray[np.int32]:
    """A millisecond near full scale at each of CLICKS, and else a hum 40 dB below; of a microphone that began with the show."""
    samples: NDArray[np.int32] = (np.sin(np.arange(count) * 0.02) * 2**31 * 0.009).astype(np.int32)
    for click in CLICKS:
        place = click * RATE - first
        if 0 <= place < count - 48:
            samples[place : place + 48] = 2**31 - 2**24
    return samples


def recorded(place: Path, seconds: int = 45) -> SyntheticShow:
    """Three cameras of three codecs, whose clocks are off, and two microphones."""
    show = SyntheticShow.begun(place, SETUP.replace("[[audio]]", _DESK))
    for number, (feed, codec) in enumerate(CAMERAS.items()):
        clock = ClockOf(at(BEGAN), Fraction(90_000), ppm=40.0 * number)
        record_camera(show, feed, media(Wanted(codec=codec)), clock, range((seconds - 1) * FPS))
    for mic in ("vox1", "vox2"):
        record_mic(show, mic, ClockOf(at(0), Fraction(RATE)), 0, seconds * RATE, signal=clicks)
    return show


def order(segment: Segment, feeds: Iterable[str] = (), voices: Iterable[str] = ("vox1",), **edges: int | None) -> Order:
    """Of a segment; `start`, `end`: other edges."""
    given: dict[str, int | None] = {"start": segment.start, "end": segment.end, **edges}
    wanted = tuple(feeds or segment.feeds)
    return Order(
        segment=segment.id,
        start=given["start"] or 0,
        end=given["end"],
        mics=tuple(feed for feed in wanted if feed not in CAMERAS),
        cameras=tuple(feed for feed in wanted if feed in CAMERAS),
        voices=tuple(voices),
    )


@dataclass
class Bench:
    """One maker in this process. `told`: what it said."""

    folder: ShowFolder
    told: list[Told] = field(default_factory=list)

    @property
    def made(self) -> list[Excerpt]:
        """What it finished, in order."""
        return [told.excerpt for told in self.told if isinstance(told, Made)]

    def work(self, orders: Sequence[Order], until: Callable[[], bool] | None = None, room: int = ROOM) -> list[Excerpt]:
        """Let it work until everything is as good as it can be, or failed; what it made."""
        given, deadline = Orders(orders=tuple(orders), room=room), time.monotonic() + 120
        self.told.clear()

        def news() -> Orders | None:
            assert time.monotonic() < deadline, f"it is not finished: {self.told}"
            return None if (until or (lambda: self._settled(orders)))() else given

        Maker(self.folder, news, self.told.append).run()
        return self.made

    def _settled(self, orders: Sequence[Order]) -> bool:
        over = {(t.segment, t.feed) for t in self.told if isinstance(t, Failed)}
        over |= {(e.segment, e.feed) for e in self.made if e.rung == Rung.SMOOTH}
        return over >= {(one.segment, feed) for one in orders for feed in one.feeds if one.end is not None}

    def file(self, excerpt: Excerpt) -> Path:
        """What is played."""
        return Shelf(self.folder).file(excerpt)

    def best(self) -> dict[str, Excerpt]:
        """The last of each feed."""
        return {excerpt.feed: excerpt for excerpt in self.made}


def pictures(path: Path) -> list[tuple[float, int | None]]:
    """Seconds into the film and the number in the picture, of every picture."""
    with av.open(str(path)) as film:
        return [(float(frame.time or 0), counter_of(frame)) for frame in film.decode(video=0)]


def number_at(excerpt: Excerpt, seconds: float, ppm: float = 0.0) -> float:
    """Which of its pictures a camera of :func:`recorded` was showing so far into the film, as it counts them."""
    return (excerpt.start + seconds * 1e9 - at(BEGAN)) / 1e9 * FPS * (1 + ppm / 1e6) % 240


def sound(path: Path) -> tuple[NDArray[np.float32], float]:
    """Its sound, and when that begins, in seconds into the file."""
    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), float(frames[0].time or 0)


def loud(path: Path) -> NDArray[np.float64]:
    """Where (seconds into the file) it is as loud as a click."""
    samples, begins = sound(path)
    return np.flatnonzero(np.abs(samples) > 0.4 * np.abs(samples).max()) / RATE + begins
