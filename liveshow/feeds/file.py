"""``file:``: any media file, played as if live, for rehearsals and tests. Round and round, or once.

A setup writes ``file:song.mp4``, relative to where liveshow is started, or ``file:song.mp4?loop=0`` to have it end (which is a
loss, as with any other feed). Spaces and question marks in names need nothing special: only ``?loop=0`` or ``?loop=1`` at the
very end is not part of the name. Packets of pictures are copied and come when their dts is due on the show clock; sound for
microphones is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds.base import Block, CameraPacket, Capture, Kind, Patched, Samples, SoundFormat, StreamFormat
from liveshow.feeds.demux import Taken, take
from liveshow.feeds.file_pass import Passes
from liveshow.feeds.sound_file import SoundFile
from liveshow.model import Device
from liveshow.timebase import SECOND, ShowClock

LONGEST_WAIT = SECOND // 2  # of the host's time


@dataclass(frozen=True, slots=True)
class FileSource:
    """What a setup says after ``file:``: which file, and whether it starts again at its end."""

    path: Path
    loop: bool

    @classmethod
    def parse(cls, source: str) -> FileSource:
        """From a setup's string, ``file:PATH`` or ``file:PATH?loop=0``."""
        rest = source.partition(":")[2]
        option = re.fullmatch(r"(.*)\?loop=([01])", rest)
        return cls(Path(option[1]), option[2] == "1") if option else cls(Path(rest), loop=True)


def check(source: str) -> tuple[str, str] | None:
    """Whether the file is there and may be read."""
    path = FileSource.parse(source).path
    try:
        if path.is_dir():
            return f"{path} is a folder", "name a media file in it"
        with path.open("rb"):
            return None
    except FileNotFoundError:
        options = "; nothing but ?loop=0 may follow the name" if "?" in path.name else ""
        return f"there is no file {path}", f"write a path that exists, from {Path.cwd()}{options}"
    except OSError as exc:
        return f"{path} cannot be read: {exc.strerror}", "make it readable for whoever runs liveshow"


class FileCamera:
    """The picture of a file, and its sound when it has any."""

    def __init__(self, capture: Capture) -> None:
        self._device, self._clock = capture.device, capture.clock
        self._source = FileSource.parse(capture.device.source)
        self._container: InputContainer | None = None
        self._taken: list[Taken] = []
        self._packets: Iterator[CameraPacket] = iter(())
        self._next: CameraPacket | None = None
        self._started = 0

    def open(self) -> Sequence[StreamFormat]:
        """Start at the file's beginning. Raises FeedError when it is not there, no media file, or has no picture."""
        _refuse_unreadable(self._device)
        try:
            formats = self._opened()
        except (FFmpegError, ValueError) as exc:
            self.close()
            why = exc.strerror if isinstance(exc, FFmpegError) else exc
            raise FeedError(f"{self._source.path}: {why}", where=self._device.id, todo="name a video file") from exc
        self._packets, self._started = self._played(), self._clock.now()
        return formats

    def read(self) -> CameraPacket | None:
        """The next packet, when it is due. Raises FeedLost at the end of a file that does not loop, or is gone."""
        if (got := self._next or self._demuxed()) is None:
            raise FeedLost(f"{self._source.path} is over", where=self._device.id)
        assert got.packet.dts is not None
        due = self._started + int(got.packet.dts * got.packet.time_base * SECOND)
        if not wait_for(due, self._clock):
            self._next = got
            return None
        self._next = None
        return replace(got, arrival=self._clock.now())

    def close(self) -> None:
        """Let go of the file. Harmless when it is not open."""
        self._packets, self._next = iter(()), None
        if self._container is not None:
            self._container.close()
            self._container = None

    def cue(self, on: Patched) -> None:
        """A file plays whoever is on stage."""

    def _opened(self) -> list[StreamFormat]:
        self._container = av.open(self._source.path)
        self._taken = take(self._container)
        return [taken.format for taken in self._taken]

    def _demuxed(self) -> CameraPacket | None:
        try:
            return next(self._packets, None)
        except (FFmpegError, ValueError) as exc:
            raise FeedLost(f"{self._source.path} cannot be read any more: {exc}", where=self._device.id) from exc

    def _played(self) -> Iterator[CameraPacket]:
        passes = Passes()
        while self._container is not None:
            some = yield from passes.once(self._container, self._taken)
            self._container.close()
            if not some or not self._source.loop:
                return
            self._opened()


class FileSoundDevice:
    """The sound of a file, a column for each of its channels."""

    def __init__(self, capture: Capture) -> None:
        self._device, self._clock = capture.device, capture.clock
        self._source = FileSource.parse(capture.device.source)
        self._blocks: Iterator[Samples] = iter(())
        self._next: Samples | None = None
        self._rate = self._first = self._started = 0

    def open(self) -> SoundFormat:
        """Start at the file's beginning. Raises FeedError when it is not there, has no sound, another sample rate than the
        setup asks for, or fewer channels."""
        _refuse_unreadable(self._device)
        try:
            sound = SoundFile.of(self._source.path)
        except ValueError as exc:
            raise FeedError(f"{self._source.path}: {exc}", where=self._device.id, todo="name a file with sound") from exc
        self._refuse_unlike(sound)
        self._blocks = self._played(sound)
        self._rate, self._first, self._started = sound.sample_rate, 0, self._clock.now()
        return SoundFormat(sound.sample_rate, sound.channels, f"{self._source.path.name}: {sound.what}")

    def read(self) -> Block | None:
        """The next block, when its last sample is due. Raises FeedLost at the end of a file that does not loop, or is gone."""
        samples = self._decoded() if self._next is None else self._next
        if samples is None:
            raise FeedLost(f"{self._source.path} is over", where=self._device.id)
        first, end = self._first, self._first + len(samples)
        if not wait_for(self._started + end * SECOND // self._rate, self._clock):
            self._next = samples
            return None
        self._first, self._next = end, None
        return Block(first, samples, self._clock.now())

    def close(self) -> None:
        """Let go of the file. Harmless when it is not open."""
        self._blocks, self._next = iter(()), None

    def cue(self, on: Patched) -> None:
        """A file plays whoever is on stage."""

    def _refuse_unlike(self, sound: SoundFile) -> None:
        path, device = self._source.path, self._device
        if sound.sample_rate != device.sample_rate:
            found = f"{path} has {sound.sample_rate} samples a second, the setup asks for {device.sample_rate}"
            raise FeedError(found, where=device.id, todo=f"write sample_rate = {sound.sample_rate}, or convert the file")
        for feed in device.feeds:
            if feed.channel > sound.channels:
                found = f"{path} has no channel {feed.channel}, it has {sound.channels}"
                raise FeedError(found, where=feed.id, todo=f"write a channel from 1 to {sound.channels}")

    def _decoded(self) -> Samples | None:
        try:
            return next(self._blocks, None)
        except ValueError as exc:
            raise FeedLost(f"{self._source.path} cannot be read any more: {exc}", where=self._device.id) from exc

    def _played(self, sound: SoundFile) -> Iterator[Samples]:
        came = True
        while came:
            came = False
            for samples in sound.blocks():
                came = self._source.loop
                yield samples


def wait_for(due: int, clock: ShowClock) -> bool:
    """Wait until the show clock reads `due`, but at most half a second of the host's time; whether it is due now."""
    clock.sleep_until(min(due, clock.now() + LONGEST_WAIT * clock.speed))
    return clock.now() >= due


def _refuse_unreadable(device: Device) -> None:
    if (fault := check(device.source)) is not None:
        what, todo = fault
        raise FeedError(what, where=device.id, todo=todo)


KIND = Kind(name="file", schemes=("file",), camera=FileCamera, sound=FileSoundDevice, check=check)
