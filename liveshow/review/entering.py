"""Who may see a page: the token of a link is said once, and from then on a cookie that only this page gets.

The cookie holds the token, for whose digest the journal is asked at every request: a link that was revoked or has expired is worth
nothing from that moment, and a server that was restarted knows everybody again.
"""

from __future__ import annotations

import hmac
import time

from starlette.requests import Request
from starlette.responses import Response

from liveshow.events import LinkIssued
from liveshow.recorder.links import digest_of, is_good, wall_now
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

COOKIE = "liveshow"
LONGEST_TOKEN = 200
MOST_COOKIES = 8  # of our name that are looked at, so that somebody else's cannot hide ours


def page_of(link: str) -> str:
    """Where the page of a link is."""
    return f"/p/{link}/"


def remember(answer: Response, issued: LinkIssued, token: str, *, secure: bool) -> None:
    """Have the browser keep the token of a link, for its page only and as long as it is good."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=max(1, (issued.expires - time.time_ns()) // SECOND),
        path=page_of(issued.link),
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def visitor(request: Request, state: ShowState) -> LinkIssued | None:
    """The link of the page that is asked for, when the request proves to have been let in by it and it is still good."""
    link = str(request.path_params["link"])
    issued = state.links.get(link)
    digests = [digest_of(token) for token in _tokens(request)]
    expected = (issued.digest if issued else digest_of("")).encode()
    proven = [hmac.compare_digest(digest.encode(), expected) for digest in digests]
    return issued if any(proven) and issued is not None and is_good(link, state.links, wall_now()) else None


def _tokens(request: Request) -> list[str]:
    found = []
    for head in request.headers.getlist("cookie"):
        for pair in head.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE and 0 < len(value) <= LONGEST_TOKEN:
                found.append(value)
    return found[:MOST_COOKIES]
