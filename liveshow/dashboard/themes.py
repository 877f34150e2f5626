"""The themes: the dark stage, a dim red that leaves eyes used to the dark as they are, and high contrast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liveshow.errors import UsageError

NAMES = (
    *("ground", "raised", "line", "faint", "dim", "text", "bright"),
    *("red", "red-dim", "amber", "amber-dim", "green", "green-dim", "cyan", "violet", "on-red", "on-lit"),
)


@dataclass(frozen=True, slots=True)
class Theme:
    """`colours`: "$show-…" → "#rrggbb"; `tint`: what a picture's white is drawn as (red, green, blue, 0 to 1 each), None for pictures in
    their own colours."""

    name: str
    title: str
    colours: Mapping[str, str]
    tint: tuple[float, float, float] | None = None


def _colours(row: str) -> dict[str, str]:
    return {f"$show-{name}": f"#{value}" for name, value in zip(NAMES, row.split(), strict=True)}


STAGE_THEME = Theme(
    "stage",
    "dark stage",
    _colours(
        "0b0d10 14181d 2a323b 6a7683 8a97a5 c8d1da ffffff d7263d a02534 f2b93b 7a5418 3fb950 245c3c 59c2d6 c39af0 ffffff 0b0d10"
    ),
)
RED_THEME = Theme(
    "red",
    "dim red",
    _colours(
        "080000 160404 3a0e0e 7c2a2a 9c3a34 c2483e f2705e e0301e 8c1c14 d86a3a 6c2c14 a84a42 4c1a16 e0685a b85a5a 080000 080000"
    ),
    (0.62, 0.14, 0.1),
)
CONTRAST_THEME = Theme(
    "contrast",
    "high contrast",
    _colours(
        "000000 000000 7a7a7a c4c4c4 e4e4e4 ffffff ffffff ff6b6b c44040 ffd600 9a8200 4dff6a 1f8a35 5ef0ff f0b0ff 000000 000000"
    ),
)
THEMES = {theme.name: theme for theme in (STAGE_THEME, RED_THEME, CONTRAST_THEME)}


def theme_named(name: str) -> Theme:
    """A theme by its name. Raises UsageError."""
    if name not in THEMES:
        raise UsageError(f"there is no theme {name!r}", where="--theme", todo=f"one of {', '.join(THEMES)}")
    return THEMES[name]


def following(theme: Theme) -> Theme:
    """The next one, and after the last the first."""
    names = list(THEMES)
    return THEMES[names[(names.index(theme.name) + 1) % len(names)]]
