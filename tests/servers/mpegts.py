"""Cameras that send an MPEG transport stream (ISO/IEC 13818-1) by UDP to a port of this machine, asked or not.

    python -m tests.servers.mpegts --cameras 2

prints `{"urls": […]}`, the addresses to read from, and then takes the lines that `tests.servers.camera` describes
(`cut`, `refuse` and `accept` mean nothing here: nobody connects).
"""

import argparse
import socket
from collections.abc import Iterator
from fractions import Fraction
from random import Random

import av
from av.container import OutputContainer

from tests.servers.camera import Camera, serve
from tests.servers.pictures import Media, Wanted, media

DATAGRAM = 7 * 188  # bytes: what fits a usual MTU
_CLOCK = 90_000


class TsCamera(Camera):
    """One camera, H.264 or HEVC, sent to a free port."""

    scheme = "udp"

    def __init__(self, media: Media, seed: int = 0) -> None:
        super().__init__(media)
        self._chance = Random(seed)
        self._muxed = Muxed(media)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    async def listen(self) -> None:
        """Choose the port. Nothing holds it until the reader does: whoever is first has it."""
        if not self._port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
                free.bind(("127.0.0.1", 0))
                self._port = free.getsockname()[1]

    async def play(self) -> None:
        zero, await_key = Fraction(0), True
        with self._socket:
            async for number in self.paced(self.media.wanted.rate):
                self.sent = number + 1
                if self.zero != zero:
                    zero, self._muxed = self.zero, Muxed(self.media)
                await_key = self._send(number, await_key)

    def _send(self, number: int, await_key: bool) -> bool:
        """Whether sending waits for a key picture from here on."""
        if self.frozen or (await_key and not self.media.pictures[number % self.media.length].key):
            return True
        for datagram in self._muxed.datagrams(number, self.zero):
            lost = self._chance.random() < self.drop_share
            self.dropped += lost
            if not lost:
                self._socket.sendto(datagram, ("127.0.0.1", self._port))
        return False


class Muxed:
    """The transport stream, as it comes out of FFmpeg's muxer."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._written = bytearray()
        self._container: OutputContainer = av.open(self, "w", format="mpegts", options={"flush_packets": "1"})
        self._stream = self._container.add_mux_stream(media.wanted.codec, rate=media.wanted.rate)
        self._stream.time_base = Fraction(1, _CLOCK)

    def write(self, data: bytes) -> int:
        """Called by the muxer."""
        self._written += data
        return len(data)

    def datagrams(self, number: int, zero: Fraction) -> Iterator[bytes]:
        """The picture with this number, timed from `zero` (seconds)."""
        wanted, picture = self._media.wanted, self._media.pictures[number % self._media.length]
        packet = av.Packet(picture.data)
        shown = number - number % self._media.length + picture.counter
        packet.dts = int((number / wanted.rate - zero) * _CLOCK)
        packet.pts = int(((shown + bool(wanted.b_frames)) / wanted.rate - zero) * _CLOCK)
        packet.stream, packet.time_base, packet.is_keyframe = self._stream, Fraction(1, _CLOCK), picture.key
        self._container.mux(packet)
        ready = bytes(self._written)
        self._written.clear()
        yield from (ready[at : at + DATAGRAM] for at in range(0, len(ready), DATAGRAM))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.mpegts", description=__doc__)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=180)
    parser.add_argument("--rate", type=Fraction, default=Fraction(30), help="pictures a second")
    parser.add_argument("--gop", type=float, default=1.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=8.0, help="of the clip that is played round and round")
    parser.add_argument("--codec", choices=["h264", "hevc"], default="h264")
    given = vars(parser.parse_args(arguments))
    count = given.pop("cameras")
    clip = media(Wanted(**given))
    serve([TsCamera(clip, seed) for seed in range(count)])


if __name__ == "__main__":
    main()
