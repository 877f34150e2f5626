"""Colours of the dark stage. Few, and each means one thing; every one of them is doubled by a word or a sign."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style

from liveshow.dashboard.light import Tone

GROUND = "#0b0d10"
RAISED = "#14181d"
LINE = "#2a323b"
FAINT = "#5f6b78"
DIM = "#8a97a5"
TEXT = "#c8d1da"
BRIGHT = "#ffffff"
REC_DIM = "#a02534"
RED = "#d7263d"
AMBER = "#f2b93b"
GREEN = "#3fb950"
CYAN = "#59c2d6"
VIOLET = "#c39af0"

TONES = {Tone.REC: RED, Tone.GOOD: GREEN, Tone.WARN: AMBER, Tone.BAD: RED, Tone.CALM: DIM}


@lru_cache(maxsize=512)
def ink(colour: str, ground: str | None = None, *, bold: bool = False) -> Style:
    """A style of one colour on a ground (None: whatever is below)."""
    return Style(color=colour, bgcolor=ground, bold=bold or None)


STAGE, DESK = ink(TEXT, GROUND), ink(TEXT, RAISED)


def badge(tone: Tone) -> Style:
    """Filled with the tone's colour."""
    if tone is Tone.CALM:
        return ink(TEXT, LINE, bold=True)
    return ink(BRIGHT if tone in (Tone.REC, Tone.BAD) else GROUND, TONES[tone], bold=True)
