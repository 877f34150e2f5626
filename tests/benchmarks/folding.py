"""What one more event costs whoever follows a journal, when there were thousands before.

    python -m tests.benchmarks folding [--events 5000]

Of an evening of forty performers who are in everything, with a segment every twenty events: parts, marks, alarms, links, and what is said
on pages. Beside it, the state of the whole journal from scratch, which is what an event cost before.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
from msgspec.structs import replace

from liveshow.events import (
    AlarmCleared,
    AlarmRaised,
    ConsentGiven,
    Credited,
    Go,
    Highlight,
    JournalEvent,
    LinkIssued,
    Note,
    Off,
    On,
    PageNote,
    PartStarted,
    ShowOpened,
    Tag,
    Undo,
)
from liveshow.model import Setup
from liveshow.setupfile import parse
from liveshow.showfolder.state import Folding, fold
from liveshow.timebase import SECOND

PERFORMERS, LAST = 40, 300


def setup() -> Setup:
    """Everybody is in the one item, which is played again and again."""
    people = "".join(f'[[performer]]\nid = "p{k}"\nname = "Performer {k}"\n' for k in range(PERFORMERS))
    everyone = ", ".join(f'"p{k}"' for k in range(PERFORMERS))
    text = '[show]\ntitle = "Long"\n[[camera]]\nid = "cam1"\nsource = "simulated:"\nshared = true\n'
    return parse(
        f'{text}{people}[[item]]\nid = "i"\ntitle = "I"\nperformers = [{everyone}]\n', "setup.toml", date(2026, 11, 29)
    )


def journal(count: int, chance: random.Random) -> Iterator[JournalEvent]:
    """So many events, a second apart."""
    yield ShowOpened(n=1, t=0, wall=0, show="long", date="2026-11-29", timezone="UTC")
    segments = ["s2"]
    for n in range(2, count + 1):
        t, who, segment = n * SECOND, f"p{chance.randrange(PERFORMERS)}", chance.choice(segments[-10:])
        event = Go(t=t, item="i") if n % 20 == 2 else chance.choices(*_others(t, n, who, segment))[0]()
        segments += [f"s{n}"] if isinstance(event, Go) else []
        yield replace(event, n=n, said=t, by="x")


def _others(t: int, n: int, who: str, segment: str) -> tuple[list[Callable[[], JournalEvent]], list[int]]:
    """What else is said, and how often."""
    alarm = f"mic{n % 32:02}:silent"
    every: dict[Callable[[], JournalEvent], int] = {
        lambda: PartStarted(t=t, feed="cam1", run="r", seq=n, part=n, file="f", what="h264"): 40,
        lambda: On(t=t, performer=who): 2,
        lambda: Off(t=t, performer=who): 2,
        lambda: Highlight(t=t): 1,
        lambda: Note(t=t, text="x"): 1,
        lambda: ConsentGiven(t=t, performer=who, answer="yes", segments=(segment,), page=who, press=f"{n}"): 10,
        lambda: Credited(t=t, performer=who, name=f"Name {n}", page=who, press=f"{n}"): 6,
        lambda: Tag(t=t, segment=segment, plus=(who,), page=who, press=f"{n}"): 8,
        lambda: PageNote(t=t, performer=who, segment=segment, text="x", page=who, press=f"{n}"): 4,
        lambda: AlarmRaised(t=t, alarm=alarm, rank=2, about="mic", what="silent"): 8,
        lambda: AlarmCleared(t=t, alarm=alarm): 8,
        lambda: LinkIssued(t=t, performer=who, link=f"l{n}", digest="d", expires=t): 2,
        lambda: Undo(t=t, of=n - 3): 1,
    }
    return list(every), list(every.values())


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks folding", description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    given = parser.parse_args(arguments)
    print(
        f"{'events':>7}{'segments':>10}{'from scratch, ms':>18}{'one more: p50':>15}{'p99':>7}{'most':>7}   (ms of a processor)"
    )
    for count in (given.events // 10, given.events // 2, given.events):
        events, written = list(journal(count, random.Random(1))), setup()
        began = time.thread_time()
        whole = fold(written, events)
        scratch, folding, each = time.thread_time() - began, Folding(written), list[float]()
        folding.take(events[:-LAST])
        for event in events[-LAST:]:
            began = time.thread_time()
            folding.take([event])
            each.append(time.thread_time() - began)
        assert folding.state == whole
        p50, p99, most = (1000 * float(q) for q in np.percentile(each, (50, 99, 100)))
        print(f"{count:>7}{len(whole.segments):>10}{1000 * scratch:>18.0f}{p50:>15.2f}{p99:>7.1f}{most:>7.1f}")
