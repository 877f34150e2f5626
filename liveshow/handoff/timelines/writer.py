"""What a writer of timelines is. A module of one has it as `WRITER`; the table names the modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from liveshow.handoff.timelines.neutral import Timeline

Write = Callable[[Timeline, Path], tuple[Path, ...]]
"""Writes a timeline at a path without suffix, and says which files it wrote. Raises LiveshowError when it cannot."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A format. name: as a setup and `--format` have it; opens_in: the programs it is for; lacks: what it cannot say, a sentence each;
    holds_media: whether it copies the media into itself; needs: the module that
    it is written through, where that is not always installed."""

    name: str
    opens_in: str
    lacks: tuple[str, ...]
    write: Write
    holds_media: bool = False
    needs: str = ""
