"""The verb `consents`: what every performer of a show answered, how, to which terms, and what that holds back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from liveshow.cli.args import the_show
from liveshow.events import ConsentGiven
from liveshow.model import Consent, Performer, Segment
from liveshow.showfolder.state import ShowState


@click.command()
@click.argument("show", required=False)
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def consents(show: str | None, as_json: bool) -> None:
    """What the performers of a SHOW answered, for everything and for each segment they are in, and what holds because of it."""
    state = the_show(show).state()
    everybody = list(_everybody(state))
    if as_json:
        click.echo(json.dumps([_as_json(p, state) for p in everybody], indent=2, ensure_ascii=False))
        return
    for performer in everybody:
        click.echo("\n".join(_lines(performer, state)))
    if not everybody:
        click.echo("there are no performers in this show")


def _everybody(state: ShowState) -> Iterator[Performer]:
    """Those of the setup, then those whom only segments know."""
    yield from state.setup.performers
    named = (p for segment in state.segments for p in segment.performers)
    yield from (Performer(p, p) for p in dict.fromkeys(named) if state.setup.performer(p) is None)


def _lines(performer: Performer, state: ShowState) -> Iterator[str]:
    answer = _general(performer.id, state)
    said = _told(answer, state) if answer else f"{state.default_consent} (the setup; not asked)"
    yield f"{performer.name} ({performer.id}): {said}"
    for segment in _theirs(performer.id, state):
        special = _special(performer.id, segment, state)
        more = f", said for it: {_told(special, state)}" if special else ""
        yield f"    {segment.id:<6} {segment.title}: {state.consent(performer.id, segment.id)}{more}{_held(performer.id, segment, state)}"


def _told(answer: ConsentGiven, state: ShowState) -> str:
    """ "yes, on their page 20:14:03, to terms 1f4e9a02 (en)"."""
    how = "on their page" if answer.page else f"written down by {answer.by or 'somebody'}"
    terms = state.terms.get(answer.terms)
    return f"{answer.answer}, {how} {_clock(answer.t, state)}" + (
        f", to terms {terms.digest[:8]} ({terms.language})" if terms else ""
    )


def _held(performer: str, segment: Segment, state: ShowState) -> str:
    """What comes of it: whether it waits for them, or for whom else."""
    if segment.id in state.handed and segment.id not in state.withdrawn:
        return " — handed off" if not state.to_withdraw(segment) else " — handed off, to be withdrawn"
    if segment.id in state.withdrawn:
        return " — withdrawn"
    others = [p for p in segment.performers if p != performer and state.consent(p, segment.id) is not Consent.YES]
    if state.consent(performer, segment.id) is not Consent.YES:
        return " — held"
    return f" — held by {', '.join(others)}" if others else ""


def _as_json(performer: Performer, state: ShowState) -> dict[str, object]:
    answer = _general(performer.id, state)
    return {
        "performer": performer.id,
        "name": performer.name,
        "answer": answer.answer if answer else state.default_consent.value,
        "given": _given(answer, state),
        "segments": [
            {
                "segment": segment.id,
                "title": segment.title,
                "answer": state.consent(performer.id, segment.id).value,
                "given": _given(_special(performer.id, segment, state), state),
                "all": state.consent_of(segment).value,
                "handed_off": segment.id in state.handed and segment.id not in state.withdrawn,
                "withdrawn": segment.id in state.withdrawn,
            }
            for segment in _theirs(performer.id, state)
        ],
    }


def _given(answer: ConsentGiven | None, state: ShowState) -> dict[str, object] | None:
    if answer is None:
        return None
    at = state.tie.utc(answer.t).isoformat() if state.tie else None
    return {"answer": answer.answer, "by": answer.by, "on_page": bool(answer.page), "at_utc": at, "terms": answer.terms or None}


def _general(performer: str, state: ShowState) -> ConsentGiven | None:
    return next((a for a in reversed(state.answers) if a.performer == performer and not a.segments), None)


def _special(performer: str, segment: Segment, state: ShowState) -> ConsentGiven | None:
    return next((a for a in reversed(state.answers) if a.performer == performer and segment.id in a.segments), None)


def _theirs(performer: str, state: ShowState) -> list[Segment]:
    return [segment for segment in state.segments if performer in segment.performers]


def _clock(at: int, state: ShowState) -> str:
    """HH:MM:SS in the show's time zone."""
    when: datetime = state.tie.utc(at) if state.tie else datetime.fromtimestamp(0, UTC)
    return when.astimezone(ZoneInfo(state.setup.show.timezone)).strftime("%H:%M:%S")


VERBS = (consents,)
