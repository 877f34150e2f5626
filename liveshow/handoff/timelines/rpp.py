"""Reaper projects (.rpp): text, one item a line, `<` opens a chunk and `>` closes it.

Source: the files that Reaper 6 and 7 write; colours are red + 256 green + 65536 blue + 2^24 ("custom"). Times are in seconds, written
to the picosecond. An item of a film is its pictures and its sound.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from liveshow.handoff.timelines.colors import Color, marker_color
from liveshow.handoff.timelines.neutral import Timeline, TimelineMarker, Track, TrackClip, at_countable_rate
from liveshow.handoff.timelines.writer import Writer
from liveshow.timebase import SECOND, nominal

_OURS = uuid.UUID("7a6f3f0a-5b53-4c43-9f0e-0d3d5e2f6b11")


def write(timeline: Timeline, path: Path) -> tuple[Path, ...]:
    """Write `path`.rpp."""
    timeline = at_countable_rate(timeline)
    file = path.with_name(path.name + ".rpp")
    file.write_text("\n".join([*_lines(timeline, path.parent), ""]), encoding="utf-8", newline="\n")
    return (file,)


def _lines(timeline: Timeline, beside: Path) -> Iterator[str]:
    yield '<REAPER_PROJECT 0.1 "6.0/liveshow" 0'
    yield from _notes("NOTES 0 2", [f"{name}: {text}" for name, text in timeline.about.items()])
    yield f"TITLE {quoted(timeline.name)}"
    yield f"AUTHOR {quoted(', '.join(p.name for p in timeline.people))}"
    yield f"PROJOFFS {_seconds(timeline.start_frame / timeline.rate)} 0 0"
    yield f"TIMEMODE 1 5 -1 {nominal(timeline.rate)} {_counting(timeline)} 0 -1"
    yield f"SAMPLERATE {timeline.sample_rate} 1 0"
    for number, marker in enumerate(timeline.markers, 1):
        yield from _marker(marker, number)
    for track in timeline.tracks:
        if not track.own:
            yield from _track(timeline, track, beside)
    yield ">"


def _counting(timeline: Timeline) -> int:
    """What Reaper adds to whole frame rates: 1 for drop-frame, 2 for the 1000/1001 rates without."""
    return 1 if timeline.drops(timeline.rate) else 2 if timeline.rate.denominator == 1001 else 0


def _seconds(value: Fraction) -> str:
    sign, picoseconds = "-" if value < 0 else "", round(abs(value) * 10**12)
    return f"{sign}{picoseconds // 10**12}.{picoseconds % 10**12:012}"


def quoted(text: str) -> str:
    """A text as one word of a line: in whichever quotes it does not hold; when it holds all three, ` becomes '."""
    line = " ".join(text.split())
    mark = next((mark for mark in "\"'`" if mark not in line), "`")
    return f"{mark}{line.replace('`', chr(39)) if mark == '`' else line}{mark}"


def _color(color: Color) -> int:
    return color.red | color.green << 8 | color.blue << 16 | 1 << 24


def _id(*names: object) -> str:
    return f"{{{str(uuid.uuid5(_OURS, '/'.join(map(str, names)))).upper()}}}"


def _marker(marker: TimelineMarker, number: int) -> Iterator[str]:
    """A marker, or a region: two lines of one number."""
    region = int(marker.lasts > 0)
    at, color = Fraction(marker.at, SECOND), _color(marker_color(marker.kind))
    yield f"MARKER {number} {_seconds(at)} {quoted(marker.name)} {region} {color} 1 R {_id('marker', number)}"
    if region:
        yield f'MARKER {number} {_seconds(at + Fraction(marker.lasts, SECOND))} "" 1'


def _track(timeline: Timeline, track: Track, beside: Path) -> Iterator[str]:
    key = _id("track", track.feed)
    yield f"<TRACK {key}"
    yield f"NAME {quoted(track.name)}"
    if track.people:
        yield f"PEAKCOL {_color(track.people[0].color)}"
    yield f"TRACKID {key}"
    yield "NCHAN 2"
    for number, clip in enumerate(track.clips, 1):
        if clip.first < clip.last:
            yield from _item(timeline, track, clip, number, beside)
    yield ">"


def _item(timeline: Timeline, track: Track, clip: TrackClip, number: int, beside: Path) -> Iterator[str]:
    warped = track.warped(clip)
    lasts = Fraction(clip.end - clip.start, SECOND) if warped else (clip.last - clip.first) / clip.rate
    yield "<ITEM"
    yield f"POSITION {_seconds(Fraction(clip.start, SECOND))}"
    yield f"LENGTH {_seconds(lasts)}"
    yield "LOOP 0"
    yield f"IGUID {_id('item', track.feed, number)}"
    yield f"NAME {quoted(clip.name)}"
    yield f"SOFFS {_seconds(clip.first / clip.rate)}"
    yield f"PLAYRATE {_seconds(clip.speed) if warped else 1} 0 0 -1 0 0.0025"
    yield from _notes("NOTES", [f"feed {track.feed}", *(p.name for p in track.people)])
    yield f"<SOURCE {'VIDEO' if track.pictures else 'WAVE'}"
    yield f"FILE {quoted(timeline.reference(clip, beside))}"
    yield ">"
    yield ">"


def _notes(head: str, lines: list[str]) -> Iterator[str]:
    yield f"<{head}"
    yield from (f"|{' '.join(line.split())}" for line in lines)
    yield ">"


WRITER = Writer(
    "rpp",
    "Reaper 6 and later",
    ("reels: the feed is in each item's notes", "a track of its own for what a camera heard: it is heard from the camera's"),
    write,
)
