"""Cameras in the network, through PyAV: RTSP, HTTP (MJPEG), RTMP, MPEG-TS over UDP, RTP and TCP. Packets are copied as they come.

The end of a stream, a stall, a change of format and a camera clock that jumps are all losses: the feed is opened again, and
a new part begins. A camera's option ``transport`` ("tcp", which loses nothing, or "udp") is for RTSP.

Sources: FFmpeg's protocol and format documentation (rtsp, udp, http, rtmp; `fpsprobesize`, `fflags`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import av
from av.container import InputContainer
from av.error import ExitError, FFmpegError, ProtocolNotFoundError

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds.base import Camera, CameraPacket, Capture, Kind, Patched, StreamFormat
from liveshow.feeds.demux import Taken, take
from liveshow.feeds.demuxing import Demuxing
from liveshow.feeds.network_address import check, lacking, shown, todo, why
from liveshow.feeds.network_track import MICROSECOND, ArrivalTrack, ClockedTrack
from liveshow.feeds.table import scheme_of
from liveshow.model import Device

OPEN_WITHIN = 5.0  # seconds to connect, and again to know the formats
# How long FFmpeg waits for packets of every stream that was announced, µs: cameras announce sound and send none.
QUICK, PATIENT = "1000000", "5000000"
STALL = 3.0  # seconds without a picture
LONGEST_WAIT = 0.5
LET_GO_WITHIN = 1.0
# Formats without times (FFmpeg counts 25 pictures a second instead): their packets are stamped when they arrive.
TIMELESS = frozenset({"mpjpeg", "mjpeg", "jpeg_pipe", "h264", "hevc"})
QUIET = -8  # AV_LOG_QUIET: FFmpeg prints nothing, and PyAV still keeps its last error

# fpsprobesize: FFmpeg would wait for many pictures to estimate their rate; so it opens in 0.3 s, not 2. The packets it reads
# meanwhile are kept, the first key picture among them; fflags=nobuffer would drop them.
OPTIONS: Mapping[str, str] = {"fpsprobesize": "0"}
BUFFER = {"buffer_size": str(4 << 20)}  # bytes the kernel may hold for UDP
LIVE = {"rtmp_live": "live"}
RTSP = {"allowed_media_types": "video+audio", **BUFFER}
ONCE = {"seekable": "0"}
BY_SCHEME: Mapping[str, Mapping[str, str]] = {
    "http": ONCE,
    "https": ONCE,
    "rtmp": LIVE,
    "rtmps": LIVE,
    "rtp": BUFFER,
    "rtsp": RTSP,
    "rtsps": RTSP,
    "udp": {"overrun_nonfatal": "1", **BUFFER},
}


class NetworkCamera:
    """A network camera that is being captured; see :class:`liveshow.feeds.base.Camera`."""

    def __init__(self, capture: Capture) -> None:
        self._device, self._clock = capture.device, capture.clock
        self._source = capture.device.source
        self._demuxing: Demuxing | None = None
        self._taken: list[Taken] = []
        self._tracks: list[ClockedTrack | ArrivalTrack] = []
        self._ready: deque[CameraPacket] = deque()

    def open(self) -> Sequence[StreamFormat]:
        """Connect, within some seconds. Raises FeedError, which names no password."""
        self.close()
        try:
            container = self._connect(QUICK)
        except ValueError:
            # The first key picture may come later than a sound, or a sound later than that.
            container = self._patiently()
        streams = [taken.stream for taken in self._taken]
        timeless = container.format.name in TIMELESS
        self._tracks = [ArrivalTrack(stream) if timeless else ClockedTrack(stream) for stream in streams]
        self._demuxing = Demuxing(container, streams, self._clock, self._broken)
        self._demuxing.start()
        return [taken.format for taken in self._taken]

    def read(self) -> CameraPacket | None:
        """The next packet. Raises FeedLost, once all that came has been taken, at the end of the stream and after 3 s without a picture;
        and when the camera changed its format, and when its clock jumped."""
        assert self._demuxing is not None, "read before open"
        if not self._ready:
            if self._demuxing.stalled(STALL - LONGEST_WAIT, LONGEST_WAIT):
                raise self._lost(f"no picture came for {STALL:.0f} s")
            got = self._demuxing.next(LONGEST_WAIT)
            if isinstance(got, str):
                raise self._lost(got)
            if got is not None:
                self._take(got)
        return self._ready.popleft() if self._ready else None

    def close(self) -> None:
        """Hang up. A connection that hangs is let go of when it answers, or after its time limit."""
        if self._demuxing is not None:
            self._demuxing.end(LET_GO_WITHIN)
        self._demuxing = None
        self._ready.clear()

    def cue(self, on: Patched) -> None:
        """A real camera takes no cue."""

    def _connect(self, analyse: str) -> InputContainer:
        container = connected(self._device, analyse)
        try:
            self._taken = take(container, MICROSECOND if container.format.name in TIMELESS else None)
        except ValueError:
            container.close()
            raise
        return container

    def _patiently(self) -> InputContainer:
        try:
            return self._connect(PATIENT)
        except ValueError as exc:
            raise FeedError(f"{shown(self._source)}: {exc}", where=self._device.id, todo="look at it in VLC") from None

    def _take(self, got: CameraPacket) -> None:
        try:
            for whole in self._tracks[got.stream].take(got):
                self._ready.extend(self._taken[got.stream].stored(whole))
        except ValueError as exc:
            raise self._lost(str(exc)) from None

    def _broken(self, exc: FFmpegError) -> str:
        if isinstance(exc, ExitError):
            return f"nothing came for {STALL:.0f} s"
        return f"the connection broke ({why(exc, self._source)})"

    def _lost(self, what: str) -> FeedLost:
        return FeedLost(f"{shown(self._source)}: {what}", where=self._device.id)


def connected(device: Device, analyse: str) -> InputContainer:
    """An open connection to a camera, its streams looked at for `analyse` µs. Raises FeedError, which names no password."""
    scheme, url = scheme_of(device.source), device.source
    options = {"analyzeduration": analyse, **OPTIONS, **BY_SCHEME.get(scheme, {})}
    if scheme in ("rtsp", "rtsps"):
        options["rtsp_transport"] = str(device.options.get("transport", "tcp"))
    elif "transport" in device.options:
        raise FeedError(f"transport is for rtsp, not for {scheme}", where=device.id, todo="leave transport out")
    began = time.monotonic()
    try:
        with _last_words():
            return av.open(url, container_options=options, timeout=(OPEN_WITHIN, STALL))
    except ProtocolNotFoundError:
        what, instead = lacking(scheme)
        raise FeedError(what, where=device.id, todo=instead) from None
    except FFmpegError as exc:
        said = "nothing came in time" if time.monotonic() - began >= OPEN_WITHIN else why(exc, url)
        # Not "from exc": what FFmpeg says of itself holds the whole address.
        raise FeedError(f"{shown(url)}: {said}", where=device.id, todo=todo(exc, url)) from None


@contextmanager
def _last_words() -> Iterator[None]:
    """Have PyAV keep what FFmpeg last logged as an error, for its exception; nothing is printed."""
    av.logging.set_level(QUIET)
    try:
        yield
    finally:
        av.logging.set_level(None)


def _camera(capture: Capture) -> Camera:
    return NetworkCamera(capture)


KIND = Kind(
    name="network camera",
    schemes=("rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "rtp", "udp", "tcp", "srt"),
    camera=_camera,
    sound=None,
    check=check,
)
