"""Addresses of network cameras: what may be shown of them, whether FFmpeg can open them, and why it could not.

Sources: RFC 3986 (user information and query of a URL); FFmpeg's protocol documentation, section 1 (`protocol_whitelist`).
"""

from __future__ import annotations

import re
from functools import cache
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit

import av
from av.error import FFmpegError, LookupError, ProtocolNotFoundError

from liveshow.feeds.table import scheme_of

# What FFmpeg says when it does not say why; its log does.
VAGUE = ("Input/output error", "Invalid data found", "Invalid argument", "Unknown error", "End of file")
SHORTEST_SECRET = 3  # characters; a shorter one is part of too many words


def check(source: str) -> tuple[str, str] | None:
    """What is wrong with a network camera's address, without asking the network."""
    scheme = scheme_of(source)
    if not available(scheme):
        return lacking(scheme)
    try:
        parts = urlsplit(source)
        there = (parts.port, parts.hostname) != (None, None)
    except ValueError as exc:
        return f"{shown(source)} is no address: {exc}", f'write "{scheme}://host:port/path"'
    if not source.partition(":")[2].startswith("//") or not there:
        return f"{shown(source)} names no host", f'write "{scheme}://host/path"'
    return None


@cache
def available(scheme: str) -> bool:
    """Whether the FFmpeg at hand has a protocol of this name.

    FFmpeg is asked to open an address of it with every protocol forbidden: it looks for the protocol first, so nothing is
    opened either way, and the error tells.
    """
    try:
        av.open(f"{scheme}://127.0.0.1:9/", container_options={"protocol_whitelist": "none"}).close()
    except ProtocolNotFoundError:
        return False
    except FFmpegError:
        return True
    return True


def lacking(scheme: str) -> tuple[str, str]:
    """What to say of a scheme that the FFmpeg at hand has no protocol for."""
    return (
        f"the FFmpeg in this PyAV ({av.__version__}) has no {scheme}",
        f"let the camera send rtsp://, or MPEG-TS over udp://, or build PyAV against an FFmpeg that has {scheme}",
    )


def shown(source: str) -> str:
    """An address as it may be shown and written down: without name and password, and without its query."""
    bare = re.sub(r"(?<=://)[^/?#]*@", "", source)
    return re.split(r"[?#]", bare, maxsplit=1)[0]


def redacted(text: str, source: str) -> str:
    """A text of FFmpeg's about an address, without what `shown` leaves out."""
    text = re.sub(r"(?<=://)[^\s/?#'\"]*@", "", text.replace(source, shown(source)))
    for secret in _secrets(source):
        text = text.replace(secret, "…")
    return text


def why(exc: FFmpegError, source: str) -> str:
    """In a few words why FFmpeg could not open or read an address, fit to be shown."""
    said = exc.strerror or type(exc).__name__
    log = cast("tuple[int, str, str] | None", exc.log)  # level, who, what; PyAV's stub says otherwise
    if said.startswith(VAGUE) and log:
        said = log[2].strip()
    return redacted(said.removeprefix("Server returned ").removesuffix(" (authorization failed)"), source)


def todo(exc: FFmpegError, source: str) -> str:
    """What to do about it."""
    name = type(exc).__name__
    if "Unauthorized" in name or "Forbidden" in name:
        return f'write the camera\'s name and password into the source: "{scheme_of(source)}://name:password@host/path"'
    if name == "HTTPNotFoundError":
        return "look up the path in the camera's manual or settings"
    if name == "ConnectionRefusedError":
        return "look whether it is on and the port is right"
    if isinstance(exc, LookupError):
        return "look whether the scheme is right"
    return "look whether it is on, in this network, and shows a picture in a player such as VLC"


def _secrets(source: str) -> list[str]:
    try:
        parts: SplitResult = urlsplit(source)
        found = [parts.password or "", parts.query, *(pair.partition("=")[2] for pair in parts.query.split("&"))]
    except ValueError:
        return []
    plain = {*found, *map(unquote, found)}
    return sorted((secret for secret in plain if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)
