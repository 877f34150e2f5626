"""Contributions that may not be exported any more: a notice for each in the library, `.withdrawn/<id>.json`.

The package itself is left as it was handed off, for nothing handed off is edited; with its notice it is out of the index, and no pull
and no remix takes it. When everybody agrees again, the notice goes.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from liveshow.errors import MachineError
from liveshow.showfolder.disk import sync

FOLDER = ".withdrawn"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Why a contribution may not be exported, said when."""

    id: str
    show: str
    segment: str
    title: str
    why: str
    at: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))


def withdraw(library: Path, notice: Notice) -> None:
    """Leave a notice, whole or not at all. Raises MachineError when the library cannot be written."""
    place = library / FOLDER
    try:
        place.mkdir(parents=True, exist_ok=True)
        aside = place / f".{notice.id}.{os.getpid()}"
        with aside.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(notice)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(place / f"{notice.id}.json")
        sync(place)
    except OSError as exc:
        todo = "make the library writable, then `liveshow handoff SHOW` tries again: until then it can still be pulled"
        raise MachineError(f"a withdrawal cannot be written: {exc.strerror}", where=str(place), todo=todo) from exc


def restore(library: Path, ident: str) -> None:
    """Take a notice away, if there is one. Raises MachineError when the library cannot be written."""
    try:
        (library / FOLDER / f"{ident}.json").unlink(missing_ok=True)
    except OSError as exc:
        raise MachineError(f"a withdrawal cannot be taken back: {exc.strerror}", where=str(library / FOLDER)) from exc


def withdrawn(library: Path) -> frozenset[str]:
    """Ids of all that may not be exported."""
    place = library / FOLDER
    return frozenset(path.stem for path in place.glob("[!.]*.json")) if place.is_dir() else frozenset()


def notice_of(library: Path, ident: str) -> Notice | None:
    """The notice of a contribution, if it was withdrawn; one that cannot be read still stands."""
    path = library / FOLDER / f"{ident}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Notice)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        return Notice(id=ident, show="", segment="", title="", why="the notice cannot be read")
