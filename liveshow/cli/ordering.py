"""The verb for the running order as the show goes on: order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from liveshow.cli.args import the_show
from liveshow.errors import UsageError
from liveshow.events import ItemAdded, ItemMoved, ItemSkipped, OrderChange, PerformerAdded
from liveshow.model import Item
from liveshow.showfolder.state import ShowState

_NEEDS = {"add": "TITLE", "move": "ITEM", "skip": "ITEM", "unskip": "ITEM", "walk-on": "NAME"}
_TAKES = {
    "performers": ("add",),
    "minutes": ("add",),
    "before": ("add", "move"),
    "role": ("walk-on",),
    "feeds": ("walk-on",),
}
_OPTIONS = {"performers": "performer", "feeds": "feed"}


@click.command()
@click.argument("show", required=False)
@click.argument("what", type=click.Choice(list(_NEEDS)), required=False)
@click.argument("words", nargs=-1)
@click.option("--before", default="", help="add, move: the ITEM that it comes before (default: at the end).")
@click.option("--performer", "performers", multiple=True, help="add: who is in it (repeat for several).")
@click.option("--minutes", type=float, help="add: its planned length.")
@click.option("--role", default="", help="walk-on: what they do.")
@click.option("--feed", "feeds", multiple=True, help="walk-on: a feed that is theirs (repeat for several).")
def order(show: str | None, what: str | None, words: tuple[str, ...], **more: Any) -> None:
    """The running order of a SHOW; or one change to it while it runs.

    \b
    add TITLE      an item nobody planned          move ITEM   to another place
    skip ITEM      GO passes it over               unskip ITEM
    walk-on NAME   a performer nobody planned; put them on with `liveshow mark SHOW on ID`

    `liveshow mark SHOW undo` takes a change back.
    """
    folder = the_show(show)
    if what is None:
        click.echo("\n".join(_lines(folder.state())) or "the running order is empty")
        return
    from liveshow.recorder.speak import speak

    text = " ".join(words)
    if not text:
        raise UsageError(f"{what} needs {_NEEDS[what]}", where="order", todo=f"liveshow order SHOW {what} {_NEEDS[what]}")
    odd = next((key for key, takers in _TAKES.items() if more.get(key) and what not in takers), None)
    if odd is not None:
        raise UsageError(f"{what} does not take --{_OPTIONS.get(odd, odd)}", where="order", todo="`liveshow order --help`")
    numbers = speak(folder, _change(what, text, **more))
    click.echo(f"{what} is journaled as number {', '.join(map(str, numbers))}{_id_of(folder.state(), numbers)}")


def _change(
    what: str,
    text: str,
    *,
    before: str,
    performers: tuple[str, ...],
    minutes: float | None,
    role: str,
    feeds: tuple[str, ...],
) -> OrderChange:
    match what:
        case "add":
            return ItemAdded(t=0, item="", title=text, performers=performers, minutes=minutes, before=before)
        case "move":
            return ItemMoved(t=0, item=text, before=before)
        case "walk-on":
            return PerformerAdded(t=0, performer="", name=text, role=role, feeds=feeds)
        case _:
            return ItemSkipped(t=0, item=text, skipped=what == "skip")


def _id_of(state: ShowState, numbers: tuple[int, ...]) -> str:
    added = next((c for c in state.changes if c.n in numbers), None)
    match added:
        case ItemAdded():
            return f"; its id is {added.item}"
        case PerformerAdded():
            return f"; their id is {added.performer}"
        case _:
            return ""


def _lines(state: ShowState) -> Iterator[str]:
    for item in state.setup.items:
        who = ", ".join(item.performers) or "nobody named"
        plan = f"{item.minutes:g} min" if item.minutes else ""
        yield f"{_sign(item, state):<8} {item.id:<24} {plan:>8}  {item.title} — {who}"


def _sign(item: Item, state: ShowState) -> str:
    if state.on_item is not None and state.on_item.id == item.id:
        return "ON"
    if item.skipped:
        return "skipped"
    if state.next_item is not None and state.next_item.id == item.id:
        return "next"
    return "done" if any(s.item == item.id and not s.false_take for s in state.segments) else ""


VERBS = (order,)
