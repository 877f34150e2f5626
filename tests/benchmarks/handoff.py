"""How long a segment takes to become a package that is verified, beside copying and hashing the same bytes in the same run.

    python -m tests.benchmarks handoff [--minutes 5] [--cameras 4] [--mics 8] [--runs 3] [--measures]

The cameras are 1080p30 H.264 at 6 Mbit/s, the microphones 24 bit at 48 kHz. Three things are timed in turn, so that a busy machine is busy
for each: the peer, which copies every file of the package's payload to the same disk (fsync) and takes its SHA-256; the hand-off as it
is; and the check of the finished package against its manifests, which reads and hashes everything once more.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liveshow.handoff.package import make
from liveshow.model import Segment
from liveshow.showfolder.bag import PAYLOAD, check_bag
from tests.servers.pictures import Wanted, media
from tests.synthetic_show import ClockOf, SyntheticShow, at, record_camera, record_mic

PICTURES = Wanted(1920, 1080, gop=2.0, seconds=8.0, bitrate=6_000_000)
SPARE = 5.0  # seconds recorded before in and after out
LIMIT = 1.5


def main(arguments: Sequence[str]) -> None:
    """Record, time, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks handoff")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--mics", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--measures", action="store_true", help="with loudness, posters and the preview")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="liveshow-handoff-") as folder:
        show, segment = _recorded(Path(folder), asked.minutes * 60, asked.cameras, asked.mics, asked.measures)
        _print(show, segment, asked.runs)


def _setup(cameras: int, mics: int, measures: bool) -> str:
    feeds = [*(f"cam{k}" for k in range(1, cameras + 1)), *(f"mic{k}" for k in range(1, mics + 1))]
    extra = "" if measures else "measures = false\npreviews = false\n"
    show = f'[show]\ntitle = "Benchmark"\nframe_rate = "30"\n[handoff]\nhandles = 2.0\n{extra}'
    views = "".join(f'[[camera]]\nid = "cam{k}"\nsource = "simulated:"\n' for k in range(1, cameras + 1))
    sounds = "".join(f'[[audio.mic]]\nid = "mic{k}"\nchannel = {k}\n' for k in range(1, mics + 1))
    people = f'[[performer]]\nid = "first"\nname = "First"\nfeeds = {feeds!r}\n[[performer]]\nid = "second"\nname = "Second"\n'
    item = '[[item]]\nid = "tiny"\ntitle = "x"\nperformers = ["first"]\n'
    return f'{show}{views}[[audio]]\nid = "box"\nsource = "simulated:"\n{sounds}{people}{item}'


def _recorded(folder: Path, seconds: float, cameras: int, mics: int, measures: bool) -> tuple[SyntheticShow, Segment]:
    show = SyntheticShow.begun(folder, _setup(cameras, mics, measures))
    clip, whole = media(PICTURES), seconds + 2 * SPARE
    for k in range(1, cameras + 1):
        record_camera(show, f"cam{k}", clip, ClockOf(at(0), Fraction(90_000), ppm=10 * k), range(round(whole * 30)))
    for k in range(1, mics + 1):
        record_mic(show, f"mic{k}", ClockOf(at(0), Fraction(48_000), ppm=10), 0, round(whole * 48_000), signal=_noise)
    return show, show.segment(SPARE, SPARE + seconds)


def _noise(first: int, count: int) -> NDArray[np.int32]:
    return np.random.default_rng(first).integers(-(1 << 30), 1 << 30, count, np.int32) & np.int32(-256)


def _print(show: SyntheticShow, segment: Segment, runs: int) -> None:
    """The median of each, the ratios, and whether the hand-off keeps to its limit."""
    made = make(show.folder, show.setup, show.state, segment).path  # everything is in memory and loaded from now on
    payload = [path for path in (made / PAYLOAD).rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in payload)
    took: dict[str, list[float]] = {"copied and hashed": [], "handed off": [], "checked": []}
    for _ in range(runs):
        took["copied and hashed"].append(_timed(lambda: _copied_and_hashed(payload, show.folder.path / "peer")))
        shutil.rmtree(made)
        took["handed off"].append(_timed(lambda: make(show.folder, show.setup, show.state, segment)))
        took["checked"].append(_timed(lambda: _whole(made)))
    middle = {what: sorted(times)[len(times) // 2] for what, times in took.items()}
    peer, verified = middle["copied and hashed"], middle["handed off"] + middle["checked"]
    print(f"{len(payload)} files, {size / 1e6:.0f} MB, median of {runs}")
    for what, seconds in {**middle, "handed off and checked": verified}.items():
        print(f"{what:24}{seconds:8.2f} s  {seconds / peer:5.2f} x  {size / seconds / 1e6:7.0f} MB/s")
    print(f"a verified package: {verified / peer:.2f} x, {'within' if verified <= LIMIT * peer else 'NOT within'} {LIMIT} x")


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _copied_and_hashed(files: Sequence[Path], place: Path) -> None:
    place.mkdir()
    for number, path in enumerate(files):
        copy = place / str(number)
        shutil.copyfile(path, copy)
        with copy.open("rb") as file:
            hashlib.file_digest(file, "sha256")
            os.fsync(file.fileno())
    shutil.rmtree(place)


def _whole(package: Path) -> None:
    faults = check_bag(package)
    assert faults == [], faults
