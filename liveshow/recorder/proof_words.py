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
    """How far the feed's own clock has run away from the show clock, and its error: "drift +11.2 ms, +12 ppm"; "" while unknown."""
    look = proof.look
    if look is None or look.ppm is None or look.drift is None:
        return ""
    return f"drift {look.drift:+z.1f} ms, {look.ppm:+z.0f} ppm"


def _ago(at: int, now: int) -> str:
    return f"{max(0, now - at) / SECOND:.0f} s ago"
