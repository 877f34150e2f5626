"""How often is the tag guard wrong? Random scenes, through the worker's own meters.

    python -m tests.benchmarks guard [--scenes 60] [--seed 1]

In one half of them everybody who is heard is on; every hint there is a false alarm. In the other half somebody comes in who is not on.
Rooms, gains, bleed, noise, applause, laughter, loudspeakers, pauses and who speaks or plays are drawn anew for every scene.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from liveshow.events import Go, On, Sayable
from tests.guarded_show import MICS, GuardedShow, looks_of
from tests.stage_sound import Sound, Source, applause, hum, laughter, microphones, music, speech, talk

SECONDS, COMES = 60, 25.0
PLACES = {"mara": "vox1", "theo": "vox2", "juniper": "accordion"}
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
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if not run(options.scenes, options.seed):
        sys.exit(1)
