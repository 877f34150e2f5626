"""What can be wrong with what was handed off, or could not be; told by the journal alone."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.model import Consent
from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.sight import Sight, because
from liveshow.timebase import SECOND

WITHDRAWS_IN = 20 * SECOND  # within which a hand-off process begins, withdraws and says so, on a busy machine


def consent_withdrawn(sight: Sight) -> Iterator[Condition]:
    """Somebody does not agree any more to what was handed off, and it is still in the library."""
    state = sight.state
    for segment, handed in state.handed.items():
        found = state.segment(segment)
        if found is None or not state.to_withdraw(found):
            continue
        against = [p for p in found.performers if state.consent(p, segment) is not Consent.YES]
        people = (state.setup.performer(p) for p in against)
        names = ", ".join(person.name if person else p for p, person in zip(against, people, strict=True)) or "nobody in it"
        todo = f"`liveshow handoff {state.show} {segment}` tries again to take it out of {handed.library}"
        what = f"still in the library, and {names} {'said no' if against else 'agreed'}"
        yield Condition(segment, "consent", Rank.CONSENT, what, todo, after=WITHDRAWS_IN)


def withheld(sight: Sight) -> Iterator[Condition]:
    """Hand-offs give way to the recording; only while one is wanted."""
    waiting = [s for s in sight.state.segments if sight.state.releasable(s) and s.id not in sight.state.handed]
    if sight.withheld and waiting:
        todo = "what waits is handed off by itself once that is over, or after the show by `liveshow handoff`"
        yield Condition("handoff", "withheld", Rank.HANDOFF, f"{len(waiting)} wait: {sight.withheld}", todo)


def handoff_failed(sight: Sight) -> Iterator[Condition]:
    """A segment that may be handed off, and could not be."""
    for segment, failed in sight.state.failed.items():
        found = sight.state.segment(segment)
        if found is not None and sight.state.releasable(found):
            todo = "after the show: `liveshow handoff`"
            yield Condition(segment, "handoff", Rank.HANDOFF, f"not handed off{because(failed.why)}", todo, after=0)
