"""The OSC door: datagrams in, marks to the recorder, answers and the state of the show out.

Messages are carried out one after the other, in the order in which they came, a bundle's in its own order; what comes faster
than the recorder answers waits, and is dated when it came. A bundle whose timetag is past is carried out at once and dated as
of now (other machines' clocks are not to be trusted with a show's time), one of the next ten seconds when it is due, one
farther ahead is refused. UDP may lose a datagram: only what is answered with `/liveshow/done` is known to be on disk.

On loopback everybody may speak. From elsewhere a message must carry the show's token as its last argument, "token=...", or
nothing is done and nothing answered. UDP sends it in the clear, so this is for a network that the crew trusts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from liveshow.errors import LiveshowError, MachineError, UsageError
from liveshow.events import FalseTake, Go, Highlight, Hold, ItemAdded, Note, Off, On, PerformerAdded
from liveshow.model import ControlSettings
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.osc_asked import Dating, Deed, Pinging, Saying, Subscribing
from liveshow.recorder.control.osc_commands import is_beside, is_command, understand
from liveshow.recorder.control.osc_feedback import DONE, PONG, REFUSED, is_feedback
from liveshow.recorder.control.osc_packets import Message, Unreadable, read_packet
from liveshow.recorder.control.osc_targets import Place
from liveshow.recorder.control.osc_teller import Teller
from liveshow.recorder.control.tokens import Access
from liveshow.recorder.haste import Guard
from liveshow.setupfile.hostport import host_and_port, is_loopback, joined
from liveshow.timebase import SECOND

AGO_FORGOTTEN = 20 * SECOND
GRUMBLE_EVERY = 60 * SECOND
FARTHEST = 10 * SECOND
PROMPT = SECOND // 20  # what waited no longer than this is dated by the recorder
MOST_WAITING = 500
MOST_SENDERS = 1000
TOKEN = "token="
DATED = (Go, Hold, On, Off, Highlight, FalseTake, Note)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, who sent it, and when it came or was due (host's monotonic ns)."""

    message: Message
    sender: Place
    at: int


class OscDoor(asyncio.DatagramProtocol):
    """Listens once it is `open`, carries out what it is told while it is `run`."""

    def __init__(self, hub: Hub, access: Callable[[str], Access | None], feedback_to: tuple[str, ...] = ()) -> None:
        """`access`: what a token gives; `feedback_to`: "host:port" of those who are told the state without having asked."""
        self._hub, self._access = hub, access
        self.teller = Teller(hub, feedback_to)
        self._letters: asyncio.Queue[Letter] = asyncio.Queue(MOST_WAITING)
        self._waiting = 0  # for their timetag
        self._guard = Guard()
        self._agos: dict[Place, tuple[int, int]] = {}
        self._grumbled: dict[str, int] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; returns the port (0 asks for any free one). Raises MachineError when that is taken or no address of this
        machine."""
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        except OSError as exc:
            todo = "name another in the setup's [control] osc, or end what listens there"
            raise MachineError(f"OSC cannot listen: {exc.strerror or exc}", where=joined(host, port), todo=todo) from exc
        self._transport = transport
        self.teller.through(transport)
        return int(transport.get_extra_info("sockname")[1])

    async def run(self) -> None:
        """Carry out what comes and tell the state, until cancelled."""
        async with asyncio.TaskGroup() as together:
            together.create_task(self._work())
            together.create_task(self.teller.run())

    def close(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()

    # In -------------------------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[str, int, int, int]) -> None:
        """One datagram; all of its messages count, or none."""
        sender, at = (addr[0], addr[1]), time.monotonic_ns()
        try:
            messages = read_packet(data)
        except Unreadable as exc:
            self._grumble(sender, f"sends what is no OSC: {exc}")
            return
        for message in messages:
            if is_command(message.address) or not is_feedback(
                message.address
            ):  # two doors that tell each other answer for ever
                self._take(message, sender, at)

    def error_received(self, exc: Exception) -> None:
        """A listener that is gone (ICMP says so on some systems) is told all the same: it may come back."""
        log.debug("OSC: %s", exc)

    def _take(self, message: Message, sender: Place, at: int) -> None:
        allowed, access = self._without_token(message, sender)
        if access is None:
            self._grumble(sender, "sends no token, or a wrong one: send token=... last (`liveshow token` shows it)")
            return
        if access == "watch" and not is_beside(message.address):
            self._refuse(message.address, sender, UsageError("this token only watches", todo="send the one for the crew"))
            return
        wait = max(0, message.due - time.time_ns()) if message.due is not None else 0
        if wait > FARTHEST:
            what = f"its timetag lies {wait / SECOND:.0f} s ahead"
            todo = "set that machine's clock, or send without a timetag"
            self._refuse(message.address, sender, UsageError(what, todo=todo))
        elif wait and self._waiting < MOST_WAITING:
            self._waiting += 1
            asyncio.get_running_loop().call_later(wait / SECOND, self._due, Letter(allowed, sender, at + wait))
        else:
            self._post(Letter(allowed, sender, at))

    def _post(self, letter: Letter) -> None:
        if self._letters.full():
            exc = UsageError(
                "too many messages wait to be carried out", todo="send fewer, and look whether the recorder answers"
            )
            self._refuse(letter.message.address, letter.sender, exc)
        else:
            self._letters.put_nowait(letter)

    def _due(self, letter: Letter) -> None:
        self._waiting -= 1
        self._post(letter)

    def _without_token(self, message: Message, sender: Place) -> tuple[Message, Access | None]:
        """The message without its token, and what the sender may do."""
        last = message.values[-1] if message.values else None
        given = last.removeprefix(TOKEN) if isinstance(last, str) and last.startswith(TOKEN) else None
        bare = message if given is None else replace(message, values=message.values[:-1])
        if is_loopback(sender[0]):
            return bare, "full"
        return bare, self._access(given) if given is not None else None

    def _grumble(self, sender: Place, what: str) -> None:
        """One line a minute and sender in the log."""
        now = time.monotonic_ns()
        if now - self._grumbled.get(sender[0], now - GRUMBLE_EVERY) >= GRUMBLE_EVERY:
            if len(self._grumbled) >= MOST_SENDERS:
                self._grumbled.clear()
            self._grumbled[sender[0]] = now
            log.warning("OSC: %s %s", sender[0], what)

    # What is carried out --------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            letter = await self._letters.get()
            try:
                await self._carry_out(letter)
            except LiveshowError as exc:
                self._refuse(letter.message.address, letter.sender, exc)
            except Exception:
                log.exception("an OSC message to %s broke", letter.message.address)

    async def _carry_out(self, letter: Letter) -> None:
        message, sender = letter.message, letter.sender
        told = self.teller.targets.told_next(sender)
        asked = understand(message, self._hub.state, self._hub.pulse, told)
        if asked is None or (asked.action and not self._guard.counts(asked.action, asked.about, letter.at)):
            return
        dated = any(isinstance(deed, Saying) and isinstance(deed.event, DATED) for deed in asked.deeds)
        ago = self._ago(letter) if dated else 0
        numbers = [n for deed in asked.deeds for n in await self._do(deed, letter, ago)]
        if not any(isinstance(deed, Pinging) for deed in asked.deeds):
            await self.teller.tell_what(numbers)
            self.teller.answer(sender, DONE, message.address, *numbers, *self._added(numbers))

    async def _do(self, deed: Deed, letter: Letter, ago: int) -> tuple[int, ...]:
        sender = letter.sender
        match deed:
            case Saying():
                waited = time.monotonic_ns() - letter.at
                passed = waited if waited > PROMPT else 0
                return await self._hub.say(deed.event, (deed.ago or ago) + passed, by=f"osc {sender[0]}")
            case Dating():
                self._date(sender, deed.ago, letter.at)
            case Subscribing():
                place = (sender[0], deed.port or sender[1])
                if not deed.ends:
                    self.teller.targets.add(place, sender)
                elif not self.teller.targets.remove(place):
                    raise UsageError(f"nobody is told at port {place[1]} of {place[0]}", where=letter.message.address)
            case Pinging():
                show = self._hub.welcome.show if self._hub.welcome else self._hub.state.show
                self.teller.answer(sender, PONG, show, int(self._hub.connected))
        return ()

    def _date(self, sender: Place, ago: int, at: int) -> None:
        self._agos.pop(sender, None)
        self._agos[sender] = (ago, at)
        if len(self._agos) > MOST_SENDERS:
            del self._agos[next(iter(self._agos))]

    def _ago(self, letter: Letter) -> int:
        """How long ago the sender said its next mark was; that holds once, and for twenty seconds."""
        ago, at = self._agos.pop(letter.sender, (0, 0))
        return ago if letter.at - at <= AGO_FORGOTTEN else 0

    def _added(self, numbers: list[int]) -> list[str]:
        """The ids that items and performers were given."""
        found = [e for e in self._hub.events if e.n in numbers]
        return [e.item if isinstance(e, ItemAdded) else e.performer for e in found if isinstance(e, ItemAdded | PerformerAdded)]

    def _refuse(self, address: str, sender: Place, exc: LiveshowError) -> None:
        self.teller.answer(sender, REFUSED, address, exc.what, exc.todo)


async def run_osc(
    hub: Hub, settings: ControlSettings, access: Callable[[str], Access | None], tell: Callable[[str], None]
) -> None:
    """Hear and tell by OSC where the settings say so, until cancelled; `tell` is told where, once it is heard. Raises
    MachineError."""
    door = OscDoor(hub, access, settings.osc_feedback)
    host, wanted = host_and_port(settings.osc)
    port = await door.open(host, wanted)
    try:
        tell(joined(host, port))
        await door.run()
    finally:
        door.close()
