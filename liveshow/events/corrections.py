"""What is said of segments and performers afterwards: corrections, consent, and what became of it all."""

from __future__ import annotations

from liveshow.events.base import Answer, Event


class Said(Event, frozen=True, kw_only=True, tag="said"):
    """What may be said on a performer's page as well. `page`: the performer whose page it was said on ("": the crew says it);
    `press`: names one press of a finger for good, so that what is sent twice is written down once."""

    page: str = ""
    press: str = ""


class Tag(Said, frozen=True, kw_only=True, tag="tag"):
    """Corrects a segment; None leaves as it is. `start` and `end` are in and out on the show clock; `note` is words about it all.
    `performers` is everyone in it; `plus` and `minus` are who is in it too, and who is not, whoever else is."""

    segment: str
    performers: tuple[str, ...] | None = None
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    title: str | None = None
    note: str | None = None
    false_take: bool | None = None


class ConsentGiven(Said, frozen=True, kw_only=True, tag="consent"):
    """A performer's answer, for the named segments or (none named) for all. `terms`: the digest of the terms they were shown (see
    :class:`TermsStated`), "" when they were asked in another way."""

    performer: str
    answer: Answer
    segments: tuple[str, ...] = ()
    terms: str = ""


class TermsStated(Event, frozen=True, kw_only=True, tag="terms-stated"):
    """The terms that performers are shown from now on: `digest` is the SHA-256 of `text` in UTF-8, in hex; `language` as in BCP 47."""

    digest: str
    language: str
    text: str


class Credited(Said, frozen=True, kw_only=True, tag="credited"):
    """How a performer is credited; None leaves as it is. `pronunciation`: of the name, in words; `note`: for the credits."""

    performer: str
    name: str | None = None
    role: str | None = None
    pronunciation: str | None = None
    note: str | None = None


class PageNote(Said, frozen=True, kw_only=True, tag="page-note"):
    """Words of a performer to the crew, about a segment or ("") about anything."""

    performer: str
    text: str
    segment: str = ""


class PageAnswer(Event, frozen=True, kw_only=True, tag="page-answer"):
    """The crew answers what was said on a page, which has the journal number `of`."""

    of: int
    text: str


class LinkIssued(Event, frozen=True, kw_only=True, tag="link-issued"):
    """A private link to a performer's page. `link` names it and is no secret; `digest`: SHA-256, in hex, of the token in it;
    `expires`: the wall clock's UTC ns from which it leads nowhere."""

    performer: str
    link: str
    digest: str
    expires: int


class LinkRevoked(Event, frozen=True, kw_only=True, tag="link-revoked"):
    """A link leads nowhere from now on."""

    link: str


class HandedOff(Event, frozen=True, kw_only=True, tag="handed-off"):
    """A segment became a contribution. `digest` is of what it was made from: the same digest need not be made again."""

    segment: str
    contribution: str
    version: int
    slug: str
    digest: str
    library: str


class HandoffFailed(Event, frozen=True, kw_only=True, tag="handoff-failed"):
    """A segment could not be handed off, and why."""

    segment: str
    why: str


class Withdrawn(Event, frozen=True, kw_only=True, tag="withdrawn"):
    """A contribution that was handed off may not be exported any more, and why. A later `handed-off` takes it back."""

    segment: str
    contribution: str
    why: str
