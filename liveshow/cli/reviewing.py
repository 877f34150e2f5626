"""The verb for the performers' page: review."""

from __future__ import annotations

import logging
import re
from dataclasses import replace

import click

from liveshow.cli.args import shortened, the_show
from liveshow.cli.saying import begin_beside, say
from liveshow.errors import UsageError
from liveshow.model import ReviewSettings

USUAL = "127.0.0.1:8644"


@click.command()
@click.argument("show", required=False)
@click.option("--http", metavar="HOST:PORT", help=f"Where phones are heard (default {USUAL}, or as the setup says).")
@click.option("--url", metavar="URL", help="How phones get there, when that is not what this machine calls itself.")
@click.option("--with-show", is_flag=True, hidden=True, help="Started by the recorder: as the setup says.")
def review(show: str | None, http: str | None, url: str | None, with_show: bool) -> None:
    """Serve the performers' page of a SHOW, while it runs or afterwards. Ctrl-C ends only this.

    Whoever has a private link (`liveshow links`) sees what was recorded of them, says how they are credited, and whether it may be used.
    """
    import asyncio

    from liveshow.recorder.spawn import lower_priority, more_files
    from liveshow.review.connections import Sparing
    from liveshow.review.serving import Served
    from liveshow.review.serving import serve as serve_page

    lower_priority()
    more_files()
    begin_beside(with_show=with_show)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Sparing())
    folder = the_show(show)
    settings = _settings(folder.setup().review, http, url)

    def tell(served: Served) -> None:
        for line in served.lines():
            say(line)

    say(asyncio.run(serve_page(folder.path, settings, tell, as_set_up=with_show)))


def _settings(setup: ReviewSettings, http: str | None, url: str | None) -> ReviewSettings:
    from liveshow.setupfile.hostport import host_and_port

    try:
        host_and_port(http or USUAL)
    except UsageError as exc:
        raise UsageError(exc.what, where="--http", todo=exc.todo) from exc
    if url is not None and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", url):
        raise UsageError(f"{shortened(url)} is no address of a server", where="--url", todo="write https://stage.example.org")
    settings = replace(setup, http=http or setup.http or USUAL)
    if url is not None or http is not None:
        settings = replace(settings, url=url or "")
    return settings


VERBS = (review,)
