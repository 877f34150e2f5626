"""Private links to performers' pages: how one is made, what it is worth, and where it leads.

A link is ``BASE/#TOKEN``: what follows the ``#`` is never sent to a server or written into its log (RFC 3986, 3.5). The token is 192
random bits; the journal has its SHA-256 only, so that who reads a show folder opens nobody's page. It is known to whoever had it made, at
that moment, and cannot be told again: who needs it again is issued another.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from liveshow.errors import NotFound, UsageError
from liveshow.events import LinkIssued
from liveshow.model import ReviewSettings
from liveshow.recorder import address
from liveshow.recorder.control.certificate import places_of
from liveshow.setupfile.hostport import host_and_port, is_loopback, joined

HOUR = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Link:
    """A link at the moment it is made. `issued` is what goes into the journal; `token` goes to the performer and nowhere else."""

    token: str
    issued: LinkIssued

    def url(self, base: str) -> str:
        """Where it leads, when the page is served at `base`."""
        return f"{base}/#{self.token}"


def make_link(performer: str, hours: float, now: int) -> Link:
    """A new one, good for so many hours from `now`, the wall clock's UTC ns."""
    token = secrets.token_urlsafe(24)
    expires = now + round(hours * HOUR)
    issued = LinkIssued(t=0, performer=performer, link=secrets.token_hex(4), digest=digest_of(token), expires=expires)
    return Link(token, issued)


def digest_of(token: str) -> str:
    """What the journal has of a token: SHA-256 in hex."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_good(link: str, links: Mapping[str, LinkIssued], now: int) -> bool:
    """Whether the link of that name leads anywhere: not revoked (then it is not among these any more), and not expired at `now`, the wall
    clock's UTC ns."""
    return link in links and now < links[link].expires


def link_of(token: str, links: Mapping[str, LinkIssued], now: int) -> LinkIssued | None:
    """The link of these with that token, unless it has expired at `now`. Takes as long for every wrong token."""
    digest = digest_of(token).encode()
    same = [issued for issued in links.values() if hmac.compare_digest(issued.digest.encode(), digest)]
    return next((issued for issued in same if is_good(issued.link, links, now)), None)


def wall_now() -> int:
    """The wall clock's UTC ns."""
    return time.time_ns()


def base_of(show: Path, settings: ReviewSettings, told: str = "") -> str:
    """Where performers' phones get to the page, without a slash at the end. `told`: what the process that serves it says (see
    :class:`liveshow.events.Pulse`), "" while it has not.

    Raises NotFound when the page is not served, UsageError when the setup serves it nowhere.
    """
    if settings.url or told:
        return settings.url or told
    if not settings.http:
        todo = 'add a table [review] with http = "0.0.0.0:8644" to the setup, or run `liveshow review SHOW --http HOST:PORT`'
        raise UsageError("the performers' page of this show is served nowhere", where=str(show), todo=todo)
    host, port = host_and_port(settings.http)
    if not port:
        found = address.look_up(show, address.REVIEW)
        if found is None:
            todo = "start it with `liveshow review SHOW`, or name a port in [review] of the setup"
            raise NotFound("the performers' page is not served at present", where=str(show), todo=todo)
        port = found.port
    return served_at(host, port)


def served_at(host: str, port: int) -> str:
    """What a server that listens there is called by phones: over TLS off loopback, at this machine's first address when the host stands for
    all of them."""
    return f"{'http' if is_loopback(host) else 'https'}://{joined(places_of(host)[0], port)}"
