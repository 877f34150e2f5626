"""A library of a million contributions: how long a search takes, beside reading every title in the same run.

`python -m tests.benchmarks library [--count 1000000] [--queries 2000]`. The index is made directly, without the packages, and all at once:
what is measured is searching it. The peer is SQLite reading every title (`LIKE '%word%'`), as a search without an index does.
Milliseconds are of the clock on the wall and, for the machine may be busy, of this thread on a processor. The last kinds are what is hard
for an index: words that are in every package, beginnings of one letter, wide ranges.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from liveshow.library.facets import steps_of
from liveshow.library.index import Index
from liveshow.library.index_rows import PUT, key_from, row_of, weigh
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
BATCH = 50_000
LIMIT = 50.0  # ms, p99 of all


def main(arguments: Sequence[str]) -> None:
    """Make the index, search it, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks library")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=2000)
    asked = parser.parse_args(arguments)
    rng = random.Random(1)
    names = [f"{rng.choice(WORDS).title()} {rng.choice(WORDS).title()}" for _ in range(PEOPLE)]
    with tempfile.TemporaryDirectory(prefix="liveshow-library-") as folder, Index(Path(folder)) as index:
        _fill(index, _packages(rng, names, asked.count))
        _print(index, rng, asked.count, asked.queries)


def _fill(index: Index, packages: Iterable[Contribution]) -> None:
    """An index in which nothing is yet, of packages whose ids all differ: its words are sorted once, at the end."""
    rows = (
        row_of(key_from(about.segment.start.utc.timestamp()), Path(about.show.id, about.segment.id), about)
        for about in packages
    )
    index.db.execute("PRAGMA synchronous = OFF")
    with index.writing() as db:
        for count, batch in enumerate(iter(lambda: list(islice(rows, BATCH)), []), 1):
            db.executemany(PUT, batch)
            for step, number in Counter(step for row in batch for step in steps_of(row[7], row[10])).items():
                weigh(db, [step], number)
            print(f"\r{count * BATCH} packages", end="", flush=True)
        db.execute("INSERT INTO words (words) VALUES ('rebuild')")


def _packages(rng: random.Random, names: Sequence[str], count: int) -> Iterator[Contribution]:
    return (_package(rng, names, number) for number in range(count))


def _package(rng: random.Random, names: Sequence[str], number: int) -> Contribution:
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
        "two words of every one and two more": lambda: Query(text=f"open mic {word()} {word()}"),
        "a beginning of one letter": lambda: Query(text=f"{word()[0]}*"),
        "beginnings of one letter and a word": lambda: Query(text=f"{word()[0]}* {word()[0]}* {word()}"),
        "over 30 s and a word": lambda: Query(shortest=30, text=word()),
        "long, loud, a performer": lambda: Query(shortest=600, quietest=-20, performer=person()),
        "a performer and three words": lambda: Query(performer=person(), text=f"{word()} {word()} {word()}"),
    }


def _day(since: datetime, word: str) -> Query:
    return Query(since=since, until=since + timedelta(days=1), text=word)


def _print(index: Index, rng: random.Random, count: int, queries: int) -> None:
    kinds = _kinds(rng, count)
    took: dict[str, list[Took]] = {kind: [] for kind in kinds}
    for kind in list(kinds) * max(1, queries // len(kinds)):
        query = kinds[kind]()
        took[kind].append(_timed(lambda query=query: search(index, query)))  # type: ignore[misc]
    scan = "SELECT count(*) FROM package WHERE title LIKE ?"
    peer = _at([_timed(lambda: index.db.execute(scan, (f"%{rng.choice(WORDS)}%",)).fetchone()) for _ in range(5)], 0.5)
    print(
        f"\r{count} packages, the 50 newest that fit; reading every title takes {peer.wall:.0f} ms ({peer.cpu:.0f} ms of a processor)"
    )
    print(f"{'':<40}{'on the wall, ms':^20}{'processor, ms':^20}{'p99 / peer':>12}")
    print(f"{'searched for':<40}{'p50':>10}{'p99':>10}{'p50':>10}{'p99':>10}")
    everything = [one for each in took.values() for one in each]
    for kind, each in [*took.items(), ("all of these", everything)]:
        p50, p99 = _at(each, 0.5), _at(each, 0.99)
        print(f"{kind:<40}{p50.wall:>10.2f}{p99.wall:>10.2f}{p50.cpu:>10.2f}{p99.cpu:>10.2f}{p99.wall / peer.wall:>12.3f}")
    p99 = _at(everything, 0.99)
    print(f"p99 of all: {p99.wall:.1f} ms, {'within' if p99.wall <= LIMIT else 'NOT within'} {LIMIT:g} ms")


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds on the wall and of a processor."""

    wall: float
    cpu: float


def _at(each: Sequence[Took], share: float) -> Took:
    """The one that so many (0 to 1) are not longer than, each figure for itself."""
    walls, cpus = sorted(one.wall for one in each), sorted(one.cpu for one in each)
    place = min(len(each) - 1, int(len(each) * share))
    return Took(walls[place], cpus[place])


def _timed(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.thread_time()
    work()
    return Took((time.perf_counter() - wall) * 1e3, (time.thread_time() - cpu) * 1e3)
