"""Tells by OSC how the show stands: each listener what changed, at most twenty times a second, and all of it every five
seconds."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Iterable, Sequence

from liveshow.events import Pulse
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.osc_feedback import Moment, feedback
from liveshow.recorder.control.osc_packets import written
from liveshow.recorder.control.osc_targets import Place, Targets
from liveshow.setupfile.hostport import host_and_port
from liveshow.timebase import SECOND

TELL_EVERY = 0.05
ALL_EVERY = 5 * SECOND
LOOK_UP_EVERY = 60.0
SILENT_AFTER = 3 * SECOND
CAUGHT_UP_WITHIN = 2.0
BURST, PAUSE = 32, 0.005  # so many datagrams at once, so that who reads them keeps up
LONGEST = 500
MOST_UNSENT = 20_000
log = logging.getLogger(__name__)


class Teller:
    """Tells while it is `run`, `through` a socket."""

    def __init__(self, hub: Hub, feedback_to: tuple[str, ...] = ()) -> None:
        self.targets = Targets()
        self._hub, self._feedback_to = hub, feedback_to
        self._transport: asyncio.DatagramTransport | None = None
        self._unsent: deque[tuple[bytes, Place]] = deque(maxlen=MOST_UNSENT)
        self._filled = asyncio.Event()
        self._pulse: Pulse | None = None
        self._pulse_at = 0
        self._all_at = 0

    def through(self, transport: asyncio.DatagramTransport) -> None:
        """The socket to send from: the one that listens, so that answers come from where was asked."""
        self._transport = transport

    async def run(self) -> None:
        """Tell, until cancelled."""
        async with asyncio.TaskGroup() as together:
            together.create_task(self._look_up())
            together.create_task(self._send())
            while True:
                try:
                    self.tell()
                except Exception:
                    log.exception("what is to be told by OSC broke")
                    await asyncio.sleep(ALL_EVERY / SECOND)
                await asyncio.sleep(TELL_EVERY)

    def answer(self, sender: Place, address: str, *values: str | int) -> None:
        """Tell one sender something."""
        self._put(address, [v[:LONGEST] if isinstance(v, str) else v for v in values], self.targets.answers_at(sender))

    def tell(self) -> None:
        """Tell everyone what is new to them, and all of it when that is due."""
        at = time.monotonic_ns()
        moment = self._moment(at)
        complete = at - self._all_at >= ALL_EVERY
        self._all_at = at if complete else self._all_at
        now = feedback(moment) if self.targets else {}
        for target in self.targets:
            for address, values in target.news(now, complete).items():
                self._put(address, values, target.place)

    async def tell_what(self, numbers: Sequence[int]) -> None:
        """Tell what those journal lines changed, once they have come back from the recorder."""
        last = max(numbers, default=0)
        deadline = time.monotonic() + CAUGHT_UP_WITHIN
        while (
            self._hub.connected and (self._hub.events[-1].n if self._hub.events else 0) < last and time.monotonic() < deadline
        ):
            await asyncio.sleep(0.005)
        self.tell()

    def _moment(self, at: int) -> Moment:
        if self._hub.pulse is not self._pulse:
            self._pulse, self._pulse_at = self._hub.pulse, at
        fresh = self._pulse if at - self._pulse_at <= SILENT_AFTER else None
        return Moment(self._hub.state, fresh, self._hub.connected)

    def _put(self, address: str, values: Iterable[str | int | float], place: Place) -> None:
        self._unsent.append((written(address, *values), place))
        self._filled.set()

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            for _ in range(min(BURST, len(self._unsent))):
                datagram, place = self._unsent.popleft()
                if self._transport is not None and not self._transport.is_closing():
                    self._transport.sendto(datagram, place)
            if self._unsent:
                await asyncio.sleep(PAUSE)
            else:
                self._filled.clear()

    async def _look_up(self) -> None:
        """Find those whom the setup names; a name that nobody knows is asked for again every minute."""
        missing = list(self._feedback_to)
        while missing:
            for text in tuple(missing):
                place = await self._place(text)
                if place is not None:
                    self.targets.add(place, None)
                    missing.remove(text)
            await asyncio.sleep(LOOK_UP_EVERY if missing else 0)

    async def _place(self, text: str) -> Place | None:
        host, port = host_and_port(text, any_port=False)
        family = self._transport.get_extra_info("socket").family if self._transport else socket.AF_UNSPEC
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_DGRAM)
        except OSError as exc:
            log.warning("OSC: %s of the setup's osc_feedback cannot be found (%s); it is looked up again", text, exc)
            return None
        return str(found[0][4][0]), port
