"""What a performer's page shows: the answer to `GET /p/<link>/state`, as JSON.

Only what that performer may see: their own segments, and of others no more than names. Times of the show clock are integer
milliseconds, so that a page can count with them; URLs are relative to the page, `/p/<link>/`. Everything written by people is
plain text: a page shows it as text, never as markup.

`now` comes first and is of the moment of the answer; the entity tag is of all the rest. With `If-None-Match` and `Prefer:
wait=25` (RFC 7240) the answer comes as soon as something has changed, or is 304 after so many seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from liveshow.events import Answer

Became = Literal["running", "false-take", "held", "refused", "waiting", "making", "failed", "handed-off", "withdrawn"]
"""running: it is not over; false-take: not handed off; held: I have not agreed (yet); refused: somebody in it said no,
perhaps I; waiting: I agreed and others have not answered yet; making: everyone agreed, it is made or will be; failed: it
could not be made, the crew knows; handed-off: it is in the library; withdrawn: it was, and was taken out."""
PressKind = Literal["me", "not-me", "missing", "not-missing", "credit", "edges", "consent", "note"]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what is seen."""


class ShowSeen(Seen, frozen=True, kw_only=True):
    """The evening. `date` as in ISO 8601; `timezone` of the IANA database; `ended`: it is over, and corrections still count;
    `writable`: what is pressed reaches the journal at present."""

    title: str
    venue: str
    date: str
    timezone: str
    ended: bool


class MeSeen(Seen, frozen=True, kw_only=True):
    """The performer whose page it is, as credited at present."""

    id: str
    name: str
    role: str
    pronunciation: str
    note: str


class Person(Seen, frozen=True, kw_only=True):
    """Somebody else in the show."""

    id: str
    name: str


class TermsSeen(Seen, frozen=True, kw_only=True):
    """What is agreed to: `digest` names these words for good and goes with a consent; `language` as in BCP 47."""

    digest: str
    language: str
    text: str


class ConsentSeen(Seen, frozen=True, kw_only=True):
    """An answer that holds: `answered`: it was given for just this (a segment, or everything), and does not come from
    somewhere more general; `by_me`: on this page; `terms`: the digest of those that were shown then, "" for none."""

    answer: Answer
    answered: bool = False
    by_me: bool = False
    terms: str = ""


class MediaSeen(Seen, frozen=True, kw_only=True):
    """One feed of a segment, to be played. `start_ms` and `end_ms`: the show clock at its first and last instant, context
    included (position p of the media, in seconds, is start_ms + 1000 p); both and `url` count only when it is `ready`."""

    feed: str
    kind: Literal["camera", "mic"]
    label: str
    ready: bool
    url: str = ""
    start_ms: int = 0
    end_ms: int = 0


class SegmentSeen(Seen, frozen=True, kw_only=True):
    """A segment of mine. `mine`: false when I said that it is not me: then it has no media, and I can take that back.
    `out_ms` and `out`: None while it runs. `with_`: who else is in it ("with" in JSON). `may_in`, `may_out`: from and to
    where the edges may be moved here, in milliseconds of the show clock, None while they may not. `waiting`: whose yes is
    missing; `version`: of what was handed off, 0 for none; `edited`: somebody corrected it."""

    id: str
    title: str
    item: str
    take: int
    in_ms: int
    out_ms: int | None
    in_: datetime = msgspec.field(name="in")
    out: datetime | None
    running: bool
    mine: bool
    with_: tuple[Person, ...] = msgspec.field(name="with")
    consent: ConsentSeen
    became: Became
    waiting: tuple[Person, ...] = ()
    version: int = 0
    edited: bool = False
    may_in: tuple[int, int] | None = None
    may_out: tuple[int, int] | None = None
    poster: str = ""
    media: tuple[MediaSeen, ...] = ()


class SaidSeen(Seen, frozen=True, kw_only=True):
    """What was pressed on this page: journal number `n`, UTC `at`. `text`: the words of a note or of credits; `performer`:
    who was missing, or was not; `answer`: what the crew answered, "" while they did not; `undone`: the crew took it back."""

    n: int
    at: datetime
    kind: PressKind
    segment: str = ""
    performer: str = ""
    text: str = ""
    answer: str = ""
    undone: bool = False


class PageState(Seen, frozen=True, kw_only=True):
    """All of it. `performers`: everybody in the show, for who is missing; `terms`: the present ones, in each language;
    `consent`: for all of mine; `segments`: in order of in; `said`: the newest last. In JSON, `now` (wall clock, milliseconds
    since 1970 UTC) and `now_ms` (show clock) come first."""

    show: ShowSeen
    me: MeSeen
    performers: tuple[Person, ...]
    terms: tuple[TermsSeen, ...]
    consent: ConsentSeen
    segments: tuple[SegmentSeen, ...]
    said: tuple[SaidSeen, ...]


class Entered(Seen, frozen=True, kw_only=True):
    """The answer to `POST /enter {"token": "…"}`: where the page is. It comes with a cookie."""

    page: str
