"""Verbs for other hands that are no programs: osc-addresses, pedal."""

from __future__ import annotations

import click

from liveshow.cli.args import the_show
from liveshow.errors import NotFound


@click.command("osc-addresses")
def osc_addresses() -> None:
    """List the OSC addresses that a served show listens to, and those that it tells."""
    from liveshow.recorder.control.osc_commands import COMMANDS
    from liveshow.recorder.control.osc_feedback import FEEDBACK

    click.echo("to liveshow (for a button: 1 or nothing is a press, 0 is let go; ID may be a pattern of ids):")
    for command in COMMANDS:
        click.echo(f"  {command.address} {command.takes}".rstrip())
        click.echo(f"      {command.meaning}")
    click.echo("from liveshow:")
    for address, types, meaning in FEEDBACK:
        click.echo(f"  {address} {types}")
        click.echo(f"      {meaning}")


@click.command()
@click.argument("show", required=False)
@click.option("--port", default="", metavar="NAME", help="The MIDI input, by part of its name (default: the only one).")
@click.option(
    "--on",
    "bound",
    multiple=True,
    metavar="PRESS=WHAT",
    help='What a press says: "note:36=go", "cc:64=hold", "program:5@10=performer/mara/toggle" (default: cc:64=go).',
)
@click.option("--learn", is_flag=True, help="Say nothing to the show: print what each press is called.")
@click.option("--list", "listing", is_flag=True, help="List the MIDI inputs.")
def pedal(show: str | None, port: str, bound: tuple[str, ...], learn: bool, listing: bool) -> None:
    """Let a MIDI pedal or pad say marks to a running SHOW, until it ends. What it may say `liveshow osc-addresses` lists."""
    import asyncio

    from liveshow.recorder.control import pedal as pedals
    from liveshow.recorder.control.pedal_map import USUAL, bindings
    from liveshow.recorder.midi_port import input_names

    presses = bindings(bound or USUAL)
    if listing:
        names = input_names()
        if not names:
            raise NotFound("there is no MIDI input", where="MIDI", todo="plug it in and look again")
        click.echo("\n".join(names))
    elif learn:
        asyncio.run(pedals.learn(port, click.echo))
    else:
        asyncio.run(pedals.pedal(the_show(show).path, port, presses, click.echo))


VERBS = (osc_addresses, pedal)
