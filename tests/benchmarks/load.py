"""Four network cameras and 32 microphones at once: is anything missing, and what does a camera cost?

    python -m tests.benchmarks load [--minutes 10] [--cameras 4] [--width 1920] [--height 1080]

Cameras speak RTSP from a process of their own and carry a counter in every picture; the microphones are a JACK device of 32
channels through PortAudio, every sample naming its channel and number. Beside the recorder, `ffmpeg -c copy` records the first
camera, as the peer of the CPU figures. Afterwards every picture is decoded and every sample looked at.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import psutil
import soundfile

from liveshow.events import Gap
from liveshow.recorder import address
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.timing import read_timing
from tests.devices.jack import jack_device
from tests.devices.signals import faults
from tests.servers.camera import CameraProcess
from tests.servers.pictures import counter_of

MICS = 32
CLIP_SECONDS = 8


@dataclass(frozen=True)
class Seen:
    """What a reader finds in one recording. `stood`: samples of silence for time in which the device's clock stood still (JACK's
    does when the machine is too busy): none of its samples is missing, and the journal tells of it as a gap."""

    feed: str
    positions: int
    missing: str  # "" when nothing is
    stood: int = 0


def setup_text(urls: list[str], device: str, mics: int) -> str:
    """A setup with these cameras and so many channels of one device."""
    cameras = "".join(f'[[camera]]\nid = "cam{i}"\nsource = "{url}"\n' for i, url in enumerate(urls, 1))
    channels = "".join(f'  [[audio.mic]]\n  id = "mic{c:02}"\n  channel = {c}\n' for c in range(1, mics + 1))
    sound = f'[[audio]]\nid = "stagebox"\nsource = "device:{device}"\nsample_rate = 48000\n{channels}' if mics else ""
    return f'[show]\ntitle = "Load"\n{cameras}{sound}'


def run(minutes: float, cameras: int, width: int, height: int) -> bool:
    """Record, print the table, and say whether nothing is missing."""
    size = ["--cameras", str(cameras), "--width", str(width), "--height", str(height), "--seconds", str(CLIP_SECONDS)]
    with (
        tempfile.TemporaryDirectory(prefix="liveshow-load-", dir=os.environ.get("LIVESHOW_BENCH")) as place,
        CameraProcess("rtsp", *size) as server,
        jack_device(MICS) as device,
    ):
        urls = [camera.url for camera in server.cameras]
        folder = ShowFolder(Path(place) / "show")
        env = os.environ | device.env | {"LIVESHOW_RUN": str(Path(place) / "run")}
        os.environ["LIVESHOW_RUN"] = env["LIVESHOW_RUN"]
        costs = _record(Path(place), folder, env, setup_text(urls, device.device_name, MICS), urls[0], minutes * 60)
        return _report(folder, costs, minutes * 60, cameras)


def _record(place: Path, folder: ShowFolder, env: dict[str, str], setup: str, peer: str, seconds: float) -> dict[str, float]:
    """Record for so long; CPU seconds of each process over that time."""
    (place / "setup.toml").write_text(setup, encoding="utf-8")
    command = [sys.executable, "-m", "liveshow", "record", str(place / "setup.toml"), "--into", str(folder.path)]
    recorder = subprocess.Popen(command, env=env)
    roles = [f"worker-cam{i}" for i in range(1, setup.count("[[camera]]") + 1)] + ["worker-stagebox"]
    while not all(address.look_up(folder.path, role) for role in roles):
        if recorder.poll() is not None:
            raise SystemExit("the recorder did not start")
        time.sleep(0.2)
    time.sleep(5)
    copy = ["ffmpeg", "-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", peer, "-c", "copy", str(place / "peer.mkv")]
    ffmpeg = subprocess.Popen(copy, env=env)
    processes = {role: psutil.Process(found.pid) for role in roles if (found := address.look_up(folder.path, role))}
    processes |= {"recorder": psutil.Process(recorder.pid), "ffmpeg -c copy": psutil.Process(ffmpeg.pid)}
    time.sleep(2)
    before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    time.sleep(seconds)
    after = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    ffmpeg.send_signal(signal.SIGINT)
    recorder.send_signal(signal.SIGINT)
    ffmpeg.wait(30)
    if recorder.wait(120) != 0:
        raise SystemExit("the recorder did not end cleanly")
    return {name: after[name] - before[name] for name in processes}


def _report(folder: ShowFolder, costs: dict[str, float], seconds: float, cameras: int) -> bool:
    feeds = [f"cam{i}" for i in range(1, cameras + 1)] + [f"mic{c:02}" for c in range(1, MICS + 1)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        seen = list(pool.map(look, [str(folder.path)] * len(feeds), feeds))
    peer = costs["ffmpeg -c copy"]
    print(f"\n{seconds / 60:g} minutes, {cameras} cameras, {MICS} microphones")
    print(f"{'process':<18}{'CPU s/min':>10}{'of ffmpeg -c copy':>20}")
    for name, cost in costs.items():
        print(f"{name:<18}{cost * 60 / seconds:>10.2f}{cost / peer if peer else 0:>19.2f}×")
    lost = [one for one in seen if one.missing]
    gaps = [e for e in folder.events() if isinstance(e, Gap)]
    pictures = sum(one.positions for one in seen if one.feed.startswith("cam"))
    sound = sum(one.positions for one in seen if one.feed.startswith("mic"))
    stood = max(one.stood for one in seen) / 48_000
    print(f"pictures {pictures}, samples {sound}; feeds with something missing: {len(lost)}; gaps in the journal: {len(gaps)}")
    print(f"the sound device's clock stood still for {stood:.3f} s in all")
    for one in lost:
        print(f"  {one.feed}: {one.missing}")
    for gap in gaps[:10]:
        print(f"  {gap.feed}: {gap.why}, {(gap.until - gap.t) / 1e9:.3f} s")
    return not lost and not [gap for gap in gaps if gap.feed.startswith("cam")]


def look(show: str, feed: str) -> Seen:
    """Read one feed's recording, every picture or sample of it."""
    folder = ShowFolder(Path(show))
    names = folder.part_names(feed)
    if len(names) != 1:
        return Seen(feed, 0, f"{len(names)} parts")
    path = folder.part_file(names[0])
    return _pictures(feed, path) if feed.startswith("cam") else _samples(feed, path)


def _pictures(feed: str, path: Path) -> Seen:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        numbers = [counter_of(frame) for frame in container.decode(video=0)]
    length = round(CLIP_SECONDS * 30)
    unread = numbers.count(None)
    steps = np.diff(np.array([n if n is not None else -1 for n in numbers])) % length
    jumps = int(np.count_nonzero(steps != 1))
    timing = read_timing(path.with_suffix(".timing"))
    pts = int(np.count_nonzero(np.diff(timing.positions) != 3000))
    fault = f"{unread} unreadable, {jumps} jumps, {pts} uneven pts" if unread or jumps or pts else ""
    if timing.end is None or timing.end.positions != len(numbers):
        fault += " the timing says otherwise"
    return Seen(feed, len(numbers), fault)


def _samples(feed: str, path: Path) -> Seen:
    sound = soundfile.read(path, dtype="int32")[0]
    found = [f for f in faults(sound, int(feed[3:]) - 1) if f.position > 0]
    lost = [f for f in found if f.kind in ("lost", "altered")]
    silent = sum(f.length for f in found if f.kind == "gap")
    told = sum(gap.frames for gap in read_timing(path.with_suffix(".timing")).gaps)
    fault = ", ".join(f"{f.kind} {f.length} at {f.position}" for f in lost[:3])
    if silent != told:
        fault += f" {silent} samples of silence, of which the timing tells {told}"
    return Seen(feed, len(sound), fault, silent)


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    given = parser.parse_args(arguments)
    sys.exit(0 if run(given.minutes, given.cameras, given.width, given.height) else 1)
