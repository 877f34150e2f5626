"""Whether a segment may leave the house, and who said so."""

from __future__ import annotations

from liveshow.errors import LiveshowError
from liveshow.events import ConsentGiven
from liveshow.model import Consent, Performer, Segment, Setup
from liveshow.showfolder.state import ShowState


def refusal(setup: Setup, state: ShowState, segment: Segment) -> LiveshowError | None:
    """Why a segment may not be handed off, or None. Asked anew at every export: consent can be withdrawn."""
    show = state.show or "SHOW"
    if segment.end is None:
        return LiveshowError("it is still running", where=segment.id, todo="GO or HOLD ends it")
    if segment.false_take:
        return LiveshowError("it is a false take", where=segment.id, todo="hand off the take that came after it")
    if not segment.performers:
        todo = f"`liveshow tag {show} {segment.id} --performer ID` says who it is"
        return LiveshowError("nobody is tagged in it, so nobody can have agreed", where=segment.id, todo=todo)
    without = [p for p in segment.performers if state.consent(p, segment.id) is not Consent.YES]
    if not without:
        return None
    said = "; ".join(f"{_named(setup, p).name} {_SAID[state.consent(p, segment.id)]}" for p in without)
    todo = f"`liveshow consent {show} {without[0]} yes` when they agree"
    return LiveshowError(f"not everyone in it agreed: {said}", where=segment.id, todo=todo)


_SAID = {Consent.HOLD: "has not said yes", Consent.NO: "said no"}


def _named(setup: Setup, performer: str) -> Performer:
    return setup.performer(performer) or Performer(performer, performer)


def deciding_answer(state: ShowState, performer: str, segment_id: str) -> ConsentGiven | None:
    """The answer that holds for a performer in a segment; None when the setup's holds because nobody was asked."""
    holds = state.consent(performer, segment_id)
    mine = [a for a in state.answers if a.performer == performer]
    general = [a for a in mine if not a.segments]
    special = [a for a in mine if segment_id in a.segments]
    return next((a for a in (*special[-1:], *general[-1:]) if a.answer == holds.value), None)
