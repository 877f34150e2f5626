"""What whoever starts a dashboard chooses for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from liveshow.dashboard.app import Dashboard
from liveshow.dashboard.graphics import graphics


@dataclass(frozen=True, slots=True)
class Choice:
    """`theme`: a theme's name, "" for the one worn last; `pictures`: "kitty", "sixel" or "blocks", "" or "auto" for what the terminal
    says it can."""

    theme: str = ""
    pictures: str = ""

    @classmethod
    def of(cls, options: Mapping[str, str | None]) -> Choice:
        """As given on the command line, where None is "as usual"."""
        return cls(**{name: value or "" for name, value in options.items()})

    def apply(self, app: Dashboard) -> None:
        """To a dashboard that is not shown yet. Raises UsageError when there is no such theme."""
        app.wardrobe.recall(self.theme)
        app.main.use(graphics(self.pictures))
        app.attention.recall()
