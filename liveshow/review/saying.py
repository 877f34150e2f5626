"""What is pressed on a performer's page: the body of `POST /p/<link>/say`, and its answer, as JSON.

    {"presses": [{"press": "0b7c…", "kind": "note", "text": "the flute came late", "segment": "s42", "ago_ms": 0}]}
    {"answers": [{"press": "0b7c…", "n": 118}]}

A page keeps what it could not send and sends it later: `press` names one press for good, so that it counts once however often it is
sent, and `ago_ms` says how long ago it was. Each press is answered on its own, in order.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from liveshow.events import Answer

MOST_PRESSES = 50
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Words = Annotated[str, msgspec.Meta(max_length=4000)]
Ms = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Press(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """`press`: a UUID (RFC 9562), made when the finger came down."""

    press: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]
    ago_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class Me(Press, frozen=True, kw_only=True, tag="me"):
    """It is me after all: takes back a `not-me`."""

    segment: Name


class NotMe(Press, frozen=True, kw_only=True, tag="not-me"):
    """It is not me."""

    segment: Name


class Missing(Press, frozen=True, kw_only=True, tag="missing"):
    """Somebody else is in it too."""

    segment: Name
    performer: Name


class NotMissing(Press, frozen=True, kw_only=True, tag="not-missing"):
    """Whom I have put into it is not in it: takes back a `missing`."""

    segment: Name
    performer: Name


class Credit(Press, frozen=True, kw_only=True, tag="credit"):
    """How I am credited; what is left out stays as it is."""

    name: Words | None = None
    role: Words | None = None
    pronunciation: Words | None = None
    note: Words | None = None


class Edges(Press, frozen=True, kw_only=True, tag="edges"):
    """Where it begins and ends, in milliseconds of the show clock; what is left out stays as it is."""

    segment: Name
    in_ms: Ms | None = None
    out_ms: Ms | None = None


class Consents(Press, frozen=True, kw_only=True, tag="consent"):
    """May it be used: for these segments, or (none named) for all. `terms`: the digest of those that were shown."""

    answer: Answer
    terms: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    segments: Annotated[tuple[Name, ...], msgspec.Meta(max_length=200)] = ()


class Note(Press, frozen=True, kw_only=True, tag="note"):
    """Words to the crew, about a segment or ("") about anything."""

    text: Words
    segment: Annotated[str, msgspec.Meta(max_length=64)] = ""


Pressed = Me | NotMe | Missing | NotMissing | Credit | Edges | Consents | Note


class Presses(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was pressed, in the order it was."""

    presses: Annotated[tuple[Pressed, ...], msgspec.Meta(min_length=1, max_length=MOST_PRESSES)]


Why = Literal["away", "not-yours", "unknown", "edges", "text", "terms", "stale", "refused"]
"""away: nothing could be written down now: keep it and send it again. The others are final: not-yours: no segment of yours;
unknown: no such performer; edges: in and out may not lie there; text: it is empty, too long, or has characters that are no
text; terms: others hold now, load them; stale: something else was answered since this was pressed; refused: for another
reason, which `what` says."""


class PressAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`n`: its number in the journal, where it is on disk; or `why` it is not, in English `what` and `todo`."""

    press: str
    n: int = 0
    why: Why | None = None
    what: str = ""
    todo: str = ""


class PressAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """One for each press."""

    answers: tuple[PressAnswer, ...]
