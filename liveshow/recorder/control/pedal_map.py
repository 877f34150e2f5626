"""From MIDI to what is said: which message is a press, of what, and which OSC address it stands for.

Source: MIDI 1.0 Detailed Specification (4.2): a Note On of velocity 0 is a Note Off; a switch controller is on from 64.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from liveshow.errors import UsageError
from liveshow.recorder.control.osc_commands import ROOT, is_beside, is_command
from liveshow.recorder.control.osc_packets import Message, Value

USUAL = ("cc:64=go",)
"""What a single pedal sends: the sustain pedal of every keyboard and most foot switches."""
ON = 64
_FORM = re.compile(r"(note|cc|program):(\d{1,3})(?:@(\d{1,2}))?=(.+)", re.DOTALL)
_TODO = "write note:36=go, cc:64=hold, program:5=performer/mara/toggle; note:36@10=go for channel 10 only"


@dataclass(frozen=True, slots=True)
class Press:
    """Something was pressed: `kind` is note, cc or program, `number` 0 to 127, `channel` 1 to 16."""

    kind: str
    number: int
    channel: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.number}"


@dataclass(frozen=True, slots=True)
class Binding:
    """What a press says; `channel` None: on any."""

    kind: str
    number: int
    channel: int | None
    message: Message

    def fits(self, press: Press) -> bool:
        """Whether it is that press."""
        return (self.kind, self.number) == (press.kind, press.number) and self.channel in (None, press.channel)


def bindings(texts: Iterable[str]) -> tuple[Binding, ...]:
    """What `--on` says, each "note:36=go": an OSC address without /liveshow/, and its arguments. Raises UsageError."""
    return tuple(map(_binding, texts))


def _binding(text: str) -> Binding:
    form = _FORM.fullmatch(text.strip())
    if form is None or int(form[2]) > 127 or not 1 <= int(form[3] or 1) <= 16:
        raise UsageError(f"{text[:60]!r} is no press and what it says", where="--on", todo=_TODO)
    try:
        what, *values = shlex.split(form[4])
    except ValueError as exc:
        raise UsageError(f"{text[:60]!r}: {exc}", where="--on", todo="close every quotation mark") from exc
    address = f"{ROOT}{what}"
    if not is_command(address) or is_beside(address):
        todo = "say what `liveshow osc-addresses` lists as marks, without /liveshow/: go, hold, mark, performer/mara/toggle"
        raise UsageError(f"nothing is said by {what[:60]!r}", where="--on", todo=todo)
    return Binding(form[1], int(form[2]), int(form[3]) if form[3] else None, Message(address, tuple(map(_value, values))))


def _value(word: str) -> Value:
    try:
        return float(word)
    except ValueError:
        return word


class Presses:
    """Tells presses from everything else. A pedal that sends each position on its way down is pressed once, as it passes the
    middle; one that sends the same value at each press, and nothing when it is let go, is pressed each time."""

    def __init__(self) -> None:
        self._positions: dict[tuple[int, int], int] = {}

    def press(self, message: Any) -> Press | None:
        """The press that a mido message is, or None."""
        match message.type:
            case "note_on" if message.velocity:
                return Press("note", message.note, message.channel + 1)
            case "program_change":
                return Press("program", message.program, message.channel + 1)
            case "control_change":
                where = (message.channel, message.control)
                before = self._positions.get(where, 0)
                self._positions[where] = message.value
                if message.value >= ON and (before < ON or before == message.value):
                    return Press("cc", message.control, message.channel + 1)
        return None
