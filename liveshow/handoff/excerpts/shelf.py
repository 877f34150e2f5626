"""Where finished excerpts lie: `cache/excerpts/<segment>/<feed>_<version>/`, each whole or absent, described by its `about.json`.

Nothing of FFmpeg is imported here: the page's server reads this.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from liveshow.handoff.excerpts.orders import Excerpt
from liveshow.showfolder.folder import ShowFolder

ABOUT = "about.json"
STRIPS = "strips"


class Shelf:
    """The excerpts of a show."""

    def __init__(self, folder: ShowFolder) -> None:
        self.root = folder.cache / "excerpts"
        self.strips = self.root / STRIPS

    def found(self) -> Iterator[Excerpt]:
        """All that are finished, as they say of themselves, the newest last."""
        for path in sorted(self.root.glob(f"*/*/{ABOUT}"), key=age):
            try:
                about = msgspec.json.decode(path.read_bytes(), type=Excerpt)
                whole = self.file(about).stat().st_size == about.size and about.place == self.place(path.parent)
            except (OSError, msgspec.DecodeError):
                continue
            if whole:
                yield about

    def place(self, path: Path) -> str:
        """How a folder below this is named in an :class:`Excerpt`."""
        return path.relative_to(self.root).as_posix()

    def file(self, excerpt: Excerpt) -> Path:
        """What is played."""
        return self.root / excerpt.place / excerpt.file

    def poster(self, excerpt: Excerpt) -> Path | None:
        """Its poster, when it has one."""
        return self.root / excerpt.place / excerpt.poster if excerpt.poster else None

    def remove(self, place: str) -> None:
        """Remove one."""
        shutil.rmtree(self.root / place, ignore_errors=True)

    def bytes_of(self, path: Path) -> int:
        """What a file or folder takes; 0 for one that is gone."""
        try:
            return path.stat().st_size if path.is_file() else sum(self.bytes_of(child) for child in path.iterdir())
        except OSError:
            return 0


def age(path: Path) -> int:
    """When it was written, in ns: less for what is older; 0 for what is gone."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
