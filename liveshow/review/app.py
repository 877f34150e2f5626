"""The routes of the performers' page.

    GET  /                              the shell that takes a link's token, which stands after "#" and is in no request
    POST /enter                         the token: where the page is, and a cookie for it
    GET  /p/<link>/                     the page, the same for everybody
    GET  /p/<link>/state                what that performer sees (:mod:`liveshow.review.view`)
    POST /p/<link>/say                  what was pressed (:mod:`liveshow.review.saying`)
    GET  /p/<link>/poster/<segment>     a picture
    GET  /p/<link>/media/<segment>/<feed>     something to play, with ranges; 202 while it is being made
    GET  /assets/…                      the page's own files

Whatever is not that performer's is answered as what does not exist.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from liveshow.errors import LiveshowError
from liveshow.events import LinkIssued
from liveshow.recorder.control.answers import answer, refusal
from liveshow.recorder.control.door import Wrong, household
from liveshow.recorder.links import link_of, wall_now
from liveshow.review.asked import address_of, body_as, patience
from liveshow.review.assets import pages
from liveshow.review.board import Board
from liveshow.review.door import busy
from liveshow.review.entering import LONGEST_TOKEN, page_of, remember, visitor
from liveshow.review.files import NOTHING, Files, not_yet
from liveshow.review.pressing import answered, event_of
from liveshow.review.rates import Rates
from liveshow.review.saying import PressAnswer, PressAnswers, Pressed, Presses
from liveshow.review.served import Excerpts, Playable, Poster
from liveshow.review.source import AWAY, Source
from liveshow.review.view import Entered
from liveshow.timebase import MILLISECOND

SHELL, JSON = "index.html", "application/json"
STRANGERS, STRANGERS_AT_ONCE = 50.0, 600.0  # requests a second and at once of one address, of those that prove no link
ASKS, ASKS_AT_ONCE = 100.0, 600.0  # the same of one link: a choir's phones have one together
PRESSES, PRESSES_AT_ONCE = 4.0, 120.0
ZIPPED_FROM = 1024  # bytes
LEADS_NOWHERE = LiveshowError("this link leads nowhere", where="link", todo="ask the crew for a new one")


class Token(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /enter`."""

    token: str


class App:
    """Everything that is served about one show. Of media, what lies where recordings can be read at present, and nothing outside of it."""

    def __init__(self, source: Source, board: Board, excerpts: Excerpts) -> None:
        self._source, self._board, self._excerpts = source, board, excerpts
        self._files: dict[Path, Files] = {}
        self._assets = pages()
        self._wrong = Wrong(time.monotonic)
        self._strangers = Rates(STRANGERS, STRANGERS_AT_ONCE)
        self._asks, self._presses = Rates(ASKS, ASKS_AT_ONCE), Rates(PRESSES, PRESSES_AT_ONCE)

    def application(self) -> Starlette:
        """What is served, behind the door."""
        routes = [
            Route("/", self._shell, methods=["GET"]),
            Route("/enter", self._enter, methods=["POST"]),
            Route("/assets/{name:path}", self._asset, methods=["GET"]),
            Route("/p/{link}/", self._shell, methods=["GET"]),
            Route("/p/{link}/state", self._state, methods=["GET"]),
            Route("/p/{link}/say", self._say, methods=["POST"]),
            Route("/p/{link}/poster/{segment}", self._poster, methods=["GET"]),
            Route("/p/{link}/media/{segment}/{feed}", self._media, methods=["GET"]),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: _not_served, ClientDisconnect: _gone})
        app.router.redirect_slashes = False
        return app

    # The page itself

    async def _shell(self, request: Request) -> Response:
        return self._too_often(request) or self._assets[SHELL].answer(request)

    async def _asset(self, request: Request) -> Response:
        refused = self._too_often(request)
        if refused is not None:
            return refused
        found = self._assets.get(request.path_params["name"])
        return found.answer(request) if found else refusal(404, NOTHING)

    async def _enter(self, request: Request) -> Response:
        """Wrong tokens are counted; the right one is taken all the same, for it cannot be guessed and many may have one address."""
        refused = self._too_often(request)
        if refused is not None:
            return refused
        entered = await body_as(request, Token)
        if isinstance(entered, Response):
            return entered
        if not self._source.events:
            return _away()
        issued = link_of(entered.token, self._source.state.links, wall_now()) if len(entered.token) <= LONGEST_TOKEN else None
        if issued is None:
            wait = self._wrong.counted(address_of(request))
            return busy(wait) if wait else refusal(403, LEADS_NOWHERE)
        made = answer(Entered(page=page_of(issued.link)))
        secure = request.url.scheme == "https" or request.headers["origin"].startswith("https:")
        remember(made, issued, entered.token, secure=secure)
        return made

    # A performer's

    async def _state(self, request: Request) -> Response:
        issued = self._let_in(request)
        if isinstance(issued, Response):
            return issued
        tag = request.headers.get("if-none-match", "")
        shown = await self._board.state(issued.performer, tag, patience(request) if tag else 0)
        if visitor(request, self._source.state) is None:  # revoked, or expired, meanwhile
            return refusal(403, LEADS_NOWHERE)
        heads = {"etag": shown.tag, "cache-control": "private, no-cache", "vary": "accept-encoding"}
        if shown.tag == tag:
            return Response(None, 304, heads)
        head = self._board.head()
        if len(shown.rest) > ZIPPED_FROM and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(shown.zipped(head), 200, heads | {"content-encoding": "gzip"}, JSON)
        return Response(head + shown.rest, 200, heads, JSON)

    async def _say(self, request: Request) -> Response:
        issued = self._let_in(request)
        if isinstance(issued, Response):
            return issued
        said = await body_as(request, Presses)
        if isinstance(said, Response):
            return said
        wait = self._presses.take(issued.link, len(said.presses))
        if wait:
            return busy(wait)
        answers: list[PressAnswer] = []
        for press in said.presses:
            if visitor(request, self._source.state) is None:
                return refusal(403, LEADS_NOWHERE)
            away = bool(answers) and answers[-1].why == "away"  # what was pressed later is not written down earlier
            answers.append(answered(press, AWAY) if away else await self._written(press, issued.performer))
        return answer(PressAnswers(answers=tuple(answers)))

    async def _written(self, press: Pressed, performer: str) -> PressAnswer:
        known, now = self._board.known, self._board.now
        already = known.state.presses.get(press.press)
        if already is not None:
            return PressAnswer(press=press.press, n=already)
        at = max(known.state.started, now - press.ago_ms * MILLISECOND) if press.ago_ms else 0
        try:
            event = event_of(press, known, performer, [terms.digest for terms in self._board.terms], at)
            person = known.state.setup.performer(performer)
            number = await self._source.say(event, by=f"{person.name if person else performer} (page)")
        except LiveshowError as exc:
            return answered(press, exc)
        return PressAnswer(press=press.press, n=number)

    async def _poster(self, request: Request) -> Response:
        issued = self._let_in(request)
        if isinstance(issued, Response):
            return issued
        known, ident = self._board.known, request.path_params["segment"]
        segment = known.segment(issued.performer, ident)
        if segment is None or issued.performer not in segment.performers or not known.has_me(issued.performer, segment):
            return refusal(404, NOTHING)
        return await self._give(request, issued.link, self._excerpts.poster(ident))

    async def _media(self, request: Request) -> Response:
        issued = self._let_in(request)
        if isinstance(issued, Response):
            return issued
        known, ident, feed = self._board.known, request.path_params["segment"], request.path_params["feed"]
        segment = known.segment(issued.performer, ident)
        if segment is None or segment.end is None or feed not in known.playable(issued.performer, segment):
            return refusal(404, NOTHING)
        found = self._excerpts.playable(ident, feed, request.query_params.get("v", ""))
        return await self._give(request, issued.link, found)

    async def _give(self, request: Request, link: str, found: Playable | Poster | None) -> Response:
        place = self._source.place.path
        if found is None:
            return not_yet()
        if not found.path.is_relative_to(place):  # on a disk that may hang: soon it is known to be elsewhere
            return not_yet() if any(map(found.path.is_relative_to, self._source.places)) else refusal(404, NOTHING)
        if place not in self._files:
            self._files[place] = Files(place)
        return await self._files[place].give(request, link, found)

    def _let_in(self, request: Request) -> LinkIssued | Response:
        """The link of a page that this request may have, or why it may not."""
        if not self._source.events:
            return _away()
        issued = visitor(request, self._source.state)
        if issued is None:
            return self._too_often(request) or refusal(403, LEADS_NOWHERE)
        request.state.proven(issued.link)
        wait = self._asks.take(issued.link)
        return busy(wait) if wait else issued

    def _too_often(self, request: Request) -> Response | None:
        """Why a request that proves no link is not answered now."""
        wait = self._strangers.take(household(address_of(request)))
        return busy(wait) if wait else None


def _away() -> Response:
    return refusal(503, AWAY)


async def _gone(request: Request, exc: Exception) -> Response:
    """They left before they had said everything: nobody reads this."""
    del request, exc
    return Response(None, 400)


async def _not_served(request: Request, exc: Exception) -> Response:
    del request
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    made = refusal(status, NOTHING if status == 404 else LiveshowError("that is not done here", where="request"))
    made.headers.update((exc.headers if isinstance(exc, HTTPException) else None) or {})
    return made
