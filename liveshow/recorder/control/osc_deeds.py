"""What OSC messages ask for: from a message's arguments to what is to be done.

Each reads what was asked and gives deeds; it raises UsageError for arguments that it cannot take, and NotFound for what is not there.
"""

from __future__ import annotations

from collections.abc import Callable

from liveshow.errors import NotFound
from liveshow.events import (
    AlarmAcknowledged,
    FalseTake,
    Go,
    Highlight,
    Hint,
    HintDismissed,
    Hold,
    ItemAdded,
    ItemMoved,
    ItemSkipped,
    Note,
    Off,
    On,
    PageAnswer,
    PerformerAdded,
    Tag,
    Undo,
)
from liveshow.recorder.control.osc_asked import LONGEST_AGO, Asked, Dating, Deed, Pinging, Saying, Subscribing
from liveshow.showfolder.segments import number_of
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

LAST = "last"

# Marks -----------------------------------------------------------------------------------------------------------


def go(asked: Asked) -> tuple[Deed, ...]:
    """The next item, that of its id, or the one that this sender was told is next."""
    rest, ago = asked.without_ago()
    item = rest.texts(0)
    if len(item) > 1 or (ago and not item):
        raise asked.wrong("one item, by its id, is too little" if not item else "one item at a time")
    return (Saying(Go(t=0, item=item[0] if item else asked.told_next), ago),)


def mark(asked: Asked) -> tuple[Deed, ...]:
    """A highlight, or with words a note."""
    return note(asked) if asked.values else (Saying(Highlight(t=0)),)


def note(asked: Asked) -> tuple[Deed, ...]:
    """Words about this moment."""
    rest, ago = asked.without_ago()
    return (Saying(Note(t=0, text=" ".join(rest.texts())), ago),)


def plain(kind: type[Hold | Highlight | FalseTake]) -> Callable[[Asked], tuple[Deed, ...]]:
    """A mark that needs nothing more."""

    def read(asked: Asked) -> tuple[Deed, ...]:
        asked.nothing()
        return (Saying(kind(t=0)),)

    return read


def undo(asked: Asked) -> tuple[Deed, ...]:
    """1 is a press: number 1 of a journal is never a mark."""
    of = int(asked.number(0, 2**53)) if asked.values else 1
    return (Saying(Undo(t=0, of=of if of > 1 else 0)),) if of else ()


def performer(wanted: bool | None) -> Callable[[Asked], tuple[Deed, ...]]:
    """On (true), off, or the other of both; a pattern says it only of those whom it changes."""

    def read(asked: Asked) -> tuple[Deed, ...]:
        asked.nothing()
        is_on = asked.ident in asked.state.on_stage
        comes_on = not is_on if wanted is None else wanted
        if asked.many and comes_on == is_on:
            return ()
        return (Saying(On(t=0, performer=asked.ident) if comes_on else Off(t=0, performer=asked.ident)),)

    return read


# The running order -----------------------------------------------------------------------------------------------


def item_add(asked: Asked) -> tuple[Deed, ...]:
    """An item nobody planned; a number at the end is its minutes."""
    rest, minutes = asked.without_number()
    title, *performers = rest.texts()
    return (Saying(ItemAdded(t=0, item="", title=title, performers=tuple(performers), minutes=minutes)),)


def item_skip(asked: Asked) -> tuple[Deed, ...]:
    """1, or nothing: GO passes it over."""
    skipped = asked.number(0, 1) > 0 if asked.values else True
    return (Saying(ItemSkipped(t=0, item=asked.ident, skipped=skipped)),)


def item_move(asked: Asked) -> tuple[Deed, ...]:
    """Before another one, or to the end."""
    before = asked.texts(0)
    if len(before) > 1 or asked.many:
        raise asked.wrong("one item at a time, before one other")
    return (Saying(ItemMoved(t=0, item=asked.ident, before=before[0] if before else "")),)


def performer_add(asked: Asked) -> tuple[Deed, ...]:
    """A name, a role, and feeds."""
    name, *more = asked.texts()
    return (Saying(PerformerAdded(t=0, performer="", name=name, role=more[0] if more else "", feeds=tuple(more[1:]))),)


# Corrections, alarms, hints --------------------------------------------------------------------------------------


def tag(asked: Asked) -> tuple[Deed, ...]:
    """What of a segment is corrected, and to what."""
    segment = last_segment(asked.state) if asked.ident == LAST else asked.ident
    what, values = (asked.values[0], asked.values[1:]) if asked.values else ("", ())
    rest = asked.with_values(values)
    match what:
        case "performers":
            event = Tag(t=0, segment=segment, performers=rest.texts(0))
        case "title":
            event = Tag(t=0, segment=segment, title=" ".join(rest.texts()))
        case "note":
            event = Tag(t=0, segment=segment, note=" ".join(rest.texts(0)))
        case "false-take":
            event = Tag(t=0, segment=segment, false_take=rest.number(0, 1) > 0)
        case _:
            raise asked.wrong(
                "nothing says what is to be corrected" if not asked.values else f"{what!r} is not to be corrected"
            )
    return (Saying(event),)


def last_segment(state: ShowState) -> str:
    """The id of the segment that was opened last, "" before the first."""
    return max(state.segments, key=number_of).id if state.segments else ""


def acknowledge(asked: Asked) -> tuple[Deed, ...]:
    """That of its id, or the worst that nobody has seen."""
    named = asked.texts(0)
    standing = [a.alarm for a in asked.pulse.alarms if not a.acknowledged] if asked.pulse else []
    if not named and not standing:
        raise NotFound("no alarm waits to be acknowledged", where=asked.address)
    return tuple(Saying(AlarmAcknowledged(t=0, alarm=alarm)) for alarm in named or standing[:1])


def hint(take: bool) -> Callable[[Asked], tuple[Deed, ...]]:
    """To do what is suggested, or to have it suggested no more."""

    def read(asked: Asked) -> tuple[Deed, ...]:
        hint = _the_hint(asked)
        return (Saying(hint.event if take else HintDismissed(t=0, hint=hint.hint)),)

    return read


def _the_hint(asked: Asked) -> Hint:
    named = asked.texts(0)
    hints = asked.pulse.hints if asked.pulse else ()
    found = [h for h in hints if not named or h.hint in named]
    if not found:
        raise NotFound(f"no suggestion {named[0]!r}" if named else "nothing is suggested", where=asked.address)
    return found[0]


def page_answer(asked: Asked) -> tuple[Deed, ...]:
    """Words for what was said on a page, by its journal number."""
    if not (asked.ident.isascii() and asked.ident.isdecimal() and len(asked.ident) < 16):
        raise asked.wrong("what is answered is named by its journal number")
    return (Saying(PageAnswer(t=0, of=int(asked.ident), text=" ".join(asked.texts()))),)


# The sender itself -----------------------------------------------------------------------------------------------


def ago(asked: Asked) -> tuple[Deed, ...]:
    """Dates the next mark."""
    return (Dating(round(asked.number(0, LONGEST_AGO) * SECOND)),)


def subscribe(ends: bool) -> Callable[[Asked], tuple[Deed, ...]]:
    """That the sender is told the state, or not any more."""

    def read(asked: Asked) -> tuple[Deed, ...]:
        """1 is a press: nobody can be told anything at port 1."""
        port = int(asked.number(0, 65_535)) if asked.values else 1
        return (Subscribing(port if port > 1 else 0, ends),) if port else ()

    return read


def ping(asked: Asked) -> tuple[Deed, ...]:
    """Whether anybody is there."""
    asked.nothing()
    return (Pinging(),)
