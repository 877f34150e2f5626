"""What can be said by OSC: one table, from which messages are understood and the list of addresses is printed.

A button sends 1 when it is pressed and 0 when it is let go: up to 1, or nothing at all, says it, and 0 says nothing. `ID`
stands for one part of an address; an OSC pattern of the ids there are may take its place. Patterns anywhere else are refused:
nobody means GO and HOLD at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from liveshow.errors import NotFound, UsageError
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
    Pulse,
    Tag,
    Undo,
)
from liveshow.recorder.control.osc_asked import (
    LONGEST_AGO,
    PATTERN,
    Asked,
    Dating,
    Deed,
    Pinging,
    Saying,
    Subscribing,
    matching,
)
from liveshow.recorder.control.osc_packets import Message
from liveshow.showfolder.segments import number_of
from liveshow.showfolder.state import ShowState
from liveshow.timebase import SECOND

ROOT = "/liveshow/"
LAST = "last"
Ids = Callable[[ShowState], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Command:
    """`address` with ID for what varies, `takes`: its arguments as written in the list, `read`: from a message to what is to be
    done; `button`: 1 and 0 are press and release; `ids`: what a pattern may mean; `beside`: about the sender and not the show,
    so that it is never in haste and may be said by who only watches."""

    address: str
    takes: str
    meaning: str
    read: Callable[[Asked], tuple[Deed, ...]]
    button: bool = True
    ids: Ids | None = None
    beside: bool = False

    def fits(self, parts: Sequence[str]) -> bool:
        """Whether the parts of an address are this command's."""
        own = self.address.split("/")
        return len(own) == len(parts) and all(o in ("ID", p) for o, p in zip(own, parts, strict=True))


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message asks for; `about`: what presses in haste are told apart by, `action` what sort of press it is ("" is never
    in haste)."""

    deeds: tuple[Deed, ...]
    action: str = ""
    about: str = ""


def understand(message: Message, state: ShowState, pulse: Pulse | None, told_next: str = "") -> Understood | None:
    """What a message (without its token) asks for; None for a button that was let go. Raises UsageError or NotFound."""
    parts = message.address.split("/")
    command = _command(parts)
    if command is None:
        raise _unknown(message.address)
    own = command.address.split("/")
    ident = next((p for o, p in zip(own, parts, strict=True) if o == "ID"), "")
    idents = matching(ident, command.ids(state) if command.ids else ()) if ident else ("",)
    values = tuple(v for v in message.values if v is not None)
    first = Asked(message.address, command.takes, values, state, pulse, told_next, many=PATTERN.search(ident) is not None)
    pressed = first.as_button() if command.button else first
    if pressed is None:
        return None
    deeds = tuple(deed for i in idents for deed in command.read(replace(pressed, ident=i)))
    return Understood(deeds, "" if command.beside else own[-1], f"{message.address} {pressed.values}")


def is_command(address: str) -> bool:
    """Whether an address is one of the table."""
    return _command(address.split("/")) is not None


def is_beside(address: str) -> bool:
    """Whether an address is one of the table that changes nothing of the show."""
    command = _command(address.split("/"))
    return command is not None and command.beside


def _command(parts: Sequence[str]) -> Command | None:
    return next((c for c in COMMANDS if c.fits(parts)), None)


def _unknown(address: str) -> NotFound | UsageError:
    if PATTERN.search(address):
        return UsageError(
            "a pattern may only stand for an id", where=address[:80], todo="for example /liveshow/performer/*/off"
        )
    return NotFound("there is no such address", where=address[:80], todo="`liveshow osc-addresses` lists those there are")


# Marks -----------------------------------------------------------------------------------------------------------


def _go(asked: Asked) -> tuple[Deed, ...]:
    rest, ago = asked.without_ago()
    item = rest.texts(0)
    if len(item) > 1 or (ago and not item):
        raise asked.wrong("one item, by its id, is too little" if not item else "one item at a time")
    return (Saying(Go(t=0, item=item[0] if item else asked.told_next), ago),)


def _mark(asked: Asked) -> tuple[Deed, ...]:
    return _note(asked) if asked.values else (Saying(Highlight(t=0)),)


def _note(asked: Asked) -> tuple[Deed, ...]:
    rest, ago = asked.without_ago()
    return (Saying(Note(t=0, text=" ".join(rest.texts())), ago),)


def _plain(kind: type[Hold | Highlight | FalseTake]) -> Callable[[Asked], tuple[Deed, ...]]:
    def read(asked: Asked) -> tuple[Deed, ...]:
        asked.nothing()
        return (Saying(kind(t=0)),)

    return read


def _undo(asked: Asked) -> tuple[Deed, ...]:
    """1 is a press: number 1 of a journal is never a mark."""
    of = int(asked.number(0, 2**53)) if asked.values else 1
    return (Saying(Undo(t=0, of=of if of > 1 else 0)),) if of else ()


def _performer(wanted: bool | None) -> Callable[[Asked], tuple[Deed, ...]]:
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


def _item_add(asked: Asked) -> tuple[Deed, ...]:
    rest, minutes = asked.without_number()
    title, *performers = rest.texts()
    return (Saying(ItemAdded(t=0, item="", title=title, performers=tuple(performers), minutes=minutes)),)


def _item_skip(asked: Asked) -> tuple[Deed, ...]:
    skipped = asked.number(0, 1) > 0 if asked.values else True
    return (Saying(ItemSkipped(t=0, item=asked.ident, skipped=skipped)),)


def _item_move(asked: Asked) -> tuple[Deed, ...]:
    before = asked.texts(0)
    if len(before) > 1 or asked.many:
        raise asked.wrong("one item at a time, before one other")
    return (Saying(ItemMoved(t=0, item=asked.ident, before=before[0] if before else "")),)


def _performer_add(asked: Asked) -> tuple[Deed, ...]:
    name, *more = asked.texts()
    return (Saying(PerformerAdded(t=0, performer="", name=name, role=more[0] if more else "", feeds=tuple(more[1:]))),)


# Corrections, alarms, hints --------------------------------------------------------------------------------------


def _tag(asked: Asked) -> tuple[Deed, ...]:
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


def _acknowledge(asked: Asked) -> tuple[Deed, ...]:
    named = asked.texts(0)
    standing = [a.alarm for a in asked.pulse.alarms if not a.acknowledged] if asked.pulse else []
    if not named and not standing:
        raise NotFound("no alarm waits to be acknowledged", where=asked.address)
    return tuple(Saying(AlarmAcknowledged(t=0, alarm=alarm)) for alarm in named or standing[:1])


def _hint(take: bool) -> Callable[[Asked], tuple[Deed, ...]]:
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


def _page_answer(asked: Asked) -> tuple[Deed, ...]:
    if not (asked.ident.isascii() and asked.ident.isdecimal() and len(asked.ident) < 16):
        raise asked.wrong("what is answered is named by its journal number")
    return (Saying(PageAnswer(t=0, of=int(asked.ident), text=" ".join(asked.texts()))),)


# The sender itself -----------------------------------------------------------------------------------------------


def _ago(asked: Asked) -> tuple[Deed, ...]:
    return (Dating(round(asked.number(0, LONGEST_AGO) * SECOND)),)


def _subscribe(ends: bool) -> Callable[[Asked], tuple[Deed, ...]]:
    def read(asked: Asked) -> tuple[Deed, ...]:
        """1 is a press: nobody can be told anything at port 1."""
        port = int(asked.number(0, 65_535)) if asked.values else 1
        return (Subscribing(port if port > 1 else 0, ends),) if port else ()

    return read


def _ping(asked: Asked) -> tuple[Deed, ...]:
    asked.nothing()
    return (Pinging(),)


# The table -------------------------------------------------------------------------------------------------------


def _performers(state: ShowState) -> Sequence[str]:
    return [p.id for p in state.setup.performers]


def _items(state: ShowState) -> Sequence[str]:
    return [i.id for i in state.setup.items]


def _segments(state: ShowState) -> Sequence[str]:
    return [s.id for s in state.segments]


def _said_on_pages(state: ShowState) -> Sequence[str]:
    return [str(said.n) for said in state.from_pages]


_P, _I, _S = f"{ROOT}performer/", f"{ROOT}item/", f"{ROOT}segment/"
COMMANDS = (
    Command(f"{ROOT}go", "[ITEM [SECONDS-AGO]]", "GO: the next item, or the one of that id", _go),
    Command(f"{ROOT}hold", "", "HOLD: ends what runs", _plain(Hold)),
    Command(f"{ROOT}mark", "[TEXT [SECONDS-AGO]]", "a highlight, or with a text a note", _mark),
    Command(f"{ROOT}highlight", "", "this moment is worth finding again", _plain(Highlight)),
    Command(f"{ROOT}note", "TEXT [SECONDS-AGO]", "words about this moment", _note, button=False),
    Command(f"{ROOT}false-take", "", "what runs, or else the last segment, is not to be handed off", _plain(FalseTake)),
    Command(f"{ROOT}undo", "[NUMBER]", "takes back the last mark, or the one of that journal number", _undo, button=False),
    Command(f"{_P}ID/on", "", "a performer comes on", _performer(True), ids=_performers),
    Command(f"{_P}ID/off", "", "a performer goes off", _performer(False), ids=_performers),
    Command(f"{_P}ID/toggle", "", "on, or off when they are on", _performer(None), ids=_performers),
    Command(f"{_P}add", "NAME [ROLE [FEED ...]]", "a walk-on; the answer has their id", _performer_add, button=False),
    Command(f"{_I}add", "TITLE [PERFORMER ...] [MINUTES]", "an item nobody planned, at the end", _item_add, button=False),
    Command(f"{_I}ID/skip", "[1|0]", "GO passes it over; 0: not any more", _item_skip, button=False, ids=_items),
    Command(f"{_I}ID/move", "[ITEM]", "before that item, or to the end", _item_move, button=False, ids=_items),
    Command(
        f"{_S}ID/tag",
        "performers [ID ...] | title TEXT | note [TEXT] | false-take 1|0",
        "corrects a segment; its ID may be `last`",
        _tag,
        button=False,
        ids=_segments,
    ),
    Command(
        f"{ROOT}page/ID/answer",
        "TEXT",
        "answers what was said on a performer's page; its ID is the journal number",
        _page_answer,
        button=False,
        ids=_said_on_pages,
    ),
    Command(f"{ROOT}alarm/acknowledge", "[ALARM]", "somebody has seen the worst alarm, or the one of that id", _acknowledge),
    Command(f"{ROOT}hint/take", "[HINT]", "does what is suggested first, or what the one of that id suggests", _hint(True)),
    Command(f"{ROOT}hint/dismiss", "[HINT]", "that suggestion is not wanted", _hint(False)),
    Command(f"{ROOT}ago", "SECONDS", "dates the sender's next mark; forgotten after 20 s", _ago, button=False, beside=True),
    Command(f"{ROOT}subscribe", "[PORT]", "tell this sender the state", _subscribe(False), button=False, beside=True),
    Command(f"{ROOT}unsubscribe", "[PORT]", "no more", _subscribe(True), button=False, beside=True),
    Command(f"{ROOT}ping", "", "is answered with /liveshow/pong", _ping, beside=True),
)
