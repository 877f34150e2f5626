"""The door to everything that is served: who may in, and from where. Starlette and what it serves see only who was let in.

- A token is asked for always, on loopback too, for other users of this machine get there as well. It comes as
  `Authorization: Bearer`, or, where a browser cannot say that (WebSockets, pictures), as `?token=`.
- A page in a browser of the crew gets nowhere: it does not know the token; its `Origin` is not ours; and when it made the browser
  believe that its own name leads here (DNS rebinding), that name in `Host` gives it away, for only addresses and this machine's
  names are taken.
- Who says ten wrong tokens within a minute hears 429 until the minute is over. The right token is taken all the same: it cannot be
  guessed (192 bits), and a device with an old token must not take GO out of the hands of the others at its address.
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from liveshow.errors import LiveshowError
from liveshow.recorder.control.answers import refusal
from liveshow.recorder.control.tokens import Keyring

WRONG, WITHIN, KEPT = 10, 60.0, 1000
OPEN = ("/api/spec.json", "/api/asyncapi.json")  # say nothing of the show
PICTURE = re.compile(r"/api/feeds/[^/]+/preview\.(?:png|ppm)")
QUIET = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]


class Door:
    """ASGI middleware. `names`: host names of this machine, "*." before one for any; `origins`: of pages elsewhere that may in."""

    def __init__(
        self,
        app: ASGIApp,
        keyring: Keyring,
        names: Iterable[str],
        origins: Iterable[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._keyring = app, keyring
        self._names, self._origins = tuple(names), frozenset(origins)
        self._wrong = Wrong(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, with `scope["token"]` and `scope["access"]`, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is None:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await receive()  # its connect
        await refused(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not is_ours(headers.get("host", ""), self._names):
            todo = "use this machine's address, or its name"
            return refusal(421, LiveshowError("nobody here has that name", where="Host", todo=todo))
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins and not self._is_own(origin, headers.get("host", "")):
            todo = "list it in [control] origins of the setup, if that page may control the show"
            return refusal(403, LiveshowError("a page from elsewhere may not do this", where="Origin", todo=todo))
        return None if scope["path"] in OPEN else self._without_token(scope, headers)

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        token = _token(scope, headers)
        access = self._keyring.access(token) if token else None
        scope["token"], scope["access"] = token, access
        todo = "`liveshow token SHOW` on the recorder's machine prints it; say it as `Authorization: Bearer TOKEN`"
        if access is not None:
            return None
        if not token:
            return refusal(401, LiveshowError("a token is needed", where="Authorization", todo=todo))
        address = scope["client"][0] if scope.get("client") else ""
        wait = self._wrong.counted(address)
        if wait:
            answer = refusal(429, LiveshowError("too many wrong tokens", where="Authorization", todo=f"wait {wait} s"))
            answer.headers["retry-after"] = str(wait)
            return answer
        return refusal(401, LiveshowError("the token is wrong, or was made anew", where="Authorization", todo=todo))

    @staticmethod
    def _is_own(origin: str, host: str) -> bool:
        return origin in (f"http://{host}", f"https://{host}")


def is_ours(host: str, names: Iterable[str]) -> bool:
    """Whether a `Host` header names this machine: an address, or one of these names ("*." before one for any), or localhost."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if any(name == ours or _covers(ours, name) for ours in ("localhost", *names)):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Wrong:
    """Wrong tokens of each address (of IPv6 each /64, which is one household) within the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def counted(self, address: str) -> int:
        """One more; returns the seconds to wait, 0 while it is no more than may be."""
        now = self._clock()
        times = self._times.setdefault(household(address), deque(maxlen=WRONG))
        self._times.move_to_end(household(address))
        while len(self._times) > KEPT:
            self._times.popitem(last=False)
        while times and now - times[0] >= WITHIN:
            times.popleft()
        if len(times) == WRONG:
            return max(1, round(WITHIN - (now - times[0])))
        times.append(now)
        return 0


def household(address: str) -> str:
    """What counts as one: an IPv4 address, the /64 of an IPv6 address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


def _covers(pattern: str, name: str) -> bool:
    return pattern.startswith("*.") and fnmatchcase(name, pattern) and name.count(".") == pattern.count(".")


def _token(scope: Scope, headers: Headers) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    if scope["type"] == "websocket" or PICTURE.fullmatch(scope["path"]):
        return str(parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0])
    return ""
