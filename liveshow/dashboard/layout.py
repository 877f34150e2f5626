"""Where each feed goes in a panel of any size: cameras as pictures while they fit, everything else a line each.

What does not fit is on further pages; a feed in trouble takes a place on every page, so that it is never out of sight.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

LEAST_PICTURE = 10
WIDEST_PICTURE = 60
LINE_WIDTH = 42
CAPTION, CARD = 18, 11
SHARE_OF_LINES, SHARE_OF_PAGED, FEW_LINES = 0.62, 0.5, 0.34
ROOM_FOR_SCALE = 18


@dataclass(frozen=True, slots=True)
class Place:
    """A feed's place in cells. `picture`: how wide its picture is, 0 for one line; what is known of it stands beside the picture
    when the place is wider, else below."""

    feed: str
    x: int
    y: int
    width: int
    height: int
    picture: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Every place, and what is on other pages. `first`: how many lines were passed over; `step`: a page; `scales`: where the meters'
    scale stands, as (x, y, width), when there is a line for it."""

    places: tuple[Place, ...] = ()
    hidden: tuple[str, ...] = ()
    first: int = 0
    step: int = 1
    scales: tuple[tuple[int, int, int], ...] = ()


def plan(cameras: Sequence[str], mics: Sequence[str], trouble: Collection[str], width: int, height: int, first: int) -> Plan:
    """Places for all feeds in `width` × `height` cells, from the `first` line on."""
    tiles = _tiles(cameras, len(mics), width, height)
    below = max((t.y + t.height for t in tiles), default=0)
    lines = list(mics) if tiles else [*cameras, *mics]
    columns = _columns(len(lines), width, height - below)
    scale = 1 if mics and columns * (height - below - 1) >= len(lines) else 0
    slots = columns * max(0, height - below - scale)
    first = max(0, min(first, len(lines) - slots))
    shown = _in_sight(lines, trouble, first, slots)
    placed = _lines(shown, columns, width, below + scale)
    scales = sorted({(p.x, below, p.width) for p in placed}) if scale else ()
    return Plan((*tiles, *placed), tuple(f for f in lines if f not in shown), first, max(1, slots), tuple(scales))


def _tiles(cameras: Sequence[str], lines: int, width: int, height: int) -> tuple[Place, ...]:
    wanted = _lines_wanted(lines, width, height)
    if wanted > int(height * SHARE_OF_LINES) + 1:
        wanted = int(height * SHARE_OF_PAGED) + 1
    best: tuple[int, int, int, int] = (LEAST_PICTURE - 1, 0, 0, 0)
    for rows in range(1, len(cameras) + 1):
        in_row = -(-len(cameras) // rows)
        wide = min(WIDEST_PICTURE, (width - (in_row - 1)) // in_row)
        tall = min(round(wide * 9 / 32), (height - wanted) // rows - 1)
        best = max(best, (min(wide, tall * 32 // 9), in_row, wide, tall + 1))
    shown, in_row, wide, tall = best
    if shown < LEAST_PICTURE:
        return ()
    room = wide if wide - shown >= CARD else max(shown, min(wide, CAPTION))
    return tuple(_tile(feed, n, in_row, (wide, tall), room, shown) for n, feed in enumerate(cameras))


def _lines_wanted(lines: int, width: int, height: int) -> int:
    """In few columns, where that leaves enough for pictures; with the scale, where there is room to spare."""
    most = max(1, width // LINE_WIDTH)
    columns = next((n for n in range(1, most) if -(-lines // n) <= height * FEW_LINES), most)
    return -(-lines // columns) + (1 if lines and height >= ROOM_FOR_SCALE else 0)


def _tile(feed: str, number: int, in_row: int, pitch: tuple[int, int], wide: int, shown: int) -> Place:
    return Place(feed, number % in_row * (pitch[0] + 1), number // in_row * pitch[1], wide, pitch[1], shown)


def _columns(lines: int, width: int, height: int) -> int:
    most = max(1, width // LINE_WIDTH)
    return min(most, max(1, -(-lines // max(1, height - 1))))


def _in_sight(lines: Sequence[str], trouble: Collection[str], first: int, slots: int) -> list[str]:
    shown = list(lines[first : first + slots])
    pinned = [f for f in lines if f in trouble and f not in shown]
    calm = [f for f in shown if f not in trouble]
    leaving = set(calm[max(0, len(calm) - len(pinned)) :]) if pinned else set()
    kept = [f for f in shown if f not in leaving]
    return [*kept, *pinned][:slots]


def _lines(feeds: Sequence[str], columns: int, width: int, top: int) -> list[Place]:
    rows = -(-len(feeds) // columns)
    wide = (width - (columns - 1)) // columns
    return [Place(feed, number // rows * (wide + 1), top + number % rows, wide, 1) for number, feed in enumerate(feeds)]
