"""Sound devices as PortAudio lists them, and which of them a source means.

Source: the documentation of python-sounddevice and of PortAudio's portaudio.h.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType

from liveshow.errors import FeedError

RATES = (8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
PACKAGES = {
    "linux": "install PortAudio: on Debian and Ubuntu libportaudio2, on Fedora and openSUSE portaudio, on Arch portaudio",
    "": "install sounddevice from its wheel, which brings PortAudio: pip install --force-reinstall sounddevice",
}


@dataclass(frozen=True, slots=True)
class Input:
    """A device that sound comes from. `number` is PortAudio's and changes when devices come and go; `rank` is that of its
    host API, the system's default one first; `rate` is its default one in Hz."""

    number: int
    name: str
    host_api: str
    rank: int
    channels: int
    rate: int
    latency: float

    @property
    def full_name(self) -> str:
        """Name and host API, which is unique where the name is not."""
        return f"{self.name}, {self.host_api}"

    def __str__(self) -> str:
        return f"{self.name!r} ({self.host_api}, {self.channels} channels)"


def load(where: str = "") -> ModuleType:
    """The sounddevice module. Raises FeedError naming the package that is missing."""
    try:
        import sounddevice
    except Exception as exc:  # among them its PortAudioError, which has no name before it is imported
        todo = PACKAGES.get(sys.platform, PACKAGES[""])
        raise FeedError(f"PortAudio cannot be loaded ({exc})", where=where, todo=todo) from exc
    module: ModuleType = sounddevice
    return module


def rescan(sounddevice: ModuleType) -> None:
    """Let PortAudio look again for devices, which it does only when it starts. Every stream of this process dies.

    Raises FeedError when it does not start again; it may be tried again then.
    """
    try:
        while sounddevice._initialized:
            sounddevice._terminate()
        sounddevice._initialize()
    except sounddevice.PortAudioError as exc:
        raise FeedError(f"PortAudio does not start ({exc})", todo="look at the system's sound server") from exc


def inputs(sounddevice: ModuleType) -> tuple[Input, ...]:
    """Every device with at least one input channel, those of the default host API first."""
    apis = [api["name"] for api in sounddevice.query_hostapis()]
    default = sounddevice.default.hostapi if apis else 0
    found = [
        Input(
            number=device["index"],
            name=device["name"],
            host_api=apis[device["hostapi"]],
            rank=0 if device["hostapi"] == default else 1 + device["hostapi"],
            channels=device["max_input_channels"],
            rate=round(device["default_samplerate"]),
            latency=device["default_high_input_latency"],
        )
        for device in sounddevice.query_devices()
        if device["max_input_channels"] > 0
    ]
    return tuple(sorted(found, key=lambda device: (device.rank, device.number)))


def choose(wanted: str, devices: Sequence[Input], where: str = "", *, any_card: bool = False) -> Input:
    """The device that a name means: its number; else the whole name, else a part of it, upper and lower case alike, with
    the host API after a comma where that is needed. What several host APIs offer is taken from the first.

    any_card: what is not found as ALSA's card 2, "(hw:2,0)", is looked for as any card. Its number says only when it was plugged in.

    Raises FeedError when there is none, or more than one.
    """
    if wanted.isdecimal():
        found = [device for device in devices if device.number == int(wanted)]
    else:
        found = _named(wanted.casefold(), devices, str.casefold)
        if any_card and not found:
            found = _named(of_any_card(wanted), devices, of_any_card)
    found = [device for device in found if device.rank == found[0].rank]
    if len(found) == 1:
        return found[0]
    if found:
        raise FeedError(f"{wanted!r} is part of {_names(found)}", where=where, todo="write more of the name of one of them")
    what = f"there is no sound device {wanted!r}"
    there = f"this machine has {_names(devices)}" if devices else "no sound device with an input is connected"
    raise FeedError(what, where=where, todo=there)


@dataclass(frozen=True, slots=True)
class Known:
    """A device that was open. which: of those that have its name, counted from 0 in the order of their numbers; of: how many there were;
    alone: there was no other of that name as any card."""

    device: Input
    which: int
    of: int
    alone: bool

    @classmethod
    def among(cls, device: Input, devices: Sequence[Input]) -> Known:
        """What is remembered of one that is opened."""
        same = [d for d in devices if d.full_name == device.full_name]
        cards = [of_any_card(d.full_name) for d in devices]
        return cls(device, same.index(device), len(same), cards.count(of_any_card(device.full_name)) == 1)

    def again(self, devices: Sequence[Input], where: str) -> Input:
        """The same device, wherever it is now. Raises FeedError when it is not there, though another one has its number, and when nobody
        can tell which of several is the one that left."""
        name, number = self.device.full_name, self.device.number
        found = [d for d in devices if d.full_name == name]
        if self.alone and not found:
            found = [d for d in devices if of_any_card(d.full_name) == of_any_card(name)]
        if len(found) == self.of:
            return found[self.which]
        todo = "plug it in again; or end the show and write its name instead of its number"
        if found:
            what = f"there are {len(found)} devices {name!r} and not {self.of}: nobody can tell which has left"
            raise FeedError(what, where=where, todo=todo)
        other = next((d for d in devices if d.number == number), None)
        has = f"another device has its number: {number} is {other} now, and " if other else ""
        raise FeedError(f"{has}{name!r} is not there", where=where, todo=todo)


def shortest_name(device: Input, devices: Sequence[Input]) -> str:
    """What `choose` finds a device by: its name, without ALSA's numbers where it can, else with its host API, else its number."""
    for name in (device.name.partition(" (hw:")[0].strip(), device.name.strip(), device.full_name.strip()):
        with suppress(FeedError):
            if choose(name, devices) == device:
                return name
    return str(device.number)


def _named(text: str, devices: Sequence[Input], read: Callable[[str], str]) -> list[Input]:
    """Those that a text names, whole names before parts, when names are read in that way."""
    whole = [device for device in devices if text in (read(device.name), read(device.full_name))]
    return whole or [device for device in devices if text in read(_searched(device, text))]


def of_any_card(name: str) -> str:
    """A name, in lower case and without the number of ALSA's card."""
    return re.sub(r"\(hw:\d+,", "(hw:*,", name.casefold())


def _searched(device: Input, text: str) -> str:
    """A host API counts only after a comma: "alsa" is to find a device of that name, not all of ALSA's."""
    return device.full_name if ", " in text else device.name


def _names(devices: Sequence[Input]) -> str:
    return ", ".join(map(str, devices))
