"""Records one sound device: one mono file per microphone, gaps filled with silence so that later samples stay in place."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from liveshow.events import FeedHealth
from liveshow.feeds.base import Block, SoundDevice
from liveshow.model import Feed
from liveshow.recorder.levels import Levels
from liveshow.recorder.link import READING, WorkerLink
from liveshow.recorder.loss import Checked, LossWatch
from liveshow.recorder.mirroring import LAST, Mirroring
from liveshow.recorder.reopening import keep_recording
from liveshow.recorder.series import LOST, NEXT, PartSeries
from liveshow.recorder.sound_part import SoundPart
from liveshow.recorder.spectrum import Flatness
from liveshow.recorder.syncer import Syncer
from liveshow.recorder.timecode_reading import TimecodeReading
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing import TimingGap, TimingWriter
from liveshow.timebase import SECOND, ShowClock

ANCHOR_EVERY = SECOND // 4
OVERFLOW = "the sound device lost samples (overflow)"
UNTOLD = "the sound device lost samples without saying so"


class MicRecording:
    """The parts of one microphone. `position`: samples written of the present part."""

    def __init__(self, feed: Feed, series: PartSeries) -> None:
        self.feed, self.series = feed, series
        self._part: SoundPart | None = None
        self._timing: TimingWriter | None = None
        self._anchored = self._written = 0

    @property
    def bytes(self) -> int:
        """Bytes of sound written by this worker."""
        return self._written + (self._part.bytes if self._part else 0)

    def begin(self, start: int, first: int, sample_rate: int, what: str) -> None:
        """Begin a part whose sample 0 is device position `first`, at show-clock ns `start`."""
        make = partial(SoundPart, sample_rate=sample_rate)
        self._part, self._timing = self.series.begin(make, start, what, "sound", Fraction(sample_rate), "", first)
        self._anchored = 0

    def write(self, samples: NDArray[np.int32], arrival: int) -> None:
        """Append samples that were at hand at `arrival`."""
        if self._part is None or self._timing is None:
            return
        self._part.write(samples)
        if arrival - self._anchored >= ANCHOR_EVERY:
            self._anchored = arrival
            self._timing.add(self._part.frames, arrival)
            self._timing.flush()

    def silence(self, frames: int, sample_rate: int, until: int, why: str) -> None:
        """Fill a gap of `frames` samples that ended at show-clock ns `until`, and write it down."""
        if self._part is None or self._timing is None:
            return
        self._timing.say(TimingGap(position=self._part.frames, frames=frames, why=why))
        self.series.gap(until - frames * SECOND // sample_rate, until, why, frames)
        for begin in range(0, frames, sample_rate):
            self._part.write(np.zeros(min(sample_rate, frames - begin), dtype=np.int32))

    def end(self, at: int, how: str) -> None:
        """The part is whole; harmless when none was begun."""
        if self._part is None or self._timing is None:
            return
        part, timing = self._part, self._timing
        self._part = self._timing = None
        self._written += part.bytes
        timing.add(part.frames, at)
        self.series.end(at, how, part.frames, part, timing)


class SoundRecording:
    """The recording of one sound device. `run` blocks until the link says stop; `health` may be asked from another thread."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        device: SoundDevice,
        folder: ShowFolder,
        clock: ShowClock,
        part_seconds: float,
        link: WorkerLink,
        ltc: str = "",
        mirroring: Mirroring | None = None,
    ) -> None:
        """ltc: the feed that carries the house's timecode, "" for none."""
        self._device, self._clock, self._link = device, clock, link
        self._syncer = Syncer()
        self._mics = [MicRecording(f, PartSeries(folder, f.id, ".wav", link, self._syncer, mirroring)) for f in feeds]
        self._timecode = next((TimecodeReading(feed, link) for feed in feeds if feed.id == ltc), None)
        self._part_seconds = part_seconds
        self._patience = None if mirroring is None else LAST
        self._state, self._why, self._what = "opening", "", ""
        self._levels: Levels | None = None
        self._flatness: Flatness | None = None
        self._last: dict[str, tuple[float, float, int]] = {}
        self._recent: deque[tuple[int, int]] = deque(maxlen=400)
        self._position = 0  # show-clock ns of the newest sample
        self._samples = 0  # device samples written in this run, silence included
        self._left = 0  # samples still to come in this part; 0: none is open
        self._sample_rate = 0

    def run(self) -> None:
        """Record until told to stop."""
        try:
            keep_recording(self._link, self._record, self._device.close, self._say)
        finally:
            self._syncer.stop(self._patience)

    def health(self) -> dict[str, FeedHealth]:
        """How each microphone is, by feed id."""
        rate = self._rate()
        flat = self._flatness.read() if self._flatness else None
        return {mic.feed.id: self._health_of(mic, rate, flat) for mic in self._mics}

    def _health_of(self, mic: MicRecording, rate: float, flat: NDArray[np.float32] | None) -> FeedHealth:
        channel = mic.feed.channel - 1
        level = self._levels.read(channel) if self._levels else None
        if level is not None:
            self._last[mic.feed.id] = level
        rms, peak, clipped = self._last.get(mic.feed.id, (None, None, 0))
        return FeedHealth(
            state=self._state,
            why=self._why or mic.series.why_not_first() or self._syncer.failed,
            rate=rate,
            rms=rms,
            peak=peak,
            clipped=clipped,
            position=self._position,
            gaps=mic.series.gaps,
            lost=mic.series.lost,
            bytes=mic.bytes,
            sync=round(self._syncer.takes, 3),
            what=self._what,
            file=mic.series.file,
            flatness=None if flat is None else round(float(flat[channel]), 3),
            timecode=self._timecode.newest if self._timecode and self._timecode.feed is mic.feed else "",
            mirror=mic.series.mirror(),
        )

    def _record(self) -> None:
        form = self._device.open()
        self._sample_rate, self._what = form.sample_rate, form.what
        self._levels = levels = Levels(form.channels)
        self._flatness = flatness = Flatness(form.channels, form.sample_rate)
        self._samples = self._left = 0
        self._recent.clear()
        run = secrets.token_hex(4)
        for mic in self._mics:
            mic.series.run = run
        if self._timecode is not None:
            self._timecode.begin(run, form.sample_rate)
        watch = LossWatch(form.sample_rate, self._clock.speed)
        with ExitStack() as last:  # the held blocks, and then the end of every mic, whatever became of the others
            for mic in self._mics:
                last.callback(self._end, mic)
            last.callback(self._end_timecode)
            last.callback(lambda: self._write_all(watch.release()))
            while not self._link.stop.is_set():
                self._link.beat(READING)
                block = self._device.read()
                if block is not None:
                    levels.add(block.samples)
                    flatness.add(block.samples)
                    self._write_all(watch.take(block))

    def _end(self, mic: MicRecording) -> None:
        mic.end(self._position, "stopped" if self._link.stop.is_set() else LOST)

    def _end_timecode(self) -> None:
        if self._timecode is not None and not self._link.stop.is_set():
            self._timecode.end()

    def _write_all(self, checked: Sequence[Checked]) -> None:
        for each in checked:
            self._write(each)

    def _write(self, checked: Checked) -> None:
        block = checked.block
        start = block.arrival - len(block.samples) * SECOND // self._sample_rate
        if self._left <= 0 or any(mic.series.over for mic in self._mics):
            self._next_part(start)
        if checked.missing:
            for mic in self._mics:
                mic.silence(checked.missing, self._sample_rate, start, OVERFLOW if checked.flagged else UNTOLD)
        for mic in self._mics:
            mic.write(block.samples[:, mic.feed.channel - 1], block.arrival)
        if self._timecode is not None:
            self._timecode.hear(block.samples[:, self._timecode.feed.channel - 1], checked.missing, block.arrival)
        self._advance(block, checked.missing)

    def _advance(self, block: Block, missing: int) -> None:
        count = len(block.samples)
        self._samples += count + missing
        self._left -= count + missing
        self._position = block.arrival
        self._recent.append((block.arrival, count))

    def _next_part(self, start: int) -> None:
        for mic in self._mics:
            mic.end(self._position, NEXT)
            mic.begin(start, self._samples, self._sample_rate, self._what)
        self._left = round(self._part_seconds * self._sample_rate)
        self._say("recording", "")

    def _say(self, state: str, why: str) -> None:
        self._state, self._why = state, why
        for mic in self._mics:
            mic.series.state(state, why, self._clock.now())

    def _rate(self) -> float:
        newest = self._clock.now()
        recent = [(t, n) for t, n in list(self._recent) if newest - t <= 3 * SECOND]
        if len(recent) < 2 or recent[-1][0] == recent[0][0]:
            return 0.0
        return sum(n for _, n in recent[1:]) * SECOND / (recent[-1][0] - recent[0][0])
