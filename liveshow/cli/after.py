"""Verbs for what was recorded: segments, handoff, pull, verify."""

from __future__ import annotations

import json

import click

from liveshow.cli.args import the_show
from liveshow.model import Segment
from liveshow.showfolder.state import ShowState


@click.command()
@click.argument("show", required=False)
@click.option("--performer", help="Only those with this performer.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def segments(show: str | None, performer: str | None, as_json: bool) -> None:
    """List the segments of a SHOW, live or afterwards."""
    state = the_show(show).state()
    found = [s for s in state.segments if performer is None or performer in s.performers]
    if as_json:
        click.echo(json.dumps([_as_json(s, state) for s in found], indent=2, ensure_ascii=False))
        return
    for segment in found:
        click.echo(_line(segment, state))
    if not found:
        click.echo("no segments yet" if performer is None else f"no segments with {performer}")


def _standing(segment: Segment, state: ShowState) -> str:
    if segment.end is None:
        return "running"
    if segment.false_take:
        return "false take"
    if segment.id in state.handed:
        return f"handed off as {state.handed[segment.id].slug}"
    if segment.id in state.failed:
        return f"hand-off failed: {state.failed[segment.id].why}"
    return f"consent: {state.consent_of(segment)}"


def _line(segment: Segment, state: ShowState) -> str:
    start = state.tie.utc(segment.start).strftime("%H:%M:%S") if state.tie else "?"
    length = f"{(segment.end - segment.start) / 1e9:.1f} s" if segment.end is not None else "…"
    who = ", ".join(segment.performers) or "nobody"
    take = f" (take {segment.take})" if segment.take > 1 else ""
    return f"{segment.id:<6} {start}Z {length:>9}  {segment.title}{take} — {who} — {_standing(segment, state)}"


def _as_json(segment: Segment, state: ShowState) -> dict[str, object]:
    def wall(at: int | None) -> str | None:
        return state.tie.utc(at).isoformat() if at is not None and state.tie else None

    return {
        "id": segment.id,
        "title": segment.title,
        "item": segment.item,
        "take": segment.take,
        "in": segment.start,
        "out": segment.end,
        "in_utc": wall(segment.start),
        "out_utc": wall(segment.end),
        "performers": list(segment.performers),
        "feeds": list(segment.feeds),
        "false_take": segment.false_take,
        "consent": state.consent_of(segment).value,
        "standing": _standing(segment, state),
        "edited_by": segment.edited_by,
        "markers": [{"at": m.at, "kind": m.kind, "text": m.text} for m in segment.markers],
    }


VERBS = (segments,)
