"""How often is the tag guard wrong? Random scenes, through the worker's own meters.

    python -m tests.benchmarks guard [--scenes 60] [--evenings 20] [--seed 1]

In one half of them everybody who is heard is on; every hint there is a false alarm. In the other half somebody comes in who is not on.
Rooms, gains, bleed, noise, applause, laughter, loudspeakers, pauses and who speaks or plays are drawn anew for every scene.

Then evenings of three items, whose crew presses its keys too early or too late: are the boundaries that are suggested the real ones?
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from liveshow.events import Go, Hint, Hold, On, Sayable, Tag
from liveshow.timebase import SECOND
from tests.guarded_show import MICS, START, GuardedShow, looks_of
from tests.stage_sound import Sound, Source, applause, hum, laughter, microphones, music, speech, talk

SECONDS, COMES = 60, 25.0
PLACES = {"mara": "vox1", "theo": "vox2", "juniper": "accordion"}
CASTS = {"solo": ["mara"], "song": ["theo"], "waltz": ["mara", "juniper"]}
VOICES = ("en-us", "en-gb+m3", "de+f2", "fr", "en-us+f3", "es+m2")


@dataclass(frozen=True)
class Drawn:
    """A scene: what sounds, what is said, and who is heard without being on (None: nobody)."""

    sources: list[Source]
    marks: list[tuple[float, Sayable]]
    untagged: str | None
    noise: float


def draw(random: np.random.Generator, guilty: bool) -> Drawn:
    """One scene."""
    gains = dict(zip(MICS, random.uniform(-6, 6, len(MICS)), strict=True))
    bleed, room = random.uniform(-26, -13), random.uniform(-36, -26)
    count = int(random.integers(2, 4)) if guilty else int(random.integers(1, 4))
    cast = [str(p) for p in random.permutation(list(PLACES))][:count]
    untagged = cast[-1] if guilty else None
    sources = []
    for performer in cast:
        heard = {m: (0.0 if m == PLACES[performer] else bleed + random.uniform(-4, 4)) + gains[m] for m in MICS}
        spans = _spans(random, COMES if performer == untagged else 0.0)
        sources.append(Source(_sound(random, performer), spans, heard, random.uniform(-8, 6), room))
    sources += [_house(random) for _ in range(int(random.integers(0, 3)))]
    marks: list[tuple[float, Sayable]] = [(0.0, Go(t=0, item="open"))]
    marks += [(0.1, On(t=0, performer=p)) for p in cast if p != untagged]
    return Drawn(sources, marks, untagged, random.uniform(-70, -55))


def _sound(random: np.random.Generator, performer: str) -> Sound:
    kind = random.random()
    if performer == "juniper" or kind < 0.2:
        return music(int(random.integers(0, 6)), lowest=float(random.choice([98.0, 196.0, 392.0])))
    return (
        speech(str(random.choice(VOICES)))
        if kind < 0.6
        else talk(f"somebody {int(random.integers(0, 8))}", int(random.integers(0, 8)))
    )


def _spans(random: np.random.Generator, at: float) -> list[tuple[float, float]]:
    """Now and then a pause of up to 20 s; whoever comes in late goes on for a while first."""
    spans, begin = [], at
    while begin < SECONDS:
        end = begin + random.uniform(15, 60)
        spans.append((begin, min(end, SECONDS)))
        begin = end + random.uniform(2, 20)
    return spans


def _house(random: np.random.Generator) -> Source:
    """Applause, laughter, music from the loudspeakers or a hum, somewhere in the scene."""
    begin = random.uniform(5, 50)
    spans = [(begin, min(SECONDS, begin + random.uniform(2, 15)))]
    far = {m: random.uniform(-18, -8) + (6 if m == "room" else 0) for m in MICS}
    match int(random.integers(0, 4)):
        case 0:
            return Source(applause(), spans, far)
        case 1:
            return Source(laughter(4, int(random.integers(0, 4))), spans, far)
        case 2:
            return Source(music(int(random.integers(0, 6))), spans, far, room=-12)
        case _:
            return Source(hum(5, -20), spans, {str(random.choice(MICS)): random.uniform(-20, 0)}, room=-90)


@dataclass(frozen=True)
class Evening:
    """Three items. `truth`: each segment's real in and out, in seconds, by its item."""

    sources: list[Source]
    marks: list[tuple[float, Sayable]]
    truth: dict[str, tuple[float, float]]
    seconds: float


def draw_evening(random: np.random.Generator) -> Evening:
    """A crew that is early or late, at times by a lot; an audience that claps most of the time."""
    sources: list[Source] = []
    marks: list[tuple[float, Sayable]] = []
    truth, begin = {}, 14.0
    bleed = random.uniform(-24, -14)
    for item, cast in CASTS.items():
        end = begin + random.uniform(22, 34)
        for performer in cast:
            heard = {m: 0.0 if m == PLACES[performer] else bleed + random.uniform(-3, 3) for m in MICS}
            sources.append(Source(_sound(random, performer), _breaths(random, begin, end), heard, random.uniform(-5, 3)))
        if random.random() < 0.8:
            far = {m: random.uniform(-14, -8) + (8 if m == "room" else 0) for m in MICS}
            sources.append(Source(applause(), [(end + random.uniform(0.2, 0.8), end + random.uniform(4, 8))], far))
        truth[item] = (begin, end)
        marks.append((begin + _error(random, 6), Go(t=0, item=item)))
        following = end + random.uniform(9, 14)
        if random.random() < 0.6 or item == "waltz":
            marks.append((min(end + _error(random, 8), following - 7), Hold(t=0)))
        begin = following
    return Evening(sources, sorted(marks, key=lambda mark: mark[0]), truth, begin)


def _breaths(random: np.random.Generator, begin: float, end: float) -> list[tuple[float, float]]:
    """One pause of up to three seconds, somewhere in the middle."""
    pause = random.uniform(begin + 6, end - 8)
    return [(begin, pause), (pause + random.uniform(0.2, 3), end)]


def _error(random: np.random.Generator, most: float) -> float:
    """Half of the time on the spot."""
    return float(random.uniform(-0.5, 0.8) if random.random() < 0.5 else random.uniform(-most / 2, most))


def run_evenings(count: int, seed: int) -> bool:
    """How many hints came (boundaries, and GO or a performer forgotten for so long), and how many were right to within a second."""
    random, right, wrong = np.random.default_rng(seed), 0, 0
    for number in range(count):
        evening, show = draw_evening(random), GuardedShow()
        show.play(looks_of(microphones(MICS, evening.seconds, evening.sources)), evening.marks)
        for name, (hint, at, _) in show.seen.items():
            truth = _truth_of(show, evening, hint)
            good = truth is not None and abs(truth - _said(hint)) <= 1.0
            right, wrong = right + good, wrong + (not good)
            if not good:
                print(f"evening {number}: at {at:.0f} s, {name}: {hint.what} | {hint.fix} | in truth {truth}")
    print(f"{count} evenings of three items: {right} hints right to within a second, {wrong} wrong")
    return not wrong


def _truth_of(show: GuardedShow, evening: Evening, hint: Hint) -> float | None:
    """When that really was of which a hint speaks, in seconds; None for a hint that has no reason."""
    match hint.event:
        case Tag():
            segment = show.state.segment(hint.event.segment)
            edge = 0 if hint.event.end is None else 1
            return evening.truth[segment.item][edge] if segment and segment.item else None
        case On():
            begun = [evening.truth[item][0] for item, cast in CASTS.items() if hint.event.performer in cast]
            return min(begun, key=lambda begin: abs(begin - _said(hint)))
        case Go():
            return evening.truth[hint.event.item][0]
        case _:
            return None


def _said(hint: Hint) -> float:
    """Of what instant a hint speaks, in seconds."""
    tag = hint.event if isinstance(hint.event, Tag) else None
    at = hint.event.t if tag is None else tag.start if tag.end is None else tag.end
    return ((at or 0) - START) / SECOND


def run(scenes: int, seed: int) -> bool:
    """Play, print what came, and say whether nothing was wrong."""
    random, false, found, late = np.random.default_rng(seed), Counter[str](), 0, []
    for number in range(scenes):
        drawn = draw(random, guilty=number % 2 == 1)
        show = GuardedShow()
        show.play(looks_of(microphones(MICS, SECONDS, drawn.sources, drawn.noise)), drawn.marks)
        right = f"voice:{drawn.untagged}:s3"
        for name, (hint, begin, _) in show.seen.items():
            if name == right and begin >= COMES:
                found += 1
                late.append(begin - COMES)
            elif not name.startswith(f"{right}:"):
                false[name.partition(":")[0]] += 1
                print(f"scene {number}: at {begin:.0f} s, {hint.what}")
    minutes = scenes * SECONDS / 60
    print(f"{minutes:.0f} minutes in {scenes} scenes: {sum(false.values())} false hints {dict(false)}")
    print(f"somebody who was not on: found in {found} of {scenes // 2}, after {np.median(late) if late else 0:.1f} s (median)")
    return not false


def main(arguments: list[str]) -> None:
    """The benchmark from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks guard")
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--evenings", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    voices, boundaries = run(options.scenes, options.seed), run_evenings(options.evenings, options.seed)
    if not (voices and boundaries):
        sys.exit(1)
