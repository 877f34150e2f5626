"""A MIDI input that is asked what came, and whether it is still there.

RtMidi keeps what came in a queue of its own. A callback in Python would not do: it waits for the interpreter in the driver's
thread, and JACK, which waits for that thread, hangs whoever holds the interpreter while asking JACK anything.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from importlib import import_module
from typing import Any

from liveshow.errors import MachineError, NotFound
from liveshow.recorder.midi_port import the_extra

THROUGH = "Midi Through"  # ALSA's own, on every machine
ALSA_NUMBERS = re.compile(r" \d+:\d+$")  # other ones each time it is plugged in


class PedalPort:
    """An input that is open; `name` is its own. `close` it."""

    def __init__(self, wanted: str) -> None:
        """Open the input that has `wanted` in its name, "" for the only one. Raises NotFound, naming those there are;
        MachineError."""
        self._mido, self._input = the_extra(), _input()
        try:
            names = self._input.get_ports()
            self.name = _chosen(names, wanted)
            self._input.open_port(names.index(self.name))
        except OSError as exc:
            self.close()
            raise MachineError(
                f"{self.name} cannot be opened: {exc}", where="MIDI", todo="does another program hold it?"
            ) from exc
        except NotFound:
            self.close()
            raise

    @property
    def stem(self) -> str:
        """What stays of its name when it is plugged in again."""
        return ALSA_NUMBERS.sub("", self.name)

    def pending(self) -> list[Any]:
        """The mido messages that came since it was last asked; clock, active sensing and system exclusive are left out."""
        found = []
        while (message := self._input.get_message()) is not None:
            with suppress(ValueError):  # a status byte that MIDI leaves undefined
                found.append(self._mido.Message.from_bytes(message[0]))
        return found

    def is_there(self) -> bool:
        """Whether it is still plugged in."""
        try:
            return self.name in self._input.get_ports()
        except OSError:  # all of MIDI is gone: a sound server that ended
            return False

    def close(self) -> None:
        """Let go of it."""
        self._input.close_port()
        self._input.delete()


def input_names() -> list[str]:
    """The inputs there are. Raises MachineError when this machine has no MIDI, or liveshow lacks its extra for it."""
    the_extra()
    asked = _input()
    try:
        return list(asked.get_ports())
    finally:
        asked.delete()


def _chosen(names: list[str], wanted: str) -> str:
    usable = [name for name in names if not name.startswith(THROUGH)]
    found = [n for n in names if n == wanted] or [n for n in names if wanted.casefold() in n.casefold()] if wanted else usable
    if len(found) == 1:
        return found[0]
    if not usable:
        raise NotFound("there is no MIDI input", where="MIDI", todo="plug it in; `liveshow pedal --list` looks again")
    what = f"{len(found)} MIDI inputs are meant" if found else f"no MIDI input is named {wanted!r}"
    raise NotFound(what, where="MIDI", todo=f"name one with --port; there are: {', '.join(names)}")


def _input() -> Any:
    """RtMidi on the first of its systems that is there (Linux: ALSA, then JACK)."""
    rtmidi = import_module("rtmidi")
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # a server is not ours to start
    why = "none is built in"
    for api in rtmidi.get_compiled_api():
        try:
            return rtmidi.MidiIn(api, name="liveshow pedal")
        except OSError as exc:
            why = str(exc)
    raise MachineError(f"MIDI does not work on this machine: {why}", where="MIDI", todo="is its driver loaded?")
