"""What all test cameras share: a clock of their own, the faults that can be switched on, a port, and their controls.

A `Camera` lives in an asyncio loop. `CameraServer` runs such a loop in a thread of this process, `CameraProcess` in
a process of its own (`python -m tests.servers.rtsp`); both give one `Controls` per camera. The line protocol between
them: `<command> <camera index> [argument…]` in, one JSON object out.
"""

import asyncio
import itertools
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from fractions import Fraction
from types import TracebackType
from typing import Any, Self

from tests.servers.clock import SECOND, Clock
from tests.servers.pictures import Media


class Camera:
    """A clip played round and round in real time to whoever is connected. Subclasses speak one protocol each."""

    scheme = ""
    path = ""

    def __init__(self, media: Media) -> None:
        self.media = media
        self.clock = Clock()
        self.zero = Fraction(0)  # own time, in seconds, at which the time stamps last began
        self.frozen = False
        self.drop_share = self.rubbish_share = 0.0
        self.dropped = self.sent = 0
        self.transports: set[asyncio.Transport] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._resume: asyncio.TimerHandle | None = None
        self._listener: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._port}{self.path}"

    def connection(self) -> asyncio.Protocol:
        """The protocol of one new connection."""
        raise NotImplementedError

    async def play(self) -> None:
        """Send, for ever."""
        raise NotImplementedError

    async def listen(self) -> None:
        """Take connections; the first call chooses the port, later ones use it again."""
        if self._listener is None:
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(self.connection, "127.0.0.1", self._port, reuse_address=True)
            self._port = self._listener.sockets[0].getsockname()[1]

    async def paced(self, rate: Fraction) -> AsyncIterator[int]:
        """0, 1, 2 … each when due by the camera's clock; after a late stall the late ones at once."""
        for number in itertools.count():
            own = number * SECOND * rate.denominator // rate.numerator
            while (wait := self.clock.due(own) - time.monotonic_ns()) > 0:
                await asyncio.sleep(wait / SECOND)
            await self._flows.wait()
            yield number

    async def command(self, name: str, arguments: Sequence[str]) -> dict[str, Any]:
        """Do what one control says and answer with the state."""
        if name not in _COMMANDS:
            raise ValueError(f"unknown command {name!r}: one of {', '.join(_COMMANDS)}")
        await _COMMANDS[name](self, *arguments)
        return {"sent": self.sent, "clients": len(self.transports), "dropped": self.dropped}

    async def _stall(self, seconds: str = "inf", how: str = "lost") -> None:
        self._resumed()
        self.frozen = how == "lost"
        if how == "late":
            self._flows.clear()
        if seconds != "inf":
            self._resume = asyncio.get_running_loop().call_later(float(seconds), self._resumed)

    def _resumed(self) -> None:
        if self._resume is not None:
            self._resume.cancel()
        self._resume, self.frozen = None, False
        self._flows.set()

    async def _resume_now(self) -> None:
        self._resumed()

    async def _cut(self, how: str = "closed") -> None:
        for transport in list(self.transports):
            if how == "reset":
                closes_with_reset = struct.pack("ii", 1, 0)
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, closes_with_reset)
            transport.abort()

    async def _drop(self, percent: str) -> None:
        self.drop_share = float(percent) / 100

    async def _rubbish(self, percent: str) -> None:
        self.rubbish_share = float(percent) / 100

    async def _change(self) -> None:
        self.change()

    def change(self) -> None:
        """Another format from the next picture on. Raises ValueError where there is none."""
        raise ValueError("this camera has only one format")

    async def _skew(self, ppm: str) -> None:
        self.clock.skew(float(ppm))

    async def _wall(self, seconds: str) -> None:
        self.clock.wall_offset = round(float(seconds) * SECOND)

    async def _restart_clock(self) -> None:
        self.zero = self.sent / self.media.wanted.rate

    async def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _state(self) -> None:
        pass


_COMMANDS: dict[str, Any] = {
    "stall": Camera._stall,
    "resume": Camera._resume_now,
    "cut": Camera._cut,
    "drop": Camera._drop,
    "rubbish": Camera._rubbish,
    "change": Camera._change,
    "skew": Camera._skew,
    "wall": Camera._wall,
    "restart_clock": Camera._restart_clock,
    "refuse": Camera._refuse,
    "accept": Camera.listen,
    "state": Camera._state,
}


class Controls:
    """What can be done to one running camera. Every call returns when it is done."""

    def __init__(self, index: int, url: str, ask: Callable[[str], dict[str, Any]]) -> None:
        self.url = url
        self._index, self._ask = index, ask

    def stall(self, seconds: float = float("inf"), *, late: bool = False) -> None:
        """Send nothing, connection kept, for so long or until `resume`.

        The pictures of that time are lost, and sending goes on at a key picture; with `late` they come afterwards
        in one burst, as over a network that hung.
        """
        self._do("stall", seconds, "late" if late else "lost")

    def resume(self) -> None:
        """End a stall."""
        self._do("resume")

    def cut(self, *, reset: bool = False) -> None:
        """Drop every connection at once, with `reset` as a camera that lost its memory does; new ones are welcome."""
        self._do("cut", "reset" if reset else "closed")

    def drop(self, percent: float) -> None:
        """Lose this percentage of RTP packets sent by UDP, chosen by a fixed seed."""
        self._do("drop", percent)

    def rubbish(self, percent: float) -> None:
        """Send this percentage of pictures as bytes that mean nothing, chosen by a fixed seed."""
        self._do("rubbish", percent)

    def change(self) -> None:
        """Go on in another format, or back in the first, without a word."""
        self._do("change")

    def skew(self, ppm: float) -> None:
        """Run the camera's clock, and so its pictures, faster than true by so many millionths (slower: negative)."""
        self._do("skew", ppm)

    def wall(self, seconds: float) -> None:
        """Put the camera's wall clock, as its sender reports give it, ahead by so much."""
        self._do("wall", seconds)

    def restart_clock(self) -> None:
        """Let the time stamps begin again where they began at the camera's start: pts jump back."""
        self._do("restart_clock")

    def refuse(self) -> None:
        """Close the port: new connections are refused, old ones go on (`cut` ends them)."""
        self._do("refuse")

    def accept(self) -> None:
        """Open the same port again."""
        self._do("accept")

    @property
    def sent(self) -> int:
        """Pictures since the camera's start, whether or not anyone was connected."""
        return int(self._do("state")["sent"])

    @property
    def clients(self) -> int:
        """Open connections."""
        return int(self._do("state")["clients"])

    @property
    def dropped(self) -> int:
        """RTP packets lost on purpose."""
        return int(self._do("state")["dropped"])

    def _do(self, name: str, *arguments: object) -> dict[str, Any]:
        return self._ask(" ".join(map(str, (name, self._index, *arguments))))


class CameraServer:
    """Cameras in a thread of this process: `with CameraServer([RtspCamera(media())]) as server: server.cameras[0].url`.

    Leaving raises what ended a camera early.
    """

    def __init__(self, cameras: Sequence[Camera]) -> None:
        self._cameras = cameras
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cameras", daemon=True)
        self._playing: list[asyncio.Task[None]] = []
        self.cameras: list[Controls] = []

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(20)
        self.cameras = [Controls(index, camera.url, self.ask) for index, camera in enumerate(self._cameras)]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(20)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def ask(self, line: str) -> dict[str, Any]:
        """Run one line of the protocol. Raises ValueError for a line that is none."""
        name, index, *arguments = line.split()
        command = self._cameras[int(index)].command(name, arguments)
        return asyncio.run_coroutine_threadsafe(command, self._loop).result(20)

    async def _start(self) -> None:
        for camera in self._cameras:
            await camera.listen()
            self._playing.append(self._loop.create_task(camera.play()))

    async def _stop(self) -> None:
        ended = [task for task in self._playing if task.done()]
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)
        for camera in self._cameras:
            await camera.command("refuse", [])
            await camera.command("cut", [])
        await asyncio.sleep(0)  # lets the aborted transports close their sockets
        for task in ended:
            task.result()


class CameraProcess:
    """Cameras in a process of their own, which ends with this one: `CameraProcess("rtsp", "--cameras", "4")`."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", f"tests.servers.{module}", *arguments]
        self._lock = threading.Lock()
        self.cameras: list[Controls] = []

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        urls = self._answer()["urls"]
        self.cameras = [Controls(index, url, self.ask) for index, url in enumerate(urls)]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.communicate(timeout=20)

    def ask(self, line: str) -> dict[str, Any]:
        """Send one line of the protocol. Raises ValueError for a line that is none."""
        assert self.process.stdin is not None
        with self._lock:
            self.process.stdin.write(line + "\n")
            answer = self._answer()
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self._command)} ended with exit code {self.process.wait()}")
        return dict(json.loads(line))


def serve(cameras: Sequence[Camera]) -> None:
    """The main program of a server: URLs as one JSON line, then an answer to each line of stdin, until it closes."""
    with CameraServer(cameras) as server:
        print(json.dumps({"urls": [camera.url for camera in server.cameras]}), flush=True)
        for line in sys.stdin:
            try:
                answer = server.ask(line)
            except (ValueError, IndexError, TypeError) as error:
                answer = {"error": f"{line.strip()}: {error}"}
            print(json.dumps(answer), flush=True)
