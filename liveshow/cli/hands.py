"""Verbs for other hands that are no programs: osc-addresses."""

from __future__ import annotations

import click


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


VERBS = (osc_addresses,)
