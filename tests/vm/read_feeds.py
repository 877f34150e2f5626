"""Captures cameras and microphones as liveshow does, inside the virtual machine, and saves what came.

`python -m tests.vm.read_feeds FOLDER`: one JSON file for each of `CAMERAS`, and `mics.npy` and `mics.json`.
A camera is opened and read;
where a control of its driver (see `read_camera`) is to be set, it is read until it is lost and then opened again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from liveshow.errors import FeedError, FeedLost
from liveshow.feeds.base import Block, Camera, CameraPacket, Capture, Samples
from liveshow.feeds.table import kind_of
from liveshow.model import Device, Feed, FeedKind
from liveshow.timebase import ShowClock

PACKETS, CHANNELS, SECONDS = 6, 4, 5


@dataclass(frozen=True)
class Case:
    """A camera, and what happens to it: the control that makes it fail, and the one that heals it."""

    device: str
    fault: str = ""
    heal: str = ""


CAMERAS = {
    "raw": Case("/dev/video0"),
    "unplugged": Case("/dev/video0", "disconnect=1"),
    "stalled": Case("/dev/video1", "percentage_of_dropped_buffers=100", "percentage_of_dropped_buffers=0"),
    "broken": Case("/dev/video1", "inject_fatal_streaming_error=1"),
    "mjpeg": Case("/dev/video8"),
    "h264": Case("/dev/video9"),
    "missing": Case("/dev/video7"),
}


def main(folder: Path) -> None:
    """Goes through all of them."""
    for name, case in CAMERAS.items():
        (folder / f"{name}.json").write_text(json.dumps(_report(case)))
    samples, overflows = _listen()
    np.save(folder / "mics.npy", samples)
    (folder / "mics.json").write_text(json.dumps({"overflows": overflows}))


def _report(case: Case) -> dict[str, Any]:
    camera = _camera(case.device)
    try:
        report: dict[str, Any] = {"first": _take(camera)}
        if case.fault:
            _control(case.device, case.fault)
            report["lost"] = _until_lost(camera)
            _control(case.device, case.heal)
            report["again"] = _take(camera)
    except FeedError as refused:
        report = {"refused": str(refused)}
    finally:
        camera.close()
    return report


def _camera(path: str) -> Camera:
    source = f"device:{path}"
    feed = Feed("cam", FeedKind.CAMERA, "cam")
    device = Device("cam", FeedKind.CAMERA, source, (feed,), options={"width": 640, "height": 360, "fps": 5})
    make = kind_of(source, FeedKind.CAMERA).camera
    assert make is not None
    return make(Capture(device, ShowClock(), {}, {}))


def _take(camera: Camera) -> dict[str, Any]:
    formats = [str(one) for one in camera.open()]
    packets = _packets(camera)
    return {"formats": formats, "packets": [_said(next(packets)) for _ in range(PACKETS)]}


def _packets(camera: Camera) -> Iterator[CameraPacket]:
    while True:
        packet = camera.read()
        if packet is not None:
            yield packet


def _until_lost(camera: Camera) -> str:
    try:
        for _ in _packets(camera):
            pass
    except FeedLost as lost:
        return str(lost)
    raise AssertionError("packets end only by a loss")


def _said(packet: CameraPacket) -> dict[str, Any]:
    digest = hashlib.sha256(bytes(packet.packet)).hexdigest()
    return {"pts": packet.packet.pts, "sha256": digest, "arrival": packet.arrival, "capture": packet.capture}


def _control(device: str, setting: str) -> None:
    if setting:
        subprocess.run(["v4l2-ctl", "-d", device, "-c", setting], check=True)


def _listen() -> tuple[Samples, list[int]]:
    """Some seconds of the first channels of the sound card, shape (channels, samples), and where it said it lost some."""
    source = "device:Loopback: PCM (hw:0,0)"
    feeds = tuple(Feed(f"mic{n}", FeedKind.MIC, "card", channel=n) for n in range(1, CHANNELS + 1))
    make = kind_of(source, FeedKind.MIC).sound
    assert make is not None
    microphone = make(Capture(Device("card", FeedKind.MIC, source, feeds, 48_000), ShowClock(), {}, {}))
    microphone.open()
    blocks: list[Block] = []
    while sum(len(block.samples) for block in blocks) < SECONDS * 48_000:
        if (block := microphone.read()) is not None:
            blocks.append(block)
    microphone.close()
    samples = np.concatenate([block.samples for block in blocks]).T[:CHANNELS]
    return np.ascontiguousarray(samples), [block.first for block in blocks if block.overflow]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
