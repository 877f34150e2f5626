"""Records one camera: opens it, copies its packets into parts, opens it again when it is lost."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

from liveshow.events import FeedHealth
from liveshow.feeds.base import Camera, CameraPacket, StreamFormat
from liveshow.model import Feed
from liveshow.recorder.link import READING, WorkerLink
from liveshow.recorder.mirroring import LAST, Mirroring
from liveshow.recorder.picture_part import PicturePart
from liveshow.recorder.picture_steps import PictureSteps
from liveshow.recorder.preview import Previewer
from liveshow.recorder.reopening import keep_recording
from liveshow.recorder.series import NEXT, PartSeries
from liveshow.recorder.syncer import Syncer
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing import TimingWriter
from liveshow.timebase import SECOND, ShowClock

FLUSH_EVERY = SECOND // 4


class CameraRecording:
    """The recording of one camera. `run` blocks until the link says stop; `health` may be asked from another thread."""

    def __init__(
        self,
        feed: Feed,
        camera: Camera,
        folder: ShowFolder,
        clock: ShowClock,
        part_seconds: float,
        link: WorkerLink,
        mirroring: Mirroring | None = None,
    ) -> None:
        self._feed, self._camera, self._clock, self._link = feed, camera, clock, link
        self._syncer = Syncer()
        self._series = PartSeries(folder, feed.id, ".mkv", link, self._syncer, mirroring)
        self._previewer = Previewer(folder.preview(feed.id))
        self._part_ns = int(part_seconds * SECOND)
        self._patience = None if mirroring is None else LAST
        self._state, self._why, self._what = "opening", "", ""
        self._written = self._position = 0
        self._preview_due = 0.0
        self._arrivals: deque[int] = deque(maxlen=240)
        self._steps = PictureSteps()
        self._last_pts: int | None = None
        self._part: PicturePart | None = None
        self._timing: TimingWriter | None = None
        self._part_start = self._flushed = 0
        self._formats: Sequence[StreamFormat] = ()

    def run(self) -> None:
        """Record until told to stop."""
        try:
            keep_recording(self._link, self._record, self._camera.close, self._say)
        finally:
            self._previewer.stop()
            self._syncer.stop(self._patience)

    def health(self) -> dict[str, FeedHealth]:
        """How the camera is, by feed id."""
        return {
            self._feed.id: FeedHealth(
                state=self._state,
                why=self._why or self._series.why_not_first() or self._syncer.failed,
                rate=self._rate(),
                picture=self._position,
                position=self._position,
                gaps=self._series.gaps,
                lost=self._series.lost,
                bytes=self._written + (self._part.bytes if self._part else 0),
                sync=round(self._syncer.takes, 3),
                what=self._what,
                file=self._series.file,
                mirror=self._series.mirror(),
            )
        }

    def _record(self) -> None:
        self._formats = self._camera.open()
        self._series.run = secrets.token_hex(4)
        self._last_pts = None
        self._steps.clear()
        how = "lost"
        try:
            while not self._link.stop.is_set():
                self._link.beat(READING)
                arrived = self._camera.read()
                if arrived is not None:
                    self._take(arrived)
            how = "stopped"
        finally:
            self._end_part(how)

    def _take(self, arrived: CameraPacket) -> None:
        seen = arrived.capture if arrived.capture is not None else arrived.arrival
        if arrived.stream == 0:
            if arrived.packet.is_keyframe and self._is_next(seen):
                self._next_part(arrived, seen)
            self._watch_for_gaps(arrived, seen)
        if self._part is None or self._timing is None:
            return  # nothing can be decoded before the first key picture
        if arrived.stream == 0:
            self._note(arrived, seen, self._part, self._timing)
        self._part.write(arrived)
        if self._clock.now() - self._flushed >= FLUSH_EVERY * self._clock.speed:
            self._timing.flush()
            self._flushed = self._clock.now()

    def _is_next(self, seen: int) -> bool:
        """Whether a key picture that was seen at show-clock ns `seen` begins a part."""
        return self._part is None or seen - self._part_start >= self._part_ns or self._series.over

    def _note(self, arrived: CameraPacket, seen: int, part: PicturePart, timing: TimingWriter) -> None:
        packet = arrived.packet
        sender = () if arrived.sender is None else (arrived.sender,)
        timing.add((packet.pts or 0) - part.first, int(packet.is_keyframe), seen, *sender)
        self._position = seen
        self._arrivals.append(arrived.arrival)
        if packet.is_keyframe and self._link.preview_every and time.monotonic() >= self._preview_due:
            self._preview_due = time.monotonic() + self._link.preview_every
            self._previewer.offer(self._formats[0].codec, part.picture_stream, packet)

    def _next_part(self, arrived: CameraPacket, seen: int) -> None:
        self._end_part(NEXT)
        form = self._formats[0]
        first = arrived.packet.pts or 0
        pictures = str(form.rate) if form.rate else ""
        self._what = " + ".join(map(str, self._formats))
        rate = Fraction(1) / form.time_base
        make = partial(PicturePart, formats=self._formats, first=first)
        self._part, self._timing = self._series.begin(make, seen, self._what, "pictures", rate, pictures, first)
        self._part_start = seen
        self._say("recording", "")

    def _end_part(self, how: str) -> None:
        if self._part is None or self._timing is None:
            return
        part, timing = self._part, self._timing
        self._part = self._timing = None
        self._written += part.bytes
        self._series.end(self._position, how, part.pictures, part, timing)

    def _watch_for_gaps(self, arrived: CameraPacket, seen: int) -> None:
        pts, last = arrived.packet.dts or 0, self._last_pts
        self._last_pts = pts
        unit = self._formats[0].time_base
        gap = self._steps.gap(pts - last, unit) if last is not None else None
        if gap is not None and last is not None:
            missing, usual = gap
            length = int((pts - last - usual) * unit * SECOND)
            self._series.gap(seen - length, seen, "pictures missing", missing)

    def _say(self, state: str, why: str) -> None:
        self._state, self._why = state, why
        self._series.state(state, why, self._clock.now())

    def _rate(self) -> float:
        newest = self._clock.now()
        recent = [a for a in list(self._arrivals) if newest - a <= 3 * SECOND]
        if len(recent) < 2 or recent[-1] == recent[0]:
            return 0.0
        return (len(recent) - 1) * SECOND / (recent[-1] - recent[0])
