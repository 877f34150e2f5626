"""What the proof and the alarms cost: a 1080p30 camera in H.264, one in MJPEG, and 32 microphones, each recorded alone.

    python -m tests.benchmarks proof [--seconds 40]

Measured are the process that decodes what is on the disk, and the recorder, which looks that it grows and makes the alarms. The cameras are
in a process of their own. The peer is `ffmpeg -c copy` of the same camera in the same run; of the microphones, their worker.
Also, how long after its limit a fault that begins in the recording is an alarm.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import soundfile

from liveshow.events import AlarmRaised, Go, PartStarted
from liveshow.recorder import address
from liveshow.recorder.speak import speak
from liveshow.showfolder.folder import ShowFolder
from liveshow.timebase import SECOND
from tests import stage_sound
from tests.servers.camera import CameraProcess
from tests.stage_sound import RATE

MICS, SETTLING = 32, 12.0
LIMIT = 5.0  # per cent of a core for a 1080p30 feed
HEAD = '[show]\ntitle = "Proof"\n'
FAULT_AT, FAULT_LIMIT, FAULT_ROUND = 20, 4, 40  # seconds


@dataclass(frozen=True)
class Cost:
    """Per cent of a core of the prover, the recorder, and the peer, over the time that was measured."""

    what: str
    feeds: int
    prover: float
    recorder: float
    peer: float
    peer_name: str

    def line(self) -> str:
        """A row of the table."""
        ours = (self.prover + self.recorder) / self.feeds
        peer = self.peer / self.feeds
        return (
            f"{self.what:<26}{self.prover / self.feeds:>9.2f}{self.recorder / self.feeds:>10.2f}{ours:>8.2f} %"
            f"{ours / peer if peer else 0:>9.2f} × {self.peer_name}"
        )


def camera(url: str) -> str:
    """A setup with one camera."""
    return f'{HEAD}[[camera]]\nid = "cam"\nsource = "{url}"\n'


def microphones() -> str:
    """A setup with simulated microphones, each with a voice or the noise of the room."""
    channels = "".join(f'  [[audio.mic]]\n  id = "mic{c:02}"\n  channel = {c}\n' for c in range(1, MICS + 1))
    return f'{HEAD}[[audio]]\nid = "box"\nsource = "simulated:"\nsample_rate = 48000\n{channels}'


class Recorded:
    """A show that records; killed on the way out."""

    def __init__(self, place: Path, setup: str) -> None:
        self.folder = ShowFolder((place / "show").absolute())
        (place / "setup.toml").write_text(setup, encoding="utf-8")
        command = [sys.executable, "-m", "liveshow", "record", str(place / "setup.toml"), "--into", str(self.folder.path)]
        with (place / "recorder.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def found(self, role: str) -> psutil.Process:
        """A process of it, once it is there."""
        while (known := address.look_up(self.folder.path, role)) is None:
            if self.process.poll() is not None:
                raise SystemExit("the recorder did not start")
            time.sleep(0.2)
        return psutil.Process(known.pid)

    def end(self) -> None:
        """Cleanly."""
        self.process.send_signal(2)
        self.process.wait(120)


def cost(what: str, setup: str, feeds: int, seconds: float, url: str = "") -> Cost:
    """Record a setup for so long."""
    with (
        tempfile.TemporaryDirectory(prefix="liveshow-proof-", dir=os.environ.get("LIVESHOW_BENCH")) as text,
        ExitStack() as last,
    ):
        place = Path(text)
        os.environ["LIVESHOW_RUN"] = str(place / "run")
        show = Recorded(place, setup)
        last.callback(show.end)
        processes = {"prover": show.found(address.PROVER), "recorder": show.found(address.RECORDER)}
        if url:
            read = ["-rtsp_transport", "tcp"] if url.startswith("rtsp") else []
            copy = ["ffmpeg", "-v", "error", "-nostdin", *read, "-i", url, "-c", "copy", str(place / "peer.mkv")]
            ffmpeg = subprocess.Popen(copy)
            last.callback(ffmpeg.wait, 30)
            last.callback(ffmpeg.terminate)
            processes["peer"] = psutil.Process(ffmpeg.pid)
        else:
            processes["peer"] = show.found("worker-box")
        time.sleep(SETTLING)
        before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
        began = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        spent = {name: 100 * (sum(p.cpu_times()[:2]) - before[name]) / took for name, p in processes.items()}
        return Cost(what, feeds, spent["prover"], spent["recorder"], spent["peer"], "ffmpeg -c copy" if url else "its worker")


def latency(place: Path, name: str, alarm: str, spoil: Callable[[np.ndarray[tuple[int], np.dtype[np.float32]]], None]) -> float:
    """Seconds after its limit at which a fault in a microphone's sound is an alarm."""
    voice = np.tile(stage_sound.talk("ada"), 6)[: FAULT_ROUND * RATE] + stage_sound.hiss(FAULT_ROUND, 1, -60)
    spoil(voice)
    soundfile.write(place / "voice.wav", voice, RATE, subtype="PCM_24")
    setup = (
        f'{HEAD}[[audio]]\nid = "box"\nsource = "file:{(place / "voice.wav").as_posix()}"\nsample_rate = {RATE}\n'
        f"alarms = {{ {name} = {FAULT_LIMIT} }}\n"
        '[[audio.mic]]\nid = "vox"\nchannel = 1\n[[performer]]\nid = "ada"\nname = "Ada"\nfeeds = ["vox"]\n'
        '[[item]]\ntitle = "Solo"\nperformers = ["ada"]\n'
    )
    show = Recorded(place, setup)
    show.found(address.PROVER)
    speak(show.folder, Go(t=0, item=""))
    deadline = time.monotonic() + 2 * FAULT_ROUND
    raised: list[AlarmRaised] = []
    while not raised and time.monotonic() < deadline:
        time.sleep(0.5)
        raised = [e for e in show.folder.events() if isinstance(e, AlarmRaised) and e.alarm == f"vox:{alarm}"]
    begun = next(e.t for e in show.folder.events() if isinstance(e, PartStarted))
    show.end()
    return (raised[0].said - begun) / SECOND - FAULT_AT - FAULT_LIMIT if raised else float("inf")


def _silent(sound: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    sound[FAULT_AT * RATE :] = 0


def _noisy(sound: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    sound[FAULT_AT * RATE :] = stage_sound.hiss(FAULT_ROUND - FAULT_AT, 2, -25)


def _humming(sound: np.ndarray[tuple[int], np.dtype[np.float32]]) -> None:
    sound[FAULT_AT * RATE :] = stage_sound.hiss(FAULT_ROUND - FAULT_AT, 2, -66) + stage_sound.hum(FAULT_ROUND - FAULT_AT, -40)


def run(seconds: float) -> bool:
    """Measure, print the table, and say whether the limit is kept."""
    size = ["--cameras", "1", "--width", "1920", "--height", "1080", "--seconds", "8"]
    costs = []
    for what, module in (("H.264 1080p30 (RTSP)", "rtsp"), ("MJPEG 1080p30 (HTTP)", "mjpeg")):
        with CameraProcess(module, *size) as server:
            url = server.cameras[0].url
            costs.append(cost(what, camera(url), 1, seconds, url))
    costs.append(cost(f"{MICS} microphones, each", microphones(), MICS, seconds))
    print(f"\n{'of a core, a feed':<26}{'prover':>9}{'recorder':>10}{'both':>10}{'':>6}of the peer")
    for each in costs:
        print(each.line())
    late = {}
    for name, alarm, spoil in (("silent", "silent", _silent), ("noise", "noise", _noisy), ("hum", "hum", _humming)):
        with tempfile.TemporaryDirectory(prefix="liveshow-proof-") as text:
            os.environ["LIVESHOW_RUN"] = str(Path(text) / "run")
            late[alarm] = latency(Path(text), name, alarm, spoil)
    print("an alarm after its limit: " + ", ".join(f"{alarm} {seconds:.1f} s" for alarm, seconds in late.items()))
    return all(each.prover + each.recorder <= LIMIT for each in costs if each.feeds == 1) and max(late.values()) <= 5


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks proof", description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    sys.exit(0 if run(parser.parse_args(arguments).seconds) else 1)
