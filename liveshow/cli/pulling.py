"""`liveshow pull`: contributions from a folder, a share or a show that is served elsewhere to an editor's disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from liveshow.cli.filters import filters, query_of
from liveshow.cli.progress import Progress
from liveshow.errors import FAULT, INTERRUPTED, UsageError

if TYPE_CHECKING:
    from liveshow.library.origin import Origin
    from liveshow.library.pull import PullReport
    from liveshow.library.watching import News

KEPT = "what has come so far is kept: the same command goes on from there"


@click.command()
@click.argument("library")
@click.argument("dest", type=click.Path(path_type=Path))
@filters
@click.option("--jobs", type=click.IntRange(1, 32), default=4, show_default=True, help="So many files at once.")
@click.option(
    "--previews-first",
    is_flag=True,
    help="Of all packages first what lets one begin (timelines, credits, previews), to DEST/<show>/<slug>.preview until they are whole.",
)
@click.option("--watch", is_flag=True, help="Keep pulling what becomes new, until Ctrl-C.")
@click.option("--token", envvar="LIVESHOW_TOKEN", help="For https://: what `liveshow token` prints there (or LIVESHOW_TOKEN).")
@click.pass_context
def pull(
    ctx: click.Context,
    /,
    library: str,
    dest: Path,
    jobs: int,
    previews_first: bool,
    watch: bool,
    token: str | None,
    **wanted: Any,
) -> None:
    """Copy contributions from a LIBRARY to DEST: what is not yet there, verified; goes on where it was interrupted.

    LIBRARY is a folder, or https://HOST:PORT of a machine where `liveshow serve` offers a show.
    """
    from liveshow.library.pull import How

    progress = Progress()
    origin = origin_of(library, token)
    how = How(jobs=jobs, previews_first=previews_first, progress=progress.bytes)
    try:
        code = _keep(origin, dest, wanted, how, progress) if watch else _once(origin, dest, wanted, how, progress)
    except KeyboardInterrupt:
        progress.done()
        click.echo(f"interrupted; {KEPT}", err=True)
        code = INTERRUPTED
    finally:
        origin.close()
    ctx.exit(code)


def origin_of(text: str, token: str | None) -> Origin:
    """A folder, or http(s)://HOST:PORT. Raises UsageError for what is neither."""
    from liveshow.library.origin import FolderOrigin

    if not re.match("https?:/", text):
        return FolderOrigin(Path(text))
    return _served(text, token)


def _served(text: str, token: str | None) -> Origin:
    import ssl

    import platformdirs

    from liveshow.library.http_origin import HttpOrigin
    from liveshow.recorder.pin import context_for, pin_in
    from liveshow.setupfile.hostport import host_and_port, is_loopback, joined

    scheme, _, place = text.partition("://")
    try:
        host, port = host_and_port(place.removesuffix("/"), any_port=False)
    except UsageError as exc:
        raise UsageError(exc.what, where="LIBRARY", todo="write https://HOST:PORT, as `liveshow serve` says it") from exc
    if not token:
        todo = "`liveshow token SHOW` on the recorder's machine prints it; `liveshow serve` the whole command"
        raise UsageError("a token is needed", where="--token", todo=todo)
    if scheme == "http" and not is_loopback(host):
        raise UsageError("the token would be read on the way", where="LIBRARY", todo=f"write https://{place}")

    def tls() -> ssl.SSLContext | None:
        if scheme == "http":
            return None
        return context_for(host, port, pin_in(token)) if pin_in(token) else ssl.create_default_context()

    cache = platformdirs.user_cache_path("liveshow")
    return HttpOrigin(f"{scheme}://{joined(host, port)}", {"Authorization": f"Bearer {token}"}, tls, cache)


def _once(origin: Origin, dest: Path, wanted: dict[str, Any], how: Any, progress: Progress) -> int:
    from liveshow.library.pull import pull as pull_packages

    report = pull_packages(origin, dest, query_of(**wanted), how)
    progress.done()
    _tell(report)
    click.echo(f"{len(report.pulled)} pulled, {len(report.there)} were there, {len(report.faults)} with faults")
    return FAULT if report.faults or report.gone else 0


def _keep(origin: Origin, dest: Path, wanted: dict[str, Any], how: Any, progress: Progress) -> int:
    """Ctrl-C is how it ends, and no failure."""
    from liveshow.library.watching import keep_pulling

    count = 0
    click.echo(f"pulling what becomes new from {origin.where} to {dest}; Ctrl-C ends it")
    try:
        for news in keep_pulling(origin, dest, query_of(**wanted), how):
            progress.done()
            count += _news(news, origin)
    except KeyboardInterrupt:
        progress.done()
        click.echo(f"ended: {count} pulled; {KEPT}")
    return 0


def _news(news: News, origin: Origin) -> int:
    """Say it; how many packages came."""
    from liveshow.library.pull import PullReport
    from liveshow.library.watching import Back

    if isinstance(news, PullReport):
        _tell(news)
        return len(news.pulled)
    click.echo(
        f"{origin.where} is back" if isinstance(news, Back) else f"{news.where}: {news.what}; it is tried again", err=True
    )
    return 0


def _tell(report: PullReport) -> None:
    for path in report.pulled:
        click.echo(f"pulled {path}")
    for path, why in report.gone:
        click.echo(f"{path}: was withdrawn since ({why}) — it may not be used: delete it", err=True)
    for fault in report.faults:
        click.echo(str(fault), err=True)


VERBS = (pull,)
