"""Cameras that send JPEG pictures over HTTP, one after the other (multipart/x-mixed-replace, RFC 2046 and 9112).

    python -m tests.servers.mjpeg --cameras 2

prints `{"urls": […]}` and then takes the lines that `tests.servers.camera` describes.
"""

import argparse
import asyncio
from fractions import Fraction
from typing import cast

from tests.servers.camera import Camera, serve
from tests.servers.pictures import Media, Wanted, media

BEHIND = 4  # pictures a client may be behind before the next ones are left out for it
_BOUNDARY = "picture"
_FOUND = f"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary={_BOUNDARY}\r\nConnection: close\r\n\r\n"
_ABSENT = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class MjpegCamera(Camera):
    """One camera; takes media of codec "mjpeg". Pictures carry no time at all, as is usual."""

    scheme, path = "http", "/stage.mjpg"

    def __init__(self, media: Media) -> None:
        super().__init__(media)
        self.watching: set[asyncio.Transport] = set()

    def connection(self) -> asyncio.Protocol:
        return Connection(self)

    async def play(self) -> None:
        async for number in self.paced(self.media.wanted.rate):
            self.sent = number + 1
            if not self.frozen:
                self._send(self.media.pictures[number % self.media.length].data)

    def _send(self, picture: bytes) -> None:
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
        for transport in self.watching:
            if transport.get_write_buffer_size() < BEHIND * len(picture):
                transport.write(head + picture + b"\r\n")


class Connection(asyncio.Protocol):
    """One request, and pictures until somebody hangs up."""

    def __init__(self, camera: MjpegCamera) -> None:
        self._camera = camera
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._camera.transports.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._camera.transports.discard(self._transport)
        self._camera.watching.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        if b"\r\n\r\n" not in self._held:
            return
        if self._held.startswith(f"GET {self._camera.path} ".encode()):
            self._transport.write(_FOUND.encode())
            self._camera.watching.add(self._transport)
        else:
            self._transport.write(_ABSENT.encode())
            self._transport.close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.mjpeg", description=__doc__)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=180)
    parser.add_argument("--rate", type=Fraction, default=Fraction(25), help="pictures a second")
    parser.add_argument("--seconds", type=float, default=4.0, help="of the clip that is played round and round")
    given = vars(parser.parse_args(arguments))
    count = given.pop("cameras")
    clip = media(Wanted(codec="mjpeg", **given))
    serve([MjpegCamera(clip) for _ in range(count)])


if __name__ == "__main__":
    main()
