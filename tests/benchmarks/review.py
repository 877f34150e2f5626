"""Hundreds of phones at the performers' page beside a recording of four cameras: is anything missing, and what do the phones cost?

    python -m tests.benchmarks review [--phones 800] [--seconds 60] [--cameras 4] [--width 1280] [--height 720]

Cameras speak RTSP from a process of their own and carry a counter in every picture. Forty performers are on, one after the other, a few
seconds each; twenty phones are open on each one's page, wait for news and play; twice a minute something changes that all of them show. The
same time is recorded without a phone first, as the peer of the CPU figures. Afterwards every picture is decoded.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from liveshow.events import Credited, Gap, Go
from liveshow.recorder import address
from liveshow.recorder.links import Link, make_link
from liveshow.recorder.speak import speak
from tests.benchmarks.load import CLIP_SECONDS, look
from tests.running_show import RunningShow, running_show, wait_for
from tests.servers.camera import CameraProcess

PERFORMERS, ON_FOR = 40, 8.0
HEAD = """
[show]
title = "Phones"
[recording]
part_minutes = {part_minutes}
[handoff]
library = "{library}"
[review]
http = "127.0.0.1:0"
stays_minutes = 0
"""


def setup_text(urls: list[str]) -> str:
    """A setup with these cameras, and an item for each performer."""
    cameras = "".join(f'[[camera]]\nid = "cam{i}"\nsource = "{url}"\nshared = true\n' for i, url in enumerate(urls, 1))
    people = "".join(f'[[performer]]\nid = "p{k}"\nname = "Performer {k}"\n' for k in range(PERFORMERS))
    items = "".join(f'[[item]]\nid = "i{k}"\ntitle = "Item {k}"\nperformers = ["p{k}"]\n' for k in range(PERFORMERS))
    return HEAD + cameras + people + items


def spent(show: RunningShow) -> dict[str, float]:
    """CPU seconds of each process of a show so far; of the page with what it has started."""
    found = {a.role: a.pid for a in address.workers_of(show.folder.path)}
    for role in (address.RECORDER, address.REVIEW):
        at = address.look_up(show.folder.path, role)
        found |= {role: at.pid} if at is not None else {}
    costs = {}
    for role, pid in found.items():
        process = psutil.Process(pid)
        costs[role] = sum(process.cpu_times()[:2])
        if role == address.REVIEW:
            costs["  its excerpts"] = sum(sum(child.cpu_times()[:2]) for child in process.children(recursive=True))
    return costs


def evening(show: RunningShow, seconds: float, first: int) -> int:
    """Performers one after the other, and a credit corrected now and then; how many were on."""
    until, k = time.monotonic() + seconds, first
    while time.monotonic() < until:
        speak(show.folder, Go(t=0, item=f"i{k % PERFORMERS}"))
        if k % 4 == 3:
            speak(show.folder, Credited(t=0, performer=f"p{k % PERFORMERS}", name=f"Corrected {k}"))
        time.sleep(max(0.0, min(ON_FOR, until - time.monotonic())))
        k += 1
    return k - first


def run(phones: int, seconds: float, cameras: int, width: int, height: int) -> bool:
    """Record, print the table, and say whether nothing is missing."""
    size = ["--cameras", str(cameras), "--width", str(width), "--height", str(height), "--seconds", str(CLIP_SECONDS)]
    with tempfile.TemporaryDirectory(prefix="liveshow-phones-", dir=os.environ.get("LIVESHOW_BENCH")) as place:
        os.environ["LIVESHOW_RUN"] = f"{place}/run"
        with (
            CameraProcess("rtsp", *size) as server,
            running_show(Path(place), setup_text([c.url for c in server.cameras])) as show,
        ):
            show.until_proven()
            found = wait_for("the page", lambda: address.look_up(show.folder.path, address.REVIEW))
            links = [make_link(f"p{k}", 24, time.time_ns()) for k in range(PERFORMERS)]
            for link in links:
                speak(show.folder, link.issued)
            wait_for("the terms", lambda: show.folder.state().terms or None)
            before = spent(show)
            on = evening(show, seconds, 0)
            alone = spent(show)
            saw = with_phones(show, found.port, links, phones, seconds, on)
            both = spent(show)
            show.end()
            report(before, alone, both, seconds, phones, saw)
            return whole(show, cameras)


def with_phones(show: RunningShow, port: int, links: list[Link], phones: int, seconds: float, first: int) -> dict[str, Any]:
    """The same with phones; what they saw."""
    command = [sys.executable, "-m", "tests.benchmarks._phones", str(port), str(seconds)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write("".join(f"{link.token} {phones // PERFORMERS}\n" for link in links))
    process.stdin.close()
    evening(show, seconds, first)
    assert process.stdout is not None
    found: dict[str, Any] = json.loads(process.stdout.read())
    process.wait()
    return found


def report(
    before: dict[str, float], alone: dict[str, float], both: dict[str, float], seconds: float, phones: int, saw: dict[str, Any]
) -> None:
    """The table."""
    print(f"\n{phones} phones, {seconds:g} s with and without them; CPU s a minute")
    print(f"{'process':<16}{'without':>10}{'with':>10}")
    for role in both:
        a, b = (alone.get(role, 0) - before.get(role, 0)) * 60 / seconds, (both[role] - alone.get(role, 0)) * 60 / seconds
        print(f"{role:<16}{a:>10.2f}{b:>10.2f}")
    print(f"new states {saw['states']}, nothing new {saw['unchanged']}, played {saw['played'] / 1e6:.0f} MB")
    print(f"refused {saw['refused']}, connections lost {len(saw['errors'])}")
    if saw["ready"]:
        ready = np.array(sorted(t for t in saw["ready"].values() if t < seconds))
        p50, p95 = np.percentile(ready, [50, 95])
        print(
            f"from the end of a segment to playable on the phone: {p50:.1f} s (half of {len(ready)} feeds), {p95:.1f} s (95 %)"
        )


def whole(show: RunningShow, cameras: int) -> bool:
    """Whether every picture is there."""
    seen = [look(str(show.folder.path), f"cam{i}") for i in range(1, cameras + 1)]
    gaps = [e for e in show.folder.events() if isinstance(e, Gap)]
    lost = [one for one in seen if one.missing]
    print(f"pictures {sum(one.positions for one in seen)}; cameras with something missing: {len(lost)}; gaps: {len(gaps)}")
    for one in lost:
        print(f"  {one.feed}: {one.missing}")
    return not lost and not gaps


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks review", description=__doc__)
    parser.add_argument("--phones", type=int, default=800)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    given = parser.parse_args(arguments)
    sys.exit(0 if run(given.phones, given.seconds, given.cameras, given.width, given.height) else 1)
