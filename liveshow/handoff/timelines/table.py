"""The formats of timelines: which there are, and who writes each. One line a format; each is imported only when asked for.

Other packages add formats through the entry-point group `liveshow.timelines`, whose names are the formats and whose objects are writers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from liveshow.errors import LiveshowError, UsageError
from liveshow.handoff.timelines.neutral import Timeline
from liveshow.handoff.timelines.writer import Writer

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# format → module with a Writer named WRITER
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
README = "README.txt"


class Written(NamedTuple):
    """Files that were written, and why others were not."""

    files: tuple[Path, ...]
    faults: tuple[LiveshowError, ...]


@cache
def third_party() -> Mapping[str, EntryPoint]:
    """Formats that other packages write; none is imported by this."""
    from importlib.metadata import entry_points  # slow to import

    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in OWN}


def known_formats() -> tuple[str, ...]:
    """Every format, own ones first."""
    return (*OWN, *third_party())


def writer_of(name: str) -> Writer:
    """The writer of a format. Raises UsageError for an unknown one, and for one that wants what is not installed."""
    if name in OWN:
        found: Writer = import_module(OWN[name]).WRITER
    elif name in third_party():
        found = third_party()[name].load()
    else:
        near = get_close_matches(name, known_formats(), 1)
        todo = f'did you mean "{near[0]}"?' if near else f"the formats are {', '.join(known_formats())}"
        raise UsageError(f"{name!r} is no format of timelines", todo=todo)
    if found.needs and find_spec(found.needs) is None:
        what = f"{name!r} is written through {found.needs}, which is not installed"
        raise UsageError(what, todo=f"pip install 'liveshow[{name}]'" if name in OWN else f"install {found.needs}")
    return found


def holds_media(name: str) -> bool:
    """Whether a format copies the media; an unknown one does not."""
    try:
        return writer_of(name).holds_media
    except UsageError:
        return False


def check_format(name: str) -> tuple[str, str] | None:
    """What is wrong with a format that a setup asks for and what would be right, or None."""
    try:
        writer_of(name)
    except UsageError as exc:
        return exc.what, exc.todo
    return None


def write_all(timeline: Timeline, names: Iterable[str], folder: Path, stem: str) -> Written:
    """Write a timeline in several formats into `folder`, which is made, with a README.txt that says what each file is and lacks. A format
    that cannot be written does not keep the others."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    faults: list[LiveshowError] = []
    about = list(_first(timeline, folder))
    for name in dict.fromkeys(names):
        try:
            writer = writer_of(name)
            written = writer.write(timeline, folder / stem)
        except LiveshowError as exc:
            faults.append(exc)
            continue
        files += written
        about += _about(writer, written)
    readme = folder / README
    readme.write_text("\n".join(about), encoding="utf-8", newline="\n")
    return Written((*files, readme), tuple(faults))


def _first(timeline: Timeline, folder: Path) -> Iterator[str]:
    """What holds for all formats."""
    clips = [clip for track in timeline.tracks for clip in track.clips]
    yield "The same timeline for several editing programs: every feed a track, everything at its time."
    if clips and Path(timeline.reference(clips[0], folder)).is_absolute():
        yield "Media are named by their full paths: leave them where they are. Where a program asks for a file all the same,"
    else:
        yield "Media are named relative to this folder: keep it together with them. Where a program asks for a file all the same,"
    yield "show it the folder of the first one, and it finds the others."
    if any(clip.file.endswith(".mkv") for clip in clips):
        yield "Some pictures are Matroska (.mkv): Resolve, Kdenlive, Reaper and melt read it; Premiere Pro, Final Cut Pro and"
        yield "Media Composer do not. The clips of a contribution are QuickTime (.mov) wherever their codec allows."
    yield ""


def _about(writer: Writer, written: tuple[Path, ...]) -> list[str]:
    names = [path.name for path in written]
    files = names if len(names) < 4 else [names[0], f"… ({len(names)} files)"]
    lacks = [f"    lacks: {what}" for what in writer.lacks] or ["    lacks nothing of it"]
    return [", ".join(files), f"    for {writer.opens_in}", *lacks, ""]
