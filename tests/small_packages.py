"""Small packages, quickly made: whole bags with random bytes for clips."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from liveshow.library.shelf import publish
from liveshow.showfolder import contribution
from liveshow.showfolder.bag import files_in, write_bag
from liveshow.showfolder.withdrawn import Notice, withdraw
from tests.test_library_index import package

CLIP = 60_000  # bytes


def shelve(library: Path, number: int, *, clips: int = 2, size: int = CLIP) -> Path:
    """Put the package of this number into a library: clips of about that size, timelines, credits, a poster."""
    about = package(number, at=60.0 * number)
    building = library.parent / "building" / f"s{number}-rain"
    dice = random.Random(number)
    for name in (
        *(f"clips/{n}.mov" for n in range(clips)),
        "timeline.otio",
        "timelines/all.fcpxml",
        "CREDITS.txt",
        "posters/p.jpg",
    ):
        file = building / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(dice.randbytes(size + 1000 * number if name.startswith("clips") else 300))
    contribution.write(about, building)
    write_bag(building, {"External-Identifier": about.id})
    placed = publish(building, library)
    shutil.rmtree(building)
    return placed


def withdraw_number(library: Path, number: int) -> None:
    """Somebody says no."""
    about = package(number)
    withdraw(library, Notice(id=about.id, show=about.show.id, segment=about.segment.id, title="", why="Mara said no"))


def content(folder: Path) -> dict[str, bytes]:
    """Every file of every package, and whatever else lies there unhidden or half done; no index, no notice."""
    names = [name for name in files_in(folder, folder) if not name.startswith((".index", ".withdrawn"))]
    return {name: (folder / name).read_bytes() for name in names}
