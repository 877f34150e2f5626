"""What is read of a show, as HTTP and WebSocket give it.

Times are show-clock nanoseconds; those whose names end in `_utc` are ISO 8601; lengths end in their unit. None: unknown, or nothing such.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from liveshow.events import FeedHealth, Proof

Outcome = Literal["handed off", "in hand", "failed", "waits", "refused", "withdrawn", "false take"]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is read."""


class PerformerNow(Read, frozen=True, kw_only=True):
    """A performer; `on`: on stage at this moment."""

    id: str
    name: str
    role: str
    feeds: tuple[str, ...]
    on: bool


class ItemNow(Read, frozen=True, kw_only=True):
    """An item of the running order. `standing`: "on", "next", "done" (it has a good take), "skipped" or "to come"; `begins_utc`: when its
    last take began, or it is expected to begin; `took_seconds`: so far."""

    id: str
    title: str
    performers: tuple[str, ...]
    standing: Literal["on", "next", "done", "skipped", "to come"]
    added: bool
    minutes: float | None
    took_seconds: float | None
    begins_utc: str | None


class ShowNow(Read, frozen=True, kw_only=True, tag_field="kind", tag="state"):
    """The show at one moment. `timecode`: of the frame that runs, and its source ("time of day", "LTC on feed x", "MTC"); `recording`:
    every feed is proven to record, from disk; `running`: the open segments; `on_stage`: ids of performers; `undoes`: what undo takes
    back, and its number; `over_seconds`: behind the plan (below 0: ahead)."""

    show: str
    title: str
    venue: str
    timezone: str
    frame_rate: str
    now: int
    now_utc: str | None
    timecode: str | None
    timecode_source: str | None
    recording: bool | None
    ended: bool
    on_item: str | None
    next_item: str | None
    running: tuple[str, ...]
    on_stage: tuple[str, ...]
    undoes: str | None
    undoes_number: int | None
    over_seconds: float | None
    ends_utc: str | None
    disk_seconds_left: float | None
    alarms: int
    alarms_not_acknowledged: int
    performers: tuple[PerformerNow, ...]
    order: tuple[ItemNow, ...]


class MarkerNow(Read, frozen=True, kw_only=True):
    """A highlight or a note."""

    n: int
    at: int
    kind: str
    text: str


class SegmentNow(Read, frozen=True, kw_only=True):
    """A segment, [start, end); `end` is None while it runs. `edited_by`: who last corrected it."""

    id: str
    title: str
    item: str | None
    take: int
    start: int
    end: int | None
    start_utc: str | None
    end_utc: str | None
    performers: tuple[str, ...]
    on_now: tuple[str, ...]
    feeds: tuple[str, ...]
    false_take: bool
    note: str
    edited_by: str
    consent: str
    markers: tuple[MarkerNow, ...]


class FeedNow(Read, frozen=True, kw_only=True):
    """A feed: how its worker sees it, and what the recorder itself read back from disk."""

    id: str
    kind: str
    device: str
    health: FeedHealth
    proof: Proof


class ContributionNow(Read, frozen=True, kw_only=True):
    """What became of a closed segment. `standing`: "handed off", "in hand", "failed", "waits" (until somebody says yes, or for its
    turn), "refused" (by a performer), "withdrawn" (after the hand-off) or "false take"; `slug`, `version`, `library`: of the
    contribution."""

    segment: str
    title: str
    performers: tuple[str, ...]
    standing: Outcome
    why: str
    slug: str | None
    version: int | None
    library: str | None


class ChangeNow(Read, frozen=True, kw_only=True):
    """What was changed: the event's field, from what to what."""

    what: str
    was: str | int | None
    now: str | int


class SaidNow(Read, frozen=True, kw_only=True):
    """Something that was said on a performer's page. `n`: its journal number, by which it is answered and undone; `kind`: the event's;
    `text`: of a note, or the answer of a consent; `segments`: it is about (none: about all, or anything); `plus`, `minus`: who is in it
    too, and who is not; `answer`: the crew's last, "" for none; `undone`: by whom it was taken back, "" while it stands."""

    n: int
    kind: str
    performer: str
    at_utc: str | None
    segments: tuple[str, ...]
    text: str
    changes: tuple[ChangeNow, ...]
    plus: tuple[str, ...]
    minus: tuple[str, ...]
    answer: str
    answered_by: str
    undone: str
