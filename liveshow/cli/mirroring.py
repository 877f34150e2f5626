"""The verb for what one of two disks lacks: mirror."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from liveshow.cli.args import the_show
from liveshow.cli.progress import Progress
from liveshow.errors import FAULT, LiveshowError, MachineError, NotFound, UsageError
from liveshow.showfolder.folder import ShowFolder

AT = click.option("--at", type=click.Path(path_type=Path), help="The mirror's folder (default: the one of the setup).")


@click.command()
@click.argument("show")
@AT
@click.pass_context
def mirror(ctx: click.Context, show: str, at: Path | None) -> None:
    """Bring the mirror of a SHOW what it lacks, and the SHOW what only its mirror has; then compare both. Again without harm; exit
    code 1 when they are not the same afterwards. While it records, the recorder does all that by itself."""
    from liveshow.recorder.address import RECORDER, look_up, workers_of

    folder = the_show(show)
    if look_up(folder.path, RECORDER) is not None or workers_of(folder.path):
        todo = "`liveshow status` says how far it is; run this after the show"
        raise UsageError("it is being recorded, and the recorder brings its mirror up to date", where=folder.id, todo=todo)
    place = _mirror_of(folder, at)
    faults = [*_journals(folder, place), *_recordings(folder, place)]
    for fault in faults:
        click.echo(str(fault), err=True)
    click.echo(f"{place.path}: {f'{len(faults)} faults' if faults else 'the same as ' + str(folder.path)}")
    ctx.exit(FAULT if faults else 0)


def _mirror_of(folder: ShowFolder, at: Path | None) -> ShowFolder:
    """The mirror's show folder; it may not be there yet. Raises NotFound when nobody says where, or when its disk is not there."""
    from liveshow.events import MirrorState
    from liveshow.showfolder.mirror import mirror_of

    said = next((e.folder for e in reversed(folder.events()) if isinstance(e, MirrorState)), "")
    place = ShowFolder(at.absolute()) if at else ShowFolder(Path(said)) if said else mirror_of(folder.setup(), folder)
    if place is None or place.path.resolve() == folder.path.resolve():
        raise NotFound("its setup names no mirror", where=folder.id, todo="name the mirror's show folder with `--at`")
    if not place.path.parent.is_dir():
        raise NotFound(
            "the mirror's disk is not there", where=str(place.path), todo="mount it, or name another place with `--at`"
        )
    return place


def _journals(folder: ShowFolder, place: ShowFolder) -> Iterator[LiveshowError]:
    """Both journals and setups made the same."""
    from liveshow.showfolder.folder import make, replace_text
    from liveshow.showfolder.mirror import bring_journal

    text = folder.setup_file.read_text(encoding="utf-8")
    make(place.path, text, [feed.id for feed in folder.every_setup().feeds])
    try:
        bring_journal(place, folder)
        bring_journal(folder, place)
    except LiveshowError as exc:
        yield exc
        return
    if place.setup_file.read_text(encoding="utf-8") != text:
        replace_text(place.setup_file, text)


def _recordings(folder: ShowFolder, place: ShowFolder) -> Iterator[LiveshowError]:
    """Every part and timing made the same, and compared."""
    from liveshow.showfolder.mirror import bring, lacks, unlike

    try:
        every, progress = tuple(lacks(folder, place)), Progress()
        total, done = max(1, sum(lack.source.stat().st_size for lack in every)), 0
        for lack in every:
            try:
                for count in bring(lack):
                    done += count
                    progress.share(lack.target.name, done / total)
                click.echo(f"{lack.target}: brought up to date ({lack.bytes} bytes were missing)")
            except LiveshowError as exc:
                yield exc
        progress.done()
        for path in unlike(folder, place):
            todo = "`liveshow verify` says which is good; delete the other, and run this again"
            yield MachineError("differs on the two disks", where=str(path), todo=todo)
    except OSError as exc:
        yield MachineError(f"cannot be read: {exc.strerror}", where=str(exc.filename), todo="look after this disk")


VERBS = (mirror,)
