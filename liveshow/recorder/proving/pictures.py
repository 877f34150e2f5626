"""Looks at a camera: the end of its film, of which the newest key picture is decoded, and all that is there compared with the timing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from liveshow.events import Look
from liveshow.recorder.proving.announced import Announced
from liveshow.recorder.proving.figures import Figures, Usual, figures
from liveshow.recorder.proving.film_tail import FilmEnd, FilmTail
from liveshow.recorder.proving.looking import Growing, Looking, Rows
from liveshow.recorder.proving.stillness import Stillness
from liveshow.showfolder.folder import ShowFolder

KEPT = 4096  # pictures
DAMAGED = 2  # key pictures, one after another, of which parts are missing: one may have come so
FEWEST_STEPS = 8  # from which the usual one is told
REORDERED = 32  # pictures among which the one that is shown last is
Noted = tuple[int, bool, int]  # milliseconds in the part, key, show-clock ns at which it was seen


class PictureLooking(Looking):
    """One camera's."""

    def __init__(self, folder: ShowFolder, feed: str, speed: int) -> None:
        super().__init__(folder, feed, speed)
        self._usual = Usual()
        self._noted: deque[Noted] = deque(maxlen=KEPT)
        self._film: FilmEnd | None = None
        self._newest_key = -1
        self._seen: Figures | None = None
        self._stillness = Stillness(speed)
        self._damaged = 0
        self._rate: float | None = None
        self._announced = Announced()
        self._look = Look(at=0)

    def _begin(self, file: Path, same: bool) -> None:
        self._film = FilmEnd(file)
        self._noted.clear()
        if not same:  # else a picture that was looked at already would count as one that stands still
            self._newest_key, self._rate = -1, None

    def _read(self, part: Growing, rows: Rows, now: int) -> Look:
        rate = Fraction(part.header.rate)
        self._noted.extend((round(row[0] * 1000 / rate), bool(row[1]), row[2]) for row in rows)
        # of the newer half, where that is enough: a camera that goes at another rate is known at this look
        lately = rows[len(rows) // 2 :] if len(rows) > 4 * FEWEST_STEPS else rows
        pictures = usual_rate([row[0] for row in lately], rate)
        self._rate = pictures or self._rate
        announced = self._announced.looked(part.header.pictures, pictures)
        if self._film is None:
            raise ValueError("no part is open")
        tail = self._film.tail()
        both = in_step(tail.pictures, tuple(self._noted))
        since, until, key_seen = both[0][2], both[-1][2], both[min(tail.key_at, len(both) - 1)][2]
        if tail.pictures[tail.key_at][0] != self._newest_key:
            self._newest_key = tail.pictures[tail.key_at][0]
            self._look = self._decoded(tail, key_seen)
        return msgspec.structs.replace(self._look, at=now, since=since, until=until, rate=self._rate, announced=announced)

    def _decoded(self, tail: FilmTail, seen: int) -> Look:
        picture = decode_key(tail)
        self._damaged = self._damaged + 1 if picture.is_corrupt else 0
        found = figures(picture)
        change = self._seen.change_to(found) if self._seen else None
        still = self._stillness.looked(seen, change, lambda: _decoded(tail, tail.group))
        self._seen = found
        compared = self._usual.compare(found)
        return Look(
            at=0,
            why="its newest pictures are damaged" if self._damaged >= DAMAGED else "",
            brightness=round(found.brightness, 4),
            contrast=round(found.contrast, 4),
            dark=round(found.dark, 4),
            change=_rounded(change, 5),
            still=still,
            sharpness=round(found.sharpness, 3),
            plain=_rounded(compared.plain, 3),
            focus=_rounded(compared.focus, 3),
            view=_rounded(compared.view, 3),
        )


def decode_key(tail: FilmTail) -> VideoFrame:
    """The key picture. Raises ValueError when there is none in its bytes, av.FFmpegError for rubbish."""
    return _decoded(tail, (tail.key,))[0]


def _decoded(tail: FilmTail, data: Sequence[bytes]) -> list[VideoFrame]:
    context = av.CodecContext.create(tail.codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise ValueError(f"{tail.codec} is no picture codec")
    context.thread_count = 1
    if tail.extradata:
        context.extradata = tail.extradata
    pictures = [picture for each in data for picture in context.decode(Packet(each))] + context.decode(None)
    if not pictures:
        raise ValueError("its newest key picture holds no picture")
    return pictures


def in_step(there: Sequence[tuple[int, bool]], noted: Sequence[Noted]) -> Sequence[Noted]:
    """What was noted of the pictures that are there, as far as it is noted yet; of none yet: the last that was. Times in a film are
    rounded to milliseconds.

    Raises ValueError when they are not, one by one, those that were noted.
    """
    at, key = there[0]
    if noted and at > max(each[0] for each in noted[-REORDERED:]) + 1:
        return noted[-1:]
    begins = next((k for k in range(len(noted) - 1, -1, -1) if abs(noted[k][0] - at) <= 1 and noted[k][1] == key), None)
    if begins is None:
        raise ValueError("its pictures are not those that arrived")
    both = noted[begins : begins + len(there)]
    for (at, key), (should, should_be_key, _) in zip(there, both, strict=False):
        if abs(at - should) > 1 or key != should_be_key:
            raise ValueError(f"the picture at {at / 1000:.3f} s is not the one that arrived ({should / 1000:.3f} s)")
    return both


def usual_rate(positions: Sequence[int], rate: Fraction) -> float | None:
    """Pictures a second of which these are the positions (`rate` of them a second, in any order), by the median of the steps between them:
    a gap, or a network that hangs, is one long step. None for too few."""
    steps = np.diff(np.sort(np.array(positions, np.int64)))
    step = float(np.median(steps)) if steps.size >= FEWEST_STEPS else 0.0
    return round(float(rate) / step, 3) if step else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
