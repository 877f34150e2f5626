"""`liveshow review`: one process that serves the performers' page of a show, beside its recorder and after it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from liveshow.errors import LiveshowError, MachineError
from liveshow.events import SessionEnded, TermsStated
from liveshow.model import ReviewSettings
from liveshow.recorder import address
from liveshow.recorder.client import whoami
from liveshow.recorder.control.certificate import Certificate, certificate_for, host_names, names_in
from liveshow.recorder.control.listening import listening
from liveshow.recorder.control.together import first_of, started, understood
from liveshow.recorder.links import served_at
from liveshow.review.aftercare import Aftercare
from liveshow.review.app import App
from liveshow.review.board import Board
from liveshow.review.connections import Room, Server, config_for
from liveshow.review.door import Door
from liveshow.review.media import Media
from liveshow.review.served import Excerpts
from liveshow.review.source import Source
from liveshow.review.terms import terms_of
from liveshow.setupfile.hostport import host_and_port, is_loopback
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND

LOOK_EVERY = 0.2
AGAIN_AFTER = 5.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """Where the page of a show is served: `base`, to which a link adds "/#" and its token; `port`: where it listens."""

    show: str
    base: str
    port: int
    loopback: bool

    def lines(self) -> Iterator[str]:
        """What a person needs to know."""
        yield f"the performers' page of {self.show} is served at {self.base}"
        yield "each performer needs a private link: `liveshow links SHOW` prints them with codes to scan"
        if self.loopback:
            yield "only this machine gets there; for phones name an address: `--http 0.0.0.0:8644`"


async def serve(
    show: Path,
    settings: ReviewSettings,
    tell: Callable[[Served], None],
    *,
    as_set_up: bool = False,
    excerpts: Excerpts | None = None,
) -> str:
    """Serve the page until cancelled; returns why it ended. `tell` is told where, once it is served; `as_set_up`: the settings are those
    of the setup: it ends when a recorder comes with others, and some time after the show; `excerpts`: what can be played, None for what is
    made of the recordings.

    Raises MachineError when a port is taken, an address is not this machine's, a certificate cannot be used, or somebody serves it already.
    """
    other = address.look_up(show, address.REVIEW)
    if other is not None:
        todo = "end that one first, or leave it: it goes on by itself when the recorder is restarted"
        raise MachineError(
            f"process {other.pid} serves the page of this show already, on port {other.port}", where=str(show), todo=todo
        )
    host, wanted = host_and_port(settings.http)
    certificate = certificate_for(host, settings.certificate, settings.key)
    with listening(host, wanted) as sock:
        port: int = sock.getsockname()[1]
        base = settings.url or served_at(host, port)
        page = _Page(ShowFolder(show), base, excerpts)
        address.publish(show, address.REVIEW, port)
        try:
            config = config_for(page.application(settings, certificate), certificate, Room.made())
            async with started(Server(config), sock) as ended:
                tell(Served(show.name, base, port, is_loopback(host) and not settings.url))
                return await first_of([ended, *page.work(settings if as_set_up else None)])
        finally:
            address.withdraw(show, address.REVIEW)


class _Page:
    """All that works together for one show."""

    def __init__(self, folder: ShowFolder, base: str, excerpts: Excerpts | None) -> None:
        self._folder = folder
        self._source = Source(folder, base, lambda: self._board.changed())
        self._excerpts = excerpts or Media(folder, lambda: self._source.seconds_left, lambda: self._source.place)
        self._board = Board(self._source, self._excerpts)
        self._after = Aftercare(folder.path, self._source, lambda: self._board.now)
        self._app = App(self._source, self._board, self._excerpts)

    def application(self, settings: ReviewSettings, certificate: Certificate | None) -> ASGIApp:
        """What is served."""
        host = host_and_port(settings.http)[0]
        names = [*host_names(), host.lower(), *(names_in(certificate.certificate) if certificate else [])]
        return Door(self._app.application(), names, settings.url)

    def work(self, settings: ReviewSettings | None) -> list[Coroutine[None, None, str]]:
        """What goes on meanwhile; the first that ends, ends it all. `settings`: those of the setup, None when they are not."""
        forever = (self._source.run(), self._excerpts.run(self._board.finished), self._after.run(), self._state_terms())
        return [*map(understood, forever), *([self._until_over(settings)] if settings else [])]

    async def _state_terms(self) -> None:
        """Those that hold, once for each that is new; again when a setup brings others, or when they could not be written down."""
        by = None
        while True:
            if by is not self._source.setup is not None:
                by = self._source.setup if await self._stated(terms_of(self._source.setup)) else None
            await asyncio.sleep(LOOK_EVERY)

    async def _stated(self, terms: Sequence[TermsStated]) -> bool:
        try:
            for stated in terms:
                if stated.digest not in self._source.state.terms:
                    await self._source.say(stated, by=f"review for {whoami()}")
        except LiveshowError as exc:
            log.warning("the terms cannot be written down, and nobody can say yes: %s", exc)
            await asyncio.sleep(AGAIN_AFTER)
            return False
        self._board.terms = tuple(terms)
        self._board.finished()
        return True

    async def _until_over(self, settings: ReviewSettings) -> str:
        """Until some time has passed since the show ended, or since its recorder went and did not come back."""
        loop = asyncio.get_running_loop()
        seen, stays = loop.time(), settings.stays_minutes * 60
        while True:
            await asyncio.sleep(LOOK_EVERY)
            setup = self._source.setup
            if setup is not None and self._source.connected and setup.review != settings:
                return "the setup has another [review] now"
            if self._source.recorder_runs:  # the folder's disk may be gone for a while
                seen = loop.time()
            elif not await asyncio.to_thread(os.path.isdir, self._folder.path):
                return "the show folder is gone"
            elif self._since_end(loop.time() - seen) >= stays and self._after.done:
                return "the show is ended" if self._source.state.ended else "its recorder did not come back"

    def _since_end(self, unseen: float) -> float:
        """Seconds since the end of the show, or else those in which no recorder was seen."""
        if not self._source.state.ended:
            return unseen
        ended = next(e for e in reversed(self._source.events) if isinstance(e, SessionEnded))
        return (self._board.now - (ended.said or ended.t)) / SECOND
