"""What does it cost to write everything twice?

    python -m tests.benchmarks mirror [--seconds 60] [--width 1920] [--height 1080]

Two recorders at the same time, one with a mirror and one without: the same RTSP camera, and 32 simulated microphones each. Both write into
one folder for temporary files (`LIVESHOW_BENCH` names another), so this is of the CPU, not of disks.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from liveshow.recorder import address
from liveshow.showfolder.folder import ShowFolder
from liveshow.showfolder.mirror import lacks, unlike
from tests.servers.camera import CameraProcess

MICS = 32
ROLES = ("worker-cam", "worker-stagebox", address.RECORDER)


def setup_text(url: str, mirror: str) -> str:
    """One camera and 32 microphones."""
    channels = "".join(f'  [[audio.mic]]\n  id = "mic{c:02}"\n  channel = {c}\n' for c in range(1, MICS + 1))
    sound = f'[[audio]]\nid = "stagebox"\nsource = "simulated:?signal=counter"\nsample_rate = 48000\n{channels}'
    twice = f'[recording]\nmirror = "{mirror}"\n' if mirror else ""
    return f'[show]\ntitle = "Twice"\n{twice}[[camera]]\nid = "cam"\nsource = "{url}"\n{sound}'


def begin(place: Path, url: str, mirror: str) -> subprocess.Popen[bytes]:
    """A recorder whose workers all run."""
    place.mkdir()
    (place / "setup.toml").write_text(setup_text(url, mirror), encoding="utf-8")
    command = [sys.executable, "-m", "liveshow", "record", str(place / "setup.toml"), "--into", str(place / "show")]
    recorder = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not all(address.look_up(place / "show", role) for role in ROLES):
        if recorder.poll() is not None:
            raise SystemExit("the recorder did not start")
        time.sleep(0.2)
    return recorder


def spent(place: Path) -> dict[str, float]:
    """CPU seconds so far, by role."""
    found = {role: address.look_up(place / "show", role) for role in ROLES}
    return {role: sum(psutil.Process(a.pid).cpu_times()[:2]) for role, a in found.items() if a}


def run(seconds: float, width: int, height: int) -> bool:
    """Record, print the table, and say whether the mirror is the same."""
    size = ["--cameras", "1", "--width", str(width), "--height", str(height), "--seconds", "8"]
    where = os.environ.get("LIVESHOW_BENCH")
    with tempfile.TemporaryDirectory(prefix="liveshow-mirror-", dir=where) as folder, CameraProcess("rtsp", *size) as server:
        os.environ["LIVESHOW_RUN"] = f"{folder}/run"
        once, twice, mirror = Path(folder, "once"), Path(folder, "twice"), Path(folder, "mirror")
        (url,) = (camera.url for camera in server.cameras)
        recorders = [begin(once, url, ""), begin(twice, url, mirror.as_posix())]
        time.sleep(8)
        before = {place: spent(place) for place in (once, twice)}
        time.sleep(seconds)
        cost = {place: {role: value - before[place][role] for role, value in spent(place).items()} for place in before}
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)
        for recorder in recorders:
            if recorder.wait(120) != 0:
                raise SystemExit("a recorder did not end cleanly")
        print(f"{'process':<18}{'CPU s/min':>11}{'mirrored':>10}{'of it':>8}")
        for role in ROLES:
            plain, doubled = (cost[place][role] * 60 / seconds for place in (once, twice))
            print(f"{role:<18}{plain:>11.2f}{doubled:>10.2f}{doubled / plain:>7.2f}×")
        pair = ShowFolder(twice / "show"), ShowFolder(mirror / "show")
        faults = [str(path) for path in unlike(*pair)] + [str(lack.target) for lack in lacks(*pair)]
        print("the mirror is the same to the byte" if not faults else f"NOT THE SAME: {', '.join(faults)}")
        return not faults


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks mirror", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    given = parser.parse_args(arguments)
    sys.exit(0 if run(given.seconds, given.width, given.height) else 1)
