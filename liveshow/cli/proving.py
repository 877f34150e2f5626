"""The verb of the process that proves what is recorded; the recorder starts it."""

from __future__ import annotations

import asyncio
import logging

import click

from liveshow.cli.args import the_show


@click.command(hidden=True)
@click.argument("show", required=False)
@click.option("--with-show", is_flag=True, hidden=True, help="Started by the recorder: at the lowest priority.")
def prove(show: str | None, with_show: bool) -> None:
    """Decode again and again what a running SHOW has on disk, and tell the recorder. Ctrl-C ends only this."""
    from liveshow.recorder.proving.prove import prove as prove_show
    from liveshow.recorder.spawn import lower_priority

    if with_show:
        lower_priority()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s: %(message)s")
    click.echo(asyncio.run(prove_show(the_show(show).path)))


VERBS = (prove,)
