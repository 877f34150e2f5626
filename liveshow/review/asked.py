"""What a request says: its body, how long its page would wait, and where it comes from."""

from __future__ import annotations

import asyncio
import re
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from liveshow.errors import LiveshowError
from liveshow.recorder.control.answers import refusal

LONGEST_BODY = 64 * 1024
BODY_LIMIT = 10.0  # seconds for it to come
Body = TypeVar("Body")


def patience(request: Request) -> float:
    """Seconds that the page would wait for something new (RFC 7240)."""
    match = re.search(r"(?:^|[,;\s])wait=([0-9]{1,3})(?:$|[,;\s])", request.headers.get("prefer", ""), re.ASCII)
    return float(match[1]) if match else 0.0


async def body_as(request: Request, kind: type[Body]) -> Body | Response:
    """The body as what it should be, or why it is not."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT):
            async for piece in request.stream():
                body += piece
                if len(body) > LONGEST_BODY:
                    return refusal(413, LiveshowError(f"it is longer than {LONGEST_BODY} bytes", where="body"))
    except TimeoutError:
        return refusal(408, LiveshowError("it did not come in time", where="body"))
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return refusal(400, LiveshowError("it is not what is taken here", where="body"))


def address_of(request: Request) -> str:
    """ "" when nobody knows."""
    return request.client.host if request.client else ""
