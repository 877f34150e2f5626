"""What every feed must do, whatever its kind: one suite, run over the rows of `tests/test_feeds.py`.

A kind may do more, and tests that in a module of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
import pytest

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds.base import Block, Camera, CameraPacket, Capture, SoundDevice, StreamFormat
from liveshow.feeds.table import kind_of, scheme_of
from liveshow.model import Device, Feed, FeedKind
from liveshow.timebase import ShowClock

T = TypeVar("T")
WITHIN = 60.0  # seconds; nothing that works takes so long
PICTURES, BLOCKS = 40, 12
PERFORMERS = {"ana": "Ana Peña", "ben": "Ben"}


def nothing() -> None:
    """What is done to a source that needs nothing done."""


@dataclass(frozen=True)
class Source:
    """A source that was made ready.

    text: what a setup says; lose: does what makes an open feed be lost (pulls the plug); back: undoes it.
    """

    text: str
    lose: Callable[[], None] = nothing
    back: Callable[[], None] = nothing


@dataclass(frozen=True)
class Row:
    """One kind of feed under test. To add a kind, add a row to CAMERAS or to SOUND in `tests/test_feeds.py`.

    name: what the tests are called by;
    ready: given an empty folder, makes a source ready, and takes it down at the end;
    refused: the text of a source of this kind that cannot be opened;
    channels: the channel of each microphone (none: it is a camera); sample_rate: in Hz, of sound devices;
    options: the device's further keys; speed: of the show clock, above 1 for kinds that it paces.
    """

    name: str
    ready: Callable[[Path], AbstractContextManager[Source]]
    refused: str
    channels: tuple[int, ...] = ()
    sample_rate: int = 0
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    speed: int = 1

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> FeedKind:
        return FeedKind.MIC if self.channels else FeedKind.CAMERA

    def capture(self, text: str) -> Capture:
        """What a worker would give the kind for this source."""
        feeds = tuple(Feed(f"feed-{channel}", self.kind, "device", channel) for channel in self.channels or (1,))
        device = Device("device", self.kind, text, feeds, self.sample_rate, self.options)
        clock = ShowClock(speed=self.speed, epoch=time.monotonic_ns())
        return Capture(device, clock, {feed.id: ("ana",) for feed in feeds}, PERFORMERS)


def camera_of(capture: Capture) -> Camera:
    """The camera that a setup's source asks for, not yet open."""
    factory = kind_of(capture.device.source, FeedKind.CAMERA).camera
    assert factory is not None
    return factory(capture)


def sound_of(capture: Capture) -> SoundDevice:
    """The sound device that a setup's source asks for, not yet open."""
    factory = kind_of(capture.device.source, FeedKind.MIC).sound
    assert factory is not None
    return factory(capture)


@contextmanager
def closing(feed: Camera | SoundDevice) -> Iterator[None]:
    """Close a feed at the end, whatever happens."""
    try:
        yield
    finally:
        feed.close()


def coming(read: Callable[[], T | None], enough: Callable[[list[T]], bool]) -> list[T]:
    """What an open feed delivers until there is enough of it."""
    got: list[T] = []
    deadline = time.monotonic() + WITHIN
    while not enough(got):
        assert time.monotonic() < deadline, f"no more than {len(got)} came within {WITHIN:.0f} s"
        came = read()
        if came is not None:
            got.append(came)
    return got


def packets_from_key(camera: Camera, pictures: int) -> list[CameraPacket]:
    """Packets from the first key picture on, with so many pictures among them."""
    key = coming(camera.read, lambda got: bool(got) and got[-1].stream == 0 and got[-1].packet.is_keyframe)[-1]
    return [key, *coming(camera.read, lambda got: sum(one.stream == 0 for one in got) == pictures - 1)]


def read_until_lost(read: Callable[[], object]) -> FeedLost:
    """The loss that ends reading."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        try:
            read()
        except FeedLost as lost:
            return lost
    pytest.fail(f"not lost within {WITHIN:.0f} s")


def recorded(formats: Sequence[StreamFormat], packets: Sequence[CameraPacket], path: Path) -> None:
    """Copy packets into a Matroska file, as the recorder does."""
    with av.open(path, "w") as container:
        streams = [form.add_to(container) for form in formats]
        for got in packets:
            got.packet.time_base = formats[got.stream].time_base
            got.packet.stream = streams[got.stream]
            container.mux_one(got.packet)


class Conformance:
    """What cameras and sound devices have in common."""

    def test_its_kind_is_in_the_table(self, row: Row, source: Source) -> None:
        """The table knows the source's scheme, and the kind's check has nothing against it."""
        kind = kind_of(source.text, row.kind)
        assert scheme_of(source.text) in kind.schemes
        assert kind.check(source.text) is None

    def test_refuses_what_cannot_be_opened(self, row: Row) -> None:
        """A source that is not there is refused with the device's id and what to do, and may be closed all the same."""
        capture = row.capture(row.refused)
        feed = sound_of(capture) if row.channels else camera_of(capture)
        with pytest.raises(FeedError) as fault:
            feed.open()
        feed.close()
        assert fault.value.where == "device"
        assert fault.value.what
        assert fault.value.todo

    def test_close_is_harmless(self, row: Row, source: Source) -> None:
        """A feed may be closed before it is opened, and twice."""
        capture = row.capture(source.text)
        feed = sound_of(capture) if row.channels else camera_of(capture)
        feed.close()
        feed.open()
        feed.close()
        feed.close()


class CameraConformance(Conformance):
    """What every camera must do."""

    def test_the_picture_is_first(self, row: Row, source: Source) -> None:
        """The first format is a picture of known size, any other is sound, and each says in words what it is."""
        camera = camera_of(row.capture(source.text))
        with closing(camera):
            picture, *others = camera.open()
        assert (picture.kind, picture.width > 0, picture.height > 0) == ("video", True, True)
        assert picture.codec in str(picture)
        assert all(form.kind == "audio" and form.sample_rate > 0 and form.channels > 0 for form in others)

    def test_times_are_whole(self, row: Row, source: Source) -> None:
        """Every packet has pts and dts, dts rise within a stream, and arrival is an instant between opening and now."""
        capture = row.capture(source.text)
        camera, opened = camera_of(capture), capture.clock.now()
        with closing(camera):
            formats = camera.open()
            got = packets_from_key(camera, PICTURES)
        arrivals = [opened, *(one.arrival for one in got), capture.clock.now()]
        assert arrivals == sorted(arrivals)
        assert all(one.capture is None or one.capture <= one.arrival for one in got)
        for number in range(len(formats)):
            dts = [one.packet.dts for one in got if one.stream == number]
            assert all(a is not None and b is not None and a < b for a, b in pairwise(dts))
        assert all(one.packet.pts is not None and one.packet.pts >= (one.packet.dts or 0) for one in got)

    def test_recorded_by_copying(self, row: Row, source: Source, tmp_path: Path) -> None:
        """Copied into a Matroska file, after the camera was closed, all pictures are there and can be decoded."""
        camera = camera_of(row.capture(source.text))
        with closing(camera):
            formats = camera.open()
            got = packets_from_key(camera, PICTURES)
        recorded(formats, got, tmp_path / "copy.mkv")
        with av.open(tmp_path / "copy.mkv") as container:
            assert [stream.type for stream in container.streams] == [form.kind for form in formats]
            sound = [(stream.sample_rate, stream.channels) for stream in container.streams.audio]
            assert sound == [(form.sample_rate, form.channels) for form in formats[1:]]
            frames = list(container.decode(video=0))
        assert len(frames) == PICTURES
        assert {(frame.width, frame.height) for frame in frames} == {(formats[0].width, formats[0].height)}

    def test_opens_again(self, row: Row, source: Source) -> None:
        """Closed and opened again, it delivers pictures in the same formats as before."""
        camera = camera_of(row.capture(source.text))
        described = []
        for _ in range(2):
            with closing(camera):
                described.append([str(form) for form in camera.open()])
                assert packets_from_key(camera, 2)
        assert described[0] == described[1]

    def test_takes_cues(self, row: Row, source: Source) -> None:
        """It may be told who is on stage at any time, also people it does not know, and goes on."""
        camera = camera_of(row.capture(source.text))
        camera.cue({"ana": ["feed-1"]})
        with closing(camera):
            camera.open()
            for on in ({"ana": ["feed-1"], "ben": []}, {"nobody": ["nothing"]}, {}):
                camera.cue(on)
                assert packets_from_key(camera, 2)

    def test_lost_and_back(self, row: Row, source: Source) -> None:
        """When its source goes it says that it is lost and which device; when the source is back it can be opened again."""
        camera = camera_of(row.capture(source.text))
        with closing(camera):
            camera.open()
            assert packets_from_key(camera, 2)
            source.lose()
            lost = read_until_lost(camera.read)
        assert (lost.where, bool(lost.what)) == ("device", True)
        source.back()
        with closing(camera):
            camera.open()
            assert packets_from_key(camera, 2)


class SoundConformance(Conformance):
    """What every sound device must do."""

    def test_format(self, row: Row, source: Source) -> None:
        """It delivers the sample rate the setup asks for, with every channel that a microphone is on."""
        device = sound_of(row.capture(source.text))
        with closing(device):
            form = device.open()
        assert form.sample_rate == row.sample_rate
        assert form.channels >= max(row.channels)
        assert form.what

    def test_samples_are_counted(self, row: Row, source: Source) -> None:
        """Blocks hold 32-bit samples of all channels, and are numbered from 0 on without a sample missing."""
        device = sound_of(row.capture(source.text))
        with closing(device):
            form = device.open()
            blocks = coming(device.read, lambda got: len(got) == BLOCKS)
        assert all(block.samples.dtype == np.int32 and block.samples.shape[1:] == (form.channels,) for block in blocks)
        assert all(len(block.samples) > 0 for block in blocks)
        assert [block.first for block in blocks] == [0, *np.cumsum([len(block.samples) for block in blocks])[:-1]]

    def test_arrival(self, row: Row, source: Source) -> None:
        """Arrival is an instant between opening and now, and rises."""
        capture = row.capture(source.text)
        device, opened = sound_of(capture), capture.clock.now()
        with closing(device):
            device.open()
            blocks = coming(device.read, lambda got: len(got) == BLOCKS)
        arrivals = [opened, *(block.arrival for block in blocks), capture.clock.now()]
        assert arrivals == sorted(arrivals)

    def test_a_block_is_the_readers_own(self, row: Row, source: Source) -> None:
        """A block that was read does not change while later ones are."""
        device = sound_of(row.capture(source.text))
        kept: list[tuple[Block, bytes]] = []
        with closing(device):
            device.open()
            while len(kept) < BLOCKS:
                kept += [(block, block.samples.tobytes()) for block in coming(device.read, lambda got: len(got) == 1)]
        assert all(block.samples.tobytes() == before for block, before in kept)

    def test_opens_again(self, row: Row, source: Source) -> None:
        """Closed and opened again, it has the same format and counts from 0."""
        device = sound_of(row.capture(source.text))
        formats, firsts = [], []
        for _ in range(2):
            with closing(device):
                formats.append(device.open())
                firsts.append(coming(device.read, lambda got: len(got) == 2)[0].first)
        assert formats[0] == formats[1]
        assert firsts == [0, 0]

    def test_takes_cues(self, row: Row, source: Source) -> None:
        """It may be told who is on stage at any time, also people it does not know, and goes on."""
        device = sound_of(row.capture(source.text))
        device.cue({"ana": ["feed-1"]})
        with closing(device):
            device.open()
            for on in ({"ana": ["feed-1"], "ben": []}, {"nobody": ["nothing"]}, {}):
                device.cue(on)
                assert coming(device.read, lambda got: len(got) == 2)

    def test_lost_and_back(self, row: Row, source: Source) -> None:
        """When its source goes it says that it is lost and which device; when the source is back it can be opened again."""
        device = sound_of(row.capture(source.text))
        with closing(device):
            device.open()
            assert coming(device.read, lambda got: len(got) == 2)
            source.lose()
            lost = read_until_lost(device.read)
        assert (lost.where, bool(lost.what)) == ("device", True)
        source.back()
        with closing(device):
            device.open()
            assert coming(device.read, lambda got: len(got) == 2)
