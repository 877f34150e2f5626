"""Verbs for other hands: serve, token."""

from __future__ import annotations

from dataclasses import replace

import click

from liveshow.cli.args import the_show
from liveshow.cli.saying import begin_beside, say
from liveshow.errors import UsageError
from liveshow.model import ControlSettings

USUAL = "127.0.0.1:8642"


@click.command()
@click.argument("show", required=False)
@click.option(
    "--http",
    metavar="HOST:PORT",
    help=f"Where HTTP and dashboards elsewhere are heard (default {USUAL}, or as the setup says).",
)
@click.option("--osc", metavar="HOST:PORT", help="Where OSC is heard (default nowhere, or as the setup says).")
@click.option(
    "--origin", "origins", multiple=True, metavar="URL", help="A web page elsewhere that may use it: http://10.0.0.5:3000."
)
@click.option("--with-show", is_flag=True, hidden=True, help="Started by the recorder: as the setup says, at low priority.")
def serve(show: str | None, http: str | None, osc: str | None, origins: tuple[str, ...], with_show: bool) -> None:
    """Offer a running SHOW to other hands: HTTP, WebSocket and OSC, and dashboards on other machines. Ctrl-C ends only this."""
    import asyncio

    from liveshow.recorder.control.serving import Served
    from liveshow.recorder.control.serving import serve as serve_show
    from liveshow.recorder.spawn import lower_priority

    if with_show:
        lower_priority()
    begin_beside(with_show=with_show)
    folder = the_show(show)
    settings = _settings(folder.setup().control, http, osc, origins)

    def tell(served: Served) -> None:
        for line in served.lines(secrets=not with_show):
            say(line)

    say(asyncio.run(serve_show(folder.path, settings, tell, as_set_up=with_show)))


def _settings(setup: ControlSettings, http: str | None, osc: str | None, origins: tuple[str, ...]) -> ControlSettings:
    from liveshow.setupfile.hostport import host_and_port

    for option, place in (("--http", http), ("--osc", osc)):
        try:
            host_and_port(place or USUAL)
        except UsageError as exc:
            raise UsageError(exc.what, where=option, todo=exc.todo) from exc
    wanted = setup
    if http is not None or osc is not None:
        wanted = replace(setup, http=http or "", osc=osc or "")
    elif not setup.http and not setup.osc:
        wanted = replace(setup, http=USUAL)
    return replace(wanted, origins=(*wanted.origins, *(origin.rstrip("/") for origin in origins)))


@click.command()
@click.argument("show", required=False)
@click.option("--watch", is_flag=True, help="The one that may look and say nothing.")
@click.option("--new", is_flag=True, help="Make a new one; the old one is worth nothing from now on.")
def token(show: str | None, watch: bool, new: bool) -> None:
    """Print the token that other hands, and dashboards on other machines, must know to use a SHOW."""
    from liveshow.recorder.control.tokens import Access, renew, tokens_of

    folder = the_show(show)
    access: Access = "watch" if watch else "full"
    click.echo((renew(folder.path, access) if new else tokens_of(folder.path)).of(access))


VERBS = (serve, token)
