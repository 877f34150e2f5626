"""OpenTimelineIO with its media in one file (.otioz): a zip of content.otio and media/."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio

from liveshow.errors import LiveshowError
from liveshow.handoff.timelines.neutral import Timeline
from liveshow.handoff.timelines.otio import build
from liveshow.handoff.timelines.writer import Writer


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.otioz, which is as large as the media. Raises LiveshowError when one of them is not there."""
    absent = [c.file for t in timeline.tracks for c in t.clips if not (timeline.folder / c.file).is_file()]
    if absent:
        todo = "an .otioz holds its media: find the file again, or leave this format out"
        raise LiveshowError("not there", where=str(timeline.folder / absent[0]), todo=todo)
    made = build(timeline, lambda clip: (timeline.folder / clip.file).as_posix())
    file = path.with_name(path.name + ".otioz")
    file.unlink(missing_ok=True)  # OpenTimelineIO does not overwrite one
    otio.adapters.write_to_file(made, str(file))
    return (file,)


WRITER = Writer("otioz", "programs with OpenTimelineIO; it holds the media", (), write, holds_media=True)
