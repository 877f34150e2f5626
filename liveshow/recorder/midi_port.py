"""A MIDI input that is asked what came, and when. Needs the extra `midi` (mido and python-rtmidi); imported by who listens to one only.

RtMidi keeps what came in a queue of its own, with the driver's time between messages. A callback in Python would not do: it waits for the
interpreter in the driver's thread, and JACK, which waits for that thread, hangs whoever holds the interpreter while asking it anything.
"""

from __future__ import annotations

import os
from collections import deque
from importlib import import_module
from types import ModuleType
from typing import Any

from liveshow.errors import MachineError, NotFound
from liveshow.timebase import SECOND

REMEMBERED = 200  # messages: two seconds of timecode


class MidiInput:
    """An input that is open; `name` is its own. `close` it."""

    def __init__(self, wanted: str) -> None:
        """Open the input that has `wanted` in its name. Raises NotFound, saying which there are, and MachineError."""
        the_extra()
        self._input = _rtmidi_input()
        try:
            names = self._input.get_ports()
            self.name = _chosen(names, wanted)
            self._input.ignore_types(sysex=False, timing=False, active_sense=True)
            self._input.open_port(names.index(self.name))
        except OSError as exc:
            self.close()
            todo = "does another program hold it?"
            raise MachineError(f"{self.name} cannot be opened: {exc}", where="MIDI", todo=todo) from exc
        except NotFound:
            self.close()
            raise

    def arrived(self) -> list[tuple[list[int], float]]:
        """The messages that came since it was last asked: their bytes, and the seconds since the message before."""
        found = []
        while (message := self._input.get_message()) is not None:
            found.append(message)
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


class Stamps:
    """When messages came, from the driver's time between them and the instants at which they were asked for: of those, as many as came
    with next to no delay tell all others where they stand."""

    def __init__(self) -> None:
        self._passed = 0
        self._offsets: deque[int] = deque(maxlen=REMEMBERED)

    def at(self, since_last: float, asked: int) -> int:
        """When the next message came: so many seconds after the one before, and at hand at `asked` (host's monotonic ns)."""
        self._passed += round(since_last * SECOND)
        self._offsets.append(asked - self._passed)
        return self._passed + min(self._offsets)


def input_names() -> list[str]:
    """The inputs there are. Raises MachineError when this machine has no MIDI, or liveshow lacks its extra for it."""
    the_extra()
    asked = _rtmidi_input()
    try:
        return list(dict.fromkeys(asked.get_ports()))
    finally:
        asked.delete()


def the_extra() -> ModuleType:
    """mido, python-rtmidi being there too. Raises MachineError, saying how to install them."""
    try:
        mido = import_module("mido")
        import_module("rtmidi")
    except ImportError as exc:
        todo = "install it with: pip install 'liveshow[midi]'"
        raise MachineError(f"liveshow was installed without MIDI ({exc.name} is missing)", where="MIDI", todo=todo) from exc
    return mido


def _chosen(names: list[str], wanted: str) -> str:
    found = [name for name in names if name == wanted] or [name for name in names if wanted.casefold() in name.casefold()]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} MIDI inputs have {wanted!r} in their name" if found else f"no MIDI input is named {wanted!r}"
    raise NotFound(what, where="MIDI", todo=f"there are: {', '.join(names) or 'none'}")


def _rtmidi_input() -> Any:
    """RtMidi on the first of its systems that is there (Linux: ALSA, then JACK)."""
    rtmidi = import_module("rtmidi")
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # a server is not ours to start
    why = "none is built in"
    for api in rtmidi.get_compiled_api():
        try:
            return rtmidi.MidiIn(api, name="liveshow")
        except (OSError, SystemError) as exc:
            why = str(exc)
    raise MachineError(f"MIDI does not work on this machine: {why}", where="MIDI", todo="is its driver loaded?")
