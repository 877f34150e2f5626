"""Trust without an authority: a token that is typed on another machine ends in "." and the pin of the server's certificate, which is the
first 16 characters (80 bits) of the base32 (RFC 4648) of the SHA-256 of the certificate in DER. Who has the token talks to no other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl

from liveshow.errors import LiveshowError, NotFound

LENGTH = 16
CONNECT_LIMIT = 10.0


def pin_of(der: bytes) -> str:
    """The pin of a certificate."""
    return base64.b32encode(hashlib.sha256(der).digest()).decode("ascii")[:LENGTH].lower()


def pin_in(token: str) -> str:
    """The pin that a token ends in, "" when it has none."""
    return token.partition(".")[2].lower()


def context_for(host: str, port: int, pin: str) -> ssl.SSLContext:
    """TLS that trusts the certificate of that pin and no other. Nothing is said to a server before it has shown that it has it.

    Blocks for a connection to ask for the certificate. Raises NotFound when nobody answers, LiveshowError when the server has another one.
    """
    der = _shown_by(host, port)
    if not hmac.compare_digest(pin_of(der).encode(), pin.encode()):
        todo = (
            "somebody may be in between; or the certificate was renewed: ask for a new token (`liveshow token SHOW` over there)"
        )
        raise LiveshowError("the server's certificate is not the one of this token", where=f"{host}:{port}", todo=todo)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the certificate itself is known; it may be reached by any name
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # and needs nobody to vouch for it
    context.load_verify_locations(cadata=der)
    return context


def _shown_by(host: str, port: int) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), CONNECT_LIMIT) as plain,
            context.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            return wrapped.getpeercert(binary_form=True) or b""
    except ssl.SSLError as exc:
        todo = "is it `liveshow serve` that listens there? On loopback it speaks without TLS: leave out what follows the dot of the token"
        raise LiveshowError(f"no TLS is spoken there ({exc.reason or exc})", where=f"{host}:{port}", todo=todo) from exc
    except OSError as exc:
        raise unheard(host, port, exc) from exc


def unheard(host: str, port: int, exc: OSError) -> NotFound:
    """Nobody answers there."""
    todo = "does `liveshow serve` run over there, and does its firewall let you in?"
    return NotFound(f"nobody answers: {exc.strerror or exc or 'it took too long'}", where=f"{host}:{port}", todo=todo)
