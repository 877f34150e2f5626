"""The grammar of names in a show folder: encoded and decoded here and nowhere else.

A part is ``<feed>_<start>_<part>.<suffix>``, for example ``wide_20261122T193015.123Z_0001.mkv``: the feed's id (it has no
underscore), the UTC wall time of its beginning to the millisecond (ISO 8601 basic format), and the number of the part within
the feed, counted from 1 over the whole show. Its timing is the same name with ``.timing``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

MEDIA = (".mkv", ".wav")
TIMING = ".timing"
_PART = re.compile(r"([a-z0-9][a-z0-9-]*)_(\d{8}T\d{6}\.\d{3}Z)_(\d{4,})(\.[a-z]+)")


@dataclass(frozen=True, slots=True)
class PartName:
    """What a part's file name says. `start` is UTC, whole milliseconds."""

    feed: str
    start: datetime
    part: int
    suffix: str

    def __str__(self) -> str:
        stamp = self.start.strftime("%Y%m%dT%H%M%S.") + f"{self.start.microsecond // 1000:03}Z"
        return f"{self.feed}_{stamp}_{self.part:04}{self.suffix}"


def decode_part(name: str) -> PartName | None:
    """What a file name says, or None when it is not a part's."""
    match = _PART.fullmatch(PurePath(name).name)
    if match is None:
        return None
    try:
        start = datetime.strptime(match[2], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    found = PartName(match[1], start, int(match[3]), match[4])
    return found if str(found) == match[0] else None  # other digits than 0-9, too many zeros
