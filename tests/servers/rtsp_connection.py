"""One RTSP connection of a test camera (RFC 2326): requests in, answers and interleaved packets out."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from tests.servers.rtsp import Listener, RtspCamera

SESSION = "4cameras"


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]

    @classmethod
    def parsed(cls, text: str) -> Self:
        first, *lines = text.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        method, url, _ = first.split()
        return cls(method, url, headers)


class Connection(asyncio.Protocol):
    """From connecting to the end of the session, which ends with the connection."""

    def __init__(self, camera: "RtspCamera") -> None:
        self._camera = camera
        self._held = b""
        self._asked: dict[int, Listener] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._camera.transports.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._camera.transports.discard(self._transport)
        self._leave()

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (text := self._next()) is not None:
            if text:
                request = Request.parsed(text)
                answer = self._answer(request)
                number = f"\r\nCSeq: {request.headers.get('cseq', '0')}\r\n"
                self._transport.write(answer.replace("\r\n", number, 1).encode())

    def _next(self) -> str | None:
        """The next whole request; "" for an interleaved packet (a receiver report), which nobody here reads."""
        if self._held[:1] == b"$":
            size = 4 + int.from_bytes(self._held[2:4], "big")
            if len(self._held) < size:
                return None
            self._held = self._held[size:]
            return ""
        head, end, rest = self._held.partition(b"\r\n\r\n")
        if not end:
            return None
        self._held = rest
        return head.decode()

    def _answer(self, request: Request) -> str:
        match request.method:
            case "OPTIONS":
                return _reply(Public="OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN")
            case "DESCRIBE":
                return self._describe(request.url)
            case "SETUP":
                return self._set_up(request)
            case "PLAY":
                return self._play()
            case "GET_PARAMETER":
                return _reply(Session=SESSION)
            case "TEARDOWN":
                self._leave()
                return _reply(Session=SESSION)
        return _reply("405 Method Not Allowed")

    def _describe(self, url: str) -> str:
        if url.rstrip("/") != self._camera.url:
            return _reply("404 Not Found")
        return _reply(body=self._camera.sdp(), **{"Content-Base": f"{url}/", "Content-Type": "application/sdp"})

    def _set_up(self, request: Request) -> str:
        index = request.url.rpartition("/track")[2]
        if not index.isdigit() or int(index) >= len(self._camera.sendings):
            return _reply("404 Not Found")
        wish = request.headers.get("transport", "").split(",")[0]
        options = dict(part.partition("=")[::2] for part in wish.split(";"))
        try:
            listener, line = self._camera.listener(self._transport, options, int(index))
        except KeyError:
            return _reply("461 Unsupported Transport")
        self._asked[int(index)] = listener
        return _reply(Transport=line, Session=f"{SESSION};timeout=60")

    def _play(self) -> str:
        for index, listener in self._asked.items():
            self._camera.sendings[index].listeners.add(listener)
        return _reply(Session=SESSION, Range="npt=now-")

    def _leave(self) -> None:
        for index, listener in self._asked.items():
            self._camera.sendings[index].listeners.discard(listener)


def _reply(status: str = "200 OK", body: str = "", **headers: str) -> str:
    if body:
        headers["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"RTSP/1.0 {status}\r\n{lines}\r\n{body}"
