"""Cameras that speak RTMP to whoever plays them: H.264, without sound.

    python -m tests.servers.rtmp --cameras 2

prints `{"urls": […]}` and then takes the lines that `tests.servers.camera` describes. Sources: Adobe's RTMP 1.0
(handshake, chunks, commands), AMF 0 and FLV 10.1 (video tags), ISO/IEC 14496-15 (avcC). Times are whole milliseconds.
"""

import argparse
import asyncio
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import cast

from tests.servers.camera import Camera, serve
from tests.servers.pictures import Media, Picture, Wanted, media
from tests.servers.rtp import nals

HANDSHAKE = 1536  # bytes of C1, C2, S1 and S2
CHUNK = 0xFFFFFF  # bytes: every message of ours is one chunk
BACKLOG = 16_000_000  # bytes a client may be behind before the camera gives it up
_SET_CHUNK_SIZE, _USER_CONTROL, _WINDOW, _BANDWIDTH, _VIDEO, _COMMAND = 1, 4, 5, 6, 9, 20
_STREAM = 1
_HEADER_SIZES = (11, 7, 3, 0)  # of a chunk's message header, by its format


class RtmpCamera(Camera):
    """One camera; takes media of codec "h264"."""

    scheme, path = "rtmp", "/live/stage"

    def __init__(self, media: Media) -> None:
        super().__init__(media)
        self.waiting: set[asyncio.Transport] = set()  # for a key picture
        self.watching: set[asyncio.Transport] = set()
        self._start = _avcc(media.pictures[0])
        self._bodies = [_body(picture) for picture in media.pictures]

    def connection(self) -> asyncio.Protocol:
        return Connection(self)

    async def play(self) -> None:
        async for number in self.paced(self.media.wanted.rate):
            self.sent = number + 1
            if self.frozen:
                self.waiting |= self.watching
                self.watching.clear()
            else:
                self._send(number)

    def _send(self, number: int) -> None:
        index = number % self.media.length
        time = int((number / self.media.wanted.rate - self.zero) * 1000)
        picture, counter = self.media.pictures[index], self.media.pictures[index].counter
        if picture.key:
            for transport in self.waiting:
                transport.write(_message(_VIDEO, b"\x17\x00\x00\x00\x00" + self._start, time))
            self.watching |= self.waiting
            self.waiting.clear()
        ahead = round((counter - index + bool(self.media.wanted.b_frames)) * 1000 / self.media.wanted.rate)
        head = (b"\x17\x01" if picture.key else b"\x27\x01") + ahead.to_bytes(3, "big")
        message = _message(_VIDEO, head + self._bodies[index], time)
        for transport in self.watching:
            if transport.get_write_buffer_size() > BACKLOG:
                transport.abort()
            transport.write(message)


class Connection(asyncio.Protocol):
    """Handshake, then commands, as they come."""

    def __init__(self, camera: RtmpCamera) -> None:
        self._camera = camera
        self._commands = self._conversation()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._camera.transports.add(self._transport)
        self._held = b""
        self._wanted = next(self._commands)

    def connection_lost(self, _error: Exception | None) -> None:
        for kept in (self._camera.transports, self._camera.waiting, self._camera.watching):
            kept.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= self._wanted:
            part, self._held = self._held[: self._wanted], self._held[self._wanted :]
            self._part = part
            self._wanted = next(self._commands)

    def _conversation(self) -> Iterator[int]:
        """Yields how many bytes it wants next, which then are in `_part`."""
        yield 1 + HANDSHAKE
        self._transport.write(b"\x03" + bytes(HANDSHAKE) + self._part[1:])
        yield HANDSHAKE
        size, kept = 128, dict[int, tuple[int, int]]()
        body = dict[int, bytes]()
        while True:
            yield 1
            form, channel = self._part[0] >> 6, self._part[0] & 0x3F
            yield _HEADER_SIZES[form]
            if form < 2:
                kept[channel] = int.from_bytes(self._part[3:6], "big"), self._part[6]
            length, kind = kept[channel]
            yield min(size, length - len(body.get(channel, b"")))
            body[channel] = body.get(channel, b"") + self._part
            if len(body[channel]) == length:
                whole = body.pop(channel)
                size = int.from_bytes(whole, "big") if kind == _SET_CHUNK_SIZE else size
                if kind == _COMMAND:
                    self._command(whole)

    def _command(self, body: bytes) -> None:
        name, number = _first_two(body)
        if name == "connect":
            self._transport.write(_message(_WINDOW, struct.pack(">I", 2_500_000)))
            self._transport.write(_message(_BANDWIDTH, struct.pack(">IB", 2_500_000, 2)))
            self._transport.write(_message(_SET_CHUNK_SIZE, struct.pack(">I", CHUNK)))
            self._answer("_result", number, {"fmsVer": "FMS/3,0,1,123"}, _status("NetConnection.Connect.Success"))
        elif name == "createStream":
            self._answer("_result", number, None, float(_STREAM))
        elif name == "play":
            self._transport.write(_message(_USER_CONTROL, struct.pack(">HI", 0, _STREAM)))
            self._answer("onStatus", 0.0, None, _status("NetStream.Play.Start"))
            self._camera.waiting.add(self._transport)

    def _answer(self, *values: object) -> None:
        self._transport.write(_message(_COMMAND, b"".join(_amf(value) for value in values)))


def _message(kind: int, body: bytes, time: int = 0) -> bytes:
    """A message in one chunk with a full header; `time` in ms."""
    stream = _STREAM if kind == _VIDEO else 0
    short = min(time, 0xFFFFFF)
    head = b"\x04" + short.to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes((kind,)) + struct.pack("<I", stream)
    return head + (time.to_bytes(4, "big") if short == 0xFFFFFF else b"") + body


def _status(code: str) -> dict[str, str]:
    return {"level": "status", "code": code, "description": code}


def _amf(value: object) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, float):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, dict):
        return b"\x03" + b"".join(_amf(name)[1:] + _amf(each) for name, each in value.items()) + b"\x00\x00\x09"
    text = str(value).encode()
    return b"\x02" + len(text).to_bytes(2, "big") + text


def _first_two(body: bytes) -> tuple[str, float]:
    """A command's name and transaction number."""
    end = 3 + int.from_bytes(body[1:3], "big")
    return body[3:end].decode(), struct.unpack(">d", body[end + 1 : end + 9])[0]


def _body(picture: Picture) -> bytes:
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals(picture.data))


def _avcc(first: Picture) -> bytes:
    sps, pps = (next(nal for nal in nals(first.data) if nal[0] & 0x1F == kind) for kind in (7, 8))
    head = b"\x01" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big")
    return head + sps + b"\x01" + len(pps).to_bytes(2, "big") + pps


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.rtmp", description=__doc__)
    parser.add_argument("--cameras", type=int, default=1)
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=180)
    parser.add_argument("--rate", type=Fraction, default=Fraction(30), help="pictures a second")
    parser.add_argument("--gop", type=float, default=1.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=8.0, help="of the clip that is played round and round")
    given = vars(parser.parse_args(arguments))
    count = given.pop("cameras")
    clip = media(Wanted(**given))
    serve([RtmpCamera(clip) for _ in range(count)])


if __name__ == "__main__":
    main()
