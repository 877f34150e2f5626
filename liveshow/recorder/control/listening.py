"""Where it is listened, and what is wrong when it cannot be."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from liveshow.errors import MachineError
from liveshow.recorder.control.certificate import addresses
from liveshow.setupfile.hostport import joined


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there. Raises MachineError."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # named, TCP is what asyncio switches Nagle's algorithm off for: small answers need not wait 40 ms
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as exc:
        raise _unheard(host, port, exc) from exc
    with sock:
        try:
            if family == socket.AF_INET6 and host == "::":
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # every network: Windows else leaves IPv4 out
            if os.name == "posix":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(where)
            sock.listen()
        except OSError as exc:
            raise _unheard(host, port, exc) from exc
        sock.setblocking(False)
        yield sock


def _unheard(host: str, port: int, exc: OSError) -> MachineError:
    where, mine = joined(host, port), ", ".join(("127.0.0.1", *addresses()))
    if exc.errno == errno.EADDRINUSE:
        return MachineError("the port is in use", where=where, todo="end what listens there, or name another port")
    if exc.errno == errno.EADDRNOTAVAIL or isinstance(exc, socket.gaierror):
        return MachineError(
            "that is no address of this machine", where=where, todo=f"its addresses are {mine}; 0.0.0.0 is all of them"
        )
    if exc.errno in (errno.EACCES, errno.EPERM):
        return MachineError("this port may not be used by you", where=where, todo="name one above 1023")
    return MachineError(f"it cannot be listened there: {exc.strerror or exc}", where=where, todo="name another address")
