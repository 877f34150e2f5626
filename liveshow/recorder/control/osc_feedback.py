"""What is told by OSC: the state of the show as addresses with values, for button lights and cue lists; and the answers to
commands.

Promise 6 holds here too: `/liveshow/recording 1` only while every feed's recording was just read back from disk and the
recorder says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from liveshow.events import FalseTake, FeedHealth, Go, Highlight, Hold, Note, Off, On, Proof, Pulse, Tag
from liveshow.model import Feed, Setup
from liveshow.recorder.control.osc_commands import ROOT
from liveshow.recorder.control.osc_deeds import last_segment
from liveshow.showfolder.state import ShowState, Undoable
from liveshow.timebase import SECOND

Told = tuple[str | int | float, ...]
DONE, REFUSED, PONG = f"{ROOT}done", f"{ROOT}refused", f"{ROOT}pong"
NEXT = f"{ROOT}item/next"


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known at one moment. `pulse` is None while the recorder is away, or has not said a word for three seconds."""

    state: ShowState
    pulse: Pulse | None
    connected: bool


def feedback(moment: Moment) -> dict[str, Told]:
    """Every address of :data:`FEEDBACK` but the answers, with what is to be told now."""
    state = moment.state
    following = state.next_item
    return {
        **_recording(moment),
        f"{ROOT}item/current": (state.on_item.id, state.on_item.title) if state.on_item else ("", ""),
        NEXT: (following.id, following.title) if following else ("", ""),
        **_times(moment),
        **{f"{ROOT}performer/{p.id}": (int(p.id in state.on_stage),) for p in state.setup.performers},
        **_alarms(moment),
        f"{ROOT}segment/last": (last_segment(state),),
        f"{ROOT}said": (_words(state.last_mark, state.setup) if state.last_mark else "",),
    }


def _recording(moment: Moment) -> dict[str, Told]:
    feeds = moment.state.setup.feeds
    states = {feed.id: _feed(feed, moment.pulse) for feed in feeds}
    proven = [feed for feed, (_, light) in states.items() if light]
    found: dict[str, Told] = {
        f"{ROOT}state": (_state(moment, len(proven), len(feeds)),),
        f"{ROOT}recording": (int(bool(feeds) and len(proven) == len(feeds) and not moment.state.ended),),
    }
    for feed, (state, light) in states.items():
        found[f"{ROOT}feed/{feed}/state"] = (state,)
        found[f"{ROOT}feed/{feed}/proven"] = (int(light),)
    return found


def _feed(feed: Feed, pulse: Pulse | None) -> tuple[str, bool]:
    if pulse is None:
        return "unknown", False
    state = pulse.feeds.get(feed.id, FeedHealth()).state
    return state, state == "recording" and pulse.proofs.get(feed.id, Proof()).light == "proven"


def _state(moment: Moment, proven: int, feeds: int) -> str:
    if not moment.connected:
        return "no-recorder"
    if moment.state.ended:
        return "ended"
    if moment.pulse is None:
        return "silent"
    if proven < feeds or not feeds:
        return "partly" if proven else "not-recording"
    return "recording"


def _times(moment: Moment) -> dict[str, Told]:
    """Whole seconds, so that they are told once a second."""
    state = moment.state
    elapsed, left = 0.0, 0.0
    if moment.pulse and state.running and state.on_item:
        elapsed = float((moment.pulse.now - state.running[0].start) // SECOND)
        left = float(state.on_item.minutes * 60 // 1) - elapsed if state.on_item.minutes else 0.0
    return {f"{ROOT}elapsed": (elapsed,), f"{ROOT}left": (left,)}


def _alarms(moment: Moment) -> dict[str, Told]:
    """A recorder that is away raises no alarm: that is said here."""
    if moment.pulse is None and not moment.state.ended:
        what = "no news from it" if moment.connected else "connection lost"
        return {f"{ROOT}alarms": (1,), f"{ROOT}alarm": (f"recorder: {what}", ""), f"{ROOT}hint": ("", "")}
    alarms, hints = (moment.pulse.alarms, moment.pulse.hints) if moment.pulse else ((), ())
    worst = (f"{alarms[0].about}: {alarms[0].what}", alarms[0].alarm) if alarms else ("", "")
    hint = (f"{hints[0].what}: {hints[0].fix}", hints[0].hint) if hints else ("", "")
    return {f"{ROOT}alarms": (len(alarms),), f"{ROOT}alarm": worst, f"{ROOT}hint": hint}


def _words(mark: Undoable, setup: Setup) -> str:
    match mark:
        case Go():
            item = setup.item(mark.item)
            return f"GO {item.title if item else mark.item}"
        case Hold():
            return "HOLD"
        case On() | Off():
            performer = setup.performer(mark.performer)
            return f"{performer.name if performer else mark.performer} {'on' if isinstance(mark, On) else 'off'}"
        case Note():
            return f"note: {mark.text}"
        case Tag():
            return f"{mark.segment} corrected"
        case Highlight() | FalseTake():
            return "highlight" if isinstance(mark, Highlight) else "false take"
        case _:
            return "running order changed"


FEEDBACK = (
    (f"{ROOT}state", "s", "recording | partly | not-recording | silent (the recorder says nothing) | no-recorder | ended"),
    (f"{ROOT}recording", "i", "1 only while every feed's recording was just read back from disk"),
    (f"{ROOT}item/current", "s s", "id and title of the item that runs, empty for none"),
    (NEXT, "s s", "id and title of what GO opens, empty at the end"),
    (f"{ROOT}elapsed", "f", "seconds since the item that runs began, once a second"),
    (f"{ROOT}left", "f", "seconds left of what was planned for it, below 0 when it is over; 0 without a plan"),
    (f"{ROOT}performer/ID", "i", "1 while they are on"),
    (f"{ROOT}feed/ID/state", "s", "opening, recording, lost, failed, stopped; unknown while the recorder is away"),
    (f"{ROOT}feed/ID/proven", "i", "1 while its recording was just read back from disk"),
    (f"{ROOT}alarms", "i", "how many alarms stand"),
    (f"{ROOT}alarm", "s s", "the worst of them, and its id"),
    (f"{ROOT}hint", "s s", "what the tag guard suggests first, and its id"),
    (f"{ROOT}segment/last", "s", "id of the segment that was opened last"),
    (f"{ROOT}said", "s", "the last mark that stands: what undo takes back"),
    (
        DONE,
        "s i... [s]",
        "answer: that address was carried out and is on disk, with these journal numbers, and the id of what was added",
    ),
    (REFUSED, "s s s", "answer: that address was not carried out, why, and what to do"),
    (PONG, "s i", "answer to ping: the show, and whether its recorder is there"),
)
"""Address, types, meaning."""
_TEMPLATES = tuple(tuple(address.split("/")) for address, _, _ in FEEDBACK)


def is_feedback(address: str) -> bool:
    """Whether an address is one that is told, never listened to."""
    parts = address.split("/")
    return any(len(t) == len(parts) and all(o in ("ID", p) for o, p in zip(t, parts, strict=True)) for t in _TEMPLATES)
