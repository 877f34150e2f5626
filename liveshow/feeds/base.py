"""What every feed is, whatever kind: a camera gives packets, a sound device gives blocks.

A feed is opened, read until it is lost or closed, and may then be opened again; the recording room does not know its kind.
Nothing here decodes for recording, and a feed never decides what is kept. Times are show-clock nanoseconds.

A kind is a :class:`Kind` in `feeds.table`, or in a package of its own under the entry-point group ``liveshow.feeds``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from liveshow.model import Device
from liveshow.timebase import ShowClock

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer
    from av.stream import Stream

Samples = NDArray[np.int32]
"""Shape (frames, channels); 24-bit sound in the upper 24 bits, full scale ±2³¹."""
Patched = Mapping[str, Sequence[str]]
"""Who is on stage (ids), and the ids of the feeds patched to each."""


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """One stream of a camera. `add_to` adds a stream of this format to a container that is to be written.

    `rate`: pictures (or samples) a second as announced, None when unknown; `time_base`: unit of pts in seconds;
    `encoded`: whether this machine compresses it (the device delivers raw pictures).
    """

    kind: str  # "video" | "audio"
    codec: str
    time_base: Fraction
    add_to: Callable[[OutputContainer], Stream]
    width: int = 0
    height: int = 0
    rate: Fraction | None = None
    sample_rate: int = 0
    channels: int = 0
    encoded: bool = False

    def __str__(self) -> str:
        """As a crew reads it: "h264 1920×1080 30"."""
        if self.kind == "audio":
            return f"{self.codec} {self.sample_rate} Hz {self.channels} ch"
        rate = f" {float(self.rate):.6g}" if self.rate else ""
        return f"{self.codec} {self.width}×{self.height}{rate}"


@dataclass(frozen=True, slots=True)
class CameraPacket:
    """One compressed picture (or a packet of the camera's sound).

    stream: index into the formats, 0 is the picture; packet: pts and dts in the stream's time_base, never None;
    arrival: when this process got it; capture: when the kernel or device says it was taken, where it says so on the host's
    clock; sender: the sender's own wall clock (UTC ns, RTSP sender reports), where it says so.
    """

    stream: int
    packet: av.Packet[Stream]
    arrival: int
    capture: int | None = None
    sender: int | None = None


class Camera(Protocol):
    """A camera that is being captured. All methods are called from one thread, except `cue`."""

    def open(self) -> Sequence[StreamFormat]:
        """Connect, and say which streams will come (picture first). Raises FeedError."""

    def read(self) -> CameraPacket | None:
        """The next packet, waiting at most half a second (None: nothing came, and that is no fault yet).

        Raises FeedLost when the camera is gone, ended, changed its format, or stalled longer than its kind allows.
        """

    def close(self) -> None:
        """Let go of the device. Harmless when it is not open."""

    def cue(self, on: Patched) -> None:
        """Who is on stage now, and the feeds that are theirs. Only simulated feeds care."""


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """What a sound device delivers: samples a second, and the number of channels of every block."""

    sample_rate: int
    channels: int
    what: str


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive samples of all channels, oldest first.

    first: number of the first sample since `open`, lost ones not counted; arrival: when its last sample was at hand;
    overflow: the device or its driver says that samples were lost just before this block (how many, the clock tells).
    """

    first: int
    samples: Samples
    arrival: int
    overflow: bool = False


class SoundDevice(Protocol):
    """A sound device that is being captured. All methods are called from one thread, except `cue`.

    Channel k of a feed (counted from 1) is column k - 1 of every block.
    """

    def open(self) -> SoundFormat:
        """Open one stream with every channel that a feed of the device asks for. Raises FeedError; FeedStuck when only another process can,
        which ends this one."""

    def read(self) -> Block | None:
        """What came since the last call, waiting at most half a second (None: nothing came, and that is no fault yet).

        Raises FeedLost when the device is gone, ended or stalled longer than its kind allows.
        """

    def close(self) -> None:
        """Let go of the device. Harmless when it is not open."""

    def cue(self, on: Patched) -> None:
        """Who is on stage now, and the feeds that are theirs. Only simulated feeds care."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What a kind is given to open a device: the device, the show clock, and for each feed the performers patched to it
    (ids; for the simulated ones, which perform when their performer is on stage; see `feeds.table.knows_performers`)."""

    device: Device
    clock: ShowClock
    patched: dict[str, tuple[str, ...]]
    performers: dict[str, str]  # id → name, in setup order


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: what setups write before the colon (`schemes`), and how to capture each sort of feed with it.

    `check` looks at a source without opening anything and returns what is wrong with it and what would be right, or None.
    """

    name: str
    schemes: tuple[str, ...]
    camera: Callable[[Capture], Camera] | None
    sound: Callable[[Capture], SoundDevice] | None
    check: Callable[[str], tuple[str, str] | None]
