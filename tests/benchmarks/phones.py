"""Hundreds of phones at the performers' page while cameras and microphones record: is anything missing, how soon can one play what has just
ended, and what does it cost?

    python -m tests.benchmarks phones [--phones 800] [--cameras 4] [--lengths 20,60,180] [--times 3] [--share 0.2] [--short]

Cameras and microphones are those of `load`, and every picture and sample is looked at afterwards. The phones are a process of their own;
each waits for news of its page, fetches the beginning of whatever becomes playable, and plays ten seconds of a camera for that share of
the time. Segments of the given lengths follow each other: from each GO it is measured until the file is finished, and until phones have
the first bytes of it. Peers: the recorder before there is any phone, and the same players at Starlette's FileResponse alone.

Phones and cameras, which are elsewhere in reality, share this machine's processors with the show: the phones give way to it (nice 19), the
cameras do not. What they take is in the table.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import psutil

from liveshow.events import Gap, Go
from liveshow.handoff.excerpts.shelf import Shelf
from liveshow.recorder import address
from liveshow.recorder.links import make_link, wall_now
from liveshow.recorder.speak import speak
from liveshow.showfolder.folder import ShowFolder
from tests.benchmarks import load
from tests.benchmarks._phones_at import Found, Told
from tests.devices.jack import jack_device
from tests.servers.camera import CameraProcess

MICS, PERFORMERS, ALONE = 8, 40, 20.0
ROLES = {
    "recorder": "record",
    "workers": "liveshow.recorder.worker",
    "prover": "prove",
    "page": "review",
    "excerpts": "liveshow.review.making",
    "(cameras)": "tests.servers.rtsp",
    "(phones)": "tests.benchmarks._phones_at",
}
OTHERS = "(all others)"


def setup_text(urls: list[str], device: str, items: int) -> str:
    """The setup of `load`, with performers who are in every item, cameras that all share, and the page."""
    text = load.setup_text(urls, device, MICS).replace('source = "rtsp', 'shared = true\nsource = "rtsp')
    people = "".join(f'[[performer]]\nid = "p{k}"\nname = "Performer {k}"\n' for k in range(PERFORMERS))
    people = people.replace('name = "Performer 0"', 'name = "Performer 0"\nfeeds = ["mic01", "mic02"]')
    everyone = ", ".join(f'"p{k}"' for k in range(PERFORMERS))
    order = "".join(f'[[item]]\nid = "i{k}"\ntitle = "Item {k}"\nperformers = [{everyone}]\n' for k in range(items))
    return f'{text}[handoff]\nconsent = "ask"\n[review]\nhttp = "127.0.0.1:0"\n{people}{order}'


class Evening:
    """A show that records, and its page. `ended`: when each segment was ended (monotonic seconds) and how long it was meant to be."""

    def __init__(self, place: Path, setup: str) -> None:
        (place / "setup.toml").write_text(setup, encoding="utf-8")
        self.folder = ShowFolder(place / "show")
        self.ended: dict[str, tuple[float, float]] = {}
        command = [sys.executable, "-m", "liveshow", "record", str(place / "setup.toml"), "--into", str(self.folder.path)]
        self.process = subprocess.Popen(command)
        while (page := address.look_up(self.folder.path, address.REVIEW)) is None:
            if self.process.poll() is not None:
                raise SystemExit("the recorder did not start")
            time.sleep(0.2)
        self.port = page.port
        time.sleep(10)
        self._running, self._length = "", 0.0

    def links(self, count: int) -> list[str]:
        """A token for each phone: each performer has one link."""
        made = [make_link(f"p{k}", 12, wall_now()) for k in range(PERFORMERS)]
        for link in made:
            speak(self.folder, link.issued)
        return [made[k % PERFORMERS].token for k in range(count)]

    def go(self, length: float) -> None:
        """Begin a segment of that length; what ran until now has ended."""
        pressed = time.monotonic()
        (number,) = speak(self.folder, Go(t=0, item=""))
        if self._running:
            self.ended[self._running] = (pressed, self._length)
        self._running, self._length = f"s{number}", length
        time.sleep(length)

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each kind of process so far."""
        spent = dict.fromkeys(ROLES, 0.0)
        family = [psutil.Process(self.process.pid), *psutil.process_iter()]
        for process in {p.pid: p for p in family}.values():
            try:
                words = process.cmdline()
                if str(self.folder.path) in " ".join(words) or words[2:3] in ([at] for at in ROLES.values()):
                    role = next(role for role, word in ROLES.items() if word in words)
                    spent[role] += sum(process.cpu_times()[:2])
            except (psutil.NoSuchProcess, StopIteration):
                continue
        every = psutil.cpu_times()
        return spent | {OTHERS: sum(every) - every.idle - getattr(every, "iowait", 0.0) - sum(spent.values())}

    def end(self) -> None:
        """Cleanly."""
        self.process.send_signal(signal.SIGINT)
        if self.process.wait(180) != 0:
            raise SystemExit("the recorder did not end cleanly")
        page = address.look_up(self.folder.path, address.REVIEW)
        if page is not None:
            psutil.Process(page.pid).terminate()


@contextmanager
def phones(told: Told) -> Iterator[Found]:
    """They are there; what they found is known afterwards."""
    command = [sys.executable, "-m", "tests.benchmarks._phones_at"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(told) + b"\n")
    process.stdin.flush()
    found = Found()
    try:
        yield found
    finally:
        said, _ = process.communicate()
        if said:
            for name, value in msgspec.structs.asdict(msgspec.json.decode(said, type=Found)).items():
                setattr(found, name, value)


def run(count: int, cameras: int, lengths: Sequence[float], share: float) -> bool:
    """All of it, and the tables; whether nothing is missing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * count + 200)), hard))
    with (
        tempfile.TemporaryDirectory(prefix="liveshow-phones-", dir=os.environ.get("LIVESHOW_BENCH")) as place,
        CameraProcess(
            "rtsp", "--cameras", str(cameras), "--width", "1920", "--height", "1080", "--seconds", str(load.CLIP_SECONDS)
        ) as server,
        jack_device(MICS) as device,
    ):
        os.environ |= device.env | {"LIVESHOW_RUN": str(Path(place) / "run")}
        evening = Evening(Path(place), setup_text([c.url for c in server.cameras], device.device_name, len(lengths) + 2))
        costs = {"no phone": _share(evening, lambda: evening.go(ALONE))}
        told = Told(port=evening.port, tokens=tuple(evening.links(count)), share=share)

        def play() -> None:
            for length in lengths:
                evening.go(length)
            evening.go(15)

        with phones(told) as found:
            costs[f"{count} phones"] = _share(evening, play)
        evening.end()
        bare = _bare(evening.folder, count, share)
        _costs(costs)
        _latencies(found, bare)
        _playable(evening, found)
        return _whole(evening.folder, cameras)


def _share(evening: Evening, work: object) -> dict[str, float]:
    """What part of a core each kind of process takes meanwhile."""
    before, began = evening.cpu(), time.monotonic()
    assert callable(work)
    work()
    took, after = time.monotonic() - began, evening.cpu()
    return {role: (after[role] - before[role]) / took for role in after}


def _bare(folder: ShowFolder, count: int, share: float) -> Found:
    """The same players at FileResponse alone, and the largest film."""
    shelf = Shelf(folder)
    films = [shelf.file(e) for e in shelf.found() if e.pictures]
    if not films:
        return Found()
    film = max(films, key=lambda file: file.stat().st_size)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = subprocess.Popen([sys.executable, "-m", "tests.benchmarks._bare_files", str(film), str(port)])
    time.sleep(3)
    with phones(Told(port=port, tokens=("",) * count, share=share, path="/film")) as found:
        time.sleep(30)
    server.terminate()
    server.wait()
    return found


def _costs(costs: dict[str, dict[str, float]]) -> None:
    print(f"\n{'of one core':<14}" + "".join(f"{name:>14}" for name in costs))
    for role in (*ROLES, OTHERS):
        print(f"{role:<14}" + "".join(f"{cost[role]:>13.0%} " for cost in costs.values()))


def _latencies(found: Found, bare: Found) -> None:
    seconds = max(1.0, found.seconds)
    pace = f"{found.requests / seconds:.0f} a second, {found.bytes * 8 / 1e6 / seconds:.0f} Mbit/s"
    print(f"\n{found.requests} requests, {pace}; failed: {found.failed}")
    print(f"{'to the first byte, ms':<28}{'n':>8}{'p50':>8}{'p95':>8}{'p99':>8}")
    kinds = [(kind, times) for kind, times in sorted(found.latency.items()) if kind != "news"]
    for kind, times in (*kinds, ("range, FileResponse alone", bare.latency.get("range", []))):
        if times:
            print(f"{kind:<28}{len(times):>8}" + "".join(f"{1000 * q:>8.0f}" for q in np.percentile(times, (50, 95, 99))))


def _playable(evening: Evening, found: Found) -> None:
    """Seconds from GO until phones had the first bytes of what it ended."""
    made = _made(evening)
    heads = ("p95 made", "first camera", "every feed", "p95 of feeds", "p95, all phones")
    print(f"\n{'GO to playable, s':<20}{'segments':>9}" + "".join(f"{head:>17}" for head in heads))
    for length in sorted({length for _, length in evening.ended.values()}):
        firsts, lasts, feeds, every, files = list[float](), list[float](), list[float](), list[float](), list[float]()
        for segment in (s for s, (_, meant) in evening.ended.items() if meant == length):
            pressed = evening.ended[segment][0]
            came = {k.split()[1]: [t - pressed for t in times] for k, times in found.ready.items() if k.split()[0] == segment}
            if not came:
                continue
            firsts.append(min((min(times) for feed, times in came.items() if feed.startswith("cam")), default=float("nan")))
            lasts.append(max(min(times) for times in came.values()))
            feeds += [min(times) for times in came.values()]
            every += [t for times in came.values() for t in times]
            files += [at - pressed for (of, _), at in made.items() if of == segment]
        if every:
            told = (np.percentile(files, 95), np.median(firsts), max(lasts), *(np.percentile(of, 95) for of in (feeds, every)))
            print(f"{f'{length:g} s long':<20}{len(lasts):>9}" + "".join(f"{seconds:>17.1f}" for seconds in told))


def _made(evening: Evening) -> dict[tuple[str, str], float]:
    """When the first file of each segment and feed was finished, in the host's monotonic seconds."""
    shelf, found = Shelf(evening.folder), dict[tuple[str, str], float]()
    for excerpt in shelf.found():
        at = shelf.file(excerpt).stat().st_mtime - time.time() + time.monotonic()
        found[excerpt.segment, excerpt.feed] = min(at, found.get((excerpt.segment, excerpt.feed), at))
    return found


def _whole(folder: ShowFolder, cameras: int) -> bool:
    """Every picture and sample of the recordings."""
    feeds = [f"cam{i}" for i in range(1, cameras + 1)] + [f"mic{c:02}" for c in range(1, MICS + 1)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        seen = list(pool.map(load.look, [str(folder.path)] * len(feeds), feeds))
    lost = [one for one in seen if one.missing]
    gaps = [e for e in folder.events() if isinstance(e, Gap)]
    pictures = sum(one.positions for one in seen if one.feed.startswith("cam"))
    samples = sum(one.positions for one in seen if one.feed.startswith("mic"))
    print(
        f"\npictures {pictures}, samples {samples}; feeds with something missing: {len(lost)}; gaps in the journal: {len(gaps)}"
    )
    print(f"the sound device's clock stood still for {max(one.stood for one in seen) / 48_000:.3f} s in all")
    for one in lost:
        print(f"  {one.feed}: {one.missing}")
    return not lost and not [gap for gap in gaps if gap.feed.startswith("cam")]


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks phones", description=__doc__)
    parser.add_argument("--phones", type=int, default=800)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--lengths", default="20,60,180")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--short", action="store_true", help="100 phones, 2 cameras, two segments of ten seconds")
    given = parser.parse_args(arguments)
    if given.short:
        given.phones, given.cameras, given.lengths, given.times = 100, 2, "10", 2
    lengths = [float(length) for length in given.lengths.split(",")] * given.times
    sys.exit(0 if run(given.phones, given.cameras, lengths, given.share) else 1)
