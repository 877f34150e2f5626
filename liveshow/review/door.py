"""The door to the performers' page: what every request and every answer must be, whoever asks. The audience is on the same Wi-Fi.

- A name in `Host` that is not this machine's leads nowhere: a page elsewhere cannot make itself this one (DNS rebinding).
- Nothing is done for a page from elsewhere: what changes something comes as JSON with our own `Origin`, and what a browser says was asked
  for by another site (`Sec-Fetch-Site`) is refused; that a cookie is `SameSite=Strict` comes on top.
- Every answer forbids the browser everything that the page does not need.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from liveshow.errors import LiveshowError
from liveshow.recorder.control.answers import refusal
from liveshow.recorder.control.door import is_ours

LARGEST_HEAD = 16 * 1024  # bytes
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; font-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
FORBIDDEN = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "midi", "payment", "usb")
HEADS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(f"{feature}=()" for feature in FORBIDDEN),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Door:
    """ASGI middleware. `names`: host names of this machine; `url`: how phones get here when that is not what it calls itself."""

    def __init__(self, app: ASGIApp, names: Iterable[str], url: str = "") -> None:
        self._app, self._url = app, url
        self._names: Collection[str] = (*names, *filter(None, [urlsplit(url).hostname]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or refuse."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                heads = MutableHeaders(scope=message)
                for name, value in HEADS.items():
                    heads[name] = value
                heads.setdefault("cache-control", "no-store")
            await send(message)

        if scope["type"] != "http":
            return
        refused = self._refused(scope, Headers(scope=scope))
        await (refused or self._app)(scope, receive, guarded)

    def _refused(self, scope: Scope, heads: Headers) -> Response | None:
        lines = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if len(scope["raw_path"]) + len(scope["query_string"]) + lines > LARGEST_HEAD:
            return refusal(431, LiveshowError("the head of the request is too long", where="request"))
        hosts = heads.getlist("host")
        if len(hosts) != 1 or not is_ours(hosts[0], self._names):
            todo = "scan the code again"
            return refusal(421, LiveshowError("nobody here has that name", where="Host", todo=todo))
        if heads.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _is_visit(heads):
            return refusal(403, LiveshowError("a page from elsewhere may not do this", where="Sec-Fetch-Site"))
        if scope["method"] in ("GET", "HEAD"):
            return None
        return self._not_ours(heads, hosts[0])

    def _not_ours(self, heads: Headers, host: str) -> Response | None:
        """Why something may not be changed by this request."""
        origins = heads.getlist("origin")
        if len(origins) != 1 or origins[0] not in {f"http://{host}", f"https://{host}", self._url or f"https://{host}"}:
            return refusal(403, LiveshowError("a page from elsewhere may not do this", where="Origin"))
        if heads.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return refusal(415, LiveshowError("only JSON is understood", where="Content-Type"))
        return None


def busy(wait: int, status: int = 429) -> Response:
    """Too much was asked for: ask again in so many seconds."""
    answer = refusal(status, LiveshowError("too much at once", where="requests", todo=f"wait {wait} s"))
    answer.headers["retry-after"] = str(wait)
    return answer


def _is_visit(heads: Headers) -> bool:
    """Whether a person goes to the page from somewhere else: that shows the page, which is the same for everybody."""
    return heads.get("sec-fetch-mode") == "navigate" and heads.get("sec-fetch-dest") == "document"
