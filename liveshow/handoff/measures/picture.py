"""What a camera's clip shows between in and out, from as few decoded pictures as serve.

Ten key pictures, evenly spread and at least a second apart, are looked at; then the edges of what is black or frozen are halved
until there is no key picture in between, at most 24 more. What begins and ends between two that were looked at is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median

from liveshow.handoff.measures.looking import KeyPictures, Look, key_pictures
from liveshow.showfolder.contribution import PictureMeasures

SPREAD, FURTHER = 10, 24
LASTS = 2.0  # seconds: what is black or frozen for less is not told


@dataclass(frozen=True, slots=True)
class Seen:
    """The measures, and the pictures that were looked at first, in the order of time."""

    measures: PictureMeasures
    looks: tuple[Look, ...]


def measure_picture(path: Path, first: int, last: int, rate: Fraction) -> Seen:
    """Pictures [first, last) of a clip at `rate`. Raises av.FFmpegError when it cannot be read."""
    with key_pictures(path) as keys:
        span = [round(Fraction(at) / rate / keys.unit) for at in (first, last)]
        spread = spread_over(keys, span[0], span[1])
        looks = _refined(keys, list(spread))
    unit = keys.unit
    ends = [look.pts for look in looks]
    apart = max((b - a for a, b in pairwise([span[0], *ends, span[1]])), default=0)

    def told(runs: Iterator[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        inside = ((max(a, span[0]), min(b, span[1])) for a, b in runs)
        return tuple((round(a * unit * rate), round((b - a) * unit * rate)) for a, b in inside if (b - a) * unit >= LASTS)

    sharp = round(median(look.sharpness for look in looks), 1) if looks else None
    measures = PictureMeasures(
        looked=len(looks),
        apart=round(float(apart * unit), 3),
        sharpness=sharp,
        black=told(_black(looks)),
        frozen=told(_frozen(looks)),
    )
    return Seen(measures, spread)


def spread_over(keys: KeyPictures, start: int, end: int) -> tuple[Look, ...]:
    """Evenly spread key pictures; one before `start` only when there is none after it."""
    count = max(1, min(SPREAD, int((end - start) * keys.unit)))
    found = [keys.at(start + (end - start) * (2 * k + 1) // (2 * count)) for k in range(count)]
    looks = {look.pts: look for look in found if look is not None}
    inside = [look for pts, look in sorted(looks.items()) if start <= pts < end]
    return tuple(inside or list(looks.values())[:1])


def _refined(keys: KeyPictures, looks: list[Look]) -> list[Look]:
    """The same with what it took to find where black or frozen begins and ends."""
    settled: set[tuple[int, int]] = set()
    for _ in range(FURTHER):
        edge = next((pair for pair in _edges(looks) if (pair[0].pts, pair[1].pts) not in settled), None)
        if edge is None:
            break
        before, after = edge
        between = keys.at((before.pts + after.pts) // 2)
        if between is None or between.pts <= before.pts:
            between = keys.at(after.pts - 1)  # the only one may lie in the second half
        if between is None or not before.pts < between.pts < after.pts:
            settled.add((before.pts, after.pts))
        else:
            looks = sorted([*looks, between], key=lambda look: look.pts)
    return looks


def _edges(looks: Sequence[Look]) -> Iterator[tuple[Look, Look]]:
    """Neighbours between which something begins or ends: one is black, or they differ beside two that do not."""
    same = [a.same_as(b) for a, b in pairwise(looks)]
    for k, (before, after) in enumerate(pairwise(looks)):
        beside = same[max(0, k - 1) : k] + same[k + 1 : k + 2]
        if before.black != after.black or (not same[k] and any(beside)):
            yield before, after


def _black(looks: Sequence[Look]) -> Iterator[tuple[int, int]]:
    yield from _stretches(looks, [a.black and b.black for a, b in pairwise(looks)])


def _frozen(looks: Sequence[Look]) -> Iterator[tuple[int, int]]:
    yield from _stretches(looks, [a.same_as(b) and not a.black for a, b in pairwise(looks)])


def _stretches(looks: Sequence[Look], holds: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """From pts to pts: where it holds from each one to the next."""
    begun: int | None = None
    for k, held in enumerate([*holds, False]):
        if held and begun is None:
            begun = looks[k].pts
        elif not held and begun is not None:
            yield begun, looks[k].pts
            begun = None
