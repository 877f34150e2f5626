"""What is said on and about performers' pages, before it is written down: nonsense is refused."""

from __future__ import annotations

import re

from liveshow.errors import NotFound, UsageError
from liveshow.events import ConsentGiven, Credited, LinkIssued, LinkRevoked, PageAnswer, PageNote, TermsStated
from liveshow.recorder.known import LONGEST_TEXT, LONGEST_TITLE, check_text, known_performer, known_segment
from liveshow.showfolder.state import ShowState

LONGEST_TERMS = 10_000
_DIGEST = re.compile(r"[0-9a-f]{64}")
OnPage = ConsentGiven | Credited | PageNote | PageAnswer | LinkIssued | LinkRevoked | TermsStated


def check_on_page(event: OnPage, state: ShowState) -> None:
    """Raises UsageError or NotFound, naming what is known, when it makes no sense in this show."""
    match event:
        case ConsentGiven():
            _consent(event, state)
        case Credited():
            _credit(event, state)
        case PageNote():
            _note(event, state)
        case PageAnswer():
            if all(e.n != event.of for e in state.from_pages):
                raise NotFound(
                    f"nothing with the number {event.of} was said on a page", where="answer", todo="look what was said"
                )
            check_text(event.text, LONGEST_TEXT, "answer")
        case LinkIssued():
            known_performer(state.setup, event.performer)
            if event.link in state.links or not event.link or not _DIGEST.fullmatch(event.digest):
                raise UsageError("such a link cannot be issued", where="link", todo="make one with `liveshow links SHOW`")
        case LinkRevoked():
            if event.link not in state.links:
                raise NotFound(
                    f"there is no link {event.link!r}, or it was revoked", where="link", todo="`liveshow links SHOW` has them"
                )
        case TermsStated():
            if not event.text.strip() or len(event.text) > LONGEST_TERMS or not _DIGEST.fullmatch(event.digest):
                raise UsageError("such terms cannot be stated", where="terms", todo=f"write 1 to {LONGEST_TERMS} characters")


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
