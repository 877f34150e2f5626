"""What can be wrong with what was handed off, or could not be; told by the journal alone."""

from __future__ import annotations

from collections.abc import Iterator

from liveshow.model import Consent
from liveshow.recorder.alarms import Condition, Rank
from liveshow.recorder.conditions.sight import Sight, because


def consent_withdrawn(sight: Sight) -> Iterator[Condition]:
    """Somebody says no to what was handed off already."""
    state = sight.state
    for segment, handed in state.handed.items():
        found = state.segment(segment)
        against = [p for p in (found.performers if found else ()) if state.consent(p, segment) is Consent.NO]
        if against:
            people = (state.setup.performer(p) for p in against)
            names = ", ".join(person.name if person else p for p, person in zip(against, people, strict=True))
            todo = f"take {handed.slug} out of the library, and tell whoever pulled it"
            yield Condition(segment, "consent", Rank.CONSENT, f"handed off, and {names} said no", todo, after=0)


def handoff_failed(sight: Sight) -> Iterator[Condition]:
    """A segment that may be handed off, and could not be."""
    for segment, failed in sight.state.failed.items():
        found = sight.state.segment(segment)
        if found is not None and sight.state.releasable(found):
            todo = "after the show: `liveshow handoff`"
            yield Condition(segment, "handoff", Rank.HANDOFF, f"not handed off{because(failed.why)}", todo, after=0)
