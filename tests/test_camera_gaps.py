"""Pictures that are missing: told from the steps of their times, and by nothing that a camera's clock does besides."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.stream import Stream

from liveshow.errors import FeedLost
from liveshow.events import FeedEvent, Gap
from liveshow.feeds.base import CameraPacket, StreamFormat
from liveshow.feeds.grabbing import Picture
from liveshow.feeds.pictures import JpegPackets
from liveshow.model import Feed, FeedKind
from liveshow.recorder.camera_recording import CameraRecording
from liveshow.recorder.link import WorkerLink
from liveshow.showfolder.folder import make
from liveshow.timebase import SECOND, ShowClock

JPEG = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1]
USUAL = 33_333  # µs
TICK = 1


class Stepping:
    """A camera whose pictures come in these steps (µs), and is gone for good then."""

    def __init__(self, link: WorkerLink, steps: Sequence[int]) -> None:
        self._link, self._times = link, [0, *accumulate(steps)][::-1]

    def open(self) -> Sequence[StreamFormat]:
        first = Picture(JPEG.reshape(1, -1), SECOND, None)
        packets = JpegPackets.begin(first, Fraction(30))
        assert packets
        return [packets.format]

    def read(self) -> CameraPacket:
        if not self._times:
            self._link.stop.set()
            raise FeedLost("it is gone", where="wide")
        at = self._times.pop()
        packet: av.Packet[Stream] = av.Packet(JPEG.tobytes())
        packet.pts = packet.dts = at
        packet.time_base = Fraction(1, 1_000_000)
        packet.is_keyframe = True
        return CameraPacket(0, packet, SECOND + at * 1000)

    def close(self) -> None: ...

    def cue(self, on: object) -> None: ...


def missing(place: Path, steps: Sequence[int]) -> list[int]:
    """How many pictures are told to be missing in each gap of what is recorded."""
    told: list[FeedEvent] = []
    link: Any = SimpleNamespace(stop=threading.Event(), preview_every=0.0, beat=lambda _seconds: None)
    link.report = lambda event, _run: told.append(event)
    folder = make(place / "show", "", ["wide"])
    CameraRecording(Feed("wide", FeedKind.CAMERA, "wide", 1), Stepping(link, steps), folder, ShowClock(), 60, link).run()
    return [event.frames for event in told if isinstance(event, Gap)]


@pytest.mark.parametrize(
    ("steps", "gaps"),
    [
        ([USUAL] * 60, []),
        ([USUAL] * 20 + [4 * USUAL] + [USUAL] * 20, [3]),
        ([USUAL] * 20 + [USUAL // 2] * 40 + [2 * USUAL], [3]),  # the camera went over to twice its rate
        ([USUAL] * 20 + [TICK] * 27 + [USUAL] * 20, []),  # its clock was set back: they were moved a tick apart
        ([USUAL] * 20 + [1000] * 27 + [USUAL] * 20 + [3 * USUAL], [2]),  # they came late, all at once
    ],
    ids=["none", "three", "twice the rate", "set back", "all at once"],
)
def test_a_step_of_several_pictures_is_a_gap(steps: Sequence[int], gaps: list[int], tmp_path: Path) -> None:
    """What counts is how many usual steps it is, at the rate at which the camera runs; steps that are none of pictures' are not usual."""
    assert missing(tmp_path, steps) == gaps
