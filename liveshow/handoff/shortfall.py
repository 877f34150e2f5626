"""By how much a part may hold less than its timing says: judged alike by who verifies and by who repairs."""

from __future__ import annotations

from fractions import Fraction

from liveshow.showfolder.timing import PartTiming

SETTLING = Fraction(3, 2)
"""Seconds until what was recorded is surely on disk."""
_ANY = Fraction(10**9)


def allowed_to_lack(timing: PartTiming, growing: bool = False) -> Fraction:
    """Seconds by which a part may be shorter than its timing: a killed worker had noted what was not yet on disk."""
    if timing.end is not None:
        return Fraction(0)
    return _ANY if growing else SETTLING


def samples_noted(timing: PartTiming) -> int:
    """How many samples there should be."""
    return timing.end.positions if timing.end else int(timing.positions.max(initial=0))


def samples_are_wrong(timing: PartTiming, there: int, allowed: Fraction) -> bool:
    """Whether that many samples are too few, or more than a part that ended may hold."""
    noted = samples_noted(timing)
    return noted - there > allowed * timing.rate or (timing.end is not None and there > noted)


def pictures_are_wrong(timing: PartTiming, there: int, allowed: Fraction) -> bool:
    """Whether that many pictures are too few, or not those of a part that ended."""
    noted = timing.positions
    if timing.end is not None:
        return there != noted.size
    return Fraction(int(noted.max(initial=0) - noted[:there].max(initial=0))) / timing.rate > allowed
