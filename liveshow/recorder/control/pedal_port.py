"""The MIDI input of a pedal: the only one there is, or the one that is named; when it is plugged in again, the same."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from liveshow.errors import NotFound
from liveshow.recorder.midi_port import MidiInput, input_names, the_extra

THROUGH = "Midi Through"  # ALSA's own, on every machine
ALSA_NUMBERS = re.compile(r" \d+:\d+$")  # other ones each time it is plugged in


class PedalPort(MidiInput):
    """An input that is open; `close` it."""

    def __init__(self, wanted: str) -> None:
        """Open the input that has `wanted` in its name, "" for the only one. Raises NotFound, saying which there are; MachineError."""
        self._mido = the_extra()
        super().__init__(wanted or _only_input())

    @property
    def stem(self) -> str:
        """What stays of its name when it is plugged in again."""
        return ALSA_NUMBERS.sub("", self.name)

    def pending(self) -> list[Any]:
        """The mido messages that came since it was last asked."""
        found = []
        for message, _ in self.arrived():
            with suppress(ValueError):  # a status byte that MIDI leaves undefined
                found.append(self._mido.Message.from_bytes(message))
        return found


def _only_input() -> str:
    names = [name for name in input_names() if not name.startswith(THROUGH)]
    if len(names) != 1:
        todo = (
            f"name one with --port; there are: {', '.join(names)}"
            if names
            else "plug it in; `liveshow pedal --list` looks again"
        )
        raise NotFound(f"there are {len(names)} MIDI inputs" if names else "there is no MIDI input", where="MIDI", todo=todo)
    return names[0]
