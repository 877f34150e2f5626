"""Small packages, quickly made: whole bags with random bytes for clips."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from liveshow.library.shelf import publish
from liveshow.showfolder import contribution
from liveshow.showfolder.bag import files_in, write_bag
from liveshow.showfolder.contribution import AboutSegment, AboutShow, Contribution, Instant
from liveshow.showfolder.withdrawn import Notice, withdraw

CLIP = 60_000  # bytes
BEGAN = datetime(2026, 11, 22, 19, tzinfo=UTC)


def package(number: int) -> Contribution:
    """What the package of this number says of itself: it begins in that minute of the show, and is of item-0, item-1 or item-2."""
    begin, end = (
        Instant(show_ns=s * 10**9, utc=BEGAN + timedelta(seconds=s), timecode="") for s in (60 * number, 60 * number + 50)
    )
    return Contribution(
        id=f"{number:08x}-0000-4000-8000-{number:012x}",
        version=1,
        digest="",
        tool="",
        show=AboutShow(id="2026-11-22-open-mic", title="Open Mic", venue="", date="", timezone="UTC", frame_rate="30"),
        segment=AboutSegment(
            id=f"s{number}", title="Rain", item=f"item-{number % 3}", take=1, start=begin, end=end, edited_by=""
        ),
        performers=(),
        licence="",
        clips=(),
    )


def shelve(library: Path, number: int, *, clips: int = 2, size: int = CLIP) -> Path:
    """Put the package of this number into a library: clips of about that size, timelines, credits, a poster."""
    about = package(number)
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
