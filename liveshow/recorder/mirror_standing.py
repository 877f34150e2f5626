"""How the mirror stands, as the journal is told."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from liveshow.events import FeedHealth, MirrorNow, MirrorState, Proof

BEHIND = 5.0
"""Seconds of recording that the mirror lacks, above which it counts as late."""


def standing_of(now: MirrorNow) -> str:
    """As :class:`MirrorState` has it."""
    if now.first:
        return "alone"
    if now.why:
        return "unwritten"
    return "behind" if now.behind > BEHIND else "written"


def on_mirror(proof: Proof, there: Proof) -> Proof:
    """The proof of a feed that the mirror alone has: what is proven `there`, unless who decodes it doubts that. `proof`: of the first disk,
    with what was decoded last, of either."""
    if proof.look is not None and proof.look.why:
        return structs.replace(there, light="unproven", why=proof.look.why, look=proof.look)
    return structs.replace(there, look=proof.look)


def lights_of(lights: dict[str, Proof], feeds: Mapping[str, FeedHealth], mirror: MirrorNow | None) -> dict[str, Proof]:
    """What may be shown of feeds that are like this: while the first disk takes nothing, what is proven of the mirror, unless a process of
    its own that decodes what is there doubts it."""
    if mirror is None or not mirror.first or mirror.why:
        return lights
    found = dict(lights)
    for feed, health in feeds.items():
        if health.state == "recording" and feed in mirror.proofs:
            found[feed] = on_mirror(lights.get(feed, Proof()), mirror.proofs[feed])
    return found


class MirrorStanding:
    """Remembers what was said, so that only a change is, once it has been so for two looks."""

    def __init__(self) -> None:
        self._said = self._seen = ""

    def look(self, now: MirrorNow, at: int) -> MirrorState | None:
        """The event that is due at show-clock ns `at`, if one is."""
        state = standing_of(now)
        settled, self._seen = state == self._seen, state
        if state == self._said or not settled:
            return None
        self._said = state
        alone = state == "alone"
        lacks = now.first_lacks if alone else now.lacks
        return MirrorState(t=at, folder=now.folder, state=state, why=now.first if alone else now.why, lacks=lacks)
