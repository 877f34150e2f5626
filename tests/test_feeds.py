"""Every kind of feed against the conformance suite (`tests/feed_conformance.py`): one row a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import soundfile

from liveshow.feeds.portaudio import load, rescan
from tests.devices.jack import jack_device
from tests.feed_conformance import CameraConformance, Row, SoundConformance, Source
from tests.media_files import RATE, movie, tone
from tests.servers.camera import Camera, CameraServer
from tests.servers.mjpeg import MjpegCamera
from tests.servers.mpegts import TsCamera
from tests.servers.pictures import Wanted, media
from tests.servers.rtmp import RtmpCamera
from tests.servers.rtsp import RtspCamera

CLIP = Wanted(seconds=2, gop=0.5)


@contextmanager
def film(folder: Path) -> Iterator[Source]:
    """A film with sound."""
    path = movie(folder / "a film.mkv", Wanted(seconds=1, gop=0.5, b_frames=2), sound="flac")
    yield movable(path)


@contextmanager
def song(folder: Path) -> Iterator[Source]:
    """A sound file."""
    path = folder / "song.wav"
    soundfile.write(path, tone(RATE), RATE, subtype="PCM_24")
    yield movable(path)


def movable(path: Path) -> Source:
    """A file that is lost when it is moved away."""
    away = path.with_name("elsewhere")

    def lose() -> None:
        path.rename(away)

    def back() -> None:
        away.rename(path)

    return Source(f"file:{path}", lose, back)


@contextmanager
def simulated(folder: Path) -> Iterator[Source]:
    """A simulated device, which is lost by itself twenty seconds of the show clock after it was opened."""
    yield Source("simulated:?lose_at=20&jitter_ms=20")


@contextmanager
def microphone(folder: Path) -> Iterator[Source]:
    """A sound card of JACK's, which is lost when its program ends. PortAudio finds it through our environment."""
    with jack_device(8) as device, pytest.MonkeyPatch.context() as patch:
        for name, value in device.env.items():
            patch.setenv(name, value)
        yield Source(f"device:{device.device_name}", device.vanish, device.come_back)
        patch.delenv("JACK_DEFAULT_SERVER")
        rescan(load())  # or PortAudio would still be in the server when that ends


def network(make: Callable[[], Camera], stalls: bool = False) -> Callable[[Path], AbstractContextManager[Source]]:
    """A camera in the network, which is lost when its connection is cut, or (`stalls`) nothing more comes."""

    @contextmanager
    def ready(folder: Path) -> Iterator[Source]:
        with CameraServer([make()]) as server:
            camera = server.cameras[0]
            yield Source(camera.url, camera.stall if stalls else camera.cut, camera.resume)

    return ready


CAMERAS = [
    Row("file", film, "file:no such film.mp4", speed=20),
    Row("simulated", simulated, "simulated:?width=1", speed=20),
    Row("rtsp", network(lambda: RtspCamera(media(CLIP))), "rtsp://127.0.0.1:9/stage"),
    Row(
        "rtsp-udp-sound", network(lambda: RtspCamera(media(CLIP), "pcmu")), "rtsp://127.0.0.1:9/", options={"transport": "udp"}
    ),
    Row("mjpeg", network(lambda: MjpegCamera(media(Wanted(seconds=2, codec="mjpeg")))), "http://127.0.0.1:9/stage.mjpg"),
    Row("rtmp", network(lambda: RtmpCamera(media(CLIP))), "rtmp://127.0.0.1:9/live/stage"),
    Row("mpegts", network(lambda: TsCamera(media(CLIP)), stalls=True), "udp://no-such-host.invalid:9"),
]
SOUND = [
    Row("file", song, "file:no such song.wav", channels=(1, 2), sample_rate=RATE, speed=20),
    Row("simulated", simulated, "simulated:?signal=none", channels=(1, 5), sample_rate=RATE, speed=20),
    Row("microphone", microphone, "device:no such device", channels=(1, 5), sample_rate=RATE),
]


@pytest.fixture
def source(row: Row, tmp_path: Path) -> Iterator[Source]:
    """The row's source, ready."""
    folder = tmp_path / "source"
    folder.mkdir()
    with row.ready(folder) as source:
        yield source


@pytest.mark.parametrize("row", CAMERAS, ids=str)
class TestCameras(CameraConformance):
    """Cameras."""


@pytest.mark.parametrize("row", SOUND, ids=str)
class TestSoundDevices(SoundConformance):
    """Sound devices."""
