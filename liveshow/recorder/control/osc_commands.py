"""What can be said by OSC: one table, from which messages are understood and the list of addresses is printed.

A button sends 1 when it is pressed and 0 when it is let go: up to 1, or nothing at all, says it, and 0 says nothing. `ID`
stands for one part of an address; an OSC pattern of the ids there are may take its place. Patterns anywhere else are refused:
nobody means GO and HOLD at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from liveshow.errors import NotFound, UsageError
from liveshow.events import FalseTake, Highlight, Hold, Pulse
from liveshow.recorder.control import osc_deeds as deeds
from liveshow.recorder.control.osc_asked import PATTERN, Asked, Deed, matching
from liveshow.recorder.control.osc_packets import Message
from liveshow.showfolder.state import ShowState

ROOT = "/liveshow/"
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
    wanted = tuple(deed for i in idents for deed in command.read(replace(pressed, ident=i)))
    return Understood(wanted, "" if command.beside else own[-1], f"{message.address} {pressed.values}")


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
    Command(f"{ROOT}go", "[ITEM [SECONDS-AGO]]", "GO: the next item, or the one of that id", deeds.go),
    Command(f"{ROOT}hold", "", "HOLD: ends what runs", deeds.plain(Hold)),
    Command(f"{ROOT}mark", "[TEXT [SECONDS-AGO]]", "a highlight, or with a text a note", deeds.mark),
    Command(f"{ROOT}highlight", "", "this moment is worth finding again", deeds.plain(Highlight)),
    Command(f"{ROOT}note", "TEXT [SECONDS-AGO]", "words about this moment", deeds.note, button=False),
    Command(f"{ROOT}false-take", "", "what runs, or else the last segment, is not to be handed off", deeds.plain(FalseTake)),
    Command(f"{ROOT}undo", "[NUMBER]", "takes back the last mark, or the one of that journal number", deeds.undo, button=False),
    Command(f"{_P}ID/on", "", "a performer comes on", deeds.performer(True), ids=_performers),
    Command(f"{_P}ID/off", "", "a performer goes off", deeds.performer(False), ids=_performers),
    Command(f"{_P}ID/toggle", "", "on, or off when they are on", deeds.performer(None), ids=_performers),
    Command(f"{_P}add", "NAME [ROLE [FEED ...]]", "a walk-on; the answer has their id", deeds.performer_add, button=False),
    Command(f"{_I}add", "TITLE [PERFORMER ...] [MINUTES]", "an item nobody planned, at the end", deeds.item_add, button=False),
    Command(f"{_I}ID/skip", "[1|0]", "GO passes it over; 0: not any more", deeds.item_skip, button=False, ids=_items),
    Command(f"{_I}ID/move", "[ITEM]", "before that item, or to the end", deeds.item_move, button=False, ids=_items),
    Command(
        f"{_S}ID/tag",
        "performers [ID ...] | title TEXT | note [TEXT] | false-take 1|0",
        "corrects a segment; its ID may be `last`",
        deeds.tag,
        button=False,
        ids=_segments,
    ),
    Command(
        f"{ROOT}page/ID/answer",
        "TEXT",
        "answers what was said on a performer's page; its ID is the journal number",
        deeds.page_answer,
        button=False,
        ids=_said_on_pages,
    ),
    Command(
        f"{ROOT}alarm/acknowledge", "[ALARM]", "somebody has seen the worst alarm, or the one of that id", deeds.acknowledge
    ),
    Command(
        f"{ROOT}hint/take", "[HINT]", "does what is suggested first, or what the one of that id suggests", deeds.hint(True)
    ),
    Command(f"{ROOT}hint/dismiss", "[HINT]", "that suggestion is not wanted", deeds.hint(False)),
    Command(
        f"{ROOT}ago", "SECONDS", "dates the sender's next mark; forgotten after 20 s", deeds.ago, button=False, beside=True
    ),
    Command(f"{ROOT}subscribe", "[PORT]", "tell this sender the state", deeds.subscribe(False), button=False, beside=True),
    Command(f"{ROOT}unsubscribe", "[PORT]", "no more", deeds.subscribe(True), button=False, beside=True),
    Command(f"{ROOT}ping", "", "is answered with /liveshow/pong", deeds.ping, beside=True),
)
