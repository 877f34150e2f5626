"""The test cameras: what they send is all there and in time, and each fault looks the way real ones do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest

from tests.servers.camera import Camera, CameraProcess, CameraServer, Controls
from tests.servers.clock import Clock
from tests.servers.mjpeg import MjpegCamera
from tests.servers.mpegts import TsCamera
from tests.servers.pictures import Codec, Grey, Media, Unroller, Wanted, counter_of, media, missing, stamp
from tests.servers.reading import Seen, consecutive, follow, numbers, opened, pictures, some
from tests.servers.rtmp import RtmpCamera
from tests.servers.rtp import Batch
from tests.servers.rtsp import RtspCamera
from tests.servers.sound import BEEP, SoundCodec

CLIP = Wanted(seconds=1, gop=0.5)
PICTURES = 40  # more than the clip has: its seam is always among them


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition. Raises TimeoutError after this many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {seconds} s")
        time.sleep(0.01)


@contextmanager
def running(camera: Camera) -> Iterator[Controls]:
    with CameraServer([camera]) as server:
        yield server.cameras[0]


@pytest.fixture(scope="module")
def clip() -> Media:
    return media(CLIP)


@pytest.mark.parametrize("counter", [0, 1, 107_999, 2**24 - 1])
@pytest.mark.parametrize("size", [(90, 160), (180, 320), (1080, 1920)])
def test_a_counter_is_read_back(counter: int, size: tuple[int, int]) -> None:
    """A stamped counter is read back at every size, also one of more than an hour, while a smaller picture of it is too."""
    picture: Grey = np.full(size, 128, np.uint8)
    stamp(picture, counter)
    assert counter_of(picture) == counter
    assert counter_of(picture[::2, ::2]) == counter or size == (90, 160)


def test_no_counter_is_read_where_none_is() -> None:
    """Black, white, noise and a damaged block give no counter instead of a wrong one."""
    noise = np.random.default_rng(7).integers(0, 256, (180, 320), np.uint8)
    stamped: Grey = np.full((180, 320), 128, np.uint8)
    stamp(stamped, 5)
    flipped = stamped.copy()
    flipped[:, 200:210] = 251 - flipped[:, 200:210]
    assert counter_of(stamped) == 5
    assert [counter_of(p) for p in (np.zeros_like(noise), np.full_like(noise, 235), noise, flipped)] == [None] * 4


@pytest.mark.parametrize("wanted", [CLIP, Wanted(seconds=1, codec="hevc"), Wanted(seconds=1, codec="mjpeg")])
def test_media_decodes_to_its_counters(wanted: Wanted) -> None:
    """Every picture of an encoded clip shows its counter, and as many are key pictures as the GOP says."""
    clip = media(wanted)
    with av.open(str(clip.path)) as container:
        assert [counter_of(frame) for frame in container.decode(video=0)] == list(range(wanted.length))
    gop = 1 if wanted.codec == "mjpeg" else round(wanted.gop * wanted.rate)
    assert [index for index, picture in enumerate(clip.pictures) if picture.key] == list(range(0, wanted.length, gop))


def test_numbers_go_on_through_loops_and_gaps() -> None:
    """For two hours of a looped clip, with every fifth loop lost and times off by a second, every number is right."""
    rate, length = Fraction(30000, 1001), 240
    unroll = Unroller(length, rate)
    true = [n for n in range(37, 216_000, 11) if n // length % 5 != 4]
    assert [unroll.number(n % length, 1000 + n / rate + n % 2) for n in true] == true


def test_packet_numbers_and_times_wrap() -> None:
    """Sequence numbers go on from 65535 to 0 within a picture, and time stamps past 32 bits begin again."""
    batch = Batch([b"one", b"two", b"three"], 96)
    wire = batch.stamped(65_535, 2**32 + 7, 9).tobytes()
    packets = [wire[start:end] for start, end in batch.spans]
    assert [int.from_bytes(packet[2:4], "big") for packet in packets] == [65_535, 0, 1]
    assert {int.from_bytes(packet[4:8], "big") for packet in packets} == {7}
    assert [(packet[1], packet[12:]) for packet in packets] == [(96, b"one"), (96, b"two"), (224, b"three")]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("codec", "sound"), [("h264", None), ("hevc", None), ("h264", "aac"), ("h264", "pcmu"), ("h264", "l16")]
)
def test_rtsp_sends_every_picture(transport: str, codec: Codec, sound: SoundCodec | None) -> None:
    """Over RTSP every picture arrives bit by bit, from a key picture on, evenly spaced in time."""
    wanted = Wanted(seconds=1, gop=0.5, codec=codec)
    with running(RtspCamera(media(wanted), sound)) as camera:
        seen = some(camera, PICTURES, rtsp_transport=transport)
    assert seen[0].key
    assert len(seen) == PICTURES
    assert consecutive(numbers(seen, wanted))
    steps = {b.pts - a.pts for a, b in pairwise(seen) if a.pts is not None and b.pts is not None}
    assert steps == {Fraction(1, 30)}


def test_rtsp_with_b_frames() -> None:
    """Pictures sent in decoding order come out in the order of their counters, with evenly spaced times."""
    with running(RtspCamera(media(Wanted(seconds=1, gop=0.5, b_frames=2)))) as camera, opened(camera) as container:
        frames = [frame for frame, _ in zip(container.decode(video=0), range(PICTURES), strict=False)]
    shown = [(counter_of(frame), frame.pts) for frame in frames[1:]]
    first, start = shown[0]
    assert first is not None
    assert start is not None
    assert shown == [((first + n) % CLIP.length, start + 3000 * n) for n in range(PICTURES - 1)]


def test_several_clients_at_once(clip: Media) -> None:
    """A client that joins while another watches begins at a key picture, and both see the same pictures."""
    with running(RtspCamera(clip)) as camera, opened(camera) as one, opened(camera) as other:
        first, second = ([seen for seen, _ in zip(pictures(each), range(80), strict=False)] for each in (one, other))
        assert camera.clients == 2
    assert first[0].key
    assert second[0].key
    assert consecutive(numbers(first, CLIP))
    assert consecutive(numbers(second, CLIP))
    assert {one.data for one in first} & {one.data for one in second}


@pytest.mark.parametrize("codec", ["aac", "pcmu", "l16"])
def test_the_sound_beeps_at_whole_seconds(codec: SoundCodec) -> None:
    """The beeps of a camera's sound begin with the pictures whose number is a whole second, to within a picture: which of the two
    tracks FFmpeg ties to the wall clock first depends on which sender report it reads first."""
    with running(RtspCamera(media(CLIP), codec)) as camera, opened(camera) as container:
        second, samples, start = None, list[Grey](), None
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame) and frame.pts is not None and counter_of(frame) == 0:
                    second = frame.time
                elif isinstance(frame, av.AudioFrame):
                    start = frame.time if start is None else start
                    samples.append(_float(frame))
                    rate = frame.sample_rate
            if second is not None and sum(map(len, samples)) > 3 * rate:
                break
    assert start is not None
    assert second is not None
    onset = start + _first_beep(np.concatenate(samples), rate) / rate
    assert abs((onset - second + 0.5) % 1 - 0.5) < 1 / 30 + 0.005


def _float(frame: av.AudioFrame) -> Any:
    samples = frame.to_ndarray()[0]
    return samples / 32768 if samples.dtype == np.int16 else samples


def _first_beep(samples: Any, rate: int) -> int:
    """The first sample of a beep that begins in these samples."""
    loud = np.convolve(np.abs(samples) > 0.1, np.ones(rate // 100), "same") > 0
    starts = np.flatnonzero(loud[1:] & ~loud[:-1])
    near = samples[starts[0] : starts[0] + int(BEEP * rate)]
    return int(starts[0] + np.flatnonzero(np.abs(near) > 0.1)[0])


def test_a_stall_raises_after_the_timeout(clip: Media) -> None:
    """Nobody says that a camera stalled: reading raises when the timeout has passed, the connection still open."""
    with running(RtspCamera(clip)) as camera, opened(camera, patience=0.5) as container:
        stream = pictures(container)
        assert next(stream).counter is not None
        camera.stall()
        with pytest.raises((av.error.TimeoutError, av.error.ExitError)):
            list(stream)
        assert camera.clients == 1


def test_pictures_of_a_stall_are_lost(clip: Media) -> None:
    """After a stall the stream goes on at a key picture, and numbers and times show the gap alike."""
    with running(RtspCamera(clip)) as camera, opened(camera) as container:
        stream = pictures(container)
        seen = [next(stream) for _ in range(20)]
        camera.stall(1.0)
        seen += [next(stream) for _ in range(40)]
    lost = missing(numbers(seen, CLIP))
    assert 30 <= len(lost) <= 30 + 15 + 2
    assert lost == list(range(lost[0], lost[-1] + 1))
    after = next(b for a, b in pairwise(seen) if a.pts and b.pts and b.pts - a.pts > Fraction(1, 30))
    assert after.key


def test_late_pictures_are_not_lost(clip: Media) -> None:
    """After a stall of the network all pictures come, with the times they were taken at."""
    with running(RtspCamera(clip)) as camera, opened(camera) as container:
        stream = pictures(container)
        seen = [next(stream) for _ in range(20)]
        camera.stall(late=True)
        at = camera.sent
        time.sleep(0.5)
        assert camera.sent == at
        camera.resume()
        seen += [next(stream) for _ in range(60)]
    assert consecutive(numbers(seen, CLIP))


def test_a_cut_looks_like_the_end(clip: Media) -> None:
    """A cut connection ends the demuxing without an error, and the camera takes the next one."""
    with running(RtspCamera(clip)) as camera:
        with opened(camera) as container:
            stream = pictures(container)
            next(stream)
            camera.cut()
            list(stream)
        until(lambda: camera.clients == 0)
        assert some(camera, 3)[0].key


def test_a_reset_is_an_end_or_an_error(clip: Media) -> None:
    """A reset ends the demuxing too, with an error or, when FFmpeg met it between two packets, without."""
    with running(RtspCamera(clip)) as camera, opened(camera) as container:
        stream = pictures(container)
        next(stream)
        camera.cut(reset=True)
        with suppress(ConnectionResetError):
            list(stream)
        until(lambda: camera.clients == 0)


def test_lost_packets_have_no_flag() -> None:
    """Of RTP packets lost over UDP nothing is said: pictures come damaged or not at all, and reading goes on."""
    clip = media(Wanted(seconds=1, gop=0.5, bitrate=4_000_000))
    with running(RtspCamera(clip)) as camera, opened(camera, rtsp_transport="udp") as container:
        camera.drop(5)
        stream = pictures(container)
        seen = [next(stream) for _ in range(90)]
        assert camera.dropped > 0
    whole = {bytes(picture.data) for picture in clip.pictures}
    assert sum(one.data not in whole for one in seen) > 0


def test_a_skewed_clock_shows_in_the_sender_reports(clip: Media) -> None:
    """With a clock 5 % fast, 1.05 s of time stamps go by in a second of the wall clock, as the reports tell it."""
    camera = RtspCamera(clip, reports=0.5)
    with running(camera) as controls:
        controls.skew(50_000)
        seen = [one for one in some(controls, 120) if one.sent_at is not None and one.pts is not None]
    reported = [b for a, b in pairwise(seen) if _step(a, b) != pytest.approx(1, abs=0.01)]
    first, last = reported[0], reported[-1]
    assert _step(first, last) == pytest.approx(1.05, abs=0.002)


def _step(a: Seen, b: Seen) -> float:
    assert a.pts is not None
    assert b.pts is not None
    assert a.sent_at is not None
    assert b.sent_at is not None
    return float(b.pts - a.pts) * 1e6 / (b.sent_at - a.sent_at)


@pytest.mark.parametrize("ppm", [-100, 0, 100, 50_000])
def test_the_clock_runs_as_fast_as_asked(ppm: int) -> None:
    """An hour of a skewed camera takes an hour less its skew on the host, to a microsecond."""
    clock = Clock()
    clock.skew(ppm)
    hour = 3600 * 10**9
    assert clock.due(clock.own() + hour) - clock.due(clock.own()) == pytest.approx(hour / (1 + ppm * 1e-6), abs=1e6)
    assert clock.due(2 * hour) - clock.due(hour) == pytest.approx(hour / (1 + ppm * 1e-6), abs=1000)


def test_a_wrong_wall_clock_shows_in_the_sender_reports(clip: Media) -> None:
    """A camera whose date is a day off says so in its reports, while its pictures come as ever."""
    with running(RtspCamera(clip)) as camera:
        camera.wall(86_400)
        seen = some(camera, 20)
    sent_at = seen[-1].sent_at
    assert sent_at is not None
    assert abs(sent_at / 1e6 - time.time() - 86_400) < 600
    assert consecutive(numbers(seen, CLIP))


def test_no_reports_no_wall_clock(clip: Media) -> None:
    """A camera that sends no sender reports gives no wall clock."""
    with running(RtspCamera(clip, reports=0)) as camera:
        assert {one.sent_at for one in some(camera, 20)} == {None}


def test_a_restarted_clock_jumps_back(clip: Media) -> None:
    """When a camera's clock begins again, pts go back while the counters go on."""
    with running(RtspCamera(clip)) as camera, opened(camera) as container:
        stream = pictures(container)
        seen = [next(stream) for _ in range(45)]  # a second and a half
        camera.restart_clock()
        seen += [next(stream) for _ in range(30)]
    pts = [one.pts for one in seen if one.pts is not None]
    assert min(b - a for a, b in pairwise(pts)) < -1
    assert follow([one.counter for one in seen], CLIP.length)


def test_a_camera_that_refuses(clip: Media) -> None:
    """A refusing camera refuses as a closed port does, and is back at the same address when it accepts again."""
    with running(RtspCamera(clip)) as camera:
        camera.refuse()
        with pytest.raises(av.error.ConnectionRefusedError):
            some(camera, 1)
        camera.accept()
        assert some(camera, 1)[0].key


def test_cameras_in_a_process_of_their_own() -> None:
    """The same controls work across a process, which says what is wrong with a line and ends when its stdin closes."""
    options = ["--seconds", "1", "--gop", "0.5", "--sound", "aac"]
    with CameraProcess("rtsp", "--cameras", "2", *options) as server:
        assert len({camera.url for camera in server.cameras}) == 2
        assert consecutive(numbers(some(server.cameras[1], 20), CLIP))
        with pytest.raises(ValueError, match="unknown command 'dance'"):
            server.ask("dance 0")
        with opened(server.cameras[0]) as container:
            until(lambda: server.cameras[0].clients == 1)
            server.cameras[0].cut()
            list(container.demux(video=0))
    assert server.process.returncode == 0


def test_mjpeg_sends_every_picture() -> None:
    """Over HTTP every picture arrives, each a key picture, with pts that FFmpeg made up (25 a second)."""
    with running(MjpegCamera(media(Wanted(seconds=1, codec="mjpeg")))) as camera:
        seen = some(camera, PICTURES)
    assert all(one.key for one in seen)
    assert follow([one.counter for one in seen], CLIP.length)
    assert [one.pts for one in seen] == [seen[0].pts + Fraction(n, 25) for n in range(PICTURES) if seen[0].pts is not None]


def test_mjpeg_faults() -> None:
    """Stalled pictures are missing afterwards, a cut is an error (not an end, as over RTSP), another path is not found."""
    with running(MjpegCamera(media(Wanted(seconds=1, codec="mjpeg")))) as camera:
        with opened(camera) as container:
            stream = pictures(container)
            before = [next(stream) for _ in range(5)]
            camera.stall(0.5)
            after = [next(stream) for _ in range(30)]
            seen = [one.counter for one in before + after]
            assert sum(not follow(list(pair), CLIP.length) for pair in pairwise(seen)) == 1
            camera.cut()
            with pytest.raises(OSError, match="Input/output error"):
                list(stream)
        with pytest.raises(av.error.HTTPNotFoundError):
            av.open(f"{camera.url}.not")


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_mpegts_sends_every_picture(codec: Codec) -> None:
    """Over UDP and MPEG-TS every picture from the first key picture on arrives, evenly spaced in time."""
    wanted = Wanted(seconds=1, gop=0.5, codec=codec)
    with running(TsCamera(media(wanted))) as camera:
        seen = some(camera, 70, fifo_size="4096")
    first = next(index for index, one in enumerate(seen) if one.counter is not None)
    assert consecutive(numbers(seen[first:], wanted))


def test_mpegts_faults(clip: Media) -> None:
    """A restarted clock jumps back in pts; nothing tells a stall of a sender by UDP but the timeout."""
    with running(TsCamera(clip)) as camera, opened(camera, patience=1, timeout="1000000") as container:
        stream = pictures(container)
        seen = [next(stream) for _ in range(60)]
        camera.restart_clock()
        seen += [next(stream) for _ in range(30)]
        pts = [one.pts for one in seen if one.pts is not None]
        assert min(b - a for a, b in pairwise(pts)) < 0
        camera.stall()
        with pytest.raises((av.error.TimeoutError, av.error.ExitError)):
            list(stream)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_rtmp_sends_every_picture(b_frames: int) -> None:
    """Over RTMP every picture from a key picture on arrives, with its time in whole milliseconds."""
    with running(RtmpCamera(media(Wanted(seconds=1, gop=0.5, b_frames=b_frames)))) as camera:
        with opened(camera) as container:
            assert next(container.demux(video=0)).is_keyframe
        with opened(camera) as container:
            frames = [frame for frame, _ in zip(container.decode(video=0), range(PICTURES), strict=False)]
    assert follow([counter_of(frame) for frame in frames], CLIP.length)
    steps = {b.pts - a.pts for a, b in pairwise(frames) if a.pts is not None and b.pts is not None}
    assert steps <= {32, 33, 34, 35}


def test_rtmp_faults(clip: Media) -> None:
    """A stall loses pictures and goes on at a key picture; a cut is an error, not an end."""
    with running(RtmpCamera(clip)) as camera, opened(camera) as container:
        stream = pictures(container)
        seen = [next(stream) for _ in range(5)]
        camera.stall(1.0)
        seen += [next(stream) for _ in range(30)]
        gaps = [b for a, b in pairwise(seen) if a.pts is not None and b.pts is not None and b.pts - a.pts > Fraction(1, 10)]
        assert [one.key for one in gaps] == [True]
        camera.cut()
        with pytest.raises(OSError, match="Input/output error"):
            list(stream)


def test_another_format_comes_without_a_word(clip: Media) -> None:
    """A camera that changes its format goes on at a key picture of the other size, over the same connection."""
    other = media(Wanted(seconds=1, gop=0.5, width=160, height=90))
    with running(RtspCamera(clip, other=other)) as camera, opened(camera) as container:
        frames = container.decode(video=0)
        assert next(frames).width == clip.wanted.width
        camera.change()
        assert next(frame for frame in frames if frame.width != clip.wanted.width).width == 160


def test_rubbish_is_no_picture_that_was_sent(clip: Media) -> None:
    """Of a camera that sends rubbish, what comes is none of the pictures of its clip."""
    with running(RtspCamera(clip)) as camera, opened(camera) as container:
        ends = {picture.data[-16:] for picture in clip.pictures}
        arriving = (bytes(packet)[-16:] for packet in container.demux(video=0))
        assert next(arriving) in ends
        camera.rubbish(100)
        for _ in range(10):
            next(arriving)
        assert all(next(arriving) not in ends for _ in range(5))
