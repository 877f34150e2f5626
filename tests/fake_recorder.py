"""A recorder that records nothing: it speaks the client protocol, keeps the journal in memory and remembers what was said.

As a program it plays a lively show, for looking at the dashboard:

    python -m tests.fake_recorder [SECONDS [CAMERAS MICROPHONES]] &  # prints the show folder
    liveshow attach FOLDER
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from liveshow.errors import LiveshowError
from liveshow.events import (
    AlarmNow,
    FeedHealth,
    JournalEvent,
    Look,
    Looks,
    Proof,
    Pulse,
    Say,
    SessionEnded,
    SessionStarted,
    ShowOpened,
    Welcome,
)
from liveshow.model import FeedKind, Setup
from liveshow.recorder import address
from liveshow.recorder.alarms import Alarms
from liveshow.recorder.clients import Clients
from liveshow.recorder.conditions import Sight, conditions
from liveshow.recorder.marks import resolve
from liveshow.setupfile import parse
from liveshow.showfolder.folder import ShowFolder, make
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND

# 2026-11-23 03:14:00 UTC, which is 19:14:00 of the evening before in Los Angeles.
WALL = 1_795_403_640 * SECOND
START = 1_000 * SECOND
SETUP = """
[show]
title = "Open Mic at the Neptune"
venue = "Neptune Theatre, Seattle"
date = 2026-11-22
timezone = "America/Los_Angeles"

[handoff]
consent = "granted"
"""
PERFORMERS = (
    ("mara", "Mara Quill", '["vox1", "close"]'),
    ("theo", "Théo Bramble", '["vox2", "guitar", "close"]'),
    ("juniper", "Juniper Okafor", '["accordion", "close"]'),
    ("weathervane", "The Weathervane Choir", '["vox1", "vox2"]'),
    ("yuki", "山田 雪", '["vox2"]'),
)
ITEMS = (
    ("The Tiny Book of Tiny Stories", '["mara"]', 2),
    ("Rain, Mostly", '["weathervane"]', 3),
    ("Letter to a Lighthouse", '["theo"]', 3),
    ("Waltz for a Lost Umbrella", '["juniper"]', 2.5),
    ("The Night Ferry", '["mara", "juniper"]', 4),
    ("Moth Song", '["theo", "juniper"]', 3),
    ("雪の夜", '["yuki"]', 5),
    ("Goodnight, Everyone", '["mara", "theo", "juniper", "weathervane"]', 4),
)
CAMERAS = ("wide", "close", "left", "balcony")
MICS = ("vox1", "vox2", "guitar", "accordion", "piano", "room-left", "room-right", "spare")
PULSES = 15  # a second, as the recorder sends them


def setup_text(cameras: Sequence[str] = CAMERAS, mics: Sequence[str] = MICS) -> str:
    """A setup with these feeds; performers and items are always the same, without the feeds that are not there."""
    parts = [SETUP]
    parts += [f'[[camera]]\nid = "{c}"\nsource = "simulated:"\n' + "shared = true\n" * (c == "wide") for c in cameras]
    parts.append('[[audio]]\nid = "stagebox"\nsource = "simulated:"\nsample_rate = 48000\n')
    parts += [
        f'[[audio.mic]]\nid = "{m}"\nchannel = {n}\n' + "shared = true\n" * m.startswith("room") for n, m in enumerate(mics, 1)
    ]
    there = {*cameras, *mics}
    for ident, name, feeds in PERFORMERS:
        kept = [f for f in msgspec.json.decode(feeds) if f in there]
        parts.append(f'[[performer]]\nid = "{ident}"\nname = "{name}"\nfeeds = {msgspec.json.encode(kept).decode()}\n')
    parts += [f'[[item]]\ntitle = "{t}"\nperformers = {who}\nminutes = {m}\n' for t, who, m in ITEMS]
    return "\n".join(parts)


class FakeRecorder:
    """Everything a dashboard needs of a recorder. `said` is what clients said, `looks` what provers saw, `refuse` a reason to refuse the
    next, `hang` holds answers back. `clock` gives the show clock in ns."""

    def __init__(self, folder: Path, text: str = "", events: Sequence[JournalEvent] = ()) -> None:
        self.text = text or setup_text()
        self.setup: Setup = parse(self.text, "setup.toml", date(2026, 11, 22))
        self.folder: ShowFolder = make(folder, self.text, [f.id for f in self.setup.feeds])
        self.events: list[JournalEvent] = []
        self.state = ShowState()
        self.time = START
        self.said: list[Say] = []
        self.refuse = ""
        self.answering = asyncio.Event()
        self.answering.set()
        self.ended = asyncio.Event()
        self.looks: list[Looks] = []
        self._clients = Clients(self._welcome, self._say, self._end, self.looks.append)
        if events:
            self._keep(events)
        else:
            day = "2026-11-22"
            opened = ShowOpened(t=START, wall=WALL, show=folder.name, date=day, timezone="America/Los_Angeles")
            session = SessionStarted(t=START, wall=WALL, offset=0, boot="", pid=1, version="", setup=self.text, library="")
            self.write(opened, session)

    @property
    def folder_path(self) -> Path:
        """The show folder."""
        return self.folder.path

    @property
    def watched(self) -> bool:
        """Whether a dashboard is connected."""
        return self._clients.previews_wanted

    async def open(self) -> None:
        """Be found."""
        self._clients.token = "-"
        port = await self._clients.open()
        self._clients.token = address.publish(self.folder_path, address.RECORDER, port).token

    async def close(self) -> None:
        """Be gone, as if killed."""
        address.withdraw(self.folder_path, address.RECORDER)
        await self._clients.close()

    def write(self, *events: JournalEvent) -> None:
        """Into the journal, and to everyone who watches."""
        count = len(self.events)
        numbered = [msgspec.structs.replace(e, n=count + k, said=self.time) for k, e in enumerate(events, 1)]
        self._keep(numbered)
        self._clients.tell(numbered)

    def pulse(self, pulse: Pulse) -> None:
        """The health everyone is shown."""
        self.time = pulse.now
        self._clients.pulse(pulse)

    def _keep(self, events: Sequence[JournalEvent]) -> None:
        self.events += events
        self.state = fold(self.setup, self.events)

    def _welcome(self) -> Welcome:
        path = self.folder_path
        return Welcome(show=path.name, folder=str(path), setup=self.text, events=tuple(self.events), pid=1)

    async def _say(self, request: Say, by: str) -> Sequence[int]:
        self.said.append(request)
        await self.answering.wait()
        if self.refuse:
            raise LiveshowError(self.refuse, where="test", todo="nothing")
        self.write(resolve(request.event, self.state, self.time, request.ago, by))
        return [len(self.events)]

    async def _end(self) -> None:
        self.write(SessionEnded(t=self.time, how="stopped"))
        self.ended.set()


def healthy(
    setup: Setup, now: int, *, level: float = -20.0, gone: Sequence[str] = (), unproven: Sequence[str] = (), clipped: int = 0
) -> Pulse:
    """A pulse in which every feed records, but for those `gone` and those whose proof is missing."""
    feeds, proofs = {}, {}
    for feed in setup.feeds:
        mic = feed.kind is FeedKind.MIC
        lost = feed.id in gone
        feeds[feed.id] = FeedHealth(
            state="lost" if lost else "recording",
            why="cable pulled" if lost else "",
            rate=0.0 if lost else 48_000.0 if mic else 30.0,
            rms=level if mic and not lost else None,
            peak=level + 8 if mic and not lost else None,
            clipped=clipped if mic else 0,
            picture=0 if mic else now,
            bytes=1_000_000,
            what="PCM 24 48 kHz" if mic else "h264 640×360 30/s",
            gaps=1 if lost else 0,
            lost=2 * SECOND if lost else 0,
        )
        dark, look = lost or feed.id in unproven, sight_of_all_well(mic, now, level)
        proofs[feed.id] = (
            Proof(
                light="off" if lost else "unproven", why="cable pulled" if lost else "what is on disk does not grow", look=look
            )
            if dark
            else Proof(light="proven", at=now, look=look)
        )
    raised = [("lost", 1, feed, "lost: cable pulled") for feed in gone]
    raised += [("unproven", 2, feed, "not proven: what is on disk does not grow") for feed in unproven]
    return Pulse(
        now=now,
        feeds=feeds,
        proofs=proofs,
        disk_free=412_000_000_000,
        bytes_per_second=8_100_000.0,
        seconds_left=50_864.0,
        alarms=tuple(
            AlarmNow(alarm=f"{about}:{kind}", rank=rank, about=about, what=what, todo="check cable and power", since=now)
            for kind, rank, about, what in raised
        ),
    )


def sight_of_all_well(mic: bool, now: int, level: float = -20.0) -> Look:
    """What a prover sees of a feed with which nothing is wrong."""
    look = Look(at=now, since=now - 4 * SECOND, until=now, ppm=12.5, measured=900.0, drift=11.2, jump=0.0)
    if mic:
        return msgspec.structs.replace(look, level=level, peak=level + 8, spread=8.0, flatness=0.2)
    seen = {
        "brightness": 0.35,
        "contrast": 0.2,
        "dark": 0.3,
        "change": 0.02,
        "sharpness": 0.9,
        "plain": 1.0,
        "focus": 1.0,
        "view": 1.0,
    }
    return msgspec.structs.replace(look, **seen)


def picture(width: int, height: int, phase: float) -> bytes:
    """A stage: a dark room, a pool of light and somebody in it who sways; binary PPM."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    sway = 0.5 + 0.12 * math.sin(phase)
    pool = np.exp(-(((x - sway) / 0.25) ** 2 + ((y - 0.55) / 0.5) ** 2))
    body = (((x - sway) / 0.09) ** 2 + ((y - 0.75) / 0.28) ** 2 < 1) | (((x - sway) / 0.05) ** 2 + ((y - 0.4) / 0.09) ** 2 < 1)
    floor = (y > 0.86) * 0.2
    rgb = np.stack([30 + 190 * pool + 80 * floor, 18 + 120 * pool + 60 * floor, 40 + 70 * pool + 40 * floor], -1)
    rgb[body] = [210, 170, 140]
    return b"P6 %d %d 255\n" % (width, height) + bytes(np.clip(rgb, 0, 255).astype(np.uint8).tobytes())


async def play(seconds: float, cameras: Sequence[str] = CAMERAS, mics: Sequence[str] = MICS) -> None:
    """A lively show, until the time is up or somebody ends it."""
    folder = Path(tempfile.mkdtemp(prefix="liveshow-fake-")) / "2026-11-22-open-mic-at-the-neptune"
    recorder = FakeRecorder(folder, setup_text(cameras, mics))
    recorder.folder.journal_file.touch()  # by which `liveshow attach` knows a show folder
    await recorder.open()
    print(folder, flush=True)
    began, step = time.monotonic(), 0
    alarms = Alarms()
    while time.monotonic() - began < seconds and not recorder.ended.is_set():
        now = START + 12 * SECOND + int((time.monotonic() - began) * SECOND)
        pulse = _lively(recorder, now)
        alarms = _watched(recorder, pulse, alarms)
        standing = alarms.now(recorder.state.alarms, recorder.state.acknowledged)
        recorder.pulse(msgspec.structs.replace(pulse, alarms=standing))
        if step % PULSES == 0:
            for n, camera in enumerate(cameras):
                preview = recorder.folder.preview(camera)
                aside = preview.with_suffix(".aside")
                aside.write_bytes(picture(240, 135, step / 8 + n))
                aside.replace(preview)
        step += 1
        await asyncio.sleep(1 / PULSES)
    await recorder.close()


def _watched(recorder: FakeRecorder, pulse: Pulse, alarms: Alarms) -> Alarms:
    """The alarms after a look at a pulse; what is new is written down."""
    sight = Sight(
        now=pulse.now,
        state=recorder.state,
        feeds=pulse.feeds,
        proofs=pulse.proofs,
        free=pulse.disk_free,
        seconds_left=pulse.seconds_left,
    )
    recorder.time = pulse.now
    alarms = alarms.looked(conditions(sight), pulse.now)
    if news := alarms.unwritten(recorder.state.alarms, pulse.now):
        recorder.write(*news)
    return alarms


def _lively(recorder: FakeRecorder, now: int) -> Pulse:
    pulse = healthy(recorder.setup, now, gone=["balcony"] if 20 < (now - START) / SECOND % 60 < 35 else [])
    on = {f for p in recorder.state.on_stage for f in recorder.setup.patched(p, recorder.state.on_item)}
    for number, (ident, health) in enumerate(pulse.feeds.items()):
        if health.rms is not None:
            t = now / SECOND
            loud = -24.0 if ident in on else -46.0
            level = loud + 9 * math.sin(t * 2.3 + number) + 5 * math.sin(t * 7.1 + 2 * number)
            peak = min(0.0, level + 9 + 4 * math.sin(t * 11))
            pulse.feeds[ident] = msgspec.structs.replace(
                health, rms=level, peak=peak, clipped=int(ident == "guitar" and peak > -0.5)
            )
    return pulse


if __name__ == "__main__":
    lasting = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    if len(sys.argv) > 3:
        many = [f"cam{n}" for n in range(1, int(sys.argv[2]) + 1)], [f"mic{n}" for n in range(1, int(sys.argv[3]) + 1)]
        asyncio.run(play(lasting, *many))
    else:
        asyncio.run(play(lasting))
