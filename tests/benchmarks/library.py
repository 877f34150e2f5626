"""A library of a million contributions: how long a search takes, beside reading every title in the same run.

`python -m tests.benchmarks library [--count 1000000] [--queries 2000]`. The index is made directly, without the packages: what is
measured is searching it. The peer is SQLite reading every title (`LIKE '%word%'`), as a search without an index does.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from liveshow.library.index import Index
from liveshow.library.search import Query, search
from liveshow.model import Consent
from liveshow.showfolder.contribution import (
    AboutSegment,
    AboutShow,
    ClipRecord,
    ConsentRecord,
    Contribution,
    Credit,
    Instant,
    SoundMeasures,
)

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
STEMS = [
    "story",
    "night",
    "song",
    "ferry",
    "moth",
    "letter",
    "lantern",
    "rain",
    "waltz",
    "umbrella",
    "harbour",
    "tiny",
    "book",
    "choir",
    "river",
    "glass",
    "winter",
    "paper",
]
WORDS = [stem + ending for stem in STEMS for ending in ("", "s", "ing", "er", "house", "light")]
PEOPLE = 3000
BATCH = 20_000


def main(arguments: Sequence[str]) -> None:
    """Make the index, search it, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks library")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=2000)
    asked = parser.parse_args(arguments)
    rng = random.Random(1)
    names = [f"{rng.choice(WORDS).title()} {rng.choice(WORDS).title()}" for _ in range(PEOPLE)]
    with tempfile.TemporaryDirectory(prefix="liveshow-library-") as folder, Index(Path(folder)) as index:
        for first in range(0, asked.count, BATCH):
            index.add(_packages(rng, names, first, min(asked.count, first + BATCH)))
            print(f"\r{first + BATCH} packages", end="", flush=True)
        _print(index, rng, asked.count, asked.queries)


def _packages(rng: random.Random, names: Sequence[str], first: int, end: int) -> Iterator[tuple[Path, Contribution]]:
    for number in range(first, end):
        about = _package(rng, names, number, end)
        yield Path(about.show.id, f"s{number}"), about


def _package(rng: random.Random, names: Sequence[str], number: int, _end: int) -> Contribution:
    begins = number * 180.0
    start, stop = _instant(begins), _instant(begins + rng.lognormvariate(5, 0.7))
    clip = ClipRecord(
        feed="a", kind=rng.choice(["camera", "mic"]), file="", codec="", rate="", first=0, last=1, length=1, pictures=0,
        start=start, end=stop, ppm=0, gaps=(), bytes=0, made_from="",
        sound=SoundMeasures(loudness=rng.gauss(-24, 5), range=0, true_peak=None),
    )  # fmt: skip
    who = dict.fromkeys(min(int(rng.paretovariate(0.7)) - 1, PEOPLE - 1) for _ in range(rng.choice([1, 1, 1, 2, 3])))
    answer = ConsentRecord(answer=rng.choice(["yes"] * 50 + ["no", "hold"]), by="", at=None)
    return Contribution(
        id=f"{number:08x}-0000-4000-8000-{number:012x}",
        version=1,
        digest="",
        tool="",
        show=AboutShow(
            id=f"show-{number // 50}",
            title=f"Open Mic at the {rng.choice(WORDS)}",
            venue="",
            date="",
            timezone="",
            frame_rate="30",
        ),
        segment=AboutSegment(
            id=f"s{number}",
            title=" ".join(rng.choices(WORDS, k=4)),
            item=f"item-{number % 40}",
            take=1,
            start=start,
            end=stop,
            edited_by="",
            note="#encore" if number % 97 == 0 else "",
        ),
        performers=tuple(Credit(id=f"p{p}", name=names[p], role="voice", feeds=(), on=(), consent=answer) for p in who),
        licence="",
        clips=(clip,),
    )


def _instant(seconds: float) -> Instant:
    return Instant(show_ns=int(seconds * 1e9), utc=BEGAN + timedelta(seconds=seconds), timecode="")


def _kinds(rng: random.Random, count: int) -> dict[str, Callable[[], Query]]:
    def word() -> str:
        return rng.choice(WORDS)

    def person() -> str:
        return f"p{min(int(rng.paretovariate(0.7)) - 1, PEOPLE - 1)}"

    def since() -> datetime:
        return BEGAN + timedelta(seconds=rng.random() * count * 180)

    return {
        "everything": Query,
        "a word": lambda: Query(text=word()),
        "two words": lambda: Query(text=f"{word()} {word()}"),
        "four words": lambda: Query(text=" ".join(word() for _ in range(4))),
        "a beginning": lambda: Query(text=f"{word()[:3]}*"),
        "a performer": lambda: Query(performer=person()),
        "a performer and a word": lambda: Query(performer=person(), text=word()),
        "a show": lambda: Query(show=f"show-{rng.randrange(max(1, count // 50))}"),
        "an item with pictures and a word": lambda: Query(item=f"item-{rng.randrange(40)}", camera=True, text=word()),
        "a tag and a word": lambda: Query(tag="encore", text=word()),
        "60 to 90 s and a word": lambda: Query(shortest=60, longest=90, text=word()),
        "a rare length": lambda: Query(shortest=1000, longest=1010),
        "loud, and a word": lambda: Query(quietest=-16, text=word()),
        "a rare loudness": lambda: Query(quietest=-42, loudest=-40),
        "a day and a word": lambda: _day(since(), word()),
        "sound, consent held": lambda: Query(camera=False, consent=Consent.HOLD),
        "what is not there": lambda: Query(text="nothingatall"),
    }


def _day(since: datetime, word: str) -> Query:
    return Query(since=since, until=since + timedelta(days=1), text=word)


def _print(index: Index, rng: random.Random, count: int, queries: int) -> None:
    kinds = _kinds(rng, count)
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for kind in list(kinds) * max(1, queries // len(kinds)):
        query = kinds[kind]()
        took[kind].append(_milliseconds(lambda query=query: search(index, query)))  # type: ignore[misc]
    scan = "SELECT count(*) FROM package WHERE title LIKE ?"
    peer = sorted(_milliseconds(lambda: index.db.execute(scan, (f"%{rng.choice(WORDS)}%",)).fetchone()) for _ in range(5))[2]
    print(f"\r{count} packages, the 50 newest that fit; reading every title takes {peer:.1f} ms")
    print(f"{'searched for':<36}{'p50 ms':>9}{'p99 ms':>9}{'p99 / peer':>13}")
    for kind, each in [*took.items(), ("all of these", [t for times in took.values() for t in times])]:
        times = sorted(each)
        p50, p99 = times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))]
        print(f"{kind:<36}{p50:>9.2f}{p99:>9.2f}{p99 / peer:>13.2f}")


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3
