"""Real recorders for tests: a show of simulated feeds, run by `liveshow record` in a process of its own, and read back afterwards.

Every picture of a simulated camera carries its number and every sample of a simulated sound device with `signal=counter` its
channel and number, so that nothing can be missing unseen.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from liveshow.errors import BUG, LiveshowError
from liveshow.events import FeedHealth, Go, Proof, Pulse, Sayable
from liveshow.feeds.frame_counter import read_counter
from liveshow.recorder import address
from liveshow.recorder.client import Client
from liveshow.recorder.speak import speak
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing import read_timing

T = TypeVar("T")

SETUP = """
[show]
title = "Test Night"
date = 2026-11-22
timezone = "America/Los_Angeles"

[recording]
part_minutes = {part_minutes}

[handoff]
library = "{library}"
handles = 1.0
consent = "granted"

[[camera]]
id = "wide"
source = "simulated:?width=320&height=180&fps=30"
shared = true

[[camera]]
id = "close"
source = "simulated:?width=320&height=180&fps=25"

[[audio]]
id = "stagebox"
source = "simulated:?signal=counter"
sample_rate = 48000
  [[audio.mic]]
  id = "vox1"
  channel = 1
  [[audio.mic]]
  id = "vox2"
  channel = 2
  [[audio.mic]]
  id = "room"
  channel = 4
  shared = true

[[performer]]
id = "mara"
name = "Mara Ünal"
role = "reader"
feeds = ["vox1", "close"]

[[performer]]
id = "theo"
name = "Theo"
feeds = ["vox2"]

[[item]]
id = "one"
title = "First"
performers = ["mara"]
minutes = 1

[[item]]
id = "two"
title = "Second"
performers = ["mara", "theo"]
minutes = 1

[[item]]
id = "three"
title = "Third"
performers = ["theo"]
"""
SMALL = """
[show]
title = "Small"
date = 2026-11-22
timezone = "America/Los_Angeles"

[recording]
part_minutes = {part_minutes}

[handoff]
library = "{library}"
handles = 1.0
consent = "granted"

[[audio]]
id = "box"
source = "simulated:?signal=counter"
sample_rate = 48000
  [[audio.mic]]
  id = "vox"
  channel = 1

[[performer]]
id = "ada"
name = "Ada"
feeds = ["vox"]

[[performer]]
id = "bob"
name = "Bob"
feeds = ["vox"]

[[item]]
id = "solo"
title = "Solo"
performers = ["ada"]

[[item]]
id = "duet"
title = "Duet"
performers = ["ada", "bob"]
"""
PULSE_LIMIT = 10.0
CAMERAS, MICS = ("wide", "close"), ("vox1", "vox2", "room")
CHANNELS = {"vox1": 0, "vox2": 1, "room": 3}  # as the signal counts them


def wait_for(what: str, found: Callable[[], T | None], seconds: float = 60) -> T:
    """The first value that is not None or False; fails, saying what never came."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = found()
        if value is not None and value is not False:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {seconds:g} s")


async def _pulse_of(recorder: address.Address) -> Pulse | None:
    """The next pulse, and nothing else of all that `liveshow status` asks for: it is asked for again and again."""
    client = await Client.connect(recorder, watch=True)
    try:
        async with asyncio.timeout(PULSE_LIMIT):
            return await anext((m async for m in client.news() if isinstance(m, Pulse)), None)
    finally:
        await client.close()


class RunningShow:
    """A recorder process and its show folder."""

    def __init__(self, place: Path, setup: str = SETUP, part_minutes: float = 30, *arguments: str) -> None:
        self.setup_file = place / "setup.toml"
        library = (place / "library").as_posix()
        self.setup_file.write_text(setup.format(part_minutes=part_minutes, library=library), encoding="utf-8")
        self.folder = ShowFolder((place / "show").absolute())
        self.library = place / "library"
        self.log = place / "recorder.log"
        self.arguments = arguments
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start a recorder (again)."""
        command = [sys.executable, "-m", "liveshow", "record", str(self.setup_file), "--into", str(self.folder.path)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*command, *self.arguments], stdout=log, stderr=log, start_new_session=True)
        return self.process

    def pulse(self) -> Pulse | None:
        """The recorder's health now, None while it does not answer."""
        if self.process.poll() is not None:
            raise AssertionError(f"the recorder ended: {self.log.read_text(encoding='utf-8')}")
        found = address.look_up(self.folder.path, address.RECORDER)
        try:
            return asyncio.run(_pulse_of(found)) if found else None
        except (LiveshowError, TimeoutError):
            return None  # between two recorders

    def until_proven(self, seconds: float = 90) -> Pulse:
        """Wait until every feed's light is on."""

        def all_lit() -> Pulse | None:
            pulse = self.pulse()
            return pulse if pulse and pulse.proofs and all(p.light == "proven" for p in pulse.proofs.values()) else None

        try:
            return wait_for("every light", all_lit, seconds)
        except AssertionError as exc:
            raise AssertionError(f"{exc}: {self.pulse()}\n{self.log.read_text(encoding='utf-8')}") from exc

    def until_gone_and_back(self, device: str, pid: int) -> None:
        """Wait until another process than `pid` records the device and every light is on again."""

        def another() -> bool:
            found = address.look_up(self.folder.path, f"worker-{device}")
            return found is not None and found.pid != pid

        wait_for(f"another worker of {device}", another)
        self.until_proven()

    def say(self, event: Sayable, ago: int = 0) -> int:
        """Have one thing journaled; its number."""
        return speak(self.folder, event, ago=ago)[0]

    def go(self) -> int:
        """GO."""
        return self.say(Go(t=0, item=""))

    def worker(self, device: str) -> address.Address:
        """The live worker of a device."""
        return wait_for(f"a worker of {device}", lambda: address.look_up(self.folder.path, f"worker-{device}"))

    def end(self, seconds: float = 90) -> None:
        """Ctrl-C, and wait until it has ended cleanly."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(seconds)
        assert code == 0, self.log.read_text(encoding="utf-8")

    def kill_everything(self) -> None:
        """SIGKILL to the recorder and every worker at once."""
        workers = [a for d in (*CAMERAS, "stagebox") if (a := address.look_up(self.folder.path, f"worker-{d}"))]
        for pid in (self.process.pid, *(a.pid for a in workers)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(10)
        wait_for("their end", lambda: not any(a.alive() for a in workers))


@contextmanager
def running_show(place: Path, setup: str = SETUP, part_minutes: float = 30, *arguments: str) -> Iterator[RunningShow]:
    """A show that records; whatever is still running at the end is killed."""
    show = RunningShow(place, setup, part_minutes, *arguments)
    try:
        yield show
    finally:
        show.kill_everything()


@dataclass(frozen=True)
class Ended:
    """How a verb ended, and all that it said."""

    code: int
    said: str


def verb(*words: str | Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run a verb in a process of its own. A traceback, or what is said to be a bug, is a failure."""
    command = [sys.executable, "-m", "liveshow", *map(str, words)]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", env={**os.environ, **(env or {})}, check=False
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert done.returncode != BUG, said
    return Ended(done.returncode, said)


def counters(path: Path) -> list[int]:
    """The numbers in the pictures of a recording, decoded; fails on a picture that has none."""
    with av.open(str(path)) as container:
        numbers = [read_counter(np.asarray(frame.to_ndarray(format="gray"), np.uint8)) for frame in container.decode(video=0)]
    assert None not in numbers, f"{path.name}: a picture without a number among {len(numbers)}"
    return [n for n in numbers if n is not None]


def samples(path: Path) -> NDArray[np.int32]:
    """Every sample of a WAV, 24 bit in the upper bits."""
    read: NDArray[np.int32] = soundfile.read(path, dtype="int32")[0]
    return read


def parts(show: RunningShow | ShowFolder, feed: str) -> list[Path]:
    """The media files of a feed, in order."""
    folder = show.folder if isinstance(show, RunningShow) else show
    return [folder.part_file(name) for name in folder.part_names(feed)]


def assert_whole(path: Path, feed: str) -> None:
    """A part has nothing missing: pictures numbered without a step, samples each the next of its channel, timing for all."""
    from tests.devices.signals import faults

    timing = read_timing(path.with_suffix(".timing"))
    if feed in CAMERAS:
        numbers = counters(path)
        steps = set(np.diff(numbers).tolist())
        assert steps <= {1}, f"{path.name}: pictures are missing, steps {steps}"
        assert timing.end is None or len(numbers) == timing.end.positions == timing.positions.size
    else:
        assert not faults(samples(path), CHANNELS[feed]), f"{path.name}: {faults(samples(path), CHANNELS[feed])[:3]}"
        assert not timing.gaps


def health(pulse: Pulse, feed: str) -> tuple[FeedHealth, Proof]:
    """A feed's health and proof."""
    return pulse.feeds[feed], pulse.proofs[feed]
