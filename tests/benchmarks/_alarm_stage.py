"""Faults of cameras and microphones: eight phones at 1080p30 and six microphones of a JACK device, in one show."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from liveshow.model import AlarmLimits
from tests.benchmarks._alarm_watch import Fault, Watch, false_ones, put_ahead, suffer, watching
from tests.devices.daemons import ROOT, hang_up, says, start, wait_until
from tests.devices.jack import jack_server
from tests.running_show import running_show, wait_for
from tests.servers.camera import CameraProcess, Controls
from tests.servers.films import show

FILMS = {
    "good": "bright",
    "frozen": "bright+frozen",
    "black": "bright+black",
    "covered": "bright+covered",
    "defocused": "bright+defocused",
    "rate": "bright+fifteen",
    "dropping": "bright",
    "lost": "bright",
}
MICS = ("fine", "silent", "noisy", "clipping", "humming", "holey")
ORDINARY = 65.0  # seconds before the first fault: until it is known what is usual of a camera
LIMITS = AlarmLimits()
DEVICE = "liveshow-stage"
HEAD = '[show]\ntitle = "Alarms"\n[handoff]\nlibrary = "{library}"\n[recording]\npart_minutes = {part_minutes}\n'


class Microphones:
    """The player of a JACK device, as it is told; it may go and come back."""

    def __init__(self, env: dict[str, str], place: Path) -> None:
        self.env, self.place = env | {"PYTHONPATH": str(ROOT)}, place
        self.processes: list[subprocess.Popen[bytes]] = []
        self.plug()

    def plug(self) -> None:
        """It is there, and all its channels hear a voice."""
        log = self.place / f"player-{time.monotonic_ns()}.log"
        argv = [sys.executable, "-m", "tests.benchmarks._alarm_player", DEVICE, str(len(MICS))]
        self.processes.append(start(argv, self.env, log))
        wait_until(says(log, "playing"), "the player", self.processes[-1], log)

    def unplug(self) -> None:
        """It is gone."""
        hang_up(self.processes.pop())

    def close(self) -> None:
        """At the end."""
        while self.processes:
            self.unplug()

    def hears(self, mic: str, what: str) -> None:
        """Have a microphone hear another sound."""
        stdin = self.processes[-1].stdin
        assert stdin is not None
        stdin.write(f"{MICS.index(mic)} {what}\n".encode())
        stdin.flush()


def setup(cameras: dict[str, str], mics: bool) -> str:
    """A setup of these cameras (id and address), and the microphones; everybody is on."""
    text = HEAD
    for feed, url in cameras.items():
        fps = "fps = 30\n" if feed == "rate" else ""
        text += f'[[camera]]\nid = "{feed}"\nsource = "{url}"\n{fps}'
    if mics:
        text += f'[[audio]]\nid = "box"\nsource = "device:{DEVICE}"\nsample_rate = 48000\n'
        text += "".join(f'  [[audio.mic]]\n  id = "{mic}"\n  channel = {k}\n' for k, mic in enumerate(MICS, 1))
    feeds = ", ".join(f'"{feed}"' for feed in (*cameras, *(MICS if mics else ())))
    return f'{text}[[performer]]\nid = "ada"\nname = "Ada"\nfeeds = [{feeds}]\n[[item]]\ntitle = "Solo"\nperformers = ["ada"]\n'


@contextmanager
def the_stage(place: Path, films: dict[str, str]) -> Iterator[tuple[Watch, dict[str, Controls], Microphones]]:
    """A show of those cameras and the microphones that has begun, and somebody is on."""
    with ExitStack() as last:
        server = last.enter_context(CameraProcess("films", *films.values()))
        cameras = dict(zip(films, server.cameras, strict=True))
        env, _, _ = last.enter_context(jack_server())
        mics = Microphones(env, place)
        last.callback(mics.close)
        _for_a_while(last, env)
        running = last.enter_context(running_show(place, setup({feed: c.url for feed, c in cameras.items()}, True)))
        running.until_proven()
        put_ahead(running, server.process.pid)
        running.go()
        watch = last.enter_context(watching(running))
        yield watch, cameras, mics
        running.end(120)


def _for_a_while(last: ExitStack, env: dict[str, str]) -> None:
    for name, value in env.items():
        before = os.environ.get(name)
        os.environ[name] = value
        last.callback(_put_back, name, before)


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def stage(place: Path) -> tuple[Sequence[Fault], list[tuple[float, str, str]]]:
    """Everything at once, and then what is lost; the faults and the false alarms."""
    with the_stage(place, FILMS) as (watch, cameras, mics):
        since = time.monotonic()
        time.sleep(ORDINARY)
        faults, losses = _faults(watch, cameras, mics), _losses(cameras, mics)
        suffer(watch, faults)
        suffer(watch, losses)
        time.sleep(10)
        return (*faults, *losses), false_ones(watch, (*faults, *losses), since)


def _faults(watch: Watch, cameras: dict[str, Controls], mics: Microphones) -> list[Fault]:
    def seen(words: str, feed: str, limit: float, film: str, *also: str) -> Fault:
        camera = cameras[feed]
        return Fault(words, f"{feed}:{feed}", limit, lambda: show(camera, film), lambda: show(camera, "bright"), also)

    def heard(words: str, mic: str, alarm: str, limit: float, sound: str, counts: float = 0.0) -> Fault:
        def cause() -> float:
            mics.hears(mic, sound)
            return time.monotonic() + counts

        return Fault(words, f"{mic}:{alarm}", limit, cause, lambda: mics.hears(mic, "voice"))

    return [
        seen("camera: the picture freezes", "frozen", LIMITS.frozen, "frozen"),
        seen("camera: black (a capped lens)", "black", LIMITS.black, "black"),
        seen("camera: covered (a hand)", "covered", LIMITS.covered, "covered"),
        seen("camera: out of focus", "defocused", LIMITS.defocused, "defocused"),
        seen("camera: 15 pictures a second, asked for 30", "rate", 0.0, "fifteen", "rate:dropping"),
        Fault("camera: pictures missing, three times", "dropping:dropping", 0.0, lambda: _drops(watch, cameras), lambda: None),
        heard("microphone: silent", "silent", "silent", LIMITS.silent, "silent"),
        heard("microphone: noise only", "noisy", "noise", LIMITS.noise, "noise"),
        heard("microphone: clips", "clipping", "clipping", 0.0, "clipping"),
        heard("microphone: 50 Hz hum under a voice", "humming", "hum", LIMITS.hum, "hum"),
        heard("microphone: 20 ms dropouts, the third", "holey", "dropouts", 0.0, "holes", counts=1.5),
    ]


def _drops(watch: Watch, cameras: dict[str, Controls]) -> float:
    """The third gap is over, and known to the recorder."""
    before = watch.gaps("dropping")
    for number in range(1, 4):
        cameras["dropping"].stall(0.3)
        wait_for("a gap", partial(_has_gaps, watch, before + number))
    return time.monotonic()


def _has_gaps(watch: Watch, count: int) -> bool:
    return watch.gaps("dropping") >= count


def _losses(cameras: dict[str, Controls], mics: Microphones) -> list[Fault]:
    def pulled() -> None:
        cameras["lost"].refuse()
        cameras["lost"].cut()

    return [
        Fault("camera: its cable is pulled", "lost:lost", 0.0, pulled, cameras["lost"].accept),
        Fault("sound device: gone", "box:lost", 0.0, mics.unplug, mics.plug),
    ]
