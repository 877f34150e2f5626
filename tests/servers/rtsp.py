"""Cameras that speak RTSP (RFC 2326), over TCP (interleaved) and UDP.

    python -m tests.servers.rtsp --cameras 4 --width 1920 --height 1080

prints `{"urls": […]}` and then takes the lines that `tests.servers.camera` describes. Every camera has its own port.
A client begins at a key picture, right after a sender report (so its first time stamp can be tied to the wall clock,
unless `reports` is 0: some cameras send none).
"""

import argparse
import asyncio
import random
import socket
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tests.servers.camera import Camera, serve
from tests.servers.clock import SECOND
from tests.servers.pictures import Media, Wanted, media
from tests.servers.rtp import Batch, Track, sender_report, sound_track, video_track
from tests.servers.rtsp_connection import Connection
from tests.servers.sound import SoundCodec, sound

BACKLOG = 16_000_000  # bytes a client may be behind before the camera gives it up
AT_ONCE = 16  # UDP packets sent without a pause, so that a key picture does not overrun the receiver's buffer
PAUSE = 0.001  # seconds
_CUT_UP = 12 + 2  # bytes: an RTP header, and that of a fragment (RFC 6184, section 5.8)


@dataclass(frozen=True)
class ByTcp:
    transport: asyncio.Transport
    channel: int

    def report(self, data: bytes) -> None:
        self.transport.write(b"$" + bytes((self.channel + 1,)) + len(data).to_bytes(2, "big") + data)

    async def send(self, wire: NDArray[np.uint8], batch: Batch) -> None:
        if self.transport.get_write_buffer_size() > BACKLOG:
            self.transport.abort()
        self.transport.write(batch.on_channel(wire, self.channel))


@dataclass(frozen=True)
class ByUdp:
    camera: "RtspCamera"
    port: int

    def report(self, data: bytes) -> None:
        self.camera.udp[1].sendto(data, ("127.0.0.1", self.port + 1))

    async def send(self, wire: NDArray[np.uint8], batch: Batch) -> None:
        view = memoryview(cast(bytes, wire))
        for index, (start, end) in enumerate(batch.spans):
            if index % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(PAUSE)
            if not self.camera.loses():
                self.camera.udp[0].sendto(view[start:end], ("127.0.0.1", self.port))


@dataclass(eq=False)
class Listener:
    """One client's wish for one track."""

    way: ByTcp | ByUdp
    ready: bool = False  # has begun, at a key picture


@dataclass
class Sending:
    """One track on its way: the RTP counters, shared by all clients (as if each had been there from the start)."""

    track: Track
    source: int
    base: int  # RTP time at the camera's zero
    sequence: int
    octets: int = 0
    packets: int = 0
    listeners: set[Listener] = field(default_factory=set)


class RtspCamera(Camera):
    """One camera. `sound_codec` adds a second track; `reports` are the seconds between sender reports, 0 for none; `other`: what it shows
    in its other format, at the same rate."""

    scheme, path = "rtsp", "/stage"

    def __init__(
        self,
        media: Media,
        sound_codec: SoundCodec | None = None,
        reports: float = 2.0,
        seed: int = 0,
        other: Media | None = None,
    ) -> None:
        super().__init__(media)
        self._other = other
        self._chance = random.Random(seed)
        self._reports = reports
        tracks = [video_track(media)] + ([sound_track(sound(sound_codec))] if sound_codec else [])
        self.sendings = [self._sending(track) for track in tracks]
        self.udp = _port_pair()

    def connection(self) -> asyncio.Protocol:
        return Connection(self)

    async def play(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for sending in self.sendings:
                    group.create_task(self._play(sending))
        finally:
            for each in self.udp:
                each.close()

    def change(self) -> None:
        if self._other is None:
            super().change()
        else:
            self.media, self._other = self._other, self.media
            self.sendings[0].track = video_track(self.media)
            for listener in self.sendings[0].listeners:
                listener.ready = False  # it goes on at a key picture

    def listener(self, transport: asyncio.Transport, options: dict[str, str], track: int) -> tuple[Listener, str]:
        """How to send a track as a client's Transport header asks, and the header that says so.

        Raises KeyError where the camera cannot.
        """
        if "RTP/AVP/TCP" in options:
            channel = int(options.get("interleaved", str(2 * track)).partition("-")[0])
            return Listener(ByTcp(transport, channel)), f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        port, own = int(options["client_port"].partition("-")[0]), self.udp[0].getsockname()[1]
        line = f"RTP/AVP/UDP;unicast;client_port={port}-{port + 1};server_port={own}-{own + 1}"
        return Listener(ByUdp(self, port)), line

    def loses(self) -> bool:
        """Whether the next packet is one to lose."""
        lost = self._chance.random() < self.drop_share
        self.dropped += lost
        return lost

    def sdp(self) -> str:
        head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=stage", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*", "a=range:npt=now-"]
        for index, sending in enumerate(self.sendings):
            head += [*sending.track.sdp, f"a=control:track{index}"]
        return "\r\n".join([*head, ""])

    def _sending(self, track: Track) -> Sending:
        draw = self._chance.getrandbits
        return Sending(track, source=draw(32), base=draw(32), sequence=draw(16))

    async def _play(self, sending: Sending) -> None:
        pictures = sending is self.sendings[0]
        async for number in self.paced(sending.track.rate):
            if pictures:
                self.sent = number + 1
            if self.frozen:
                for listener in sending.listeners:
                    listener.ready = False
            else:
                await self._send(sending, number)

    async def _send(self, sending: Sending, number: int) -> None:
        unit = sending.track.unit(number)
        timestamp = self._timestamp(sending, sending.track.seconds(number))
        begin = [each for each in sending.listeners if not each.ready and unit.key]
        for listener in begin:
            listener.ready = True
        if self._reports:
            due = number % max(round(self._reports * sending.track.rate), 1) == 0
            self._report(sending, [each for each in sending.listeners if each.ready] if due else begin, number)
        ready = [each for each in sending.listeners if each.ready]
        wire = unit.batch.stamped(sending.sequence, timestamp, sending.source) if ready else None
        if wire is not None and sending is self.sendings[0] and self._chance.random() < self.rubbish_share:
            self._spoil(wire, unit.batch)
        sending.sequence = (sending.sequence + len(unit.batch.spans)) % 2**16
        sending.packets += len(unit.batch.spans)
        sending.octets += sum(end - start - 12 for start, end in unit.batch.spans)
        for listener in ready:
            await listener.way.send(cast(NDArray[np.uint8], wire), unit.batch)

    def _spoil(self, wire: NDArray[np.uint8], batch: Batch) -> None:
        """Everything in a picture but what is needed to send it: the RTP headers, and the bytes that tell how it is cut up."""
        for start, end in batch.spans:
            body = slice(min(start + _CUT_UP, end), end)
            wire[body] = np.frombuffer(self._chance.randbytes(body.stop - body.start), np.uint8)

    def _report(self, sending: Sending, to: list[Listener], number: int) -> None:
        seconds = number / sending.track.rate
        wall = self.clock.wall(int(seconds * SECOND))
        data = sender_report(sending.source, wall, self._timestamp(sending, seconds), sending.packets, sending.octets)
        for listener in to:
            listener.way.report(data)

    def _timestamp(self, sending: Sending, seconds: Fraction) -> int:
        return sending.base + int((seconds - self.zero) * sending.track.clock)


def _port_pair() -> tuple[socket.socket, socket.socket]:
    """Two UDP sockets on neighbouring ports, for RTP and RTCP, even one first (RFC 3550, section 11)."""
    for _ in range(100):
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            second.bind(("127.0.0.1", port + 1))
            if port % 2 == 0:
                return first, second
        except (OSError, OverflowError):
            pass  # taken: the next try gets another port
        first.close()
        second.close()
    raise OSError("no two neighbouring UDP ports are free on 127.0.0.1")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.rtsp", description=__doc__)
    add: Any = parser.add_argument
    add("--cameras", type=int, default=1)
    add("--width", type=int, default=320)
    add("--height", type=int, default=180)
    add("--rate", type=Fraction, default=Fraction(30), help="pictures a second, such as 30000/1001")
    add("--gop", type=float, default=1.0, help="seconds")
    add("--seconds", type=float, default=8.0, help="of the clip that is played round and round")
    add("--codec", choices=["h264", "hevc"], default="h264")
    add("--b-frames", type=int, default=0)
    add("--sound", choices=["aac", "pcmu", "l16"])
    add("--reports", type=float, default=2.0, help="seconds between sender reports, 0 for none")
    given = parser.parse_args(arguments)
    names = ("width", "height", "rate", "gop", "seconds", "codec", "b_frames")
    clip = media(Wanted(**{name: getattr(given, name) for name in names}))
    serve([RtspCamera(clip, given.sound, given.reports, seed) for seed in range(given.cameras)])


if __name__ == "__main__":
    main()
