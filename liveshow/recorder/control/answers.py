"""What is answered: JSON, and when something is wrong the words that everybody else is told too."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from liveshow.errors import MACHINE, NOT_FOUND, LiveshowError


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, where, and what to do about it."""

    what: str
    where: str
    todo: str


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """It is on disk, in the journal's lines of these numbers."""

    events: tuple[int, ...]


def answer(found: object, status: int = 200) -> Response:
    """Structs as JSON."""
    return Response(msgspec.json.encode(found), status, {"cache-control": "no-store"}, "application/json")


def refusal(status: int, fault: LiveshowError) -> Response:
    """An error in words."""
    return answer(Fault(what=fault.what, where=fault.where, todo=fault.todo), status)


def refused(fault: LiveshowError) -> Response:
    """What the recorder, or the hub in its place, refused. 503: it is away, or was lost before it answered."""
    if fault.exit_code == NOT_FOUND:
        return refusal(503 if fault.where == "recorder" else 404, fault)
    return refusal(507 if fault.exit_code == MACHINE else 400, fault)
