"""What whoever starts a dashboard chooses for it."""

from __future__ import annotations

from dataclasses import dataclass

from liveshow.dashboard.app import Dashboard


@dataclass(frozen=True, slots=True)
class Choice:
    """`theme`: a theme's name, "" for the one worn last."""

    theme: str = ""

    def apply(self, app: Dashboard) -> None:
        """To a dashboard that is not shown yet. Raises UsageError when there is no such theme."""
        app.wardrobe.recall(self.theme)
        app.attention.recall()
