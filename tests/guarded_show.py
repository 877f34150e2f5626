"""A show for the tag guard's tests: what its microphones hear goes through the worker's own meters, and its marks through the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from liveshow.events import FeedHealth, Hint, JournalEvent, Sayable, SessionStarted, ShowOpened
from liveshow.recorder.hint_book import Fix
from liveshow.recorder.levels import Levels
from liveshow.recorder.marks import resolve
from liveshow.recorder.spectrum import Flatness
from liveshow.recorder.tag_guard import TagGuard
from liveshow.setupfile import parse
from liveshow.showfolder.state import ShowState, fold
from liveshow.timebase import SECOND
from tests.stage_sound import RATE

START = 1_000 * SECOND
BLOCK, BLOCKS_A_LOOK = 800, 2
MICS = ("vox1", "vox2", "guitar", "accordion", "room")
SETUP = """
[show]
title = "Guarded"
date = 2026-11-22
timezone = "America/Los_Angeles"

[[audio]]
id = "box"
source = "simulated:"
sample_rate = 48000
""" + "".join(f'[[audio.mic]]\nid = "{m}"\nchannel = {n}\nshared = {str(m == "room").lower()}\n' for n, m in enumerate(MICS, 1))
PERFORMERS = {
    "mara": ("Mara", ("vox1",)),
    "theo": ("Théo", ("vox2", "guitar")),
    "juniper": ("Juniper", ("accordion",)),
    "choir": ("The Choir", ("vox1", "vox2")),
    "dancer": ("The Dancer", ()),
}
ITEMS = {"solo": ("mara",), "song": ("theo",), "duet": ("mara", "theo"), "waltz": ("mara", "juniper"), "open": ()}
SETUP += "".join(
    f'[[performer]]\nid = "{p}"\nname = "{name}"\nfeeds = {msgspec.json.encode(feeds).decode()}\n'
    for p, (name, feeds) in PERFORMERS.items()
)
SETUP += "".join(
    f'[[item]]\nid = "{i}"\ntitle = "{i.title()}"\nperformers = {msgspec.json.encode(who).decode()}\n'
    for i, who in ITEMS.items()
)


def looks_of(sound: NDArray[np.int32], mics: Sequence[str] = MICS) -> list[tuple[int, dict[str, FeedHealth]]]:
    """What the worker's health would say of the sound, shape (samples, mics), at each of its messages: (show-clock ns, health)."""
    levels, flatness = Levels(len(mics)), Flatness(len(mics), RATE)
    looks = []
    for number, begin in enumerate(range(0, len(sound) - BLOCK + 1, BLOCK), 1):
        levels.add(sound[begin : begin + BLOCK])
        flatness.add(sound[begin : begin + BLOCK])
        if number % BLOCKS_A_LOOK == 0:
            flat = flatness.read()
            assert flat is not None
            read = [levels.read(channel) for channel in range(len(mics))]
            feeds = {m: _health(r, float(f)) for m, r, f in zip(mics, read, flat, strict=True)}
            looks.append((START + (begin + BLOCK) * SECOND // RATE, feeds))
    return looks


def _health(read: tuple[float, float, int] | None, flat: float) -> FeedHealth:
    assert read is not None
    return FeedHealth(state="recording", rms=read[0], peak=read[1], flatness=round(flat, 3))


@dataclass
class GuardedShow:
    """A journal in memory and a guard. `seen`: every hint that ever stood, as it first stood, with the seconds from when to when."""

    setup_text: str = SETUP
    events: list[JournalEvent] = field(default_factory=list)
    seen: dict[str, tuple[Hint, float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.setup = parse(self.setup_text, "setup.toml", date(2026, 11, 22))
        self.guard = TagGuard(self.setup)
        self.state = ShowState()
        self.now = START
        opened = ShowOpened(t=START, wall=0, show="show", date="2026-11-22", timezone="America/Los_Angeles")
        self._write(opened)
        self._write(SessionStarted(t=START, wall=0, offset=0, boot="", pid=1, version="", setup=self.setup_text, library=""))

    @property
    def hints(self) -> tuple[Hint, ...]:
        """Those that stand."""
        return self.guard.hints

    def say(self, event: Sayable, ago: float = 0.0) -> None:
        """As the recorder takes it."""
        self._write(resolve(event, self.state, self.now, round(ago * SECOND), "test"))

    def since(self, name: str) -> int:
        """When a hint was first seen, show-clock ns."""
        return START + round(self.seen[name][1] * SECOND)

    def play(
        self,
        looks: Sequence[tuple[int, Mapping[str, FeedHealth]]],
        marks: Sequence[tuple[float, Sayable]] = (),
        each: Callable[[GuardedShow], None] = lambda _show: None,
    ) -> None:
        """All looks, with the marks said at their seconds; `each` is called after every look."""
        due = sorted(marks, key=lambda mark: mark[0])
        for at, feeds in looks:
            while due and START + due[0][0] * SECOND <= at:
                self.now = START + round(due[0][0] * SECOND)
                self.say(due.pop(0)[1])
            self.now = at
            self.guard.look(at, feeds, self.state, self._would)
            self._note()
            each(self)

    def _note(self) -> None:
        seconds = (self.now - START) / SECOND
        for hint in self.hints:
            first, begin, _ = self.seen.get(hint.hint, (hint, seconds, seconds))
            self.seen[hint.hint] = (first, begin, seconds)

    def _would(self, event: Fix) -> ShowState:
        return fold(self.setup, [*self.events, msgspec.structs.replace(event, n=len(self.events) + 1)])

    def _write(self, event: JournalEvent) -> None:
        self.events.append(msgspec.structs.replace(event, n=len(self.events) + 1, said=self.now))
        self.state = fold(self.setup, self.events)
