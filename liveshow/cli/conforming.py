"""The verb that makes every frame whole: conform."""

from __future__ import annotations

from pathlib import Path

import click

from liveshow.cli.args import a_segment, is_there, the_show
from liveshow.cli.progress import Progress
from liveshow.errors import FAULT, NotFound, UsageError


@click.command()
@click.argument("what", metavar="PACKAGE|SHOW")
@click.argument("segment", required=False)
@click.option("--codec", default="dnxhr", show_default=True, help="dnxhr (HQ), dnxhr-sq, or prores, which is slow.")
@click.option(
    "--gaps", type=click.Choice(["frozen", "black"]), help="Where pictures are missing (default: [handoff] gaps of the setup)."
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where to (default: cache/conformed of the SHOW, or here)."
)
@click.pass_context
def conform(ctx: click.Context, what: str, segment: str | None, codec: str, gaps: str | None, out: Path | None) -> None:
    """Make films of whole frames from a PACKAGE, or from the one of a SEGMENT of a SHOW.

    Each camera becomes one MOV from in to out at the show's frame rate, every frame encoded by itself, each microphone one WAV beside it.
    Again without harm. Exit code 1 when something could not be made.
    """
    from liveshow.handoff.conform import Wanted
    from liveshow.handoff.conform import conform as make

    package, place, usual = _package(what, segment)
    if out is not None and out.absolute().is_relative_to(package):
        raise UsageError("that is in the package, which must stay as it is", where=f"--out {out}", todo="name another folder")
    progress = Progress()
    path, about, new = make(
        package, (out or place).absolute(), Wanted(codec, gaps or usual), lambda s: progress.share(package.name, s)
    )
    progress.done()
    click.echo(
        f"{path}: {'made' if new else 'was made before'}, {about.frames} frames at {about.rate}, {len(about.files)} files"
    )
    for line in about.lacks:
        click.echo(line, err=True)
    ctx.exit(FAULT if about.lacks else 0)


def _package(what: str, segment: str | None) -> tuple[Path, Path, str]:
    """The package, where its films go unless told otherwise, and what is usual where pictures are missing."""
    if is_there(Path(what) / "bagit.txt"):
        from liveshow.cli.withdrawing import check_may_be_used

        check_may_be_used(Path(what))
        return Path(what).absolute(), Path(), "frozen"
    from liveshow.handoff.release import refusal
    from liveshow.showfolder import contribution

    folder = the_show(what)
    if segment is None:
        raise UsageError("which SEGMENT?", where=what, todo="`liveshow segments` lists them")
    found = a_segment(folder, segment)
    setup = folder.setup_of(found)
    if (why := refusal(setup, folder.state(), found)) is not None:
        raise why
    made = [p for p in folder.contributions.glob(f"{found.id}-*") if is_there(p / "bagit.txt")]
    if not made:
        raise NotFound("it was not handed off yet", where=found.id, todo=f"`liveshow handoff {what} {found.id}` first")
    newest = max(made, key=lambda path: contribution.read(path).version)
    return newest.absolute(), folder.cache / "conformed", setup.handoff.gaps


VERBS = (conform,)
