"""A small show folder written by the rules of `showfolder`, without a recorder: what is at any instant is known exactly.

Every picture carries its number since its camera's start; every sample of a microphone is its own number (24 bit). A feed's clock
may be off by some parts per million, its observations arrive late, and parts may be cut off as by kill -9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import soundfile
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from liveshow import setupfile
from liveshow.events import Answer, ConsentGiven, Go, Highlight, Hold, JournalEvent, Note, SessionStarted, ShowOpened
from liveshow.model import Segment, Setup
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.showfolder.journal import Journal
from liveshow.showfolder.names import TIMING, PartName
from liveshow.showfolder.state import ShowState
from liveshow.showfolder.timing import Header, TimingEnd, TimingGap, TimingWriter
from liveshow.timebase import SECOND
from tests.servers.pictures import Media

OPENED = 5_000 * SECOND  # show clock when the show began
WALL = 1_795_408_200_250_000_000  # 2026-11-23T04:30:00.25Z: 20:30 in Seattle
LAG = 7_000_000  # the shortest way from an instant to its observation, ns
SETUP = """
[show]
title = "Open Mic"
venue = "Neptune Theatre"
date = 2026-11-22
timezone = "America/Los_Angeles"
frame_rate = "30000/1001"
[handoff]
handles = 2.0
[[camera]]
id = "wide"
source = "simulated:"
shared = true
delay_ms = 7
[[camera]]
id = "left"
source = "simulated:"
delay_ms = 7
[[audio]]
id = "box"
source = "simulated:"
delay_ms = 7
[[audio.mic]]
id = "vox1"
channel = 1
[[audio.mic]]
id = "vox2"
channel = 2
[[performer]]
id = "first"
name = "Frída Ærø"
role = "reading"
feeds = ["vox1", "left"]
[[performer]]
id = "second"
name = "Second Reader"
feeds = ["vox2"]
[[item]]
id = "tiny"
title = "The Tiny Book"
performers = ["first"]
[[item]]
id = "song"
title = "A Song"
performers = ["second"]
"""


def at(seconds: float | Fraction) -> int:
    """The show clock so many seconds after the show began."""
    return OPENED + round(Fraction(seconds) * SECOND)


@dataclass
class SyntheticShow:
    """A show folder that is being written."""

    folder: ShowFolder
    parts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def begun(cls, path: Path, text: str = SETUP) -> SyntheticShow:
        """Folder, setup and the first journal lines."""
        setup = setupfile.parse(text, "setup.toml", date(2026, 11, 22))
        show = cls(make(path / "2026-11-22-open-mic", text, [f.id for f in setup.feeds]))
        opened = ShowOpened(t=OPENED, show=show.folder.id, wall=WALL, date="2026-11-22", timezone="America/Los_Angeles")
        session = SessionStarted(t=OPENED, wall=WALL, offset=0, boot="b", pid=1, version="0", setup=text, library="library")
        show.say(opened, session)
        return show

    def say(self, *events: JournalEvent) -> tuple[JournalEvent, ...]:
        """Write events into the journal."""
        with Journal(self.folder.journal_file) as journal:
            return journal.append(events, said=events[-1].t)

    def segment(self, start: float, end: float, item: str = "tiny", consent: Answer | None = "yes") -> Segment:
        """GO, a highlight and a note, HOLD, and everyone's answer."""
        marks: list[JournalEvent] = [
            Go(t=at(start), item=item),
            Highlight(t=at((start + end) / 2)),
            Note(t=at(end - 0.5), text="laughter ☺"),
        ]
        (go, *_) = self.say(*marks, Hold(t=at(end)))
        if consent:
            self.say(*(ConsentGiven(t=at(end), performer=p, answer=consent, by="crew") for p in ("first", "second")))
        found = self.state.segment(f"s{go.n}")
        assert found is not None
        return found

    @property
    def setup(self) -> Setup:
        return self.folder.setup()

    @property
    def state(self) -> ShowState:
        return self.folder.state()

    @property
    def events(self) -> tuple[JournalEvent, ...]:
        return self.folder.events()

    def new_part(self, feed: str, start: int, suffix: str) -> tuple[Path, int]:
        """Path of the next part of a feed, and its number."""
        number = self.parts[feed] = self.parts.get(feed, 0) + 1
        wall = datetime.fromtimestamp(WALL // SECOND, UTC) + timedelta(microseconds=(WALL % SECOND + start - OPENED) // 1000)
        name = PartName(feed, wall.replace(microsecond=wall.microsecond // 1000 * 1000), number, suffix)
        return self.folder.part_file(name), number


@dataclass(frozen=True)
class ClockOf:
    """A device's clock: at show-clock `start` it reads `first` units of 1/`rate` s, and it is `ppm` fast."""

    start: int
    rate: Fraction
    ppm: float = 0.0
    first: int = 987_654

    def show_ns(self, position: int | Fraction) -> int:
        """When a position since `first` is on the show clock."""
        return self.start + round(position * SECOND / (self.rate * (1 + Fraction(self.ppm) / 1_000_000)))

    def position(self, show_ns: int) -> Fraction:
        """The position at an instant of the show clock."""
        return Fraction(show_ns - self.start) * self.rate * (1 + Fraction(self.ppm) / 1_000_000) / SECOND

    def observed(self, position: int, k: int) -> int:
        """When a position was seen: late by LAG and some jitter."""
        return self.show_ns(position) + LAG + k * 7919 % 13 * 400_000 * (k % 5 > 0)


def record_camera(
    show: SyntheticShow,
    feed: str,
    media: Media,
    clock: ClockOf,
    numbers: Iterable[int],
    run: str = "run1",
    closed: bool = True,
    sound: str | None = None,
    lead: int = 0,
) -> Path:
    """A part with the pictures of these numbers (in decoding order as in the media, played round and round), and with a sound
    of that codec: a ramp as PCM, a click every second otherwise, which begins so many ms before the pictures: then FFmpeg moves both."""
    fps, length = media.wanted.rate, media.length
    stack = [(n, media.pictures[n % length]) for n in numbers]
    shown = [n - n % length + picture.counter for n, picture in stack]
    positions = [round(n * clock.rate / fps) for n in shown]
    zero = positions[0]
    path, number = show.new_part(feed, clock.show_ns(zero), ".mkv")
    header = Header(
        feed=feed, part=number, run=run, media="pictures", rate=str(clock.rate), pictures=str(fps), first=clock.first + zero,
        start=clock.show_ns(zero),
    )  # fmt: skip
    timing = TimingWriter(path.with_suffix(TIMING), header)
    for k, ((_, picture), position) in enumerate(zip(stack, positions, strict=True)):
        timing.add(position - zero, int(picture.key), clock.observed(position, k))
    if closed:
        timing.say(TimingEnd(positions=len(stack), how="stopped"))
    timing.close()
    ms = [round(Fraction(position - zero) * 1000 / clock.rate) for position in positions]
    order = sorted(ms)
    early = max((order[k] - ms[k] for k in range(len(ms))), default=0)
    with av.open(str(media.path), format=media.wanted.codec) as source:
        _mux(
            path,
            source.streams.video[0],
            [(p.data, p.key, t, o - early) for (_, p), t, o in zip(stack, ms, order, strict=True)],
            sound,
            lead,
        )
    return path


def _mux(
    path: Path, template: av.VideoStream, packets: list[tuple[bytes, bool, int, int]], sound: str | None, lead: int
) -> None:
    options = {"cluster_time_limit": "200", "flush_packets": "1"}
    with av.open(str(path), "w", format="matroska", options=options) as out:
        stream = out.add_stream_from_template(template)
        stream.time_base = Fraction(1, 1000)
        voice = cast(AudioStream, out.add_stream(sound, rate=48_000, layout="mono")) if sound else None
        for data, key, pts, dts in packets:
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 1000), key
            packet.pts, packet.dts = pts, dts
            out.mux(packet)
        if voice is not None:
            for block in range(packets[-1][2] // 20):
                out.mux(voice.encode(_sound(block, voice.codec_context.name, lead)))
            out.mux(voice.encode(None))


def _sound(block: int, codec: str, lead: int) -> av.AudioFrame:
    """20 ms of sound, so many ms early."""
    if codec.startswith("pcm"):
        frame = av.AudioFrame.from_ndarray(ramp16(block * 960, 960)[np.newaxis], format="s16", layout="mono")
    else:
        samples = np.zeros((1, 960), np.float32)
        samples[0, :40] = 0.9 if block % 50 == 0 else 0
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, block * 960 - lead * 48, Fraction(1, 48_000)
    return frame


def ramp16(first: int, count: int) -> NDArray[np.int16]:
    """A camera's sound: sample k is k modulo 2^15."""
    return (np.arange(first, first + count) % 32768).astype(np.int16)


def ramp24(first: int, count: int) -> NDArray[np.int32]:
    """A microphone's sound: sample k is k, in 24 bit, as soundfile takes it."""
    return ((np.arange(first, first + count, dtype=np.int64) << 8) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def record_mic(
    show: SyntheticShow,
    feed: str,
    clock: ClockOf,
    first: int,
    count: int,
    run: str = "run1",
    closed: bool = True,
    gaps: Iterable[tuple[int, int]] = (),
    signal: Callable[[int, int], NDArray[np.int32]] = ramp24,
) -> Path:
    """A part with samples [first, first + count) of the device; `gaps` are (position in the part, samples of silence)."""
    path, number = show.new_part(feed, clock.show_ns(first), ".wav")
    header = Header(
        feed=feed, part=number, run=run, media="sound", rate=str(clock.rate), first=clock.first + first, start=clock.show_ns(first)
    )  # fmt: skip
    samples = signal(first, count)
    for position, frames in gaps:
        samples[position : position + frames] = 0
    soundfile.write(path, samples, int(clock.rate), subtype="PCM_24", format="WAV")
    timing = TimingWriter(path.with_suffix(TIMING), header)
    for k, position in enumerate(range(int(clock.rate) // 4, count + 1, int(clock.rate) // 4)):
        timing.add(position, clock.observed(first + position, k))
    for position, frames in gaps:
        timing.say(TimingGap(position=position, frames=frames, why="overflow"))
    if closed:
        timing.say(TimingEnd(positions=count, how="stopped"))
    timing.close()
    return path


def cut_off(path: Path, keep: float) -> None:
    """Leave only a share of a file, as if its writer had been killed."""
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * keep))
