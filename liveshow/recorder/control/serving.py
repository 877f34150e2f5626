"""`liveshow serve`: one process that offers a show to other hands, and ends with the show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from liveshow.errors import MachineError
from liveshow.events import Welcome
from liveshow.model import ControlSettings
from liveshow.recorder import address
from liveshow.recorder.client import Client, whoami
from liveshow.recorder.control.api import Api
from liveshow.recorder.control.certificate import (
    certificate_for,
    host_names,
    names_in,
    places_of,
)
from liveshow.recorder.control.hub import Hub
from liveshow.recorder.control.listening import listening
from liveshow.recorder.control.together import first_of, started, understood
from liveshow.recorder.control.tokens import Keyring, Tokens, served_with, tokens_of
from liveshow.recorder.control.web import Server, config_for
from liveshow.setupfile.hostport import host_and_port, is_loopback, joined
from liveshow.showfolder.folder import ShowFolder

LOOK_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Served:
    """Where a show is served: `places` are addresses that lead there, the best first; `osc` (then there are no places): where OSC is
    heard."""

    show: str
    places: tuple[str, ...]
    tls: bool
    tokens: Tokens
    osc: str = ""

    def lines(self, *, secrets: bool) -> Iterator[str]:
        """What a person needs to know; `secrets`: also the tokens."""
        if self.osc:
            yield f"OSC for {self.show} is heard at {self.osc} (UDP); `liveshow osc-addresses` lists what can be said"
            if not is_loopback(host_and_port(self.osc)[0]) and secrets:
                yield f"from other machines with a last argument token={self.tokens.full}"
            return
        scheme = "https" if self.tls else "http"
        yield f"{self.show} is served at " + ", ".join(f"{scheme}://{place}/api/show" for place in self.places)
        yield f"the API is described in {scheme}://{self.places[0]}/api/spec.json (WebSockets: /api/asyncapi.json)"
        if not secrets:
            yield "the tokens for it: `liveshow token SHOW`, and with `--watch` the one that may only look"
            return
        where = "on another machine" if self.tls else "on this machine (for others name an address with `--http`)"
        yield f"{where}: liveshow attach {self.places[0]} --token {self.tokens.of('full')}"
        yield f"only to look: liveshow attach {self.places[0]} --watch --token {self.tokens.of('watch')}"
        yield f"contributions: liveshow pull {scheme}://{self.places[0]} DEST --watch --token {self.tokens.of('watch')}"


async def serve(show: Path, settings: ControlSettings, tell: Callable[[Served], None], *, as_set_up: bool = False) -> str:
    """Offer a show until it has ended and its recorder is gone; returns why it ended. `tell` is told where, once it is served;
    `as_set_up`: the settings are those of the setup, and when a recorder comes with others this ends.

    Raises NotFound when no recorder runs; MachineError when a port is taken, an address is not this machine's, or somebody serves it
    already.
    """
    address.recorder_of(show)
    other = address.look_up(show, address.CONTROL)
    if other is not None:
        todo = "end that one first, or leave it: it goes on by itself when the recorder is restarted"
        raise MachineError(f"process {other.pid} serves this show already, on port {other.port}", where=str(show), todo=todo)
    find = partial(address.recorder_of, show)
    hub = Hub(partial(_connect, find))
    work = [understood(hub.run()), _until_over(hub, settings if as_set_up else None), _until_gone(show, hub)]
    api = Api(show, hub, find)
    try:
        if settings.http:
            work.append(_http(show, settings, api, tell))
        else:
            address.publish(show, address.CONTROL, 0)
        if settings.osc:
            work.append(_osc(show, settings, hub, tell))
        return await first_of(work)
    finally:
        await api.close()
        address.withdraw(show, address.CONTROL)


async def _connect(find: Callable[[], address.Address]) -> Client:
    return await Client.connect(find(), by=f"serve for {whoami()}", watch=True)


async def _until_over(hub: Hub, settings: ControlSettings | None) -> str:
    """Until the show has ended and its recorder is gone, or a recorder comes with other settings than these."""
    async with aclosing(hub.watch()) as changes:
        async for change in changes:
            if change is None and hub.state.ended:
                return "the show is ended"
            if isinstance(change, Welcome) and settings is not None and hub.setup is not None and hub.setup.control != settings:
                return "the setup has another [control] now"
    return "nothing is told any more"


async def _until_gone(show: Path, hub: Hub) -> str:
    """The same for a show that ended before its recorder was ever heard: then the journal on disk says so."""
    folder = ShowFolder(show)
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if not hub.connected and address.look_up(show, address.RECORDER) is None:
            state = await asyncio.to_thread(folder.state)
            if state.ended:
                return "the show is ended"


async def _osc(show: Path, settings: ControlSettings, hub: Hub, tell: Callable[[Served], None]) -> str:
    from liveshow.recorder.control.osc import run_osc

    tokens = tokens_of(show)
    await run_osc(hub, settings, Keyring(show).access, lambda place: tell(Served(show.name, (), False, tokens, place)))
    return "OSC ended"


# HTTP ------------------------------------------------------------------------------------------------------------


async def _http(show: Path, settings: ControlSettings, api: Api, tell: Callable[[Served], None]) -> str:
    host, wanted = host_and_port(settings.http)
    certificate = certificate_for(host, settings.certificate, settings.key)
    with listening(host, wanted) as sock:
        port: int = sock.getsockname()[1]
        address.publish(show, address.CONTROL, port)
        tokens = served_with(show, certificate.pin if certificate else "")
        names = [*host_names(), host.lower(), *(names_in(certificate.certificate) if certificate else [])]
        server = Server(config_for(api.application(names, settings.origins), certificate))
        async with started(server, sock) as ended:
            tell(Served(show.name, tuple(joined(place, port) for place in places_of(host)), certificate is not None, tokens))
            return await ended
