"""PortAudio devices without hardware, carrying signals that name their channel and frame.

PortAudio reads its list of devices once, when it starts: whoever is to see one of these devices is a child process
started with the device's `env` laid over its own environment.
"""

from collections.abc import Callable
from dataclasses import dataclass

RATE = 48_000
"""Frames a second of every device; PortAudio may claim another default rate, for ALSA it always says 44 100."""


@dataclass(frozen=True)
class Device:
    """A sound device that a child process finds by name; every channel carries `tests.devices.signals`."""

    env: dict[str, str]
    """What the child needs in its environment, beside what it already has."""
    device_name: str
    """PortAudio's name of the device."""
    channels: int


@dataclass(frozen=True)
class UnpluggableDevice(Device):
    """A device that can leave while it is recorded, and return."""

    vanish: Callable[[], None]
    """Take the device away; back when it is gone."""
    come_back: Callable[[], None]
    """Bring it back, playing on from a later frame; back when it can be opened."""
