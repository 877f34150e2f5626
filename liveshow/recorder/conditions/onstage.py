"""Whose feeds matter most at this moment."""

from __future__ import annotations

from liveshow.recorder.conditions.sight import Sight


def of_who_is_on(sight: Sight) -> dict[str, tuple[str, ...]]:
    """By feed, the names of the performers who are on and whose it is."""
    setup, found = sight.state.setup, dict[str, tuple[str, ...]]()
    for segment in sight.state.running:
        for performer in segment.on_now:
            known = setup.performer(performer)
            for feed in setup.patched(performer, setup.item(segment.item)):
                found[feed] = (*found.get(feed, ()), known.name if known else performer)
    return found
