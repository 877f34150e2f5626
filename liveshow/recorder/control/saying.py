"""What can be said: every Sayable as JSON, and the short forms, one table that the routes and the spec are made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import msgspec

from liveshow.errors import NotFound, UsageError
from liveshow.events import (
    AlarmAcknowledged,
    ConsentGiven,
    Credited,
    Event,
    FalseTake,
    Go,
    Highlight,
    Hint,
    HintDismissed,
    Hold,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    Note,
    Off,
    On,
    PageAnswer,
    PerformerAdded,
    Sayable,
    Tag,
    Undo,
)
from liveshow.recorder.known import check_text
from liveshow.timebase import DAY_SECONDS, SECOND

LONGEST_AGO, LONGEST_BY = 7 * DAY_SECONDS, 80
FILLED_IN = ("n", "said")  # by the recorder
NUMBERS = ("of",)  # fields that are numbers, where they stand in a path


@dataclass(frozen=True, slots=True)
class Short:
    """`POST path` says an event: what stands in braces in the path, and the JSON of the body, are its fields."""

    path: str
    event: type[Event]
    summary: str

    @property
    def kind(self) -> str:
        """The event's kind."""
        return kind_of(self.event)

    @property
    def in_path(self) -> tuple[str, ...]:
        """Names of the fields that stand in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


SHORTS = (
    Short("/api/go", Go, "GO: ends what runs and opens the next item, or the `item` that is named"),
    Short("/api/hold", Hold, "HOLD: ends what runs"),
    Short("/api/undo", Undo, "Takes the last mark back, or the one of number `of`"),
    Short("/api/highlight", Highlight, "This moment is worth finding again"),
    Short("/api/false-take", FalseTake, "The running segment, or else the last one, is no good; its item comes again"),
    Short("/api/note", Note, "Words about this moment"),
    Short("/api/performers/{performer}/on", On, "A performer comes on"),
    Short("/api/performers/{performer}/off", Off, "A performer goes off"),
    Short("/api/performers/{performer}/consent", ConsentGiven, "What a performer said: yes, hold or no"),
    Short("/api/performers/{performer}/credit", Credited, "How a performer is credited: name, role, pronunciation, note"),
    Short("/api/pages/{of}/answer", PageAnswer, "Answers what was said on a performer's page, by its journal number"),
    Short("/api/performers", PerformerAdded, "A walk-on: somebody the setup does not have"),
    Short("/api/order", ItemAdded, "An item nobody planned, before another one or at the end"),
    Short("/api/order/{item}/move", ItemMoved, "An item comes before another one, or at the end"),
    Short("/api/order/{item}/skip", ItemSkipped, "GO passes an item over; with `skipped` false not any more"),
    Short("/api/segments/{segment}", Tag, "Corrects a segment"),
    Short("/api/alarms/{alarm}/acknowledge", AlarmAcknowledged, "Somebody has seen an alarm"),
    Short("/api/hints/{hint}/dismiss", HintDismissed, "A suggestion of the tag guard is not wanted"),
)

TAKES = {
    "/api/hints/take": "Does what the tag guard suggests most urgently",
    "/api/hints/{hint}/take": "Does what the tag guard suggests with that hint",
}
"""`POST` says the event of a hint."""


class Extra(msgspec.Struct, frozen=True, kw_only=True):
    """What may stand beside the fields of everything that is said: `ago`, seconds since it happened; `by`, who says so."""

    ago: float = 0.0
    by: str = ""


GIVEN: Mapping[str, Mapping[str, object]] = {
    "go": {"item": ""},
    "undo": {"of": 0},
    "item-added": {"item": ""},
    "performer-added": {"performer": ""},
}
"""What holds for fields that need not be said; and for `t` it is 0, which means now less `ago`."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event, how many ns ago it was, and by whom ("" when that was not said)."""

    event: Sayable
    ago: int = 0
    by: str = field(default="")


def kind_of(event: type[Event]) -> str:
    """What an event's `kind` is."""
    return str(event.__struct_config__.tag)


KINDS: Mapping[str, type[Event]] = {kind_of(event): event for event in get_args(Sayable)}


def said_in(body: bytes, path: Mapping[str, str] | None = None, *, short: Short | None = None) -> Said:
    """What a request says: its body, JSON, and for a short form what stood in its path. Raises UsageError."""
    fields = _object(body)
    extra = _extra(fields)
    if short is not None:
        taken = set(fields) & {"kind", *short.in_path}
        if taken:
            raise UsageError(
                f"{', '.join(sorted(taken))} stands in the path already", where="body", todo="leave it out of the body"
            )
        fields |= {"kind": short.kind, **{name: _in_path(name, value) for name, value in (path or {}).items()}}
    known = GIVEN.get(str(fields.get("kind")), {})
    return Said(_event({"t": 0, **known, **fields}), round(extra.ago * SECOND), extra.by)


def _in_path(name: str, value: str) -> str | int:
    if name not in NUMBERS:
        return value
    if not (value.isascii() and value.isdecimal() and len(value) < 16):
        raise UsageError(f"{value[:40]!r} is no journal number", where=name, todo="see /api/pages")
    return int(value)


def taken_with(body: bytes, hints: Sequence[Hint], path: Mapping[str, str]) -> Said:
    """What a request says that takes a hint: the one that stood in its path, or the first. Raises UsageError, NotFound."""
    fields = _object(body)
    extra = _extra(fields)
    if fields:
        raise UsageError(f"{', '.join(fields)} cannot be said with a hint", where="body", todo="only `ago` and `by` can")
    wanted = path.get("hint")
    found = next((hint for hint in hints if wanted in (None, hint.hint)), None)
    if found is None:
        what = "nothing is suggested now" if wanted is None else f"no hint {wanted!r} now"
        raise NotFound(what, where="hint", todo="see /api/hints")
    return Said(found.event, round(extra.ago * SECOND), extra.by)


def _object(body: bytes) -> dict[str, object]:
    try:
        found = msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(
            f"the body is not JSON ({exc})", where="body", todo='write for example {"ago": 5}, or nothing'
        ) from exc
    if not isinstance(found, dict):
        raise UsageError("the body is no JSON object", where="body", todo='write for example {"ago": 5}, or nothing')
    return found


def _extra(fields: dict[str, object]) -> Extra:
    """Takes them out of the fields."""
    try:
        extra = msgspec.convert({key: fields.pop(key) for key in ("ago", "by") if key in fields}, Extra)
    except msgspec.ValidationError as exc:
        raise UsageError(str(exc), where="body", todo="`ago` is a number of seconds, `by` a text") from exc
    if not (math.isfinite(extra.ago) and 0 <= extra.ago <= LONGEST_AGO):
        raise UsageError(f"{extra.ago} is not a length of time", where="ago", todo="write seconds, 0 or more")
    if extra.by:
        check_text(extra.by, LONGEST_BY, "name (by)")
    return extra


def _event(fields: dict[str, object]) -> Sayable:
    if str(fields.get("kind")) not in KINDS:
        raise UsageError("nothing of that kind can be said", where="kind", todo=f"kinds are: {', '.join(KINDS)}")
    try:
        event: Sayable = msgspec.convert(fields, Sayable)
    except msgspec.ValidationError as exc:
        raise UsageError(str(exc), where=str(fields["kind"]), todo="see /api/spec.json for its fields") from exc
    return event
