"""Small pictures for whoever watches: a decoder of its own is given one key picture now and then, in a thread of its own.

The newest is left as a binary PPM (https://netpbm.sourceforge.net/doc/ppm.html) in the show folder's cache, replaced whole.
"""

from __future__ import annotations

import threading
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

WIDTH = 240


class Previewer:
    """Takes key packets, keeps only the newest, and writes a picture of it to `path`. `failed`: decode errors in a row."""

    def __init__(self, path: Path) -> None:
        self.failed = 0
        self._path = path
        self._lock = threading.Condition()
        self._next: tuple[str, bytes | None, bytes] | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
        self._thread.start()

    def offer(self, codec: str, stream: Stream, packet: Packet[Stream]) -> None:
        """A key packet of a stream; copied, decoded later or never."""
        context = stream.codec_context
        extradata = context.extradata if context is not None else None
        with self._lock:
            self._next = (codec, extradata, bytes(packet))
            self._lock.notify()

    def stop(self) -> None:
        """End the thread."""
        with self._lock:
            self._ended = True
            self._lock.notify()
        self._thread.join(2)

    def _run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._ended or self._next is not None)
                if self._ended or self._next is None:
                    return
                wanted, self._next = self._next, None
            self._show(*wanted)

    def _show(self, codec: str, extradata: bytes | None, data: bytes) -> None:
        try:
            picture = decode_one(codec, extradata, data)
            if picture is not None:
                write_ppm(self._path, picture)
            self.failed = 0
        except (av.FFmpegError, ValueError, OSError):  # rubbish, or a full disk: the next one may do
            self.failed += 1


def decode_one(codec: str, extradata: bytes | None, data: bytes) -> VideoFrame | None:
    """The picture in one key packet. Raises av.FFmpegError for rubbish."""
    context = av.CodecContext.create(codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise ValueError(f"{codec} is no picture codec")
    context.thread_count = 1
    if extradata:
        context.extradata = extradata
    return next(iter(context.decode(Packet(data)) + context.decode(None)), None)


def write_ppm(path: Path, picture: VideoFrame) -> None:
    """Leave a picture, 240 wide, at `path`: aside, then renamed. No fsync: it is cache."""
    height = max(2, round(WIDTH * picture.height / picture.width / 2) * 2)
    pixels = picture.reformat(width=WIDTH, height=height, format="rgb24").to_ndarray()
    for place in (path.parent.parent, path.parent):  # the cache may be deleted at any time
        place.mkdir(exist_ok=True)
    aside = path.with_suffix(".aside")
    aside.write_bytes(b"P6 %d %d 255\n" % (WIDTH, height) + np.ascontiguousarray(pixels).tobytes())
    aside.replace(path)
