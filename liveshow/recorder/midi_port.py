"""MIDI inputs, by part of their name. Needs the extra `midi` (mido and python-rtmidi); imported by who listens to one only."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

from liveshow.errors import MachineError, NotFound

Heard = Callable[[Any, int], None]
"""Called in the driver's thread with a mido message and the host's monotonic ns at which it came."""


def input_names() -> list[str]:
    """The inputs there are. Raises MachineError when this machine has no MIDI, or liveshow lacks its extra for it."""
    mido = _mido()
    try:
        return list(dict.fromkeys(mido.get_input_names()))
    except (OSError, SystemError, RuntimeError) as exc:  # RtMidi without ALSA's sequencer, or without JACK
        raise MachineError(f"MIDI does not work on this machine: {exc}", where="MIDI", todo="is its driver loaded?") from exc


def open_input(wanted: str, heard: Heard) -> Any:
    """Listen to the input whose name contains `wanted`: its mido port, to be closed. Raises NotFound, saying which there are, and
    MachineError."""
    names = input_names()
    found = [name for name in names if name == wanted] or [name for name in names if wanted.casefold() in name.casefold()]
    if len(found) != 1:
        what = f"{len(found)} MIDI inputs have {wanted!r} in their name" if found else f"no MIDI input is named {wanted!r}"
        raise NotFound(what, where="MIDI", todo=f"there are: {', '.join(names) or 'none'}")
    try:
        return _mido().open_input(found[0], callback=lambda message: heard(message, time.monotonic_ns()))
    except (OSError, SystemError, RuntimeError) as exc:
        raise MachineError(f"{found[0]} cannot be opened: {exc}", where="MIDI", todo="does another program hold it?") from exc


def _mido() -> ModuleType:
    try:
        mido = import_module("mido")
        import_module("rtmidi")
    except ImportError as exc:
        todo = "install it with: pip install 'liveshow[midi]'"
        raise MachineError(f"liveshow was installed without MIDI ({exc.name} is missing)", where="MIDI", todo=todo) from exc
    return mido
