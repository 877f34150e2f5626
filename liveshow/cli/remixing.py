"""Verbs for what is made of contributions: contribute, credits, uses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liveshow.errors import NotFound, UsageError

if TYPE_CHECKING:
    from liveshow.handoff.contribute import Contributed, Remix
    from liveshow.library.index import Index
    from liveshow.library.lineage import Line

LIBRARY = click.option(
    "--library", type=click.Path(path_type=Path), default=Path("library"), help="Where contributions are (default: ./library)."
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--from", "sources", multiple=True, required=True, metavar="ID", help="A contribution it is made of (repeat for several)."
)
@click.option(
    "--timeline", type=click.Path(path_type=Path), help="The edit (.otio or another timeline): what was used is read from it."
)
@click.option("--title", help="Its title (default: the file's name).")
@click.option("--by", "makers", multiple=True, required=True, metavar="NAME[, ROLE]", help="Who made it (repeat for several).")
@click.option("--licence", default="", help="On what terms, a web address (default: its sources', when they agree).")
@click.option("--mhl", is_flag=True, help="Its package has an ASC MHL history (pip install 'liveshow[mhl]').")
@click.option("--sign", is_flag=True, help="Sign it with C2PA, its sources as ingredients (pip install 'liveshow[c2pa]').")
@click.option("--certificate", default="", metavar="FILE", help="The PEM file to sign with (default: one that is made).")
@click.option("--key", default="", metavar="FILE", help="The PEM file of its key, unless that stands in the same.")
@LIBRARY
def contribute(
    file: Path,
    sources: tuple[str, ...],
    timeline: Path | None,
    title: str | None,
    makers: tuple[str, ...],
    licence: str,
    mhl: bool,
    sign: bool,
    certificate: str,
    key: str,
    library: Path,
) -> None:
    """Add a remix, FILE, to the library: who made it, and which contributions it is made of."""
    from liveshow.cli.withdrawing import check_may_be_used
    from liveshow.handoff.contribute import Remix
    from liveshow.handoff.credential import credential_of
    from liveshow.handoff.edit import Cited
    from liveshow.handoff.extras import require
    from liveshow.library.index import Index
    from liveshow.library.lineage import newest_of
    from liveshow.model import HandoffSettings

    require(HandoffSettings(mhl=mhl, sign=sign, certificate=certificate, key=key))
    with Index(library) as index:
        index.catch_up()
        abouts = [newest_of(index, source) for source in dict.fromkeys(sources)]
        cited = tuple(Cited(library / index.of(about.id)[-1].place, about) for about in abouts)
        for one in cited:
            check_may_be_used(one.package)
        credential = credential_of(certificate, key) if sign else None
        remix = Remix(file, title or file.stem, tuple(_maker(m) for m in makers), cited, timeline, licence, credential, mhl)
        made, path = _published(index, remix, library)
    click.echo(f"contributed as {made.about.id[:8]}, version {made.about.version}: {path}")
    for source in made.about.sources:
        spans = source.used or ()
        what = (
            "not said how much"
            if source.used is None
            else f"{len(spans)} pieces"
            if spans
            else "nothing of it is in the timeline"
        )
        click.echo(f"  of {source.title} ({source.id[:8]}): {what}")
    for name in made.strange:
        click.echo(f"  {name} is of none of these contributions")


def _maker(text: str) -> tuple[str, str]:
    name, _, role = (part.strip() for part in text.partition(","))
    if not name:
        raise UsageError("nobody is named", where="--by", todo='write --by "Name, role"')
    return name, role


def _published(index: Index, remix: Remix, library: Path) -> tuple[Contributed, Path]:
    """Make it aside and put it into the library; what is there already, said alike, is left as it is."""
    from liveshow.cli.progress import Progress
    from liveshow.handoff.contribute import contribute as make
    from liveshow.handoff.contribute import id_of
    from liveshow.library.shelf import publish
    from liveshow.showfolder.contribution import read

    earlier = index.of(id_of(remix.file))
    making = library / ".making"
    progress = Progress()
    total, done = max(1, 2 * remix.file.stat().st_size), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress.share(remix.file.name, min(1.0, done / total))

    try:
        made = make(remix, making, 1 + max((found.version for found in earlier), default=0), count)
        same = [found for found in earlier if read(library / found.place).digest == made.about.digest]
        progress.done()
        if same:
            raise UsageError("was contributed before, said alike", where=str(library / same[-1].place), todo="nothing was done")
        return made, publish(made.package, library)
    finally:
        shutil.rmtree(making, ignore_errors=True)


@click.command()
@click.argument("contribution")
@LIBRARY
def credits(contribution: str, library: Path) -> None:
    """Everyone upstream of a CONTRIBUTION, with the seconds used of each."""
    from liveshow.library.index import Index
    from liveshow.library.lineage import newest_of, upstream

    with Index(library) as index:
        index.catch_up()
        about = newest_of(index, contribution)
        lines = upstream(index, about)
    click.echo(f"{about.segment.title}: {', '.join(p.name for p in about.performers)}. {about.licence}")
    for line in lines:
        click.echo(_credit(line))
    if not lines:
        click.echo("it is made of nothing else")


def _credit(line: Line) -> str:
    seconds = "not said how much" if line.seconds is None else f"{line.seconds:.1f} s"
    names = "; ".join(line.performers)
    return f"{'  ' * line.depth}{seconds} of {line.title} ({line.show}): {names}. {line.licence} [{line.id[:8]}]"


@click.command()
@click.argument("contribution")
@LIBRARY
def uses(contribution: str, library: Path) -> None:
    """Everything that was made of a CONTRIBUTION, and of that in turn."""
    from liveshow.library.index import Index

    with Index(library) as index:
        index.catch_up()
        lines = list(_uses(index, contribution))
    click.echo("\n".join(lines) or "nothing in this library was made of it")


def _uses(index: Index, contribution: str) -> Iterator[str]:
    from liveshow.library.lineage import downstream

    known = index.of(contribution)
    if not known:
        raise NotFound(f"no contribution {contribution!r}", where=str(index.library), todo="`liveshow library ls` lists them")
    for depth, found in downstream(index, known[-1].id):
        yield f"{'  ' * depth}{found.title}: {found.performers} [{found.id[:8]}] {found.place}"


VERBS = (contribute, credits, uses)
