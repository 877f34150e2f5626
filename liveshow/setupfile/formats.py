"""The formats of timelines: which there are, and the module that writes each, with a `WRITER` in it.

The table is down here and not with the writers, so that a setup which asks for an unknown format is refused when it is read. Other
packages add formats through the entry-point group `liveshow.timelines`, whose names are the formats and whose objects are writers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

OWN: Mapping[str, str] = {
    "otio": "liveshow.handoff.timelines.otio",
    "otioz": "liveshow.handoff.timelines.otioz",
    "fcp7": "liveshow.handoff.timelines.fcp7",
    "fcpxml": "liveshow.handoff.timelines.fcpxml",
    "edl": "liveshow.handoff.timelines.edl",
    "aaf": "liveshow.handoff.timelines.aaf",
    "rpp": "liveshow.handoff.timelines.rpp",
    "dawproject": "liveshow.handoff.timelines.dawproject",
    "kdenlive": "liveshow.handoff.timelines.kdenlive",
}
GROUP = "liveshow.timelines"


@cache
def third_party() -> Mapping[str, EntryPoint]:
    """Formats that other packages write; none is imported by this."""
    from importlib.metadata import entry_points  # slow to import, and most setups name no format

    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in OWN}


def known_formats() -> tuple[str, ...]:
    """Every format, own ones first."""
    return (*OWN, *third_party())
