"""Where something listens: "HOST:PORT", the host a name or an address, IPv6 in brackets as in RFC 3986."""

from __future__ import annotations

import ipaddress
import re

from liveshow.errors import UsageError

_FORM = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)):([0-9]{1,5})", re.ASCII)


def host_and_port(text: str, *, any_port: bool = True) -> tuple[str, int]:
    """The host, without brackets, and the port; `any_port`: 0 may stand for any free one. Raises UsageError."""
    match = _FORM.fullmatch(text)
    todo = "write HOST:PORT, for example 127.0.0.1:8642, 0.0.0.0:8642 (every network) or [::1]:8642"
    if match is None:
        shown = text if text.isprintable() and len(text) <= 60 else f"{text[:40]!r}…"
        raise UsageError(f'"{shown}" is not a host and a port', todo=todo)
    host, port = match[1] or match[2], int(match[3])
    if not (0 if any_port else 1) <= port <= 65535:
        raise UsageError(f"there is no port {port}", todo=f"write one from {0 if any_port else 1} to 65535")
    if match[1] and not _is_address(host):
        raise UsageError(f'"[{host}]" is no IPv6 address', todo=todo)
    return host, port


def is_loopback(host: str) -> bool:
    """Whether only this machine gets there."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def joined(host: str, port: int) -> str:
    """A host and a port as they are written."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
