"""The verb for timelines: of a whole show, or of one contribution in further formats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liveshow.cli.args import is_there, the_show
from liveshow.errors import FAULT, LiveshowError, MachineError, UsageError

if TYPE_CHECKING:
    from liveshow.handoff.timelines.neutral import Timeline


@click.command()
@click.argument("show")
@click.option("--format", "formats", multiple=True, help="One of the formats; again for another (default: those of the setup).")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where to (default: cache/timelines of the SHOW)."
)
@click.pass_context
def timeline(ctx: click.Context, show: str, formats: tuple[str, ...], out: Path | None) -> None:
    """Write the timeline of a whole SHOW, or of a package, for editing programs.

    Every feed is a track, every part of its recordings lies at its time, and segments, highlights and notes are markers. Formats: otio,
    otioz, fcp7 (Premiere, Resolve), fcpxml (Final Cut Pro), edl, aaf (Media Composer, Pro Tools), rpp (Reaper), dawproject, kdenlive.
    Exit code 1 when a part cannot be read and is left out, or a format cannot be written.
    """
    from liveshow.handoff.timelines.table import writer_of

    for name in formats:
        writer_of(name)
    package = is_there(Path(show) / "bagit.txt")
    files, faults = _of_package(Path(show), formats, out) if package else _of_show(show, formats, out)
    for fault in faults:
        click.echo(str(fault), err=True)
    for path in files:
        click.echo(str(path))
    ctx.exit(FAULT if faults else 0)


Written = tuple[tuple[Path, ...], tuple[LiveshowError, ...]]


def _of_show(show: str, formats: tuple[str, ...], out: Path | None) -> Written:
    from liveshow.handoff.timelines.of_show import timeline_of_show
    from liveshow.handoff.timelines.table import holds_media

    folder = the_show(show)
    if copies := [name for name in formats if holds_media(name)]:
        what = f"{copies[0]} copies the media, and not everybody on them may have said yes"
        raise UsageError(what, where="--format", todo="hand segments off: consent is checked there")
    wanted = formats or [name for name in folder.setup().handoff.timelines if not holds_media(name)]
    made, faults = timeline_of_show(folder)
    files, unwritten = _written(made, wanted, (out or folder.cache / "timelines").absolute(), folder.id)
    return files, (*faults, *unwritten)


def _of_package(package: Path, formats: tuple[str, ...], out: Path | None) -> Written:
    from liveshow.cli.withdrawing import check_may_be_used
    from liveshow.handoff.timelines.of_contribution import timeline_of
    from liveshow.model import HandoffSettings
    from liveshow.showfolder import contribution
    from liveshow.showfolder.bag import PAYLOAD

    path = package.absolute()
    place = (out or Path(f"{path.name}-timelines")).absolute()
    if place.is_relative_to(path):
        raise UsageError("that is in the package, which must stay as it is", where=f"--out {out}", todo="name another folder")
    check_may_be_used(path)
    about = contribution.read(path)
    return _written(timeline_of(about, path / PAYLOAD), formats or HandoffSettings().timelines, place, about.segment.id)


def _written(made: Timeline, formats: Iterable[str], place: Path, stem: str) -> Written:
    from liveshow.handoff.timelines.table import write_all

    try:
        return write_all(made, formats, place, stem)
    except OSError as exc:
        todo = "is there room on this disk? may it be written? --out names another place"
        raise MachineError(f"cannot be written: {exc.strerror}", where=str(exc.filename or place), todo=todo) from exc


VERBS = (timeline,)
