"""The verb `alarms`: what is wrong with a show, and what was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import msgspec

from liveshow.cli.args import the_show
from liveshow.events import AlarmNow
from liveshow.recorder.alarm_log import Entry, log_of
from liveshow.showfolder.state import ShowState


@click.command()
@click.argument("show", required=False)
@click.option("--log", "as_log", is_flag=True, help="All that were raised, acknowledged and cleared, newest first.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def alarms(show: str | None, as_log: bool, as_json: bool) -> None:
    """What is wrong with a SHOW, worst first, and what to do about it."""
    from liveshow.cli.status import snapshot, standing

    folder = the_show(show)
    if as_log:
        state, entries = folder.state(), log_of(folder.events())
        _say([_entry_json(e, state) for e in entries], [_entry_line(e, state) for e in entries], as_json)
        return
    found = snapshot(folder)
    stand = standing(found)
    _say([_json(a, found.state) for a in stand], [_line(a, found.state) for a in stand], as_json)


def _say(objects: list[dict[str, object]], lines: list[str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(objects, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(lines) or "no alarms")


def _line(alarm: AlarmNow, state: ShowState) -> str:
    seen = f", acknowledged by {alarm.acknowledged}" if alarm.acknowledged else ""
    return f"{alarm.about}: {alarm.what} (since {_clock(alarm.since, state)}{seen}) — {alarm.todo}"


def _json(alarm: AlarmNow, state: ShowState) -> dict[str, object]:
    return {**msgspec.structs.asdict(alarm), "since_utc": _utc(alarm.since, state)}


def _entry_line(entry: Entry, state: ShowState) -> str:
    more = f" by {entry.by}" if entry.by else f" after {entry.lasted / 1e9:.0f} s" if entry.deed == "cleared" else ""
    return f"{_clock(entry.at, state)}  {entry.deed:<12}  {entry.about}: {entry.what}{more}"


def _entry_json(entry: Entry, state: ShowState) -> dict[str, object]:
    found: dict[str, object] = {"at": entry.at, "at_utc": _utc(entry.at, state), "deed": entry.deed, "alarm": entry.alarm}
    found |= {"about": entry.about, "what": entry.what}
    if entry.deed == "acknowledged":
        found["by"] = entry.by
    if entry.deed == "cleared":
        found["lasted"] = entry.lasted
    return found


def _utc(at: int, state: ShowState) -> str | None:
    return state.tie.utc(at).isoformat() if state.tie else None


def _clock(at: int, state: ShowState) -> str:
    """HH:MM:SS in the show's time zone."""
    when: datetime = state.tie.utc(at) if state.tie else datetime.fromtimestamp(0, UTC)
    return when.astimezone(ZoneInfo(state.setup.show.timezone)).strftime("%H:%M:%S")


VERBS = (alarms,)
