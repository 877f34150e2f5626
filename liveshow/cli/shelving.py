"""Verbs for a library across shows: library ls, search, show, reindex, gc."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from liveshow.cli.filters import filters, query_of
from liveshow.cli.progress import Progress
from liveshow.errors import FAULT, LiveshowError, NotFound

if TYPE_CHECKING:
    from liveshow.library.index import Found, Index

LIBRARY = click.argument("library", type=click.Path(path_type=Path))


@click.group()
def library() -> None:
    """What stands in a LIBRARY, across shows."""


def _caught_up(index: Index) -> None:
    progress = Progress()
    faults = index.catch_up(lambda done, all_: progress.share("reading the library", done / all_))
    progress.done()
    _tell(faults)


def _tell(faults: Iterable[LiveshowError]) -> None:
    for fault in faults:
        click.echo(str(fault), err=True)


@library.command()
@LIBRARY
@filters
@click.option("--limit", type=click.IntRange(1), default=50, help="At most so many (default 50).")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def ls(library: Path, limit: int, as_json: bool, **wanted: Any) -> None:
    """List contributions, the newest first."""
    _list(library, limit, as_json, wanted)


@library.command()
@LIBRARY
@click.argument("words", nargs=-1, required=True)
@filters
@click.option("--limit", type=click.IntRange(1), default=50, help="At most so many (default 50).")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def search(library: Path, words: tuple[str, ...], limit: int, as_json: bool, text: str | None, **wanted: Any) -> None:
    """Find contributions by WORDS, the newest first; lett* finds what begins so."""
    _list(library, limit, as_json, {**wanted, "text": " ".join(filter(None, (text, *words)))})


def _list(library: Path, limit: int, as_json: bool, wanted: dict[str, Any]) -> None:
    from liveshow.library.index import Index
    from liveshow.library.search import search as find

    query = query_of(**wanted)
    with Index(library) as index:
        _caught_up(index)
        rows = find(index, query, limit + 1)
    if as_json:
        click.echo(json.dumps([_as_json(row, library) for row in rows[:limit]], indent=2, ensure_ascii=False))
        return
    for row in rows[:limit]:
        click.echo(_line(row))
    if len(rows) > limit:
        click.echo(f"and more: --until {_begins(rows[limit - 1]).isoformat()} goes on, --limit shows more at once")
    if not rows:
        click.echo("nothing fits")


def _begins(row: Found) -> datetime:
    return datetime.fromtimestamp(row.begins / 1000, UTC)


def _line(row: Found) -> str:
    length = f"{int(row.seconds) // 60}:{int(row.seconds) % 60:02}"
    held = "" if row.consent == "yes" else f"  consent: {row.consent}"
    kind = "camera" if row.camera else "sound"
    return f"{row.id[:8]}  {_begins(row):%Y-%m-%d %H:%MZ}  {length:>6}  {kind:<6}  {row.title} — {row.performers}  [{row.place}]{held}"


def _as_json(row: Found, library: Path) -> dict[str, object]:
    return {
        "id": row.id,
        "version": row.version,
        "title": row.title,
        "performers": row.performers,
        "begins": _begins(row).isoformat(),
        "seconds": row.seconds,
        "camera": row.camera,
        "consent": row.consent,
        "path": str(library / row.place),
    }


@library.command()
@LIBRARY
@click.argument("contribution")
def show(library: Path, contribution: str) -> None:
    """All about one CONTRIBUTION: its id (or the first digits of it), or the name of its folder."""
    from liveshow.library.index import Index
    from liveshow.showfolder.contribution import CREDITS, read

    with Index(library) as index:
        _caught_up(index)
        versions = index.of(contribution)
    if not versions:
        raise NotFound(f"no contribution {contribution!r}", where=str(library), todo="`liveshow library ls` lists them")
    if len({row.id for row in versions}) > 1:
        raise NotFound("several contributions begin so", where=contribution, todo="write more digits of its id")
    for row in versions:
        click.echo(_line(row))
    newest = library / versions[-1].place
    about = read(newest)
    click.echo(f"\nversion {about.version}, in {newest}")
    click.echo((newest / "data" / CREDITS).read_text(encoding="utf-8"))
    for clip in about.clips:
        click.echo(
            f"  {clip.file}  {clip.codec}, {clip.length} {'samples' if clip.kind == 'mic' else 'frames'}, {clip.bytes} bytes"
        )


@library.command()
@LIBRARY
@click.pass_context
def reindex(ctx: click.Context, library: Path) -> None:
    """Make the index of a LIBRARY again from its packages. Exit code 1 when one cannot be read."""
    from liveshow.library.index import Index

    progress = Progress()
    with Index(library) as index:
        faults = index.rebuild(lambda done, all_: progress.share("reading the library", done / all_))
        count = index.count()
    progress.done()
    _tell(faults)
    click.echo(f"{count} packages are in the index" + (f"; {len(faults)} cannot be read" if faults else ""))
    ctx.exit(FAULT if faults else 0)


@library.command()
@LIBRARY
@click.option("--superseded", is_flag=True, help="Older versions of corrected contributions too.")
@click.option("--yes", is_flag=True, help="Remove it; without, what would go is only listed.")
def gc(library: Path, superseded: bool, yes: bool) -> None:
    """Remove what killed hand-offs left behind in a LIBRARY, and on demand what was superseded."""
    from liveshow.library.garbage import garbage, remove
    from liveshow.library.index import Index

    with Index(library) as index:
        _caught_up(index)
        found = garbage(index, superseded=superseded)
        for thing in found:
            click.echo(f"{'removing' if yes else 'would remove'} {thing.path} ({thing.why}, {thing.bytes / 2**20:.1f} MiB)")
        if yes:
            remove(index, found)
    if not found:
        click.echo("nothing to remove")
    elif not yes:
        click.echo("say --yes to remove it")


VERBS = (library,)
