"""What is said on and about performers' pages, before it is written down: nonsense is refused, and what is not theirs to say."""

from __future__ import annotations

import hashlib
import re

from liveshow.errors import NotFound, UsageError
from liveshow.events import ConsentGiven, Credited, LinkIssued, LinkRevoked, PageAnswer, PageNote, Said, Tag, TermsStated
from liveshow.recorder.known import LONGEST_TEXT, LONGEST_TITLE, check_text, known_performer, known_segment
from liveshow.showfolder.state import ShowState

LONGEST_TERMS = 10_000
_DIGEST, _LINK, _PRESS = re.compile(r"[0-9a-f]{64}"), re.compile(r"[A-Za-z0-9_-]{1,64}"), re.compile(r"[!-~]{1,64}")
OnPage = ConsentGiven | Credited | PageNote | PageAnswer | LinkIssued | LinkRevoked | TermsStated


def check_on_page(event: OnPage, state: ShowState) -> None:
    """Raises UsageError or NotFound, naming what is known, when it makes no sense in this show."""
    match event:
        case ConsentGiven() | Credited() | PageNote():
            _from_page(event, state)
        case PageAnswer():
            if all(e.n != event.of for e in state.from_pages):
                raise NotFound(
                    f"nothing with the number {event.of} was said on a page", where="answer", todo="look what was said"
                )
            check_text(event.text, LONGEST_TEXT, "answer")
        case LinkIssued() | LinkRevoked():
            _link(event, state)
        case TermsStated():
            if not event.text.strip() or len(event.text) > LONGEST_TERMS or event.digest != _digest_of(event.text):
                raise UsageError("such terms cannot be stated", where="terms", todo=f"write 1 to {LONGEST_TERMS} characters")


def check_page_tag(event: Tag, state: ShowState) -> None:
    """The same of a correction that is said on a page. A performer says that it is not them, and takes that back; who is missing, and
    takes that back; and where in and out are, of segments they are in. Whoever else is in it, and what it is called, the crew says."""
    _own(event, event.page)
    segment = known_segment(state, event.segment)
    theirs = event.page in segment.performers
    was_theirs = any(
        isinstance(e, Tag) and e.page == event.page and e.segment == event.segment and event.page in e.minus
        for e in state.from_pages
    )
    others = (event.performers, event.title, event.note, event.false_take)
    if not (theirs or (was_theirs and event.plus == (event.page,))):
        raise UsageError(f"{event.page} is not in it", where=event.segment, todo="the crew can say who is")
    added = {
        p for e in state.from_pages if isinstance(e, Tag) and (e.page, e.segment) == (event.page, event.segment) for p in e.plus
    }
    if any(said is not None for said in others) or set(event.minus) - added - {event.page}:
        raise UsageError("that is not for a performer's page to say", where=event.segment, todo="write the crew a note")


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _from_page(event: ConsentGiven | Credited | PageNote, state: ShowState) -> None:
    _own(event, event.performer)
    match event:
        case ConsentGiven():
            _consent(event, state)
        case Credited():
            _credit(event, state)
        case PageNote():
            _note(event, state)


def _own(event: Said, performer: str) -> None:
    """Everybody speaks for themselves."""
    if event.press and not _PRESS.fullmatch(event.press):
        raise UsageError("a press is named by 1 to 64 characters of ASCII", where="press")
    if event.page and event.page != performer:
        raise UsageError(f"{event.page} cannot speak for {performer}", where="page", todo="say it on their own page")


def _link(event: LinkIssued | LinkRevoked, state: ShowState) -> None:
    match event:
        case LinkIssued():
            known_performer(state.setup, event.performer)
            if event.link in state.links or not _LINK.fullmatch(event.link) or not _DIGEST.fullmatch(event.digest):
                raise UsageError("such a link cannot be issued", where="link", todo="make one with `liveshow links SHOW`")
        case LinkRevoked():
            if event.link not in state.links:
                todo = "`liveshow links SHOW --list` has them"
                raise NotFound(f"there is no link {event.link!r}, or it was revoked", where="link", todo=todo)


def _consent(event: ConsentGiven, state: ShowState) -> None:
    if not any(event.performer in s.performers for s in state.segments):  # one the setup has no more may still say no
        known_performer(state.setup, event.performer)
    for segment in event.segments:
        known_segment(state, segment)
    if event.terms and event.terms not in state.terms:
        raise UsageError("no such terms were stated in this show", where="terms", todo="load the page again")


def _note(event: PageNote, state: ShowState) -> None:
    known_performer(state.setup, event.performer)
    check_text(event.text, LONGEST_TEXT, "note")
    if event.segment:
        known_segment(state, event.segment)


def _credit(event: Credited, state: ShowState) -> None:
    """A name has to be one; the rest may be taken back to nothing."""
    known_performer(state.setup, event.performer)
    if event.name is not None:
        check_text(event.name, LONGEST_TITLE, "name")
    for what, text in (("role", event.role), ("pronunciation", event.pronunciation), ("note", event.note)):
        if text:
            check_text(text, LONGEST_TITLE if what == "role" else LONGEST_TEXT, what)
