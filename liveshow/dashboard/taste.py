"""What this user likes on a dashboard: the theme and the bell, remembered in the user's folder for settings.

Where that cannot be read or written, nothing is lost but that.
"""

from __future__ import annotations

import contextlib
from enum import StrEnum
from pathlib import Path

import msgspec


class Bell(StrEnum):
    """How a new alarm calls: not at all, by a flash of the screen, or by the terminal's bell."""

    OFF = "off"
    FLASH = "flash"
    SOUND = "sound"


class Taste(msgspec.Struct, frozen=True):
    """`theme`: the name of one, "" for the usual."""

    theme: str = ""
    bell: Bell = Bell.FLASH


def load() -> Taste:
    """As it was saved last; the usual when that is not known."""
    try:
        return msgspec.json.decode(_place().read_bytes(), type=Taste)
    except (OSError, msgspec.DecodeError):
        return Taste()


def save(taste: Taste) -> None:
    """Remember it, where that can be written down: a read-only home is no reason to complain during a show."""
    place = _place()
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(msgspec.json.encode(taste) + b"\n")


def _place() -> Path:
    import platformdirs

    return platformdirs.user_config_path("liveshow") / "dashboard.json"
