"""`file:` feeds: any media file played as if live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds.base import Block, CameraPacket, Capture
from liveshow.feeds.file import KIND, FileCamera, FileSoundDevice, FileSource
from liveshow.model import Device, Feed, FeedKind
from liveshow.timebase import SECOND, ShowClock
from tests.media_files import RATE, movie, tone
from tests.servers.pictures import Wanted, counter_of

SHORT = Wanted(seconds=1.0, gop=0.5)
MIX_SPEED = 30


def capture(source: str, kind: FeedKind, rate: int = 0, channels: tuple[int, ...] = (), speed: int = MIX_SPEED) -> Capture:
    """What the worker would give a kind, with a show clock that runs `speed` times too fast."""
    feeds = tuple(Feed(f"mic{channel}", kind, "dev", channel) for channel in channels)
    clock = ShowClock(speed=speed, epoch=time.monotonic_ns())
    return Capture(Device("dev", kind, source, feeds, rate), clock, {}, {})


def camera(source: str | Path, speed: int = MIX_SPEED) -> FileCamera:
    return FileCamera(capture(f"file:{source}", FeedKind.CAMERA, speed=speed))


def sound_device(source: str | Path, rate: int = RATE, channels: tuple[int, ...] = (1, 2)) -> FileSoundDevice:
    return FileSoundDevice(capture(f"file:{source}", FeedKind.MIC, rate, channels))


T = TypeVar("T")


def until(read: Callable[[], T | None], enough: Callable[[list[T]], bool]) -> list[T]:
    """What comes until there is enough of it."""
    got: list[T] = []
    while not enough(got):
        if (one := read()) is not None:
            got.append(one)
    return got


def pictures(cam: FileCamera, number: int) -> list[CameraPacket]:
    got = until(cam.read, lambda got: sum(one.stream == 0 for one in got) == number)
    return [one for one in got if one.stream == 0]


def drained(cam: FileCamera) -> Iterator[CameraPacket]:
    """Everything until the feed says that it is lost."""
    try:
        while True:
            if (got := cam.read()) is not None:
                yield got
    except FeedLost:
        return


def seconds(got: CameraPacket) -> Fraction:
    assert got.packet.dts is not None
    return got.packet.dts * got.packet.time_base


@pytest.mark.parametrize(
    ("source", "path", "loop"),
    [
        ("file:song.mp4", "song.mp4", True),
        ("file:song.mp4?loop=0", "song.mp4", False),
        ("file:song.mp4?loop=1", "song.mp4", True),
        ("file:a song (take 2).mp4", "a song (take 2).mp4", True),
        ("file:what?.mp4", "what?.mp4", True),
        ("file:what?.mp4?loop=0", "what?.mp4", False),
        ("file:song.mp4?loop=2", "song.mp4?loop=2", True),
        ("file:/films/C:/x.mov", "/films/C:/x.mov", True),
    ],
)
def test_grammar(source: str, path: str, loop: bool) -> None:
    """A file's name may hold anything; only a loop option at the very end is not part of it."""
    assert FileSource.parse(source) == FileSource(Path(path), loop)


def test_check(tmp_path: Path) -> None:
    """A path that is not there, or is a folder, is said before anything opens."""
    whole = movie(tmp_path / "a film.mp4", SHORT)
    assert KIND.check(f"file:{whole}") is None
    assert KIND.check(f"file:{whole}?loop=0") is None
    missing = KIND.check(f"file:{tmp_path / 'b.mp4'}?lopp=0")
    assert missing is not None
    assert "there is no file" in missing[0]
    assert "?loop=0" in missing[1]
    folder = KIND.check(f"file:{tmp_path}")
    assert folder is not None
    assert "is a folder" in folder[0]


@pytest.mark.parametrize(("name", "b_frames"), [("a.mp4", 0), ("a.mp4", 2), ("a.mkv", 2), ("a.ts", 2), ("a.avi", 0)])
def test_loops_without_a_jump(tmp_path: Path, name: str, b_frames: int) -> None:
    """Three times through a film, dts go on by one picture each, and the pictures decode in order with none missing."""
    cam = camera(movie(tmp_path / name, Wanted(seconds=1.0, gop=0.5, b_frames=b_frames)))
    (form,) = cam.open()
    assert (form.width, form.height, form.rate) == (320, 180, Fraction(30))
    got = pictures(cam, 100)
    cam.close()
    step = 1 / (30 * form.time_base)
    assert seconds(got[0]) == 0
    assert all(abs(b - a - Fraction(1, 30)) <= form.time_base for a, b in pairwise(map(seconds, got)))
    frames = decoded(form.add_to, [one.packet for one in got])
    assert [counter_of(frame) for frame in frames] == [k % 30 for k in range(len(frames))]
    assert len(frames) > 90
    assert all(abs(b.pts - a.pts - step) <= 1 for a, b in pairwise(frames) if a.pts is not None and b.pts is not None)


def decoded(
    add_to: Callable[[av.container.OutputContainer], av.stream.Stream], packets: list[av.Packet[av.stream.Stream]]
) -> list[av.VideoFrame]:
    """What a decoder makes of packets, told about them by the format's stream alone; pts in the packets' time_base."""
    with av.open("/dev/null", "w", format="matroska") as scratch:
        context = add_to(scratch).codec_context
        assert isinstance(context, av.VideoCodecContext)
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        decoder.extradata = context.extradata
        return [frame for packet in packets for frame in decoder.decode(packet)]


def test_sound_goes_along(tmp_path: Path) -> None:
    """A film's sound comes beside its picture in the order of time, is cut to the picture, and goes on when it starts again."""
    cam = camera(movie(tmp_path / "a.mkv", SHORT, sound="flac", sound_seconds=1.7))
    picture, sound = cam.open()
    assert (sound.kind, sound.sample_rate, sound.channels) == ("audio", RATE, 2)
    got = until(cam.read, lambda got: bool(got) and seconds(got[-1]) > 3)
    cam.close()
    assert list(map(seconds, got)) == sorted(map(seconds, got))
    times = [seconds(one) for one in got if one.stream == 1]
    assert all(0 < b - a < Fraction(1, 10) for a, b in pairwise(times))
    assert picture.kind == "video"


def test_sound_that_matroska_cannot_hold_is_expanded(tmp_path: Path) -> None:
    """G.711, which Matroska has not, comes as the PCM that its tables give, with no sample missing."""
    film = movie(tmp_path / "a.mov", SHORT, sound="pcm_mulaw")
    cam = camera(film)
    _, sound = cam.open()
    got = [one for one in until(cam.read, lambda got: bool(got) and seconds(got[-1]) > Fraction(9, 10)) if one.stream == 1]
    cam.close()
    assert (sound.codec, sound.sample_rate, sound.channels, sound.time_base) == ("pcm_s16le", RATE, 2, Fraction(1, RATE))
    samples = np.frombuffer(b"".join(bytes(one.packet) for one in got), "<i2").reshape(-1, 2)
    with av.open(film) as container:
        codes = np.frombuffer(b"".join(bytes(packet) for packet in container.demux(audio=0)), np.uint8).reshape(-1, 2)
    assert np.array_equal(samples, expanded(codes)[: len(samples)])
    assert [one.packet.pts for one in got] == [0, *np.cumsum([one.packet.duration for one in got])[:-1]]


def expanded(codes: NDArray[np.uint8]) -> NDArray[np.int32]:
    """µ-law codes as the 16-bit values of ITU-T G.711, table 2a."""
    code = ~codes.astype(np.int32)
    size = ((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)
    return np.where(code & 0x80, 0x84 - size, size - 0x84)


def test_paced_on_the_show_clock(tmp_path: Path) -> None:
    """No packet arrives before its dts is due on the show clock, whatever that clock's speed."""
    opened = capture(f"file:{movie(tmp_path / 'a.mp4', SHORT)}", FeedKind.CAMERA)
    cam = FileCamera(opened)
    before = opened.clock.now()
    cam.open()
    got = pictures(cam, 61)
    cam.close()
    assert all(one.arrival >= before + seconds(one) * SECOND for one in got)
    assert all(b.arrival >= a.arrival for a, b in pairwise(got))


def test_ends_when_told_to(tmp_path: Path) -> None:
    """With ?loop=0 every picture comes once, and the end is a loss."""
    cam = camera(f"{movie(tmp_path / 'a.mp4', SHORT)}?loop=0")
    cam.open()
    assert len(list(drained(cam))) == 30
    with pytest.raises(FeedLost, match="is over"):
        cam.read()
    cam.close()


def test_a_file_cut_off_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    """A film that was cut off plays what is there, again and again."""
    whole = movie(tmp_path / "a.mkv", SHORT)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    cam = camera(cut)
    cam.open()
    got = pictures(cam, 40)
    cam.close()
    assert all(b > a for a, b in pairwise(map(seconds, got)))


def test_a_file_that_vanishes_is_lost(tmp_path: Path) -> None:
    """A file that is deleted while it plays is lost at its end."""
    film = movie(tmp_path / "a.mp4", SHORT)
    cam = camera(film)
    cam.open()
    film.unlink()
    assert len(list(drained(cam))) == 30
    cam.close()


@pytest.mark.parametrize("content", [b"", b"no film at all\n" * 100])
def test_refuses_what_is_no_film(tmp_path: Path, content: bytes) -> None:
    """A file that is no media file is refused by name, for pictures and for sound."""
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(FeedError, match=r"x\.mp4") as camera_fault:
        camera(path).open()
    with pytest.raises(FeedError, match=r"x\.mp4") as sound_fault:
        sound_device(path).open()
    for fault in (camera_fault.value, sound_fault.value):
        assert (fault.where, bool(fault.todo)) == ("dev", True)


def test_refuses_a_camera_without_pictures(tmp_path: Path) -> None:
    """A sound file is no camera."""
    path = tmp_path / "song.wav"
    soundfile.write(path, tone(RATE), RATE, subtype="PCM_24")
    with pytest.raises(FeedError, match="no pictures"):
        camera(path).open()


def samples_of(device: FileSoundDevice, frames: int) -> tuple[list[Block], np.ndarray[tuple[int, int], np.dtype[np.int32]]]:
    blocks = until(device.read, lambda got: sum(len(one.samples) for one in got) >= frames)
    return blocks, np.concatenate([block.samples for block in blocks])[:frames]


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.wav", "PCM_24"), ("a.flac", "PCM_24"), ("a.rf64", "PCM_24"), ("a.wav", "DOUBLE")]
)
def test_sound_is_bit_exact_and_loops(tmp_path: Path, name: str, subtype: str) -> None:
    """24-bit sound arrives sample by sample as it was written, and starts again without a sample missing."""
    path, written = tmp_path / name, tone(RATE // 2)
    soundfile.write(path, written / 2.0**31 if subtype == "DOUBLE" else written, RATE, subtype=subtype)
    device = sound_device(path)
    form = device.open()
    assert (form.sample_rate, form.channels) == (RATE, 2)
    blocks, samples = samples_of(device, RATE)
    device.close()
    assert np.array_equal(samples, np.concatenate((written, written)))
    assert [b.first for b in blocks] == [0, *np.cumsum([len(b.samples) for b in blocks])[:-1]]
    assert max(len(b.samples) for b in blocks) <= 1024


def test_sound_of_a_film(tmp_path: Path) -> None:
    """The sound of a film serves microphones, exact when its codec is."""
    device = sound_device(movie(tmp_path / "a.mkv", SHORT, sound="flac"))
    device.open()
    _, samples = samples_of(device, RATE // 2)
    device.close()
    assert np.array_equal(samples, tone(RATE // 2))


def test_sound_ends_when_told_to(tmp_path: Path) -> None:
    """With ?loop=0 every sample comes once, and the end is a loss."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(5000), RATE, subtype="PCM_24")
    device = sound_device(f"{path}?loop=0")
    device.open()
    _, samples = samples_of(device, 5000)
    assert np.array_equal(samples, tone(5000))
    with pytest.raises(FeedLost, match="is over"):
        device.read()


def test_sound_is_paced_on_the_show_clock(tmp_path: Path) -> None:
    """No block arrives before its last sample is due on the show clock."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(RATE), RATE, subtype="PCM_24")
    opened = capture(f"file:{path}", FeedKind.MIC, RATE, (1,))
    device = FileSoundDevice(opened)
    before = opened.clock.now()
    device.open()
    blocks, _ = samples_of(device, RATE)
    device.close()
    assert all(b.arrival >= before + (b.first + len(b.samples)) * SECOND // RATE for b in blocks)


def test_refuses_another_sample_rate(tmp_path: Path) -> None:
    """A file with another sample rate than the setup asks for is refused, with what to write."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(4410), 44_100, subtype="PCM_16")
    with pytest.raises(FeedError, match="44100 samples a second, the setup asks for 48000") as fault:
        sound_device(path).open()
    assert "sample_rate = 44100" in fault.value.todo


def test_refuses_channels_it_has_not(tmp_path: Path) -> None:
    """A microphone on a channel the file lacks is refused by its name."""
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(4800), RATE, subtype="PCM_16")
    with pytest.raises(FeedError, match="no channel 3") as fault:
        sound_device(path, channels=(1, 3)).open()
    assert (fault.value.where, fault.value.todo) == ("mic3", "write a channel from 1 to 2")
