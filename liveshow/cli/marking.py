"""Verbs for what the crew says: mark, tag, consent."""

from __future__ import annotations

from typing import Any

import click

from liveshow.cli.args import Span, a_segment, instant, shortened, the_show
from liveshow.errors import UsageError
from liveshow.events import ConsentGiven, FalseTake, Go, Highlight, Hold, Note, Off, On, Tag, Undo
from liveshow.showfolder.house_time import house_time

_PLAIN = {
    "go": Go,
    "hold": Hold,
    "undo": Undo,
    "highlight": Highlight,
    "false-take": FalseTake,
    "note": Note,
    "on": On,
    "off": Off,
}


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("show")
@click.argument("what", type=click.Choice(list(_PLAIN)))
@click.argument("words", nargs=-1)
@click.option("--ago", type=Span(), default=0, help="It was so long ago: 5s, 1m.")
def mark(show: str, what: str, words: tuple[str, ...], ago: int) -> None:
    """Say one thing to a running SHOW.

    \b
    go [ITEM]      end what runs, open the next item (or ITEM)
    hold           end what runs
    on PERFORMER   a performer comes on        off PERFORMER   goes off
    highlight      this moment is worth finding again
    false-take     the running segment (or the last) is no good
    note TEXT      words about this moment
    undo [NUMBER]  take back the last mark, change of the running order or correction, or that of a journal number
    """
    from liveshow.recorder.speak import speak

    event = _event(what, words)
    numbers = speak(the_show(show), event, ago=ago)
    click.echo(f"{what} is journaled as number {', '.join(map(str, numbers))}")


def _event(what: str, words: tuple[str, ...]) -> Any:
    text = " ".join(words)
    needs = {"note": "TEXT", "on": "PERFORMER", "off": "PERFORMER"}
    if what in needs and not text:
        raise UsageError(f"{what} needs {needs[what]}", where="mark", todo=f"liveshow mark SHOW {what} {needs[what]}")
    if what in ("hold", "highlight", "false-take") and text:
        raise UsageError(f"{what} takes nothing more, found {text!r}", where="mark", todo=f"liveshow mark SHOW {what}")
    match what:
        case "go":
            return Go(t=0, item=text)
        case "undo":
            return Undo(t=0, of=_number(text))
        case "note":
            return Note(t=0, text=text)
        case "on":
            return On(t=0, performer=text)
        case "off":
            return Off(t=0, performer=text)
        case _:
            return _PLAIN[what](t=0)


def _number(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise UsageError(f"{shortened(text)} is no journal number", where="undo", todo="liveshow mark SHOW undo [NUMBER]")
    return int(text or 0)


@click.command()
@click.argument("show")
@click.argument("segment")
@click.option("--performer", "performers", multiple=True, help="Who is in it (repeat for several); replaces who was.")
@click.option("--in", "start", help="Its in: 19:42:07.250, a timecode, or a shift such as -1.5s.")
@click.option("--out", "end", help="Its out, likewise.")
@click.option("--title", help="Its title.")
@click.option("--note", help="Words about it all.")
@click.option("--false-take/--no-false-take", default=None, help="Whether it is no good, and is not handed off.")
def tag(
    show: str,
    segment: str,
    performers: tuple[str, ...],
    start: str | None,
    end: str | None,
    title: str | None,
    note: str | None,
    false_take: bool | None,
) -> None:
    """Correct a SEGMENT of a SHOW, live or afterwards. What was said before stays in the journal."""
    from liveshow.recorder.speak import speak

    if not performers and all(said is None for said in (start, end, title, note, false_take)):
        todo = "say --performer, --in, --out, --title, --note or --false-take"
        raise UsageError("nothing to correct", where="tag", todo=todo)
    folder = the_show(show)
    found, state = a_segment(folder, segment), folder.state()
    house = house_time(state, state.tie, state.setup) if state.tie else None
    if end and end[:1] in "+-" and found.end is None:
        raise UsageError("the segment still runs: its out cannot be shifted", where=segment, todo="say a time of day")
    event = Tag(
        t=0,
        segment=segment,
        performers=tuple(dict.fromkeys(performers)) or None,
        start=instant(start, house, found.start) if start is not None and house else None,
        end=instant(end, house, found.end or found.start) if end is not None and house else None,
        title=title,
        note=note,
        false_take=false_take,
    )
    speak(folder, event)
    click.echo(f"{segment} is corrected")


@click.command()
@click.argument("show")
@click.argument("performer")
@click.argument("answer", type=click.Choice(["yes", "hold", "no"]))
@click.argument("segments", nargs=-1)
def consent(show: str, performer: str, answer: Any, segments: tuple[str, ...]) -> None:
    """What a PERFORMER said, on paper or by word: for the named SEGMENTS, or for all."""
    from liveshow.recorder.speak import speak

    folder = the_show(show)
    speak(folder, ConsentGiven(t=0, performer=performer, answer=answer, segments=segments))
    click.echo(f"{performer} said {answer} to {', '.join(segments) or 'everything'}")
    if answer != "yes":
        from liveshow.cli.withdrawing import affected_lines

        for line in affected_lines(folder, performer):
            click.echo(line)


VERBS = (mark, tag, consent)
