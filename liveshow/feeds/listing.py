"""The cameras and sound devices of this machine, by the strings that a setup takes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from liveshow.feeds import portaudio, v4l2
from liveshow.feeds.opencv import THIS_SYSTEM, load_cv2, rate_of
from liveshow.feeds.v4l2 import Mode

ASK_THE_KERNEL = sys.platform == "linux"
BY_ID = Path("/dev/v4l/by-id")
PROBED = 8
"""Numbers that are tried where the system gives no list."""


@dataclass(frozen=True, slots=True)
class CameraListing:
    """A camera: what a setup calls it, its own name, its modes, what keeps it from being asked for them ("": nothing), and
    what a setup may call it as well and finds it by in whatever socket it is plugged ("": nothing)."""

    source: str
    name: str
    modes: tuple[Mode, ...]
    problem: str = ""
    stable: str = ""


@dataclass(frozen=True, slots=True)
class SoundListing:
    """A sound device with inputs: what a setup calls it, its name, PortAudio's number, its host API, its number of input
    channels, and its default rate in Hz."""

    source: str
    name: str
    number: int
    host_api: str
    channels: int
    sample_rate: int


def cameras() -> tuple[CameraListing, ...]:
    """Every camera, on Linux with all its modes, elsewhere with the one it opens in. Raises FeedError without OpenCV there."""
    if ASK_THE_KERNEL:
        return tuple(listing for path in v4l2.paths() if (listing := _described(path)) is not None)
    return tuple(listing for number in range(PROBED) if (listing := _probed(number)) is not None)


def sound_devices() -> tuple[SoundListing, ...]:
    """Every sound device with an input, those of the system's default host API first. Raises FeedError without PortAudio."""
    devices = portaudio.inputs(portaudio.load())
    return tuple(
        SoundListing(
            source=f"device:{portaudio.shortest_name(device, devices)}",
            name=device.name,
            number=device.number,
            host_api=device.host_api,
            channels=device.channels,
            sample_rate=device.rate,
        )
        for device in devices
    )


def _described(path: str) -> CameraListing | None:
    try:
        described = v4l2.describe(path)
    except PermissionError:
        return CameraListing(f"device:{path}", path, (), "not for this user: sudo usermod -aG video $USER, then log in again")
    except OSError as exc:
        return CameraListing(f"device:{path}", path, (), exc.strerror or str(exc))
    return None if described is None else CameraListing(f"device:{path}", *described, stable=_stable(path))


def _stable(path: str) -> str:
    """udev's name for it, by maker, model and serial number."""
    links = (link for link in sorted(BY_ID.glob("*")) if link.resolve() == Path(path))
    return next((f"device:{link}" for link in links), "")


def _probed(number: int) -> CameraListing | None:
    cv2 = load_cv2(f"device:{number}")
    capture = cv2.VideoCapture(number, getattr(cv2, THIS_SYSTEM.backend))
    try:
        if not capture.isOpened():
            return None
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        return CameraListing(f"device:{number}", f"camera {number}", (Mode("raw", width, height, (rate_of(cv2, capture),)),))
    finally:
        capture.release()
