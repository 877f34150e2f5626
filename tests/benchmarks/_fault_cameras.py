"""Cameras that misbehave, over RTSP; every picture has its number."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av

from liveshow.events import FeedState, Gap, Note
from tests.benchmarks._fault_rows import Row, marks_gone
from tests.devices.signals import faults
from tests.running_show import SMALL, RunningShow, parts, running_show, samples, wait_for
from tests.servers.camera import CameraServer, Controls
from tests.servers.pictures import Wanted, counter_of, media
from tests.servers.rtsp import RtspCamera

CAMERA = '\n[[camera]]\nid = "{id}"\nsource = "{url}"\n'
STALL, RUBBISH = 4.0, 3.0
LENGTH = 60
FAULTS: dict[str, tuple[str, Callable[[Controls], None]]] = {
    "stalled": (f"a camera stalls for {STALL:.0f} s", lambda camera: camera.stall(STALL)),
    "cut": ("a camera's connection is cut", lambda camera: camera.cut()),
    "changed": ("a camera changes its format", lambda camera: camera.change()),
    "rubbish": (f"a camera sends rubbish for {RUBBISH:.0f} s", lambda camera: camera.rubbish(100)),
    "restarted": ("a camera starts its clock again", lambda camera: camera.restart_clock()),
}


def cameras(place: Path) -> Iterator[Row]:
    """One camera for each fault and one to which nothing happens, and a microphone, all at once."""
    clip = media(Wanted(seconds=2, gop=0.5))
    other = media(Wanted(seconds=2, gop=0.5, width=160, height=90))
    names = (*FAULTS, "calm")
    with CameraServer([RtspCamera(clip, other=other) for _ in names]) as server:
        controls = dict(zip(names, server.cameras, strict=True))
        setup = SMALL + "".join(CAMERA.format(id=name, url=camera.url) for name, camera in controls.items())
        with running_show(place, setup) as show:
            show.until_proven()
            said = [show.say(Note(t=0, text="before"))]
            for name, (_, cause) in FAULTS.items():
                cause(controls[name])
            time.sleep(RUBBISH)
            said.append(show.say(Note(t=0, text="meanwhile")))
            controls["rubbish"].rubbish(0)
            wait_for("their losses", lambda: {"stalled", "cut", "changed", "restarted"} <= _lost(show))
            show.until_proven()
            said.append(show.say(Note(t=0, text="after")))
            time.sleep(2)
            show.end()
        yield from _told(show, said)


def _lost(show: RunningShow) -> set[str]:
    return {e.feed for e in show.folder.events() if isinstance(e, FeedState) and e.state == "lost"}


def _told(show: RunningShow, said: list[int]) -> Iterator[Row]:
    events = show.folder.events()
    gone = marks_gone(events, said)
    (mic,) = parts(show, "vox")
    others = sum(fault.length for fault in faults(samples(mic), 0)) + sum(not ok for ok in _in_order(show, "calm"))
    for name, (words, _) in FAULTS.items():
        gaps = [(e.until - e.t) / 1e9 for e in events if isinstance(e, Gap) and e.feed == name]
        unreadable = sum(not ok for ok in _in_order(show, name))
        note = f"{len(parts(show, name))} parts" + (f", {unreadable} pictures of it cannot be decoded" if unreadable else "")
        yield Row(words, 1, max(gaps, default=0.0), None, others, gone, note)


def _in_order(show: RunningShow, feed: str) -> Iterator[bool]:
    """For each picture of each part but the first: whether its number is the one after that of the picture before."""
    for path in parts(show, feed):
        before: int | None = None
        for number in _numbers(path):
            if before is not None:
                yield number is not None and number == (before + 1) % LENGTH
            before = number if number is not None else (None if before is None else (before + 1) % LENGTH)


def _numbers(path: Path) -> Iterator[int | None]:
    """The number in each picture; None for one that cannot be decoded."""
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                yield None
            else:
                yield from (counter_of(frame) for frame in frames)
