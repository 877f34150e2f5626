"""A worker's end of its connection to the recorder.

The worker listens; a recorder connects, and when it dies the next one does. What belongs in the journal is kept until a
recorder says that it is there, so nothing is lost in between. Sending never holds up the recording: it has a thread of its
own, which may wait for a recorder that does not read until that one dies.
"""

from __future__ import annotations

import contextlib
import hmac
import math
import os
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import msgspec

from liveshow.events import (
    Ack,
    FeedHealth,
    FromWorker,
    Health,
    Hello,
    Preview,
    Report,
    Stage,
    StopWorker,
    ToWorker,
    UseFirst,
    WorkerEvent,
    encode,
)
from liveshow.feeds.base import Patched
from liveshow.recorder import address

_DECODER: msgspec.json.Decoder[ToWorker] = msgspec.json.Decoder(ToWorker)
LOGIN_LIMIT = 2.0
OPENING, READING = 60.0, 15.0  # seconds that opening a device, and one round of reading and writing, may take
MOST_AT_ONCE = 500  # events in one line, which has a limit
SEND_AGAIN = 5.0  # what the recorder could not write down (its disk was full) is told again


class WorkerLink:
    """Serves one recorder at a time. `stop` is set when the recording is to end; `preview_every`: seconds, or 0."""

    def __init__(self, folder: Path, device: str, spec: str, since: int, every: float) -> None:
        """Raises MachineError when another process records the device: before anything is opened or begun."""
        self.stop = threading.Event()
        self.preview_every = 0.0
        self._folder, self._device, self._every = folder, device, every
        self._hello = Hello(device=device, pid=os.getpid(), since=since, spec=spec)
        self._health: Callable[[], dict[str, FeedHealth]] = dict
        self._cue: Callable[[Patched], None] = _ignore
        self._use_first: Callable[[str], None] = _ignore
        self._lock = threading.Condition()
        self._reports: OrderedDict[int, WorkerEvent] = OrderedDict()
        self._unsent: list[int] = []
        self._sent = 0.0
        self._seq = 0
        self._due = math.inf
        self._connection: socket.socket | None = None
        self._server = socket.create_server(("127.0.0.1", 0))
        self._token = address.publish_alone(folder, self.role, self._server.getsockname()[1]).token
        threading.Thread(target=self._serve, name="link", daemon=True).start()

    @property
    def role(self) -> str:
        """The role under which this worker is published."""
        return f"worker-{self._device}"

    def attach(self, health: Callable[[], dict[str, FeedHealth]], cue: Callable[[Patched], None]) -> None:
        """Who is asked for health (from the link's thread), and who is told who is on stage."""
        self._health, self._cue = health, cue

    def attach_mirror(self, use_first: Callable[[str], None]) -> None:
        """Who is told why nothing more is to be written on the first disk ("": write)."""
        self._use_first = use_first

    def beat(self, within: float) -> None:
        """The recording goes on and says so again within so many seconds. When it does not, it hangs (a driver that does not
        return), and this link falls silent: the recorder then takes the whole worker for hung, which it is."""
        self._due = time.monotonic() + within

    def report(self, event: WorkerEvent, run: str) -> None:
        """Have an event journaled, now or by the next recorder."""
        with self._lock:
            self._seq += 1
            self._reports[self._seq] = msgspec.structs.replace(event, run=run, seq=self._seq)
            self._unsent.append(self._seq)
            self._lock.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until everything reported is in the journal, told once more at once; False when no recorder said so in time."""
        with self._lock:
            self._unsent = list(self._reports)
            self._lock.notify_all()
            return self._lock.wait_for(lambda: not self._reports, seconds)

    def close(self) -> None:
        """No longer to be found or heard, also while this process cannot end because a disk hangs."""
        address.withdraw(self._folder, self.role)
        self._server.close()
        if self._connection is not None:
            with contextlib.suppress(OSError):  # the recorder was quicker
                self._connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return  # closed: the worker ends
            with connection, contextlib.suppress(OSError):
                connection.settimeout(LOGIN_LIMIT)
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        self._connection = connection
        incoming = connection.makefile("rb")
        if not hmac.compare_digest(incoming.readline().strip(), self._token.encode()):
            return
        connection.sendall(encode(self._hello))
        with self._lock:
            self._unsent = list(self._reports)
        connection.settimeout(None)
        gone = threading.Event()
        threading.Thread(target=self._listen, args=(incoming, gone), name="commands", daemon=True).start()
        while not gone.is_set():
            self._send(connection)

    def _send(self, connection: socket.socket) -> None:
        with self._lock:
            self._lock.wait_for(lambda: bool(self._unsent), self._every)
            if time.monotonic() > self._due:
                self._lock.wait(self._every)
                return
            if time.monotonic() - self._sent > SEND_AGAIN:
                self._unsent = list(self._reports)
            reports = [self._reports[seq] for seq in self._unsent if seq in self._reports]
            self._unsent.clear()
            self._sent = time.monotonic() if reports else self._sent
        messages: list[FromWorker] = [
            Report(events=tuple(reports[at : at + MOST_AT_ONCE])) for at in range(0, len(reports), MOST_AT_ONCE)
        ]
        messages.append(Health(feeds=self._health()))
        connection.sendall(b"".join(map(encode, messages)))

    def _listen(self, incoming: socket.SocketIO, gone: threading.Event) -> None:
        try:
            for line in incoming:
                self._obey(_DECODER.decode(line))
        except OSError:
            pass  # the recorder is gone; the next one will connect
        finally:
            gone.set()

    def _obey(self, command: ToWorker) -> None:
        match command:
            case Ack(seqs=seqs):
                with self._lock:
                    for seq in seqs:
                        self._reports.pop(seq, None)
                    self._lock.notify_all()
            case Stage(on=on):
                self._cue(on)
            case Preview(every=every):
                self.preview_every = every
            case UseFirst(why_not=why_not):
                self._use_first(why_not)
            case StopWorker():
                self.stop.set()


def _ignore(what: object) -> None:
    del what
