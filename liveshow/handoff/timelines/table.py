"""The writers there are, found by format. Each is imported only when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from liveshow.errors import UsageError
from liveshow.handoff.timelines.neutral import Timeline
from liveshow.handoff.timelines.writer import Writer
from liveshow.setupfile.formats import OWN, known_formats, third_party

README = "README.txt"


def writer_of(name: str) -> Writer:
    """The writer of a format. Raises UsageError for an unknown one."""
    if name in OWN:
        found: Writer = import_module(OWN[name]).WRITER
        return found
    if name in third_party():
        loaded: Writer = third_party()[name].load()
        return loaded
    raise UsageError(f"no format {name!r} of timelines", todo=f"one of {', '.join(known_formats())}")


def write_all(timeline: Timeline, names: Iterable[str], folder: Path, stem: str) -> tuple[Path, ...]:
    """Write a timeline in several formats into `folder`, which is made, with a README.txt that says what each file is and lacks;
    the files written. Raises UsageError for an unknown format, before anything is written."""
    writers = [writer_of(name) for name in dict.fromkeys(names)]
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    about = list(_first(timeline, folder))
    for writer in writers:
        written = writer.write(timeline, folder / stem)
        files += written
        about += _about(writer, written)
    readme = folder / README
    readme.write_text("\n".join(about), encoding="utf-8", newline="\n")
    return (*files, readme)


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
