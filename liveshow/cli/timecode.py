"""The verb for the house's timecode."""

from __future__ import annotations

import click

from liveshow.cli.args import the_show
from liveshow.cli.saying import begin_beside, say
from liveshow.errors import MachineError
from liveshow.showfolder.folder import ShowFolder


@click.command()
@click.argument("show", required=False)
@click.option("--mtc", metavar="PORT", help="Listen to MIDI Time Code at the input with this in its name, until the show ends.")
@click.option("--with-show", is_flag=True, hidden=True, help="Started by the recorder: as the setup says.")
def timecode(show: str | None, mtc: str | None, with_show: bool) -> None:
    """Say which timecode a SHOW has now, and what it is; with --mtc, have it follow MIDI Time Code. Ctrl-C ends only this."""
    begin_beside(with_show=with_show)
    folder = the_show(show)
    wanted = folder.setup().timecode.mtc if with_show else mtc
    if wanted:
        import asyncio

        from liveshow.recorder.mtc_listening import listen

        say(asyncio.run(listen(folder.path, wanted, say, as_set_up=with_show)))
        return
    for line in _lines(folder):
        click.echo(line)


def _lines(folder: ShowFolder) -> list[str]:
    from liveshow.events import SessionStarted, TimecodeLost
    from liveshow.recorder.midi_port import input_names
    from liveshow.showfolder.house_time import house_time
    from liveshow.timebase import ShowClock, boot_id

    state, events = folder.state(), folder.events()
    session = next((e for e in reversed(events) if isinstance(e, SessionStarted)), None)
    if state.tie is None or session is None:
        return ["the show has not begun"]
    live = session.boot == boot_id() and not state.ended
    now = ShowClock(session.offset, session.speed, session.epoch).now() if live else events[-1].said
    house = house_time(state, state.tie, state.setup)
    newest = max(state.timecodes, key=lambda e: e.n, default=None)
    heard = " (not heard any more: it counts on by the show clock)" if isinstance(newest, TimecodeLost) else ""
    try:
        ports = ", ".join(input_names()) or "none"
    except MachineError as exc:
        ports = f"none ({exc.what})"
    told = f"{house.running(now)} at {house.rate_at(now)} frames a second: {house.source(now)}{heard}"
    return [told, f"MIDI inputs: {ports}"]


VERBS = (timecode,)
