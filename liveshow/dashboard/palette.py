"""Colours by what they are for, and the styles made of them in the theme that is worn.

Few, and each means one thing; every one of them is doubled by a word or a sign. A colour is named as a variable of Textual's CSS
("$show-red"), so that one name serves in styles drawn here and in CSS, and follows the theme in both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

from rich.style import Style

from liveshow.dashboard.light import Tone
from liveshow.dashboard.themes import STAGE_THEME, Theme

GROUND = "$show-ground"
RAISED = "$show-raised"
LINE = "$show-line"
FAINT = "$show-faint"
DIM = "$show-dim"
TEXT = "$show-text"
BRIGHT = "$show-bright"
RED, RED_DIM = "$show-red", "$show-red-dim"
AMBER, AMBER_DIM = "$show-amber", "$show-amber-dim"
GREEN, GREEN_DIM = "$show-green", "$show-green-dim"
CYAN = "$show-cyan"
VIOLET = "$show-violet"
ON_RED, ON_LIT = "$show-on-red", "$show-on-lit"

TONES = {Tone.REC: RED, Tone.GOOD: GREEN, Tone.WARN: AMBER, Tone.BAD: RED, Tone.CALM: DIM}

P = ParamSpec("P")
R = TypeVar("R")
_worn = [STAGE_THEME]
_kept: list[Callable[[], None]] = []


def wear(theme: Theme) -> None:
    """From now on everything is drawn in this theme's colours."""
    _worn[0] = theme
    for forget in _kept:
        forget()


def worn() -> Theme:
    """The theme that things are drawn in."""
    return _worn[0]


def kept(maxsize: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keeps the last `maxsize` results of what draws, until another theme is worn."""

    def keep(draw: Callable[P, R]) -> Callable[P, R]:
        cached = lru_cache(maxsize=maxsize)(draw)
        _kept.append(cached.cache_clear)
        return cached  # type: ignore[return-value]

    return keep


@kept(maxsize=512)
def ink(colour: str, ground: str | None = None, *, bold: bool = False) -> Style:
    """A style of one colour on a ground (None: whatever is below)."""
    colours = _worn[0].colours
    return Style(color=colours[colour], bgcolor=colours[ground] if ground else None, bold=bold or None)


def stage() -> Style:
    """What lies below everything in the middle of the screen."""
    return ink(TEXT, GROUND)


def desk() -> Style:
    """What lies below the top line and the keys."""
    return ink(TEXT, RAISED)


def badge(tone: Tone) -> Style:
    """Filled with the tone's colour."""
    if tone is Tone.CALM:
        return ink(TEXT, LINE, bold=True)
    return ink(ON_RED if tone in (Tone.REC, Tone.BAD) else ON_LIT, TONES[tone], bold=True)
