"""What is said of a proof, the same on every screen."""

from __future__ import annotations

from liveshow.events import Proof
from liveshow.timebase import SECOND


def proven(proof: Proof, now: int) -> str:
    """How long ago, at show-clock ns `now`: "proven 3 s ago", or that it only grows; "" when it is not proven."""
    if proof.light != "proven":
        return ""
    if proof.look is None:
        return f"grew {_ago(proof.at, now)}, not decoded"
    return f"proven {_ago(proof.look.at, now)}"


def clock(proof: Proof) -> str:
    """The error of the feed's clock, and how far it has run away: "clock +12.5 ppm, +11.2 ms"; "" while unknown."""
    look = proof.look
    if look is None or look.ppm is None:
        return ""
    return f"clock {look.ppm:+.1f} ppm" + ("" if look.drift is None else f", {look.drift:+.1f} ms")


def _ago(at: int, now: int) -> str:
    return f"{max(0, now - at) / SECOND:.0f} s ago"
