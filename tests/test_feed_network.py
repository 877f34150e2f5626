"""Network cameras: what they send is all there, and every fault is said in words that name no password."""

from __future__ import annotations

import socketserver
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from liveshow.errors import FeedError
from liveshow.feeds import demuxing, network_camera
from liveshow.feeds.base import CameraPacket, Capture, StreamFormat
from liveshow.feeds.network_address import check, redacted, shown
from liveshow.feeds.network_camera import KIND, NetworkCamera
from liveshow.feeds.table import CAMERAS
from liveshow.model import Device, FeedKind
from liveshow.timebase import SECOND, ShowClock
from tests.feed_conformance import closing, coming, packets_from_key, read_until_lost
from tests.servers.camera import Camera, CameraServer, Controls
from tests.servers.mjpeg import MjpegCamera
from tests.servers.mpegts import TsCamera
from tests.servers.pictures import Codec, Wanted, counter_of, media
from tests.servers.reading import follow
from tests.servers.rtp import video_track
from tests.servers.rtsp import RtspCamera
from tests.servers.sound import SoundCodec

CLIP = Wanted(seconds=2, gop=0.5)
JPEGS = Wanted(seconds=2, codec="mjpeg")
SEAM = 70  # pictures: more than the clip has, so that its seam is among them
CLOCK = ShowClock()
NAME, PASSWORD, TOKEN = "adminname", "sesame-open", "s3cr3t-t0ken"
NOBODY = 9  # a port where nobody listens


def network_camera_of(url: str, **options: str) -> NetworkCamera:
    return NetworkCamera(Capture(Device("cam", FeedKind.CAMERA, url, (), 0, options), CLOCK, {}, {}))


@contextmanager
def running(camera: Camera) -> Iterator[Controls]:
    with CameraServer([camera]) as server:
        yield server.cameras[0]


@contextmanager
def watched(camera: Camera, **options: str) -> Iterator[tuple[Controls, NetworkCamera, Sequence[StreamFormat]]]:
    """A test camera, and a feed that was opened on it."""
    with running(camera) as controls:
        feed = network_camera_of(controls.url, **options)
        with closing(feed):
            yield controls, feed, feed.open()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until it is so, but not for ever."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def counters(form: StreamFormat, packets: Sequence[CameraPacket]) -> list[int | None]:
    """The counters of the pictures, in the order in which they are shown."""
    with av.open("/dev/null", "w", format="matroska") as scratch:
        extradata = form.add_to(scratch).codec_context.extradata
    decoder = av.CodecContext.create(form.codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = extradata
    mine = [got.packet for got in packets if got.stream == 0]
    return [counter_of(frame) for packet in [*mine, None] for frame in decoder.decode(packet)]


def seconds(got: CameraPacket) -> Fraction:
    assert got.packet.pts is not None
    return got.packet.pts * got.packet.time_base


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("h264", 2), ("hevc", 2)])
def test_no_picture_is_missing(transport: str, codec: Codec, b_frames: int) -> None:
    """From the first key picture, which FFmpeg gives no time, every picture comes, a picture's time after the last."""
    wanted = Wanted(seconds=2, gop=0.5, codec=codec, b_frames=b_frames)
    with watched(RtspCamera(media(wanted)), transport=transport) as (_, feed, formats):
        first = coming(feed.read, lambda got: len(got) == 1)
        assert first[0].packet.is_keyframe
        got = first + coming(feed.read, lambda got: len(got) == SEAM)
    assert (formats[0].codec, formats[0].rate) == (codec, Fraction(30))
    found = counters(formats[0], got)
    assert len(found) == SEAM + 1
    shown_all = SEAM - 4  # of the last, those shown between may be still to come
    assert follow(found[:shown_all], wanted.length)
    assert [b - a for a, b in pairwise(one.packet.dts or 0 for one in got)] == [3000] * SEAM
    assert {b - a for a, b in pairwise(sorted(map(seconds, got))[:shown_all])} == {Fraction(1, 30)}
    assert seconds(got[0]) == min(map(seconds, got))


@pytest.mark.parametrize(
    ("codec", "name", "rate"), [("aac", "aac", 48_000), ("l16", "pcm_s16be", 48_000), ("pcmu", "pcm_s16le", 8_000)]
)
def test_sound_is_kept(codec: SoundCodec, name: str, rate: int) -> None:
    """A camera's sound is its second stream, and no packet of it is missing. G.711 becomes PCM, since Matroska has no G.711."""
    with watched(RtspCamera(media(CLIP), codec)) as (_, feed, formats):
        got = packets_from_key(feed, SEAM)
    assert [form.kind for form in formats] == ["video", "audio"]
    assert (formats[1].codec, formats[1].sample_rate, formats[1].channels) == (name, rate, 1)
    sound = [one.packet.pts or 0 for one in got if one.stream == 1]
    assert len({b - a for a, b in pairwise(sound)}) == 1
    assert follow(counters(formats[0], got), CLIP.length)


def test_a_key_picture_that_comes_late() -> None:
    """A camera whose next key picture is seconds away, while its sound has begun, is opened all the same."""
    wanted = Wanted(seconds=3, gop=3)
    with running(RtspCamera(media(wanted), "pcmu")) as camera:
        until = wanted.length * (camera.sent // wanted.length + 1) + 5  # just after a key picture
        wait_for(lambda: camera.sent >= until)
        feed = network_camera_of(camera.url)
        with closing(feed):
            formats = feed.open()
            got = packets_from_key(feed, 10)
    assert [form.kind for form in formats] == ["video", "audio"]
    assert counters(formats[0], got) == list(range(10))


def test_a_sound_that_is_announced_and_never_comes() -> None:
    """A camera whose microphone is off is opened, with its sound, of which nothing comes."""
    camera = RtspCamera(media(CLIP), "aac")
    camera.sendings[1].track = replace(camera.sendings[1].track, rate=Fraction(1, 3600))
    with watched(camera) as (_, feed, formats):
        got = packets_from_key(feed, 10)
    assert [form.kind for form in formats] == ["video", "audio"]
    assert follow(counters(formats[0], got), CLIP.length)


def test_the_senders_clock() -> None:
    """A camera that sends reports says when each picture was taken by its own wall clock, however wrong that is."""
    with running(RtspCamera(media(CLIP))) as camera:
        camera.wall(86_400)
        feed = network_camera_of(camera.url)
        with closing(feed):
            feed.open()
            got = packets_from_key(feed, 5)
    tomorrow = time.time_ns() + 86_400 * SECOND
    assert all(one.sender is not None and abs(one.sender - tomorrow) < 600 * SECOND for one in got)


def test_without_reports_there_is_no_senders_clock() -> None:
    """A camera that sends no reports leaves it open."""
    with watched(RtspCamera(media(CLIP), reports=0)) as (_, feed, _formats):
        assert {one.sender for one in packets_from_key(feed, 5)} == {None}


def test_pictures_without_time_are_stamped_on_arrival() -> None:
    """MJPEG over HTTP has no times: pts are microseconds of arrival since the first picture, and no rate is made up."""
    with watched(MjpegCamera(media(JPEGS))) as (_, feed, formats):
        got = packets_from_key(feed, SEAM)
    assert (formats[0].codec, formats[0].rate, formats[0].time_base) == ("mjpeg", None, Fraction(1, 1_000_000))
    assert follow(counters(formats[0], got), JPEGS.length)
    came = [one.arrival // 1000 - got[0].arrival // 1000 + (got[0].packet.pts or 0) for one in got]
    stamped = [one.packet.pts or 0 for one in got]
    after = [max(at, before + 1000) for at, before in zip(came[1:], stamped, strict=False)]  # never two in a millisecond
    assert all(abs(a - b) <= 1 for a, b in zip(stamped[1:], after, strict=True))


def test_a_bare_stream_is_stamped_on_arrival() -> None:
    """H.264 with nothing around it over TCP, as a Raspberry Pi sends it, is recorded by its arrival."""
    clip = media(CLIP)

    def send(connection: socketserver.StreamRequestHandler) -> None:
        for number in range(4 * clip.length):
            connection.wfile.write(clip.pictures[number % clip.length].data)
            time.sleep(0.005)

    with answering(send) as port:
        feed = network_camera_of(f"tcp://127.0.0.1:{port}")
        with closing(feed):
            (form,) = feed.open()
            got = packets_from_key(feed, SEAM)
    assert (form.codec, form.rate) == ("h264", None)
    assert follow(counters(form, got), clip.length)


def test_mpegts_by_udp() -> None:
    """An MPEG transport stream sent to this machine is taken, with its own times."""
    with watched(TsCamera(media(CLIP))) as (_, feed, formats):
        got = packets_from_key(feed, SEAM)
    assert follow(counters(formats[0], got), CLIP.length)
    assert {b - a for a, b in pairwise(one.packet.pts or 0 for one in got)} == {3000}


def test_arrival_is_when_it_came() -> None:
    """Packets that lay waiting while nobody read them are stamped with when they came, not with when they were read."""
    with watched(RtspCamera(media(CLIP))) as (camera, feed, _):
        coming(feed.read, lambda got: len(got) == 2)
        until = camera.sent + 30
        wait_for(lambda: camera.sent >= until)
        read_from = CLOCK.now()
        got = coming(feed.read, lambda got: len(got) == 15)
    assert all(one.arrival < read_from for one in got)


def test_nothing_is_lost_when_the_reader_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """When too much is waiting the camera has to wait: no picture is left out."""
    monkeypatch.setattr(demuxing, "MOST_WAITING", 5_000)
    with watched(RtspCamera(media(CLIP))) as (camera, feed, formats):
        first = packets_from_key(feed, 2)
        until = camera.sent + SEAM
        wait_for(lambda: camera.sent >= until)
        got = first + coming(feed.read, lambda got: len(got) == SEAM)
    assert follow(counters(formats[0], got), CLIP.length)


@pytest.mark.parametrize(
    "make", [lambda: RtspCamera(media(CLIP)), lambda: MjpegCamera(media(JPEGS)), lambda: TsCamera(media(CLIP))]
)
def test_a_stall_is_a_loss(make: Callable[[], Camera]) -> None:
    """While nothing comes, reading says so; after three seconds of it the camera is lost."""
    with watched(make()) as (camera, feed, _):
        packets_from_key(feed, 2)
        camera.stall()
        assert coming(lambda: feed.read() is None, any)
        assert "for 3 s" in read_until_lost(feed.read).what


def test_a_picture_that_stalls_is_a_loss_though_the_sound_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound alone does not keep a camera alive."""
    monkeypatch.setattr(network_camera, "STALL", 1.0)
    camera = RtspCamera(media(CLIP), "pcmu")
    with watched(camera) as (_, feed, _formats):
        packets_from_key(feed, 2)
        camera.sendings[0].listeners.clear()
        assert "no picture came" in read_until_lost(feed.read).what


def test_nothing_that_came_is_thrown_away_while_nobody_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever records was held up by a disk for longer than a camera may stall, and its sound waits first: no picture is missing."""
    monkeypatch.setattr(network_camera, "STALL", 1.0)
    with watched(RtspCamera(media(CLIP), "pcmu")) as (camera, feed, formats):
        got = packets_from_key(feed, 5)
        until = camera.sent + SEAM  # more than two seconds
        wait_for(lambda: camera.sent >= until)
        got += coming(feed.read, lambda got: sum(one.stream == 0 for one in got) == SEAM)
    assert follow(counters(formats[0], got), CLIP.length)


def test_what_came_before_a_stall_is_taken_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The camera stalled while nobody took what it had sent: that comes all the same, and then the loss is told."""
    monkeypatch.setattr(network_camera, "STALL", 1.0)
    camera = RtspCamera(media(CLIP), "pcmu")
    with watched(camera) as (controls, feed, formats):
        got = packets_from_key(feed, 5)
        until = controls.sent + 30
        wait_for(lambda: controls.sent >= until)
        camera.sendings[0].listeners.clear()
        until = controls.sent + 30
        wait_for(lambda: controls.sent >= until)
        got += coming(feed.read, lambda got: sum(one.stream == 0 for one in got) == 25)
        assert "no picture came" in read_until_lost(feed.read).what
    assert follow(counters(formats[0], got), CLIP.length)


@pytest.mark.parametrize(
    "make", [lambda: RtspCamera(media(CLIP)), lambda: TsCamera(media(CLIP)), lambda: RtspCamera(media(CLIP), "pcmu")]
)
def test_a_short_stall_is_a_hole_of_its_length(make: Callable[[], Camera]) -> None:
    """A camera that sends nothing for a moment has not restarted its clock, though FFmpeg keeps its last picture until the next begins:
    the part goes on, and times say how long nothing came."""
    with watched(make()) as (camera, feed, formats):
        got = packets_from_key(feed, 20)
        camera.stall(1.5)
        got += coming(feed.read, lambda got: sum(one.stream == 0 for one in got) == SEAM)
    times = [(one.packet.dts or 0) * formats[0].time_base for one in got if one.stream == 0]
    long = [b - a for a, b in pairwise(times) if b - a > 0.2]
    assert [step > 1.4 for step in long] == [True]


def test_late_pictures_are_no_loss() -> None:
    """A network that hung and then sends all at once costs nothing and ends no part."""
    with watched(RtspCamera(media(CLIP))) as (camera, feed, formats):
        got = packets_from_key(feed, 5)
        camera.stall(1.5, late=True)
        got += coming(feed.read, lambda got: len(got) == SEAM)
    assert follow(counters(formats[0], got), CLIP.length)


@pytest.mark.parametrize("make", [lambda: RtspCamera(media(CLIP)), lambda: MjpegCamera(media(JPEGS))])
def test_a_cut_is_a_loss(make: Callable[[], Camera]) -> None:
    """A connection that is cut is a loss, not the end."""
    with watched(make()) as (camera, feed, _):
        packets_from_key(feed, 2)
        camera.cut()
        assert "the connection" in read_until_lost(feed.read).what


@pytest.mark.parametrize("make", [lambda: RtspCamera(media(CLIP)), lambda: TsCamera(media(CLIP))])
def test_a_clock_that_restarts_is_a_loss(make: Callable[[], Camera]) -> None:
    """A camera whose times begin again ends the part, so that dts rise within each."""
    with watched(make()) as (camera, feed, _):
        packets_from_key(feed, SEAM)
        camera.restart_clock()
        assert "restarted its clock" in read_until_lost(feed.read).what


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_clock_that_is_set_back_a_little_is_a_loss(b_frames: int) -> None:
    """Half a second is enough: its pictures would have to be recorded at other times than they were taken."""
    camera = RtspCamera(media(Wanted(seconds=2, gop=0.5, b_frames=b_frames)))
    with watched(camera) as (_, feed, _formats):
        packets_from_key(feed, 20)
        camera.zero += Fraction(1, 2)
        assert "restarted its clock" in read_until_lost(feed.read).what


@pytest.mark.parametrize(("wall", "lost"), [(-0.5, True), (-0.05, False)])
def test_a_wall_clock_that_is_set_back(wall: float, lost: bool) -> None:
    """A camera with sound is placed by its sender reports: when its wall clock is set, its pictures step back. A report that is only
    stamped carelessly ends no part."""
    with watched(RtspCamera(media(CLIP), "pcmu", reports=0.5)) as (camera, feed, formats):
        got = packets_from_key(feed, 20)
        camera.wall(wall)
        if lost:
            assert "restarted its clock" in read_until_lost(feed.read).what
            return
        got += coming(feed.read, lambda got: sum(one.stream == 0 for one in got) == SEAM)
    times = [one.packet.dts or 0 for one in got if one.stream == 0]
    assert min(b - a for a, b in pairwise(times)) == 1  # of the first that was placed anew
    assert follow(counters(formats[0], got), CLIP.length)


def test_a_clock_that_leaps_is_a_loss() -> None:
    """A camera whose times leap ahead of their arrival ends the part."""
    camera = RtspCamera(media(CLIP))
    with watched(camera) as (_, feed, _formats):
        packets_from_key(feed, 5)
        camera.zero = Fraction(-20)
        assert "restarted its clock" in read_until_lost(feed.read).what


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_sound_that_leaps_is_kept_in_line(hours: int) -> None:
    """A sound whose times leap, as those of cameras whose sound has another wall clock do, stays beside its picture."""
    camera = RtspCamera(media(CLIP), "pcmu")
    with watched(camera) as (_, feed, formats):
        got = packets_from_key(feed, 20)
        camera.sendings[1].base += hours * 3600 * 8000
        got += coming(feed.read, lambda got: sum(one.stream == 0 for one in got) == 30)
    sound = [seconds(one) for one in got if one.stream == 1]
    assert sound == sorted(sound)
    assert sound[-1] - sound[0] < 60
    assert follow(counters(formats[0], got), CLIP.length)


def test_transport_is_for_rtsp() -> None:
    """An option that another scheme has no use for is refused, not passed over."""
    with pytest.raises(FeedError, match="transport is for rtsp, not for http"):
        network_camera_of(f"http://127.0.0.1:{NOBODY}/", transport="udp").open()


def test_another_picture_size_is_a_loss() -> None:
    """A camera that is set to another size ends the part: one part has one format."""
    rtsp, mjpeg = RtspCamera(media(CLIP)), MjpegCamera(media(JPEGS))
    with watched(rtsp) as (_, feed, _formats):
        packets_from_key(feed, 2)
        rtsp.sendings[0].track = video_track(media(Wanted(640, 360, seconds=2, gop=0.5)))
        assert "changed its format" in read_until_lost(feed.read).what
    with watched(mjpeg) as (_, feed, _formats):
        packets_from_key(feed, 2)
        mjpeg.media = media(Wanted(640, 360, seconds=1, codec="mjpeg"))
        assert "changed its format" in read_until_lost(feed.read).what


def test_closing_does_not_wait_for_a_camera_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed in the middle of a stall, the feed can be opened again at once, and nothing of it is left in the end."""
    monkeypatch.setattr(network_camera, "LET_GO_WITHIN", 0.0)
    with watched(RtspCamera(media(CLIP))) as (camera, feed, _):
        packets_from_key(feed, 2)
        camera.stall()
        assert coming(lambda: feed.read() is None, any)
        feed.close()
        camera.resume()
        feed.open()
        assert packets_from_key(feed, 2)
    wait_for(lambda: all(thread.name != "demuxing" for thread in threading.enumerate()))


# Refusals --------------------------------------------------------------------------------------------------------


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def answering(answer: Callable[[socketserver.StreamRequestHandler], None]) -> Iterator[int]:
    """A server that does this with every connection; its port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # whoever asked has hung up
                answer(self)

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def saying(status: str) -> Callable[[socketserver.StreamRequestHandler], None]:
    """Answers every request with this status, in whatever protocol it was asked."""

    def answer(connection: socketserver.StreamRequestHandler) -> None:
        while first := connection.rfile.readline().decode():
            protocol, number = first.split()[-1], "0"
            while (line := connection.rfile.readline().decode().strip()) != "":
                number = line.partition(":")[2].strip() if line.lower().startswith("cseq") else number
            reply = (
                f'{protocol} {status}\r\nCSeq: {number}\r\nContent-Length: 0\r\nWWW-Authenticate: Basic realm="stage"\r\n\r\n'
            )
            connection.wfile.write(reply.encode())

    return answer


def refusal(url: str) -> FeedError:
    """The fault of opening it, which must not tell the password in any way."""
    with pytest.raises(FeedError) as fault:
        network_camera_of(url).open()
    told = "".join(traceback.format_exception(fault.value))
    assert not any(secret in told for secret in (NAME, PASSWORD, TOKEN))
    assert fault.value.where == "cam"
    return fault.value


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
@pytest.mark.parametrize(
    ("status", "said", "todo"),
    [
        ("401 Unauthorized", "401 Unauthorized", "name and password"),
        ("403 Forbidden", "403 Forbidden", "name and password"),
        ("404 Not Found", "404 Not Found", "path"),
    ],
)
def test_what_a_camera_answers_is_told(scheme: str, status: str, said: str, todo: str) -> None:
    """A wrong password and a wrong path are told by the camera's answer, with what to do about each."""
    with answering(saying(status)) as port:
        fault = refusal(f"{scheme}://{NAME}:{PASSWORD}@127.0.0.1:{port}/stage?token={TOKEN}")
    assert said in fault.what
    assert f"{scheme}://127.0.0.1:{port}/stage:" in fault.what
    assert todo in fault.todo


@pytest.mark.parametrize("scheme", sorted(set(CAMERAS) & {"rtsp", "http", "rtmp", "tcp"}))
def test_nobody_there(scheme: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A port where nobody listens is told as refused, whatever the scheme, and FFmpeg prints nothing beside it."""
    fault = refusal(f"{scheme}://{NAME}:{PASSWORD}@127.0.0.1:{NOBODY}/stage?token={TOKEN}")
    assert "Connection refused" in fault.what
    assert "port" in fault.todo
    assert capfd.readouterr() == ("", "")


def test_no_such_host() -> None:
    """A host that does not exist is told by its name."""
    assert "no-such-camera.invalid" in refusal(f"rtsp://{NAME}:{PASSWORD}@no-such-camera.invalid/stage").what


def test_a_camera_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that takes the connection and says nothing is given up after some seconds."""
    monkeypatch.setattr(network_camera, "OPEN_WITHIN", 0.3)
    silent = threading.Event()

    def answer(connection: socketserver.StreamRequestHandler) -> None:
        silent.wait(30)

    with answering(answer) as port:
        fault = refusal(f"rtsp://{NAME}:{PASSWORD}@127.0.0.1:{port}/stage")
        silent.set()
    assert "nothing came in time" in fault.what


def test_a_loss_names_no_password() -> None:
    """The address in a loss is without name and password."""
    with running(RtspCamera(media(CLIP))) as camera:
        feed = network_camera_of(camera.url.replace("//", f"//{NAME}:{PASSWORD}@"))
        with closing(feed):
            feed.open()
            camera.cut()
            told = "".join(traceback.format_exception(read_until_lost(feed.read)))
    assert camera.url in told
    assert NAME not in told
    assert PASSWORD not in told


def test_a_stream_without_pictures_is_refused() -> None:
    """What sends sound alone is no camera."""
    camera = RtspCamera(media(CLIP), "pcmu")
    del camera.sendings[0]
    with running(camera) as controls:
        assert "no pictures" in refusal(controls.url).what


def test_a_scheme_that_ffmpeg_lacks_is_refused_by_name() -> None:
    """SRT, which the wheels of PyAV have not, is refused before anything opens and when opening, by name."""
    told = check("srt://127.0.0.1:9/stage")
    assert told is not None
    assert told[0].endswith("has no srt")
    assert refusal("srt://127.0.0.1:9/stage").what == told[0]
    assert "rtsp://" in told[1]


def test_check_takes_every_other_scheme() -> None:
    """The FFmpeg at hand has every scheme but SRT; looking asks nobody."""
    assert [scheme for scheme in KIND.schemes if check(f"{scheme}://127.0.0.1:9/stage") is not None] == ["srt"]
    assert {scheme for scheme, module in CAMERAS.items() if module.endswith("network_camera")} == set(KIND.schemes)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("rtsp:/stage", "names no host"),
        ("rtsp:stage", "names no host"),
        ("http://", "names no host"),
        (f"rtsp://{NAME}:{PASSWORD}@/stage", "names no host"),
        ("http://[::1/stage", "is no address"),
        ("udp://239.0.0.1:port", "is no address"),
        ("udp://@:5000", None),
        ("udp://239.0.0.1:5000", None),
        ("rtsp://[::1]:554/stage", None),
    ],
)
def test_check_of_addresses(source: str, what: str | None) -> None:
    """An address that names no host, or is none, is told without opening it, and without its password."""
    told = check(source)
    assert (told is None) == (what is None)
    assert what is None or (told is not None and what in told[0] and PASSWORD not in told[0] + told[1])


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("rtsp://cam/stage", "rtsp://cam/stage"),
        ("rtsp://a:b@cam:554/stage?c=1#d", "rtsp://cam:554/stage"),
        ("rtsp://a:b@c@cam/stage", "rtsp://cam/stage"),
        ("rtsp://a@cam/@stage", "rtsp://cam/@stage"),
        ("http://cam?user=a&pwd=b", "http://cam"),
    ],
)
def test_what_is_shown_of_an_address(source: str, seen: str) -> None:
    """Name, password and query are left out, and nothing else."""
    assert shown(source) == seen


def test_what_ffmpeg_says_is_cleaned() -> None:
    """Words of FFmpeg's that hold the address, its password or part of its query lose them."""
    source = f"http://{NAME}:se%40same@cam/x?pwd={TOKEN}&ch=1"
    said = f"cannot open '{source}' or http://{NAME}:se@cam/ with se@same, pwd={TOKEN}"
    cleaned = redacted(said, source)
    assert not any(secret in cleaned for secret in (NAME, "se@same", "se%40same", TOKEN))
    assert "http://cam/x" in cleaned
