"""The verb for a show folder that was damaged: repair."""

from __future__ import annotations

from pathlib import Path

import click

from liveshow.cli.args import the_show
from liveshow.errors import FAULT, OK, MachineError


@click.command()
@click.argument("show")
@click.option(
    "--from",
    "other",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The same show on another disk (its mirror): what is whole there is taken from there.",
)
@click.option("--dry-run", is_flag=True, help="Only say what is wrong, and what would be done.")
@click.pass_context
def repair(ctx: click.Context, show: str, other: Path | None, dry_run: bool) -> None:
    """Mend what can be mended of a damaged SHOW: setup, journal, recordings, packages. What is replaced is kept in its folder broken/.

    Exit code 1 when something could not be mended. It may be interrupted, and run again.
    """
    from liveshow.handoff.repair.show import repair_show
    from liveshow.recorder import address
    from liveshow.showfolder.folder import ShowFolder
    from liveshow.showfolder.mending import Mend

    folder = ShowFolder(Path(show).absolute()) if Path(show).is_dir() else the_show(show)
    if address.workers_of(folder.path):
        todo = "end it with `liveshow stop`, and repair it then"
        raise MachineError("its feeds are being recorded", where=str(folder.path), todo=todo)
    mended = left = 0
    try:
        for finding in repair_show(folder, ShowFolder(other.absolute()) if other else None, only_look=dry_run):
            mended += isinstance(finding, Mend)
            left += not isinstance(finding, Mend)
            click.echo(f"{'' if isinstance(finding, Mend) else 'not mended: '}{finding}", err=not isinstance(finding, Mend))
    except OSError as exc:
        todo = "is there room on this disk? may it be written? then run it again"
        raise MachineError(f"it cannot be mended: {exc.strerror}", where=str(exc.filename or folder.path), todo=todo) from exc
    click.echo(_summary(folder.path, mended, left, dry_run))
    ctx.exit(FAULT if left else OK)


def _summary(path: Path, mended: int, left: int, dry_run: bool) -> str:
    if not mended and not left:
        return f"{path}: nothing is wrong with it"
    return f"{path}: {mended} {'would be mended' if dry_run else 'mended'}, {left} not"


VERBS = (repair,)
