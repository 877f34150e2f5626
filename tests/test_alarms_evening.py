"""Two hours of an ordinary show: what a prover sees of rendered voices, music, applause and stages, and not one alarm."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from liveshow.events import AlarmRaised, FeedHealth, Go, Hold, JournalEvent, Look, Proof
from liveshow.model import FeedKind
from liveshow.recorder import watchman as watchman_module
from liveshow.recorder.conditions import Sight, recent
from liveshow.recorder.proving.figures import Figures, Usual, figures
from liveshow.recorder.proving.sound import SoundLooking
from liveshow.recorder.proving.stillness import SAME
from liveshow.recorder.sound_part import SoundPart
from liveshow.recorder.watchman import Watchman
from liveshow.showfolder.names import TIMING
from liveshow.showfolder.state import ShowState, fold
from liveshow.showfolder.timing import Header, TimingWriter
from liveshow.timebase import SECOND, ShowClock
from tests import stage_sound
from tests.fake_recorder import CAMERAS, MICS, START, setup_text
from tests.stage_pictures import natural
from tests.stage_sound import RATE, Source, microphones
from tests.synthetic_show import SyntheticShow
from tests.test_alarms import SETUP, journal

STEP = 5.0  # seconds between two looks
SOUND = 100  # seconds that are rendered, and go round
HEARD = ("vox1", "accordion", "room-left")
SIZE = (90, 160)
HOUR = 3600
TINY, WALTZ, NIGHT = "the-tiny-book-of-tiny-stories", "waltz-for-a-lost-umbrella", "the-night-ferry"
ITEMS = ((300, 1200, TINY), (1260, 2500, WALTZ), (3800, 5000, NIGHT), (5045, 6300, TINY), (6345, 7100, WALTZ))
INTERVAL = (2500, 3800)
BLACKOUTS = ((1200, 1260), (1800, 1822), (5000, 5045), (6300, 6345))  # three between items, one in the middle of one


@cache
def heard_on_disk(place: Path) -> Mapping[str, Sequence[Look]]:
    """What the prover sees of three microphones, as they are written: somebody reads, an accordion, the room; applause at the end."""
    show = SyntheticShow.begun(place, setup_text(CAMERAS, MICS))
    sources = (
        Source(stage_sound.talk("mara"), [(2, 40), (46, 88)], {"vox1": 0, "accordion": -26, "room-left": -24}),
        Source(stage_sound.music(1), [(4, 86)], {"accordion": 0, "vox1": -28, "room-left": -22}),
        Source(stage_sound.laughter(), [(40, 44)], {"room-left": -6, "vox1": -20, "accordion": -20}),
        Source(stage_sound.applause(), [(86, 97)], {"room-left": 0, "vox1": -8, "accordion": -8}),
    )
    sound = microphones(HEARD, SOUND, sources)
    return {mic: tuple(_looks(show, mic, sound[:, k])) for k, mic in enumerate(HEARD)}


def _looks(show: SyntheticShow, mic: str, sound: NDArray[np.int32]) -> Iterator[Look]:
    path, number = show.new_part(mic, START, ".wav")
    header = Header(feed=mic, part=number, run="r", media="sound", rate=str(RATE), first=0, start=START)
    part, timing = SoundPart(path, RATE), TimingWriter(path.with_suffix(TIMING), header)
    looking, step = SoundLooking(show.folder, mic, 1), round(STEP * RATE)
    for first in range(0, len(sound), step):
        part.write(sound[first : first + step])
        timing.add(part.frames, START + part.frames * SECOND // RATE)
        timing.flush()
        look = looking.look(START + part.frames * SECOND // RATE)
        assert look is not None
        yield look
    timing.close()
    part.finish()
    part.close()


class Eye:
    """A camera that looks at a stage: what the prover sees of it, look after look."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._usual = Usual()
        self._last: tuple[int, Figures] | None = None
        self._still = 0
        self._noise = self._random.normal(0, 1.5, (8, *SIZE))
        self._views = [80 + 32 * natural(self._random, *SIZE).astype(np.float64) for _ in range(3)]

    def look(
        self,
        at: int,
        light: float,
        view: int = 0,
        through: Callable[[NDArray[np.floating]], NDArray[np.floating]] | None = None,
    ) -> Look:
        """At show-clock ns `at`, in so much light (1: as usual), at one of three views, through fog or a hand."""
        stage = self._views[view].copy()
        somebody = int(self._random.integers(20, SIZE[1] - 30))
        stage[30:85, somebody : somebody + 12] += 50
        lit = 16 + light * (through(stage) if through else stage)
        grey = np.clip(lit + self._noise[self._random.integers(8)], 0, 255).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="gray")
        seen = figures(frame)
        compared = self._usual.compare(seen)
        change = self._last[1].change_to(seen) if self._last else None
        still = change is not None and change < SAME
        self._still = (self._still or (self._last[0] if self._last else 0)) if still else 0
        self._last = at, seen
        return Look(
            at=at,
            since=at - SECOND,
            until=at,
            brightness=seen.brightness,
            contrast=seen.contrast,
            dark=seen.dark,
            change=change,
            still=self._still,
            plain=compared.plain,
            focus=compared.focus,
            view=compared.view,
        )


def blurred(stage: NDArray[np.floating], by: int) -> NDArray[np.floating]:
    """Out of focus."""
    for axis in (0, 1):
        stage = np.mean([np.roll(stage, k, axis) for k in range(-by, by + 1)], axis=0)
    return stage


def hand(stage: NDArray[np.floating]) -> NDArray[np.floating]:
    """Right before the lens."""
    return np.full(SIZE, 45.0) + np.linspace(0, 6, SIZE[1])


def fog(stage: NDArray[np.floating]) -> NDArray[np.floating]:
    """Over the whole stage."""
    return 60 + 0.4 * blurred(stage, 2)


@dataclass
class Evening:
    """Plays it. `spoil` changes what is seen of a feed at a second of it; `raised`: what became of that."""

    place: Path
    spoil: Callable[[float, str, Look], Look | None] = lambda _second, _feed, _look: None
    raised: list[tuple[float, str]] = field(default_factory=list)
    eyes: dict[str, Eye] = field(default_factory=lambda: {camera: Eye(k) for k, camera in enumerate(CAMERAS)})

    def play(self, seconds: float = 2 * HOUR) -> list[tuple[float, str]]:
        """Alarms that were raised, and when."""
        marks: list[tuple[float, JournalEvent]] = []
        for begin, end, item in ITEMS:
            marks += [(begin, Go(t=START + begin * SECOND, item=item)), (end, Hold(t=START + end * SECOND))]
        said: list[JournalEvent] = []
        sights = self._sights(seconds, marks, said)
        watchman = Watchman(fold(SETUP, journal()), ShowClock(), lambda: next(sights, None), said.extend)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(watchman_module, "LOOK_EVERY", 0.0)
            patch.setattr(watchman_module, "SHOWN_WITHIN", 0.0)
            asyncio.run(watchman.run())
        self.raised = [((e.t - START) / SECOND, e.alarm) for e in said if isinstance(e, AlarmRaised)]
        return self.raised

    def _sights(
        self, seconds: float, marks: Sequence[tuple[float, JournalEvent]], said: Sequence[JournalEvent]
    ) -> Iterator[Sight]:
        """What the recorder sees, look by look."""
        state, known = fold(SETUP, journal()), 0
        for step in range(int(seconds / STEP)):
            second = 60 + step * STEP
            now = START + round(second * SECOND)
            due = [event for at, event in marks if at <= second]
            events = journal(*due, *said)
            if len(events) != known:
                state, known = fold(SETUP, events), len(events)
            yield self._sight(second, now, state, events)

    def _sight(self, second: float, now: int, state: ShowState, events: Sequence[JournalEvent]) -> Sight:
        looks = {feed.id: self._look(second, now, feed.id, feed.kind) for feed in SETUP.feeds}
        looks = {feed: self.spoil(second, feed, look) or look for feed, look in looks.items()}
        health = {
            feed: FeedHealth(state="recording", rms=look.level, rate=30.0 if look.level is None else 48_000.0, position=now)
            for feed, look in looks.items()
        }
        proofs = {feed: Proof(light="proven", at=now, look=look) for feed, look in looks.items()}
        return Sight(
            now=now, state=state, feeds=health, proofs=proofs, free=10**12, seconds_left=1e5, recent=recent(events, now)
        )

    def _look(self, second: float, now: int, feed: str, kind: FeedKind) -> Look:
        return self._pictured(second, now, feed) if kind is FeedKind.CAMERA else self._heard(second, now, feed)

    def _heard(self, second: float, now: int, feed: str) -> Look:
        """In the interval microphones are muted, and a cable that is pulled hums; one is never used; one is muted through a long solo."""
        looks = heard_on_disk(self.place)[feed if feed in HEARD else "room-left" if feed.startswith("room") else "vox1"]
        look = looks[int(second / STEP) % len(looks)]
        if feed == "spare" or (INTERVAL[0] < second < INTERVAL[1] and not feed.startswith("room")):
            look = msgspec.structs.replace(look, level=-120.0, peak=-120.0, spread=0.0, flatness=1.0)
        if feed == "guitar" and 2600 < second < 2660:
            look = msgspec.structs.replace(look, level=-30.0, hum=-30.0)
        if feed == "vox1" and 4200 < second < 4225:
            look = msgspec.structs.replace(look, level=-120.0, peak=-120.0)
        return msgspec.structs.replace(look, at=now, since=now - 4 * SECOND, until=now, ppm=18.0, measured=900.0, jump=0.4)

    def _pictured(self, second: float, now: int, feed: str) -> Look:
        """Blackouts, a dark stage in the interval, scenes in dim light, fog; one camera is turned from view to view."""
        light = 1.0 if any(begin <= second < end for begin, end, _ in ITEMS) else 0.6
        light = 0.35 if 900 < second < 1000 else 0.03 if INTERVAL[0] <= second < INTERVAL[1] else light
        light = 0.0 if any(begin <= second < end for begin, end in BLACKOUTS) else light
        light = max(light, 0.3) if feed == "balcony" else light  # which sees the audience as well
        view = int(second / 85) % 3 if feed == "close" else 0
        return self.eyes[feed].look(now, light, view, fog if 5300 < second < 5420 else None)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evening")


def test_nothing_is_an_alarm_in_an_ordinary_evening(place: Path) -> None:
    """Five items, blackouts between them and within, an interval with muted microphones and a pulled plug, fog, dim light, a camera that
    is turned about, laughter and applause: not one alarm in two hours."""
    assert Evening(place).play() == []


@pytest.mark.parametrize(
    ("through", "alarm"),
    [
        pytest.param(hand, "left:covered", id="covered"),
        pytest.param(lambda stage: blurred(stage, 5), "left:defocused", id="defocused"),
        pytest.param(lambda stage: stage * 0, "left:black", id="black"),
    ],
)
def test_what_goes_wrong_in_such_an_evening_is_an_alarm_and_nothing_else_is(
    place: Path, through: Callable[[NDArray[np.floating]], NDArray[np.floating]], alarm: str
) -> None:
    """A microphone dies and a camera sees nothing, or not sharply, ten minutes into it: there are these two alarms, since then."""
    evening = Evening(place)

    def spoil(second: float, feed: str, look: Look) -> Look | None:
        if not 600 < second < 700:
            return None
        if feed == "vox1":
            return msgspec.structs.replace(look, level=-120.0, peak=-120.0)
        return evening.eyes["left"].look(look.at, 1.0, 0, through) if feed == "left" else None

    evening.spoil = spoil
    raised = evening.play(800)
    assert {name for _, name in raised} == {"vox1:silent", alarm}
    assert all(600 <= at <= 605 for at, _ in raised)  # since when it is so
