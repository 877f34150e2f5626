"""Where the cameras' newest pictures come from: the show folder, or, for a show elsewhere, :mod:`liveshow.dashboard.fetching`."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Previews(Protocol):
    """Where cameras' newest pictures lie. A show folder is one."""

    def preview(self, feed: str) -> Path:
        """A camera's newest picture (binary PPM), which may not be there yet; replaced whole."""
