"""From a press on a performer's page to what is written down; what is not theirs to say is refused.

The recorder checks once more what makes no sense in the show (see :mod:`liveshow.recorder.marks`); here is what a performer may not.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from liveshow.errors import MACHINE, LiveshowError
from liveshow.events import ConsentGiven, Credited, PageNote, Tag
from liveshow.model import Segment
from liveshow.recorder.known import LONGEST_TEXT, LONGEST_TITLE, check_text
from liveshow.review.known import SHORTEST, Known, Range
from liveshow.review.saying import (
    Consents,
    Credit,
    Edges,
    Me,
    Missing,
    Note,
    NotMe,
    NotMissing,
    Press,
    PressAnswer,
    Pressed,
    Why,
)
from liveshow.timebase import MILLISECOND

_STRICT = {"yes": 0, "hold": 1, "no": 2}
MOST_IN_A_SEGMENT = 100
OnPage = Tag | Credited | ConsentGiven | PageNote


class NotTaken(LiveshowError):
    """A press that is not written down; `why` as in :class:`PressAnswer`."""

    def __init__(self, why: Why, what: str, *, todo: str = "") -> None:
        super().__init__(what, where="press", todo=todo)
        self.why = why


def event_of(press: Pressed, known: Known, me: str, terms: Collection[str], at: int) -> OnPage:
    """What is written down for a press of a performer, which was at show-clock ns `at` (0: now). `terms`: digests of the present ones.

    Raises NotTaken.
    """
    if isinstance(press, Consents) and at:
        _check_newest(press, known, me, at)
    made = _event(press, known, me, terms)
    return msgspec.structs.replace(made, t=at, page=me, press=press.press)


def answered(press: Press, fault: LiveshowError) -> PressAnswer:
    """That it was not written down."""
    return PressAnswer(press=press.press, why=_why(fault), what=fault.what, todo=fault.todo)


def _why(fault: LiveshowError) -> Why:
    if isinstance(fault, NotTaken):
        return fault.why
    if fault.where == "recorder" or fault.exit_code == MACHINE:  # it is away, or the disk is full
        return "away"
    return "terms" if fault.where == "terms" else "refused"


def _event(press: Pressed, known: Known, me: str, terms: Collection[str]) -> OnPage:
    match press:
        case Me():
            return _is_me(press, known, me)
        case NotMe():
            return Tag(t=0, segment=_mine(known, me, press.segment).id, minus=(me,))
        case Missing():
            return _missing(press, known, me)
        case NotMissing():
            return _not_missing(press, known, me)
        case Edges():
            return _edges(press, known, me)
        case Credit():
            return _credit(press, me)
        case Consents():
            return _consents(press, known, me, terms)
        case Note():
            return _note(press, known, me)


def _seen(known: Known, me: str, ident: str) -> Segment:
    """A segment that the performer sees. Raises NotTaken, the same whether or not there is such a segment."""
    found = known.segment(me, ident)
    if found is None:
        raise NotTaken("not-yours", "no segment of yours has that name", todo="load the page again")
    return found


def _mine(known: Known, me: str, ident: str) -> Segment:
    """One that the performer is in."""
    found = _seen(known, me, ident)
    if me not in found.performers:
        raise NotTaken("not-yours", "you said that this is not you", todo="say first that it is you after all")
    return found


def _is_me(press: Me, known: Known, me: str) -> Tag:
    return Tag(t=0, segment=_seen(known, me, press.segment).id, plus=(me,))


def _missing(press: Missing, known: Known, me: str) -> Tag:
    segment = _mine(known, me, press.segment)
    if known.state.setup.performer(press.performer) is None:
        raise NotTaken("unknown", "nobody in this show has that name", todo="tell the crew in a note")
    if len(segment.performers) >= MOST_IN_A_SEGMENT:
        raise NotTaken("refused", "there are too many in it", todo="tell the crew in a note")
    return Tag(t=0, segment=segment.id, plus=(press.performer,))


def _not_missing(press: NotMissing, known: Known, me: str) -> Tag:
    """Only whom this page has put there, and the crew has not."""
    segment = _mine(known, me, press.segment)
    mine = [e for e in known.said.get(me, ()) if isinstance(e, Tag) and e.segment == segment.id and press.performer in e.plus]
    if not mine or press.performer == me or known.has_me(press.performer, segment):
        raise NotTaken("not-yours", "it was not you who put them there", todo="tell the crew in a note")
    return Tag(t=0, segment=segment.id, minus=(press.performer,))


def _edges(press: Edges, known: Known, me: str) -> Tag:
    """In and out within their bounds, and a second apart. What is said to the millisecond that it has leaves it as it is."""
    segment = _mine(known, me, press.segment)
    start, end = _moved(press.in_ms, segment.start), _moved(press.out_ms, segment.end)
    if press.out_ms is not None and segment.end is None:
        raise NotTaken("edges", "it is not over yet", todo="move its end when it is")
    begins, ends = segment.start if start is None else start, segment.end if end is None else end
    apart = ends is None or begins + SHORTEST <= ends
    if not apart or not all(
        _within(at, span) for at, span in ((start, known.widest_in(segment)), (end, known.widest_out(segment)))
    ):
        raise NotTaken("edges", "in and out may not lie there", todo="move them less, or tell the crew in a note")
    return Tag(t=0, segment=segment.id, start=start, end=end)


def _moved(ms: int | None, now: int | None) -> int | None:
    """In ns; None when it is where it was."""
    return None if ms is None or (now is not None and ms == now // MILLISECOND) else ms * MILLISECOND


def _within(at: int | None, span: Range | None) -> bool:
    return at is None or (span is not None and span[0] <= at <= span[1])


def _credit(press: Credit, me: str) -> Credited:
    texts = {"name": press.name, "role": press.role, "pronunciation": press.pronunciation, "note": press.note}
    if all(text is None for text in texts.values()):
        raise NotTaken("text", "there is nothing in it")
    for what, text in texts.items():
        if text or (text is not None and what == "name"):
            _check(text, LONGEST_TITLE if what in ("name", "role") else LONGEST_TEXT, what)
    name, role, pronunciation, note = (text if text is None else text.strip() for text in texts.values())
    return Credited(t=0, performer=me, name=name, role=role, pronunciation=pronunciation, note=note)


def _consents(press: Consents, known: Known, me: str, terms: Collection[str]) -> ConsentGiven:
    """An answer, for segments that the performer is in."""
    if press.terms not in terms:
        raise NotTaken("terms", "other terms hold now", todo="load the page again and read them")
    segments = tuple(dict.fromkeys(_mine(known, me, ident).id for ident in press.segments))
    return ConsentGiven(t=0, performer=me, answer=press.answer, segments=segments, terms=press.terms)


def _check_newest(press: Consents, known: Known, me: str, at: int) -> None:
    """A yes that comes late does not take back a no that was said since: of two answers the stricter holds until it is answered anew."""
    for given in known.state.answers:
        same = not given.segments or bool(set(given.segments) & set(press.segments))
        if given.performer == me and given.t > at and same and _STRICT[press.answer] < _STRICT[given.answer]:
            raise NotTaken("stale", "another answer was given since", todo="look at the page, and answer again")


def _note(press: Note, known: Known, me: str) -> PageNote:
    _check(press.text, LONGEST_TEXT, "note")
    segment = _seen(known, me, press.segment).id if press.segment else ""
    return PageNote(t=0, performer=me, text=press.text.strip(), segment=segment)


def _check(text: str, longest: int, what: str) -> None:
    try:
        check_text(text, longest, what)
    except LiveshowError as exc:
        raise NotTaken("text", exc.what, todo=exc.todo) from exc
