"""Verbs around a running show: run, record, attach, status, stop; and before it: devices, check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from liveshow.cli.args import Span, is_elsewhere, the_show
from liveshow.errors import FAULT, MachineError, UsageError
from liveshow.timebase import SECOND

SETUP = click.argument("setup", type=click.Path(path_type=Path))
INTO = click.option("--into", type=click.Path(path_type=Path), help="The show folder (default: by date and title, in shows/).")
THEMES, PICTURES = ("stage", "red", "contrast"), ("auto", "kitty", "sixel", "blocks")


def _look(verb: Callable[..., None]) -> Callable[..., None]:
    """The options of what opens a dashboard; they are what :class:`liveshow.dashboard.Choice` takes."""
    themes = "Dark stage, dim red or high contrast (default: the one used last; ctrl+t changes it)."
    pictures = (
        "Large pictures in the terminal's own graphics, or in half blocks (default: auto, what the terminal says it can)."
    )
    verb = click.option("--pictures", type=click.Choice(PICTURES), envvar="LIVESHOW_PICTURES", help=pictures)(verb)
    return click.option("--theme", type=click.Choice(THEMES), envvar="LIVESHOW_THEME", help=themes)(verb)


@click.command()
@SETUP
@INTO
@click.option("--for", "length", type=Span(), help="End the show after so long: 90s, 10m.")
@click.option("--speed", type=click.IntRange(1, 100), default=1, hidden=True)
@click.option("--rehearsal", is_flag=True, hidden=True, help="Hand off into the show folder, and serve nobody else.")
def record(setup: Path, into: Path | None, length: int | None, speed: int, rehearsal: bool) -> None:
    """Record a SETUP without a screen. Ctrl-C ends the show cleanly."""
    from liveshow.cli.starting import prepare, record_here, rehearsed

    started = prepare(setup, into)
    record_here(
        rehearsed(started) if rehearsal else started, length / SECOND if length else None, speed, lambda text: click.echo(text)
    )


@click.command()
@SETUP
@INTO
@_look
def run(setup: Path, into: Path | None, **look: str | None) -> None:
    """Record a SETUP and open the dashboard. The recorder goes on when the dashboard, or its terminal, is closed."""
    from liveshow.cli.starting import has_terminal, prepare, record_apart

    if not has_terminal():
        raise MachineError("there is no terminal for the dashboard", where="run", todo="use `liveshow record SETUP`")
    started = prepare(setup, into)
    record_apart(setup, started)
    _dashboard(started.folder.path, look=look)


@click.command()
@click.argument("show", required=False)
@click.option("--watch", is_flag=True, help="Only look: nothing that is pressed says anything.")
@click.option("--token", envvar="LIVESHOW_TOKEN", help="For HOST:PORT: what `liveshow token` prints there (or LIVESHOW_TOKEN).")
@_look
def attach(show: str | None, watch: bool, token: str | None, **look: str | None) -> None:
    """Open another dashboard on a running SHOW; or, as HOST:PORT, on one that `liveshow serve` offers elsewhere."""
    from liveshow.cli.starting import has_terminal
    from liveshow.recorder.address import recorder_of

    if not has_terminal():
        raise MachineError("there is no terminal for the dashboard", where="attach", todo="use `liveshow status SHOW`")
    if show is not None and is_elsewhere(show):
        _dashboard_elsewhere(show, token, watch, look)
        return
    folder = the_show(show)
    recorder_of(folder.path)
    _dashboard(folder.path, watch, look=look)


def _dashboard_elsewhere(place: str, token: str | None, watch: bool, look: Mapping[str, str | None]) -> None:
    from liveshow.dashboard import Choice
    from liveshow.dashboard.elsewhere import run_elsewhere

    if not token:
        todo = "`liveshow token SHOW` on the recorder's machine prints it; `liveshow serve` the whole command"
        raise UsageError("a token is needed", where="--token", todo=todo)
    outcome = run_elsewhere(place, token, watch=watch, choice=Choice.of(look))
    click.echo(
        "the show is ended" if outcome == "ended" else f"detached: the show goes on. `liveshow attach {place}` comes back"
    )


def _dashboard(show: Path, watch: bool = False, *, look: Mapping[str, str | None]) -> None:
    from liveshow import dashboard

    outcome = dashboard.run(show, watch=watch, choice=dashboard.Choice.of(look))
    if outcome == "ended":
        click.echo(f"the show is ended; look with `liveshow segments {show}`")
    else:
        click.echo(f"detached: the show goes on. `liveshow attach {show}` comes back, `liveshow stop {show}` ends it")


@click.command()
@click.argument("show", required=False)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def status(show: str | None, as_json: bool) -> None:
    """How a SHOW is: each feed, what is on, what is next, disk left. Without SHOW: every show that runs."""
    from liveshow.cli.status import lines, listing, snapshot

    if show is None and not as_json:
        click.echo(listing())
        return
    found = snapshot(the_show(show))
    click.echo(found.as_json() if as_json else "\n".join(lines(found)))


@click.command()
@click.argument("show", required=False)
def stop(show: str | None) -> None:
    """End a running SHOW: every part is closed, what is releasable is handed off."""
    from liveshow.recorder.speak import end_show

    folder = the_show(show)
    end_show(folder)
    click.echo(f"{folder.path} is ended: every part is closed; what may be handed off still is, in the background")


@click.command()
def devices() -> None:
    """List this machine's cameras and sound devices, as the strings that a setup takes."""
    from liveshow.cli.checking import device_lines

    for line in device_lines():
        click.echo(line)


@click.command()
@SETUP
@click.option("--for", "length", type=Span(), default=4 * SECOND, help="How long each feed is watched (default 4s).")
@click.pass_context
def check(ctx: click.Context, setup: Path, length: int) -> None:
    """Open every feed of a SETUP for some seconds and say what arrives. Exit code 1 when a feed fails."""
    from liveshow.cli.checking import check_lines
    from liveshow.cli.starting import checked

    good = True
    for line, fine in check_lines(checked(setup), length / SECOND):
        good = good and fine
        click.echo(line)
    ctx.exit(0 if good else FAULT)


VERBS = (run, record, attach, status, stop, devices, check)
